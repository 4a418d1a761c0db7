"""One check for every layer: what it promises about shapes, dtypes, configs, weights, masks and training is kept."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np

from kbridge import backend as K
from kbridge.engine.topology import Input, to_list
from kbridge.models import Model, Sequential
from kbridge.utils.generic_utils import CustomObjectScope
from kbridge.utils.layer_utils import layer_from_config

#: number of samples that layers are checked with
SAMPLES = 3


def check_layer(
    cls,
    kwargs=None,
    shape=None,
    *,
    batch_shape=None,
    data=None,
    dtype=None,
    reference=None,
    output_dtype=None,
    custom_objects=None,
    trains=True,
    sequential=True,
    rtol=1e-5,
    atol=1e-6,
):
    """Check ``cls(**kwargs)`` on an input of ``shape`` (without the batch axis; lists for several inputs).

    ``data``: the input arrays, random by default. ``reference``: a function of the arrays and the layer's
    weights, in plain NumPy, that gives the output in test phase. ``trains=False`` leaves out the training
    step, ``sequential=False`` the Sequential model. Returns (layer, output in test phase).
    """
    kwargs = dict(kwargs or {})
    several = isinstance(shape, list) or isinstance(batch_shape, list)
    shapes = [(None, *s) for s in _listed(shape)] if batch_shape is None else _listed(batch_shape)
    dtype = dtype or K.floatx()
    arrays = to_list(data) if data is not None else [_random((SAMPLES, *(n or 4 for n in s[1:])), dtype) for s in shapes]

    layer = cls(**kwargs)
    xs = [Input(batch_shape=s, dtype=dtype) for s in shapes]
    y = layer(xs if several else xs[0])
    outputs = to_list(y)
    function = _function(xs, outputs)
    tested, trained = function(arrays, 0), function(arrays, 1)

    promised = layer.get_output_shape_for(shapes if several else shapes[0])
    _check_shapes(layer, outputs, promised, tested)
    _check_shapes(layer, outputs, promised, trained)
    for value in tested + trained:
        assert str(value.dtype) == (output_dtype or K.floatx()), f"{layer.name} gives {value.dtype}"
    for first, second in zip(tested, function(arrays, 0), strict=True):
        np.testing.assert_array_equal(first, second, err_msg="in test phase a layer gives the same for the same")
    if reference is not None:
        wanted = reference(*arrays, *layer.get_weights())
        for got, want in zip(tested, to_list(wanted), strict=True):
            assert got.shape == np.shape(want)
            np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)

    _check_weights(layer)
    _check_mask(layer, xs if several else xs[0])
    _check_config(layer, cls, custom_objects)
    _check_copies(layer, cls, xs, arrays, tested, several, custom_objects)
    if sequential and not several:
        _check_sequential(layer, cls, kwargs, shapes[0], dtype, arrays, tested)
    if trains and not layer.stateful:
        _check_training(cls, kwargs, shapes, dtype, several, arrays, tested)
    return layer, tested[0] if len(tested) == 1 else tested


def _listed(shapes) -> list[tuple]:
    return shapes if isinstance(shapes, list) else [shapes]


def _random(shape, dtype):
    rng = np.random.RandomState(3)
    if dtype.startswith("int"):
        return rng.randint(0, 4, shape).astype(dtype)
    return rng.uniform(-1, 1, shape).astype(dtype)


def _function(xs, outputs):
    """A function of arrays and the learning phase."""
    if K.uses_learning_phase(outputs) and not isinstance(K.learning_phase(), int):
        compiled = K.function([*xs, K.learning_phase()], outputs)
        return lambda arrays, phase: compiled([*arrays, float(phase)])
    compiled = K.function(xs, outputs)
    return lambda arrays, phase: compiled(arrays)


def _check_shapes(layer, outputs, promised, values):
    promised = [tuple(s) for s in _listed(promised)]
    assert len(promised) == len(outputs) == len(values)
    for x, shape, value in zip(outputs, promised, values, strict=True):
        assert x._keras_shape == shape
        assert len(value.shape) == len(shape), f"{layer.name} promised shape {shape}, gave {value.shape}"
        for axis, (want, have) in enumerate(zip(shape, value.shape, strict=True)):
            assert want in (None, have), f"{layer.name} promised shape {shape}, gave {value.shape} (axis {axis})"
        for backend, have in zip(K.int_shape(x), value.shape, strict=True):
            assert backend in (None, have), f"the backend infers shape {K.int_shape(x)}, the value has {value.shape}"


def _check_weights(layer):
    assert layer.built
    weights = layer.get_weights()
    assert [w.shape for w in weights] == [tuple(K.int_shape(w)) for w in layer.weights]
    assert layer.count_params() == sum(w.size for w in weights)
    names = [K.tensor_name(w) for w in layer.weights]
    assert len(set(names)) == len(names) and None not in names, names
    new = [np.random.RandomState(i).uniform(0.1, 1, w.shape).astype(w.dtype) for i, w in enumerate(weights)]
    layer.set_weights(new)
    for got, want in zip(layer.get_weights(), new, strict=True):
        np.testing.assert_array_equal(got, want)
    layer.set_weights(weights)
    if weights:
        for wrong in (weights[:-1], [*weights[:-1], np.zeros(weights[-1].shape + (2,))]):
            try:
                layer.set_weights(wrong)
            except ValueError as error:
                assert layer.name in str(error)
            else:
                raise AssertionError(f"{layer.name} took weights of wrong number or shape")


def _check_mask(layer, x):
    several = isinstance(x, list)
    if any(K.ndim(t) < 3 for t in to_list(x)):
        return
    masks = [K.placeholder(ndim=2, dtype="bool") for _ in to_list(x)]
    mask = masks if several else masks[0]
    if layer.supports_masking:
        for result in to_list(layer.compute_mask(x, mask)):
            assert result is None or K.is_tensor(result)
    else:
        try:
            result = layer.compute_mask(x, mask)
        except TypeError as error:
            assert layer.name in str(error)
        else:
            # layers that end a mask (or have rules of their own) say so by a compute_mask of their own
            assert result is None or K.is_tensor(result)


def _check_config(layer, cls, custom_objects):
    config = layer.get_config()
    with CustomObjectScope(custom_objects or {}):
        again = cls.from_config(copy.deepcopy(config))
    assert again.get_config() == config
    text = json.dumps({"class_name": cls.__name__, "config": config})
    loaded = layer_from_config(json.loads(text), {cls.__name__: cls, **(custom_objects or {})})
    assert json.dumps(loaded.get_config(), sort_keys=True) == json.dumps(config, sort_keys=True)
    assert loaded.name == layer.name and loaded.trainable == layer.trainable


def _check_copies(layer, cls, xs, arrays, tested, several, custom_objects):
    """A layer from the config, with the same weights, computes the same; so do a deep copy and a pickled layer."""
    weights = layer.get_weights()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(other) is cls and other.get_config() == layer.get_config()
        for got, want in zip(other.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(got, want)
    with CustomObjectScope(custom_objects or {}):
        again = cls.from_config(layer.get_config())
    outputs = to_list(again(xs if several else xs[0]))
    again.set_weights(weights)
    for got, want in zip(_function(xs, outputs)(arrays, 0), tested, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def _check_sequential(layer, cls, kwargs, shape, dtype, arrays, tested):
    model = Sequential([cls(**kwargs, batch_input_shape=shape, input_dtype=dtype)])
    assert model.output_shape == layer.output_shape
    model.set_weights(layer.get_weights())
    entry = model.get_config()[0]
    assert tuple(entry["config"]["batch_input_shape"]) == tuple(shape)
    np.testing.assert_allclose(model.predict(arrays[0], batch_size=len(arrays[0])), tested[0], rtol=1e-5, atol=1e-6)


def _check_training(cls, kwargs, shapes, dtype, several, arrays, tested):
    """One step changes every trainable weight and no other, except for statistics that updates keep."""
    np.random.seed(7)  # initial weights by chance may let a relu return zeros only
    layer = cls(**kwargs)
    xs = [Input(batch_shape=s, dtype=dtype) for s in shapes]
    model = Model(xs, layer(xs if several else xs[0]))
    if any(str(value.dtype) != K.floatx() for value in tested):
        return
    model.compile("sgd", "mse")
    if not model.trainable_weights:
        return
    before = K.batch_get_value(layer.trainable_weights)
    targets = [np.random.RandomState(11).uniform(-3, 3, value.shape) for value in tested]
    loss = model.train_on_batch(arrays, targets)
    assert np.all(np.isfinite(loss))
    for weight, old, new in zip(layer.trainable_weights, before, K.batch_get_value(layer.trainable_weights), strict=True):
        assert not np.array_equal(old, new), f"training doesn't change {K.tensor_name(weight)}"
