"""Keras 2's classes and functions that join tensors, and AlphaDropout."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import layers
from kbridge.layers import Add, AlphaDropout, Average, Concatenate, Dot, Input, Masking, Maximum, Minimum, Multiply, Subtract
from kbridge.models import Model, Sequential, load_model, model_from_json

X, Y = (np.random.RandomState(seed).normal(size=(2, 3, 4)).astype("float32") for seed in (0, 1))
UNIT = [t / np.linalg.norm(t, axis=-1, keepdims=True) for t in (X, Y)]
#: class -> (options, the name of its function, what it computes of X and Y)
JOINS = {
    Add: ({}, "add", X + Y), Subtract: ({}, "subtract", X - Y), Multiply: ({}, "multiply", X * Y), Average: ({}, "average", (X + Y) / 2),
    Maximum: ({}, "maximum", np.maximum(X, Y)), Minimum: ({}, "minimum", np.minimum(X, Y)),
    Concatenate: ({"axis": 1}, "concatenate", np.concatenate([X, Y], axis=1)),
    Dot: ({"axes": (2, 2), "normalize": True}, "dot", np.einsum("nik,njk->nij", *UNIT)),
}  # fmt: skip


def test_each_class_and_function_computes_what_its_name_says_and_is_saved(tmp_path):
    a, b = Input((3, 4)), Input((3, 4))
    outputs = [cls(**options)([a, b]) for cls, (options, _, _) in JOINS.items()]
    outputs += [getattr(layers, name)([a, b], **options) for options, name, _ in JOINS.values()]
    model = Model([a, b], outputs)
    model.save(tmp_path / "m.h5")
    for made in (model, load_model(tmp_path / "m.h5", compile=False), model_from_json(model.to_json())):
        assert [type(layer) for layer in made.layers[2:]].count(Dot) == 2
        for got, (_, _, expected) in zip(made.predict([X, Y]), [*JOINS.values(), *JOINS.values()], strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_axes_of_length_1_are_repeated_and_masks_go_on():
    a, b = Input((3, 4)), Input((1, 4))
    y = Multiply()([Masking()(a), b])
    assert y._keras_shape == (None, 3, 4)
    mask = K.function([a, b], [y._keras_mask if hasattr(y, "_keras_mask") else y._keras_history[0].inbound_nodes[0].output_masks[0]])
    x = X.copy()
    x[1, 2] = 0
    np.testing.assert_array_equal(mask([x, Y[:, :1]])[0].astype(bool), [[True, True, True], [True, True, False]])
    np.testing.assert_allclose(Model([a, b], y).predict([x, Y[:, :1]]), x * Y[:, :1], rtol=1e-5)


def test_shapes_that_do_not_fit_are_an_error_with_the_layers_name():
    with pytest.raises(ValueError, match=r"my_sum.*\(None, 3\).*\(None, 4\)"):
        Add(name="my_sum")([Input((3,)), Input((4,))])


def test_a_star_import_leaves_the_functions_of_other_packages_alone():
    names: dict = {}
    exec("from kbridge.layers import *", names)
    assert "Add" in names and "merge" in names
    assert not {"add", "dot", "maximum", "concatenate"} & set(names)


def test_alpha_dropout_keeps_mean_and_variance_and_predicts_its_input():
    model = Sequential([AlphaDropout(0.3, input_shape=(400,), seed=3)])
    x = np.random.RandomState(0).normal(size=(50, 400)).astype("float32")
    np.testing.assert_array_equal(model.predict(x), x)
    dropped = K.function([model.input, K.learning_phase()], [model.output])([x, 1])[0]
    low, kept = -1.7580993408473766, 0.7
    scale = (kept * (1 + 0.3 * low**2)) ** -0.5
    limit = scale * low - scale * 0.3 * low
    gone = np.abs(dropped - limit) < 1e-4
    assert abs(gone.mean() - 0.3) < 0.02
    np.testing.assert_allclose(dropped[~gone], (scale * x - scale * 0.3 * low)[~gone], rtol=1e-4, atol=1e-4)
    assert abs(dropped.mean()) < 0.05 and abs(dropped.std() - 1) < 0.05
    config = AlphaDropout(0.2, noise_shape=(None, 1), seed=7).get_config()
    assert (config["rate"], config["noise_shape"], config["seed"]) == (0.2, (None, 1), 7)
    assert AlphaDropout.from_config(config).get_config() == config
