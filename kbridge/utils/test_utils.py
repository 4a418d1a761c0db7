"""Helpers that Keras 1 programs use in their own tests: made-up data, a check of a layer, a clean session."""

from __future__ import annotations

import functools
import warnings

import numpy as np
from numpy.testing import assert_allclose

from .. import backend as K
from ..engine.topology import Input
from ..models import Sequential, model_from_json
from ..saving.functions import custom_name
from ..training.model import Model

__all__ = ["Input", "K", "Model", "Sequential", "assert_allclose", "get_test_data", "keras_test", "layer_test", "model_from_json"]


def get_test_data(
    nb_train=1000, nb_test=500, input_shape=(10,), output_shape=(2,), classification=True, nb_class=2
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return ((X_train, y_train), (X_test, y_test)): normal noise round a mean that tells the class or target.

    Args:
        nb_train: the number of samples to train on.
        nb_test: the number of samples to test on.
        input_shape: the shape of a sample.
        output_shape: the shape of a target of a regression.
        classification: whether targets are classes, whole numbers of shape (samples,).
        nb_class: the number of classes.
    """
    samples = nb_train + nb_test
    y: np.ndarray
    centres: np.ndarray
    if classification:
        y = np.random.randint(0, nb_class, size=(samples,))
        centres = y
    else:
        centres = np.random.random((samples,))
        y = np.zeros((samples, *output_shape), dtype=K.floatx()) + _column(centres, len(output_shape))
    x = np.random.normal(loc=_column(centres, len(input_shape)), scale=0.7, size=(samples, *input_shape)).astype(K.floatx())
    return (x[:nb_train], y[:nb_train]), (x[nb_train:], y[nb_train:])


def _column(values: np.ndarray, ndim: int) -> np.ndarray:
    return values.reshape(-1, *([1] * ndim))


def layer_test(
    layer_cls,
    kwargs={},  # noqa: B006 (Keras 1's signature; it is not changed)
    input_shape=None,
    input_dtype=None,
    input_data=None,
    expected_output=None,
    expected_output_dtype=None,
    fixed_batch_size=False,
) -> np.ndarray:
    """Check a layer in a functional and a Sequential model: shapes, dtype, config, weights, a training step. Return its output.

    A layer that computes something else when it is made again from its config is a warning, as Keras 1 didn't look at it.

    Args:
        layer_cls: the class of the layer.
        kwargs: the arguments of its constructor, a dict.
        input_shape: the shape of the input with the batch axis, for data that are made up.
        input_dtype: the dtype of the input; floatx if left out.
        input_data: the input, an array, in place of data that are made up.
        expected_output: the output that must come out, up to a relative error of 0.001.
        expected_output_dtype: the dtype that the output must have.
        fixed_batch_size: whether the layer is told the number of samples.

    Raises:
        AssertionError: something that doesn't hold.
    """
    if input_data is None:
        if input_shape is None:
            raise ValueError("layer_test needs input_shape (with the batch axis) or input_data.")
        input_dtype = input_dtype or K.floatx()
        lengths = [np.random.randint(1, 4) if n is None else n for n in input_shape]
        input_data = (10 * np.random.random(lengths)).astype(input_dtype)
    elif input_shape is None:
        input_shape = np.shape(input_data)
    input_data = np.asarray(input_data)
    input_dtype = input_dtype or str(input_data.dtype)
    batch_shape = tuple(input_shape) if fixed_batch_size else (None, *tuple(input_shape)[1:])

    layer = layer_cls(**kwargs)
    x = Input(batch_shape=batch_shape, dtype=input_dtype)
    y = layer(x)
    if expected_output_dtype is not None:
        assert K.dtype(y) == expected_output_dtype, f"{layer.name} gives {K.dtype(y)}, expected {expected_output_dtype}"
    model = Model(x, y)
    output = model.predict(input_data, batch_size=len(input_data))
    promised = layer.get_output_shape_for(tuple(input_shape))
    promised = output.shape if promised is None else promised
    for want, have in zip(promised, output.shape):
        assert want in (None, have), f"{layer.name} promised the shape {promised}, gave {output.shape}"
    # a shape of another length may be promised, as in Keras 1, but targets wouldn't fit it
    trains = len(promised) == output.ndim
    if not trains:
        warnings.warn(f"{layer.name} promised the shape {promised}, but returned {output.shape}. It isn't trained.", stacklevel=2)
    if expected_output is not None:
        assert_allclose(output, expected_output, rtol=1e-3)

    custom = {layer_cls.__name__: layer_cls}
    again = Model.from_config(model.get_config(), custom_objects=custom)
    again.set_weights(model.get_weights())
    _compare(again, input_data, output, layer.name)
    if trains:
        model.compile("rmsprop", "mse")
        model.train_on_batch(input_data, output)

    sequential = Sequential([layer_cls(**{**kwargs, "batch_input_shape": batch_shape, "input_dtype": input_dtype})])
    output = sequential.predict(input_data, batch_size=len(input_data))
    # the text holds a Lambda's functions by name alone
    name = sequential.layers[0].name
    custom.update({custom_name(name, key): kwargs[key] for key in ("function", "output_shape") if callable(kwargs.get(key))})
    again = model_from_json(sequential.to_json(), custom_objects=custom)
    again.set_weights(sequential.get_weights())
    _compare(again, input_data, output, name)
    if trains:
        sequential.compile("rmsprop", "mse")
        sequential.train_on_batch(input_data, output)
    return output


def _compare(again, data, expected, name: str) -> None:
    found = again.predict(data, batch_size=len(data))
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-3, equal_nan=True):
        warnings.warn(
            f"{name} computes something else after it was made again from its config, with the same weights. Does get_config "
            "lack an argument?",
            stacklevel=3,
        )


def keras_test(func):
    """Return the test ``func`` so that what it leaves in the session is cleared afterwards: a decorator for tests that make models."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        try:
            return func(*args, **kwargs)
        finally:
            K.clear_session()

    return wrapper
