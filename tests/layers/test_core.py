"""Core layers: values against plain NumPy, and what every layer promises."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.engine.topology import Input
from kbridge.layers.core import (
    Activation,
    ActivityRegularization,
    Dense,
    Dropout,
    Flatten,
    Highway,
    Lambda,
    Masking,
    MaxoutDense,
    Permute,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
    TimeDistributedDense,
)
from kbridge.models import Model, Sequential


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (None, 4), (2, 3, 4)])
def test_dense_works_along_the_last_axis(shape):
    check_layer(Dense, {"output_dim": 5}, shape, reference=lambda x, w, b: x @ w + b)


def test_dense_with_activation_and_without_bias():
    layer, _ = check_layer(Dense, {"output_dim": 3, "activation": "relu", "bias": False}, (4,), reference=lambda x, w: relu(x @ w))
    assert [K.tensor_name(w) for w in layer.weights] == [f"{layer.name}_W"]


def test_dense_with_all_its_arguments():
    layer, _ = check_layer(
        Dense,
        {
            "output_dim": 3,
            "init": "normal",
            "W_regularizer": "l2",
            "b_regularizer": "l1",
            "activity_regularizer": "activity_l1l2",
            "W_constraint": "maxnorm",
            "b_constraint": "nonneg",
            "input_dim": 4,
        },
        (4,),
    )
    assert layer.get_config()["W_regularizer"]["name"] == "L1L2Regularizer"
    assert layer.get_config()["b_constraint"] == {"name": "NonNeg"}
    assert set(layer.constraints) == {layer.W, layer.b}


def test_dense_config_has_the_keys_of_keras_1_in_its_order():
    model = Sequential([Dense(3, input_dim=2, activation="relu"), Dense(1)])
    assert list(model.layers[0].get_config()) == [
        "name", "trainable", "batch_input_shape", "input_dtype", "output_dim", "init", "activation", "W_regularizer",
        "b_regularizer", "activity_regularizer", "W_constraint", "b_constraint", "bias", "input_dim",
    ]  # fmt: skip
    assert model.layers[1].get_config()["input_dim"] == 3
    assert "batch_input_shape" not in model.layers[1].get_config()


def test_dense_takes_initial_weights():
    weights = [np.arange(6.0).reshape(2, 3), np.ones(3)]
    layer = Dense(3, weights=weights)
    layer(Input((2,)))
    for got, want in zip(layer.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(got, want)


def test_whole_floats_are_numbers_of_units():
    assert Dense(32.0).output_dim == 32
    assert isinstance(Dense(32.0).output_dim, int)
    with pytest.raises(ValueError, match=r"Dense.*output_dim.*32\.5"):
        Dense(32.5)
    for wrong in (0, -3, "8", None):
        with pytest.raises(ValueError, match="output_dim"):
            Dense(wrong)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Dense(units=3), "output_dim"),
        (lambda: Dense(3, kernel_initializer="zero"), "init"),
        (lambda: Dense(3, use_bias=False), "bias"),
        (lambda: Dense(3, kernel_regularizer="l2"), "W_regularizer"),
        (lambda: Dropout(rate=0.5), "p"),
    ],
)
def test_keras_2_names_are_answered_with_those_of_keras_1(make, name):
    with pytest.raises(TypeError, match=rf"Keras 2.*\b{name}\b"):
        make()


def test_unknown_arguments_are_answered_with_the_nearest_name():
    with pytest.raises(TypeError, match="Dense has no argument 'activaton'. Did you mean 'activation'"):
        Dense(3, activaton="relu")
    with pytest.raises(TypeError, match="Did you mean 'input_shape'"):
        Flatten(input_shap=(2, 3))


def test_unknown_names_of_functions_are_answered_with_the_nearest():
    for make, wanted in [
        (lambda: Dense(3, activation="rleu"), "relu"),
        (lambda: Dense(3, init="glorot"), "glorot_normal|glorot_uniform"),
        (lambda: Dense(3, W_regularizer="l3"), "l3"),
        (lambda: Dense(3, W_constraint="maxnrm"), "maxnorm"),
    ]:
        with pytest.raises(ValueError, match=wanted):
            make()


def test_dense_refuses_another_number_of_features():
    layer = Dense(3)
    layer(Input((4,)))
    with pytest.raises(ValueError, match=rf"{layer.name}.*4.*5"):
        layer(Input((5,)))
    with pytest.raises(ValueError, match=layer.name):
        layer(Input((3, 5)))


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "hard_sigmoid", "softplus", "softsign", "elu", "linear", "softmax"])
def test_activation(name):
    check_layer(Activation, {"activation": name}, (4,))


def test_softmax_of_sequences_is_over_the_last_axis():
    _, y = check_layer(Activation, {"activation": "softmax"}, (3, 4))
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-5)


def test_dropout_drops_in_training_alone():
    x = np.ones((50, 40), K.floatx())
    _, y = check_layer(Dropout, {"p": 0.5}, (40,), data=x, reference=lambda x: x)
    layer = Dropout(0.5)
    t = Input((40,))
    run = K.function([t, K.learning_phase()], [layer(t)])
    trained = run([x, 1.0])[0]
    assert set(np.unique(trained)) == {0.0, 2.0}
    assert 0.4 < np.mean(trained == 0) < 0.6
    assert not np.array_equal(trained, run([x, 1.0])[0])
    assert layer.uses_learning_phase


def test_dropout_of_nothing_is_the_identity():
    check_layer(Dropout, {"p": 0.0}, (4,), reference=lambda x: x)


def test_dropout_shares_decisions_along_noise_shape():
    t = Input((4, 5))
    run = K.function([t, K.learning_phase()], [Dropout(0.5, noise_shape=(None, 1, 5))(t)])
    y = run([np.ones((6, 4, 5)), 1.0])[0]
    assert np.array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    config = Dropout(0.5, noise_shape=(None, 1, 5), seed=3).get_config()
    assert Dropout.from_config(config).get_config() == config
    assert set(Dropout(0.5).get_config()) == {"name", "trainable", "p"}


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_dropout_refuses_impossible_fractions(p):
    with pytest.raises(ValueError, match="p "):
        Dropout(p)


@pytest.mark.parametrize(
    ("cls", "kwargs", "shape", "shared"),
    [
        (SpatialDropout1D, {}, (5, 6), (1,)),
        (SpatialDropout2D, {"dim_ordering": "th"}, (6, 3, 4), (2, 3)),
        (SpatialDropout2D, {"dim_ordering": "tf"}, (3, 4, 6), (1, 2)),
        (SpatialDropout3D, {"dim_ordering": "th"}, (6, 2, 3, 2), (2, 3, 4)),
        (SpatialDropout3D, {"dim_ordering": "tf"}, (2, 3, 2, 6), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(cls, kwargs, shape, shared):
    check_layer(cls, {"p": 0.5, **kwargs}, shape, reference=lambda x: x)
    t = Input(shape)
    y = K.function([t, K.learning_phase()], [cls(0.5, **kwargs)(t)])([np.ones((4, *shape)), 1.0])[0]
    assert set(np.unique(y)) == {0.0, 2.0}
    first = y
    for axis in shared:
        first = np.take(first, [0], axis=axis)
    assert np.array_equal(y, np.broadcast_to(first, y.shape))


def test_flatten():
    check_layer(Flatten, {}, (3, 4), reference=lambda x: x.reshape(len(x), -1))
    check_layer(Flatten, {}, (2, 3, 4), reference=lambda x: x.reshape(len(x), -1))
    with pytest.raises(ValueError, match=r"[Ff]latten.*not fully defined"):
        Flatten()(Input((None, 4)))


@pytest.mark.parametrize(("shape", "target"), [((6, 4), (4, 6)), ((6, 4), (3, -1)), ((6, 4), (24,)), ((24,), (2, 3, 4)), ((6, 4), (-1,))])
def test_reshape(shape, target):
    check_layer(Reshape, {"target_shape": target}, shape, reference=lambda x: x.reshape(len(x), *target))


def test_reshape_of_unknown_lengths():
    check_layer(Reshape, {"target_shape": (-1, 2)}, (None, 4), reference=lambda x: x.reshape(len(x), -1, 2))


def test_reshape_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"reshape_\d+.*24"):
        Reshape((5, 5))(Input((6, 4)))
    with pytest.raises(ValueError, match="-1"):
        Reshape((-1, -1))(Input((6, 4)))


def test_permute():
    check_layer(Permute, {"dims": (2, 1)}, (3, 4), reference=lambda x: x.transpose(0, 2, 1))
    check_layer(Permute, {"dims": (3, 1, 2)}, (2, 3, 4), reference=lambda x: x.transpose(0, 3, 1, 2))
    for wrong in ((0, 1), (1, 1), (2, 3)):
        with pytest.raises(ValueError, match="dims"):
            Permute(wrong)


def test_repeat_vector():
    check_layer(RepeatVector, {"n": 3}, (4,), reference=lambda x: np.repeat(x[:, None], 3, axis=1))
    assert RepeatVector(3.0).n == 3


def test_masking_masks_steps_that_hold_the_value_only():
    x = np.random.RandomState(0).uniform(1, 2, (2, 4, 3)).astype(K.floatx())
    x[0, 1] = x[1, 2:] = -1
    x[1, 0, 0] = -1
    layer, y = check_layer(Masking, {"mask_value": -1.0}, (4, 3), data=x)
    kept = np.any(x != -1, axis=-1)
    np.testing.assert_array_equal(y, x * kept[..., None])
    t = Input((4, 3))
    mask = K.function([t], [layer.compute_mask(t)])([x])[0]
    np.testing.assert_array_equal(mask.astype(bool), kept)


def test_masks_stop_with_an_error_at_layers_that_cannot_take_them():
    x = Masking()(Input((4, 3)))
    with pytest.raises(TypeError, match=r"flatten_\d+ does not support masking"):
        Flatten()(x)
    Dropout(0.3)(Activation("relu")(x))


def test_activity_regularization_passes_its_input_on_and_penalises_it():
    layer, _ = check_layer(ActivityRegularization, {"l1": 0.1, "l2": 0.2}, (4,), reference=lambda x: x)
    x = Input((4,))
    model = Model(x, ActivityRegularization(l1=0.1, l2=0.2)(x))
    a = np.random.RandomState(0).normal(size=(3, 4)).astype(K.floatx())
    assert len(model.losses) == 1
    loss = K.function([x], model.losses)([a])[0]
    np.testing.assert_allclose(loss, 0.1 * np.abs(a).sum() + 0.2 * np.square(a).sum(), rtol=1e-5)


def test_maxout_dense():
    check_layer(
        MaxoutDense, {"output_dim": 5, "nb_feature": 3}, (4,), reference=lambda x, w, b: (np.einsum("ni,fio->nfo", x, w) + b).max(1)
    )
    check_layer(MaxoutDense, {"output_dim": 2, "bias": False}, (4,))


def test_highway():
    def reference(x, w, carry, b, b_carry):
        t = sigmoid(x @ carry + b_carry)
        return t * np.tanh(x @ w + b) + (1 - t) * x

    layer, _ = check_layer(Highway, {"activation": "tanh"}, (4,), reference=reference)
    assert [K.tensor_name(w) for w in layer.weights] == [f"{layer.name}_{s}" for s in ("W", "W_carry", "b", "b_carry")]
    check_layer(Highway, {"bias": False}, (4,))


def test_time_distributed_dense():
    check_layer(TimeDistributedDense, {"output_dim": 5, "activation": "tanh"}, (3, 4), reference=lambda x, w, b: np.tanh(x @ w + b))
    assert TimeDistributedDense(5, input_dim=4, input_length=3).batch_input_shape == (None, 3, 4)


def scaled(x, factor=2.0):
    return x * factor


def shape_of_first_two(shape):
    return (shape[0], 2)


def test_lambda_infers_its_shape():
    layer, _ = check_layer(Lambda, {"function": scaled}, (4,), reference=lambda x: 2 * x, custom_objects={"scaled": scaled})
    assert layer.get_config()["function_type"] == "function"
    check_layer(
        Lambda, {"function": scaled, "arguments": {"factor": 3.0}}, (4, 2), reference=lambda x: 3 * x, custom_objects={"scaled": scaled}
    )
    t = Input((None, 6))
    assert Lambda(lambda x: x[:, :, :2])(t)._keras_shape == (None, None, 2)
    assert Lambda(lambda x: K.mean(x, axis=1))(t)._keras_shape == (None, 6)


def first_two(x):
    return x[:, :2]


@pytest.mark.parametrize("output_shape", [None, (2,), shape_of_first_two])
def test_lambda_with_output_shape(output_shape):
    objects = {"first_two": first_two, "shape_of_first_two": shape_of_first_two}
    check_layer(
        Lambda,
        {"function": first_two, "output_shape": output_shape},
        (4,),
        reference=lambda x: x[:, :2],
        custom_objects=objects,
    )


def test_lambda_gets_the_mask_if_it_asks_for_it():
    def masked_mean(x, mask=None):
        weights = K.expand_dims(K.cast(mask, K.floatx()), -1)
        return K.sum(x * weights, axis=1) / K.sum(weights, axis=1)

    t = Input((4, 3))
    layer = Lambda(masked_mean, output_shape=(3,))
    layer.supports_masking = True
    x = np.ones((2, 4, 3), K.floatx())
    x[0, 2:] = 0
    np.testing.assert_allclose(K.function([t], [layer(Masking()(t))])([x])[0], np.ones((2, 3)), rtol=1e-6)


def test_lambda_of_several_tensors():
    a, b = Input((3,)), Input((3,))
    y = Lambda(lambda xs: xs[0] - xs[1])([a, b])
    assert y._keras_shape == (None, 3)
    assert K.function([a, b], [y])([np.full((2, 3), 5.0), np.ones((2, 3))])[0].tolist() == [[4.0] * 3] * 2


def test_lambda_refuses_what_is_no_function():
    with pytest.raises(TypeError, match="function"):
        Lambda(3)
    with pytest.raises(TypeError, match="output_shape"):
        Lambda(scaled, output_shape=3)


def test_lambda_of_whole_numbers():
    table = np.arange(10.0).reshape(5, 2)
    x = Input((3,), dtype="int32")
    y = Lambda(lambda t: K.gather(K.variable(table), t))(x)
    assert y._keras_shape == (None, 3, 2)
    np.testing.assert_array_equal(K.function([x], [y])([np.array([[0, 1, 4]])])[0], table[[[0, 1, 4]]])
