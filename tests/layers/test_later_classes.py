"""Layers of a program's own that were written for Keras 2 or 3."""

import json

import h5py
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.topology import InputSpec, Layer
from kbridge.layers import Dense, Dropout, Input, Masking
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.utils.generic_utils import get_custom_objects, register_keras_serializable

X = np.random.RandomState(0).rand(6, 4).astype("float32")


class Scaled(Layer):
    """As for Keras 2: weights by name, compute_output_shape, a call without a mask."""

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = activation
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], self.units), initializer="random_normal", regularizer="l2", trainable=True
        )
        self.bias = self.add_weight("bias", (self.units,), initializer="zeros", constraint="nonneg")
        self.count = self.add_weight(name="count", shape=(), initializer="ones", trainable=False, dtype="float32", aggregation=None)
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})
        super().build(input_shape)

    def call(self, inputs):
        return (K.dot(inputs, self.kernel) + self.bias) * self.count

    def compute_output_shape(self, input_shape):
        return [input_shape[0], self.units]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": self.activation}


class Noisy(Layer):
    """As for tf.keras: branches on ``training``, adds a loss of its inputs, says nothing of its shape."""

    def call(self, inputs, training=None, mask=None):
        self.add_loss(K.mean(inputs) * (100.0 if training else 7.0))
        if training:
            return K.concatenate([inputs, inputs * 0 + 5.0], axis=-1)
        return K.concatenate([inputs, inputs], axis=-1)


def scaled(weights, x):
    kernel, bias, count = weights
    return (x @ kernel + bias) * count


def test_a_layer_with_the_methods_of_keras_2_computes_trains_and_is_saved(tmp_path):
    # with other weights all biases may go below 0 at once, where the constraint keeps them as they were
    np.random.seed(3)
    model = Sequential([Scaled(3, input_shape=(4,), dtype="float32", name="own"), Dense(1)])
    own = model.layers[0]
    assert own.output_shape == (None, 3) == tuple(own.compute_output_shape((None, 4)))
    assert [len(own.trainable_weights), len(own.non_trainable_weights), len(own.losses), len(own.constraints)] == [2, 1, 1, 1]
    np.testing.assert_allclose(Model(model.input, own.output).predict(X), scaled(own.get_weights(), X), rtol=1e-5, atol=1e-6)
    model.compile("sgd", "mse")
    before = own.get_weights()
    model.train_on_batch(X, np.ones((6, 1)))
    assert [np.array_equal(a, b) for a, b in zip(before, own.get_weights(), strict=True)] == [False, False, True]
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", custom_objects={"Scaled": Scaled})
    np.testing.assert_allclose(again.predict(X), model.predict(X), rtol=1e-5)


def test_a_call_that_asks_for_training_gets_a_bool_in_both_phases():
    a = Input((4,))
    layer = Noisy(name="noisy")
    out = layer(a)
    model = Model(a, out)
    assert model.output_shape == (None, 8)
    np.testing.assert_allclose(model.predict(X), np.concatenate([X, X], 1), rtol=1e-6)
    phases = K.function([a, K.learning_phase()], [out])
    np.testing.assert_allclose(phases([X, 1])[0], np.concatenate([X, np.full_like(X, 5)], 1), rtol=1e-6)
    # one loss, that of the call in training, and of each call's own inputs
    assert len(layer.losses) == len(layer.get_losses_for(a)) == 1
    model.compile("sgd", "mse")
    loss = model.train_on_batch(X, np.concatenate([X, np.full_like(X, 5)], 1))
    np.testing.assert_allclose(loss, 100 * X.mean(), rtol=1e-4)


def test_losses_of_a_nested_models_inputs_follow_its_calls():
    inner = Sequential([Noisy(input_shape=(4,))])
    a = Input((4,))
    model = Model(a, inner(a))
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(X, np.zeros((6, 8))))


def test_a_mask_ends_at_a_layer_that_does_not_know_masks():
    class Last(Layer):
        def call(self, inputs):
            return inputs[:, -1]

    class Masked(Layer):
        supports_masking = True

        def call(self, inputs, mask=None, training=None):
            return inputs * K.expand_dims(K.cast(mask, "float32"), -1) + 1

        def compute_mask(self, inputs, mask=None):
            return mask

    x = np.array([[[1.0], [2.0]], [[3.0], [0.0]]])
    model = Sequential([Masking(input_shape=(2, 1)), Masked(), Last()])
    np.testing.assert_allclose(model.predict(x), [[3.0], [1.0]])


def test_subclasses_call_their_bases():
    class Doubled(Scaled):
        def call(self, inputs, training=None):
            return super().call(inputs) * 2

        def compute_output_shape(self, input_shape):
            return super().compute_output_shape(input_shape)

    class OwnDense(Dense):
        def call(self, inputs, training=None):
            return super().call(inputs) * 3

        def compute_output_shape(self, input_shape):
            return super().compute_output_shape(input_shape)

    model = Sequential([Doubled(3, input_shape=(4,)), OwnDense(2)])
    first = scaled(model.layers[0].get_weights(), X) * 2
    kernel, bias = model.layers[1].get_weights()
    np.testing.assert_allclose(model.predict(X), (first @ kernel + bias) * 3, rtol=1e-4, atol=1e-6)


def test_layers_inside_of_a_call_are_told_the_phase():
    class Block(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dropout = Dropout(0.5)

        def call(self, inputs, training=None):
            always = self.dropout(K.ones_like(inputs), training=True)
            never = self.dropout(K.ones_like(inputs), training=False)
            return K.concatenate([self.dropout(K.ones_like(inputs), training=training), always, never])

    a = Input((200,))
    phases = K.function([a, K.learning_phase()], [Block()(a)])
    for phase, first in ((0, {1.0}), (1, {0.0, 2.0})):
        own, always, never = np.split(phases([np.ones((1, 200)), phase])[0], 3, axis=-1)
        assert (set(own.ravel()), set(always.ravel()), set(never.ravel())) == (first, {0.0, 2.0}, {1.0})
    assert not isinstance(K.learning_phase(), int)
    with pytest.raises(TypeError, match="learning phase"):
        Dropout(0.5)(a, training=True)


def test_initializers_may_be_functions_that_give_arrays_or_tensors():
    class Own(Layer):
        def build(self, input_shape):
            self.a = self.add_weight(shape=(4,), initializer=lambda shape, dtype=None: np.full(shape, 2.0), name="a")
            self.b = self.add_weight(shape=4, initializer=lambda shape, dtype=None: K.ones(shape) * 3, name="b")
            self.c = self.add_weight("c", shape=[4], initializer="Ones")

        def call(self, x):
            return x * self.a + self.b + self.c

    model = Sequential([Own(input_shape=(4,))])
    np.testing.assert_allclose(model.predict(X), X * 2 + 4, rtol=1e-6)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda layer: layer.add_weight("w", (2,), size=3), "size"),
        (lambda layer: layer.add_weight("w", (None, 2)), r"'w'.*None"),
        (lambda layer: layer.add_weight("w", (2,), initializer="nothing"), "nothing"),
        (lambda layer: layer.add_weight("w", name="v"), "twice"),
    ],
)
def test_bad_weights_are_told(build, message):
    with pytest.raises((TypeError, ValueError), match=message):
        build(Layer(name="own"))


def test_an_input_that_does_not_fit_the_spec_is_told():
    layer = Scaled(3)
    layer(Input((4,)))
    with pytest.raises(ValueError, match="expected length 4 at axis -1"):
        layer(Input((5,)))


def test_other_dtypes_are_told():
    with pytest.raises(ValueError, match="float64.*floatx"):
        Scaled(3, dtype="float64")


def keras2_file(path, class_name):
    """A model as tf.keras writes one with a registered class."""
    own = {"name": "own", "trainable": True, "dtype": "float32", "units": 3, "activation": "relu", "batch_input_shape": [None, 4]}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": class_name, "config": own}]}}
    weights = [np.ones((4, 3)), np.zeros(3), np.float64(2.0)]
    with h5py.File(path, "w") as h5:
        h5.attrs.update(model_config=json.dumps(config), keras_version="2.12.0", backend="tensorflow")
        group = h5.create_group("model_weights")
        group.attrs.update(layer_names=np.array([b"own"]), keras_version="2.12.0", backend="tensorflow")
        inner = group.create_group("own")
        names = [f"own/{name}:0" for name in ("kernel", "bias", "count")]
        inner.attrs["weight_names"] = np.array(names, "S")
        for name, value in zip(names, weights, strict=True):
            inner[name] = np.asarray(value, "float32")
    return path


@pytest.mark.parametrize("known", ["Mine>Scaled", "Scaled"])
def test_classes_registered_in_a_package_are_found_by_both_names(known, tmp_path):
    path = keras2_file(tmp_path / "m.h5", "Mine>Scaled")
    model = load_model(path, custom_objects={known: Scaled}, compile=False)
    np.testing.assert_allclose(model.predict(X), np.repeat(X.sum(1, keepdims=True) * 2, 3, 1), rtol=1e-5)
    assert model.layers[0].activation == "relu"


def test_a_registered_class_needs_no_custom_objects(tmp_path):
    path = keras2_file(tmp_path / "m.h5", "Mine>Renamed")
    try:
        register_keras_serializable("Mine", "Renamed")(Scaled)
        model = load_model(path, compile=False)
    finally:
        get_custom_objects().pop("Mine>Renamed", None)
    assert model.predict(X).shape == (6, 3)


def test_registered_functions_are_found_by_both_names():
    def own(x):
        return x * 7

    dense = {"name": "d", "units": 4, "activation": "Mine>own", "use_bias": False, "batch_input_shape": [None, 4]}
    text = json.dumps(
        {
            "class_name": "Sequential",
            "keras_version": "2.12.0",
            "config": {"name": "s", "layers": [{"class_name": "Dense", "config": dense}]},
        }
    )
    for known in ("Mine>own", "own"):
        model = model_from_json(text, custom_objects={known: own})
        np.testing.assert_allclose(model.predict(X), X @ model.get_weights()[0] * 7, rtol=1e-4, atol=1e-6)
