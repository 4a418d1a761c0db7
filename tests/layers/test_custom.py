"""Layers, losses, initializations, penalties, constraints and metrics of one's own, written as for Keras 1."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge import initializations, objectives
from kbridge.constraints import Constraint
from kbridge.engine.topology import InputSpec, Layer
from kbridge.layers import GRU, LSTM, Convolution2D, Dense, Embedding, Flatten, Input, Lambda, Masking, SimpleRNN
from kbridge.models import Model, Sequential, load_model
from kbridge.regularizers import Regularizer

RNG = np.random.RandomState(0)


class Attention(Layer):
    """Weighted mean over time: softmax(tanh(x W + b) u), masked steps without weight."""

    def __init__(self, init="glorot_uniform", **kwargs):
        self.supports_masking = True
        self.init = initializations.get(init)
        self.input_spec = [InputSpec(ndim=3)]
        super().__init__(**kwargs)

    def build(self, input_shape):
        n = input_shape[-1]
        self.W = self.add_weight((n, n), initializer=self.init, name=f"{self.name}_W")
        self.b = self.add_weight((n,), initializer="zero", name=f"{self.name}_b")
        self.u = self.init((n, 1), name=f"{self.name}_u")
        self.trainable_weights = [self.W, self.b, self.u]
        super().build(input_shape)

    def call(self, x, mask=None):
        scores = K.exp(K.squeeze(K.dot(K.tanh(K.dot(x, self.W) + self.b), self.u), 2))
        if mask is not None:
            scores *= K.cast(mask, K.floatx())
        scores /= K.cast(K.sum(scores, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(scores), axis=1)

    def compute_mask(self, x, mask=None):
        return None

    def get_output_shape_for(self, input_shape):
        return input_shape[0], input_shape[-1]


def attended(x, w, b, u, mask=1.0):
    scores = np.exp((np.tanh(x @ w + b) @ u)[..., 0]) * mask
    return (x * (scores / scores.sum(axis=1, keepdims=True))[..., None]).sum(axis=1)


@pytest.mark.parametrize("shape", [(5, 4), (None, 4)])
def test_an_attention_layer_keeps_every_promise_of_a_layer(shape):
    layer, _ = check_layer(Attention, {}, shape, reference=attended, custom_objects={"Attention": Attention})
    assert [K.tensor_name(w).rpartition("_")[2] for w in layer.weights] == ["W", "b", "u"]


def test_attention_leaves_masked_steps_out():
    attention = Attention()
    model = Sequential([Masking(input_shape=(5, 4)), attention])
    x = RNG.randn(3, 5, 4).astype("float32")
    x[0, 3:] = x[2, 1:] = 0
    mask = (x != 0).any(axis=-1)
    np.testing.assert_allclose(model.predict(x), attended(x, *attention.get_weights(), mask=mask), rtol=1e-4, atol=1e-5)


def test_attention_over_an_lstm_is_trained_saved_and_loaded(tmp_path):
    model = Sequential([Embedding(9, 4, mask_zero=True, input_length=5), LSTM(4, return_sequences=True), Attention(), Dense(1)])
    model.compile("adam", "mse")
    x, y = RNG.randint(0, 9, (4, 5)), RNG.rand(4, 1)
    before = model.get_weights()
    model.train_on_batch(x, y)
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    path = str(tmp_path / "model.h5")
    model.save(path)
    again = load_model(path, custom_objects={"Attention": Attention})
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------- a variational autoencoder


def vae(sigma=1.0):
    """(model, encoder, the tensor that was sampled, mean and log variance)."""
    x = Input(batch_shape=(6, 8))
    mean, log_variance = Dense(2, name="mean")(x), Dense(2, name="log_variance")(x)

    def sampling(arguments):
        z_mean, z_log_variance = arguments
        noise = K.random_normal(shape=(6, 2), mean=0.0, std=sigma)
        return z_mean + K.exp(z_log_variance / 2) * noise

    z = Lambda(sampling, output_shape=(2,), name="z")([mean, log_variance])
    model = Model(x, Dense(8, activation="sigmoid")(z))

    def loss(y_true, y_pred):
        reconstruction = 8 * objectives.binary_crossentropy(y_true, y_pred)
        divergence = -0.5 * K.sum(1 + log_variance - K.square(mean) - K.exp(log_variance), axis=-1)
        return reconstruction + divergence

    return model, Model(x, mean), Model(x, z), loss


def test_a_vae_samples_anew_each_time():
    _, encoder, sampler, _ = vae()
    x = RNG.rand(6, 8)
    first, second = sampler.predict(x, batch_size=6), sampler.predict(x, batch_size=6)
    assert not np.allclose(first, second)
    draws = np.stack([sampler.predict(x, batch_size=6) for _ in range(400)])
    np.testing.assert_allclose(draws.mean(axis=0), encoder.predict(x, batch_size=6), atol=0.7)


def test_a_vae_whose_noise_has_no_width_gives_the_loss_by_hand_and_learns():
    model, encoder, _, loss = vae(sigma=0.0)
    model.compile("rmsprop", loss)
    x = (RNG.rand(6, 8) > 0.5).astype("float32")
    mean = encoder.predict(x, batch_size=6)
    w, b = model.get_layer("log_variance").get_weights()
    log_variance = x @ w + b
    p = model.predict(x, batch_size=6)
    reconstruction = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=-1)
    divergence = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=-1)
    first = model.train_on_batch(x, x)
    assert first == pytest.approx((reconstruction + divergence).mean(), rel=1e-4)
    for _ in range(60):
        last = model.train_on_batch(x, x)
    assert last < first


# ---------------------------------------------------------------------- gradients with respect to inputs


def test_the_gradient_of_an_output_with_respect_to_the_input():
    model = Sequential([Dense(5, activation="tanh", input_dim=4), Dense(3)])
    gradient = K.function([model.input, K.learning_phase()], K.gradients(K.sum(model.output[:, 1]), model.input))
    x = RNG.randn(6, 4).astype("float32")
    w, b, v, _ = model.get_weights()
    expected = ((1 - np.tanh(x @ w + b) ** 2) * v[:, 1]) @ w.T
    np.testing.assert_allclose(gradient([x, 0])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dim_ordering", ["th", "tf"])
def test_climbing_the_gradient_of_a_filter_raises_its_activation(dim_ordering):
    shape = (2, 6, 6) if dim_ordering == "th" else (6, 6, 2)
    np.random.seed(1)
    convolution = Convolution2D(3, 3, 3, dim_ordering=dim_ordering, input_shape=shape)
    model = Sequential([convolution, Flatten(), Dense(2)])
    filters = convolution.output[:, 1] if dim_ordering == "th" else convolution.output[:, :, :, 1]
    activation = K.mean(filters)
    gradient = K.gradients(activation, model.input)[0]
    gradient /= K.sqrt(K.mean(K.square(gradient))) + 1e-5
    step = K.function([model.input], [activation, gradient])
    image = RNG.randn(1, *shape).astype("float32")
    values = []
    for _ in range(5):
        value, direction = step([image])
        values.append(float(value))
        image += 0.1 * direction
    assert values == sorted(values) and values[-1] > values[0] + 0.01


# ---------------------------------------------------------------------- functions and objects of one's own


class Ternary(Constraint):
    """Values below a limit become 0."""

    def __init__(self, limit=0.2):
        self.limit = limit

    def __call__(self, p):
        return p * K.cast(K.greater_equal(K.abs(p), self.limit), K.floatx())

    def get_config(self):
        return {"name": type(self).__name__, "limit": self.limit}


class Smooth(Regularizer):
    """Penalises differences between neighbouring inputs' weights."""

    def __init__(self, strength=0.1):
        self.strength = strength

    def __call__(self, w):
        return self.strength * K.sum(K.square(w[1:] - w[:-1]))

    def get_config(self):
        return {"name": type(self).__name__, "strength": self.strength}


def halves(shape, name=None):
    return K.variable(np.full(shape, 0.5) * np.where(np.arange(shape[-1]) % 2, -1, 1), name=name)


def quartic(y_true, y_pred):
    return K.mean(K.pow(y_true - y_pred, 4), axis=-1)


def largest_error(y_true, y_pred):
    return K.max(K.abs(y_true - y_pred))


OBJECTS = {"Ternary": Ternary, "Smooth": Smooth, "halves": halves, "quartic": quartic, "largest_error": largest_error}


def test_functions_and_objects_of_ones_own_train_save_and_load(tmp_path):
    layer = Dense(2, input_dim=4, init=halves, W_constraint=Ternary(0.45), W_regularizer=Smooth(0.3))
    model = Sequential([layer])
    model.compile("sgd", quartic, metrics=[largest_error])
    assert model.metrics_names == ["loss", "largest_error"]
    x, y = RNG.randn(6, 4).astype("float32"), RNG.randn(6, 2).astype("float32")
    w = np.array([[0.5, -0.5]] * 4, "float32")
    np.testing.assert_array_equal(model.get_weights()[0], w)
    error = x @ w - y
    loss, largest = model.train_on_batch(x, y)
    assert loss == pytest.approx((error**4).mean(), rel=1e-4)  # equal rows: no penalty yet
    assert largest == pytest.approx(np.abs(error).max(), rel=1e-5)
    stepped = w - 0.01 * x.T @ (4 * error**3) / error.size
    np.testing.assert_allclose(layer.get_weights()[0], np.where(np.abs(stepped) >= 0.45, stepped, 0), rtol=1e-4, atol=1e-6)
    trained = layer.get_weights()[0]
    penalty = 0.3 * np.square(trained[1:] - trained[:-1]).sum()
    error = model.predict(x) - y
    assert model.test_on_batch(x, y)[0] == pytest.approx((error**4).mean() + penalty, rel=1e-4)
    path = str(tmp_path / "model.h5")
    model.save(path)
    again = load_model(path, custom_objects=OBJECTS)
    assert again.layers[0].W_constraint.limit == 0.45
    np.testing.assert_allclose(again.test_on_batch(x, y), model.test_on_batch(x, y), rtol=1e-5)
    np.testing.assert_allclose(again.train_on_batch(x, y), model.train_on_batch(x, y), rtol=1e-5)
    np.testing.assert_allclose(again.get_weights()[0], model.get_weights()[0], rtol=1e-5)


class Counting(Layer):
    """Adds a penalty on its input and counts the batches that it was trained on."""

    def build(self, input_shape):
        self.count = K.variable(0.0, name=f"{self.name}_count")
        self.non_trainable_weights = [self.count]
        super().build(input_shape)

    def call(self, x, mask=None):
        self.add_loss(0.1 * K.sum(K.square(x)), x)
        self.add_update([K.update_add(self.count, 1)], x)
        return 2 * x


def test_a_layer_adds_to_the_loss_and_to_the_updates():
    layer = Counting(input_shape=(3,))
    model = Sequential([layer])
    model.compile("sgd", "mse")
    x = RNG.randn(4, 3).astype("float32")
    for _ in range(3):
        assert model.train_on_batch(x, 2 * x) == pytest.approx(0.1 * np.square(x).sum(), rel=1e-5)
    model.test_on_batch(x, x)
    assert float(layer.get_weights()[0]) == 3


@pytest.mark.parametrize("base", [SimpleRNN, GRU, LSTM])
@pytest.mark.parametrize("consume_less", ["cpu", "mem", "gpu"])
def test_a_recurrent_layer_with_constants_of_its_own_takes_the_step_of_its_base(base, consume_less):
    """As attention over a second input was written: ``get_constants`` adds what ``step`` finds after the base's states."""

    class Scaled(base):
        def __init__(self, output_dim, factor, **kwargs):
            self.factor = factor
            super().__init__(output_dim, **kwargs)

        def get_constants(self, x):
            return [*super().get_constants(x), self.factor]

        def step(self, x, states):
            output, new = super().step(x, states)
            return output * states[-1], new

    sequence, factor = Input((5, 3)), Input((4,))
    scaled = Scaled(4, factor, consume_less=consume_less, return_sequences=True)
    plain = base(4, consume_less=consume_less, return_sequences=True)
    model = Model([sequence, factor], [scaled(sequence), plain(sequence)])
    plain.set_weights(scaled.get_weights())
    x, by = np.random.rand(2, 5, 3), np.random.rand(2, 4)
    ours, theirs = model.predict([x, by])
    np.testing.assert_allclose(ours, theirs * by[:, None], rtol=1e-5, atol=1e-6)
