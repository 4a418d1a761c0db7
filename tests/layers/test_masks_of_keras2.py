"""What layers do as Keras 2 has it, on request: masks dropped or used, outputs broadcast, vectors of length 1, frozen statistics."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.topology import Input, Merge
from kbridge.layers import (
    BatchNormalization,
    Bidirectional,
    Convolution1D,
    Dense,
    Flatten,
    GlobalAveragePooling1D,
    Masking,
    SimpleRNN,
)
from kbridge.models import Model, Sequential, model_from_json

RNG = np.random.RandomState(0)


def masked(shape=(3, 5, 2)):
    """Samples whose steps are masked at the end, in the middle and nowhere."""
    x = RNG.normal(size=shape).astype("float32")
    x[0, 3:], x[1, 1] = 0, 0
    return x


def steps(x, W, U, b, kept, order):
    """A SimpleRNN with tanh by hand: its outputs in the order of the steps it takes, 0 where ``kept`` is false."""
    h, outputs = np.zeros((len(x), len(b))), []
    for t in order:
        new = np.tanh(x[:, t] @ W + h @ U + b)
        h = np.where(kept[:, t, None], new, h)
        outputs.append(np.where(kept[:, t, None], new, 0))
    return np.stack(outputs, axis=1)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum"])
def test_bidirectional_puts_zeros_where_the_mask_was_in_the_order_of_each_direction(go_backwards, mode):
    x = masked()
    inner = SimpleRNN(4, return_sequences=True, go_backwards=go_backwards)
    model = Sequential([Masking(input_shape=(5, 2)), Bidirectional(inner, merge_mode=mode, zero_output_for_mask=True)])
    model.set_weights([RNG.normal(size=w.shape) for w in model.get_weights()])
    weights, kept = model.get_weights(), x.any(axis=-1)
    there, back = range(5), range(4, -1, -1)
    forward = steps(x, *weights[:3], kept, back if go_backwards else there)
    backward = steps(x, *weights[3:], kept, there if go_backwards else back)[:, ::-1]
    expected = np.concatenate([forward, backward], -1) if mode == "concat" else forward + backward
    np.testing.assert_allclose(model.predict(x), expected, atol=1e-5)


def reloaded(model):
    copy = model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    return copy


def test_layers_drop_a_mask_on_request_and_remember_it():
    x = masked()
    model = Sequential([Masking(input_shape=(5, 2)), Convolution1D(3, 2, drop_mask=True), Flatten(), Dense(2)])
    W, b = (np.asarray(K.get_value(w)) for w in (model.layers[1].W, model.layers[1].b))
    windows = np.stack([x[:, t : t + 2].reshape(3, -1) @ W[:, 0].reshape(-1, 3) + b for t in range(4)], axis=1)
    expected = windows.reshape(3, -1) @ model.get_weights()[2] + model.get_weights()[3]
    np.testing.assert_allclose(model.predict(x), expected, atol=1e-5)
    np.testing.assert_allclose(reloaded(model).predict(x), expected, atol=1e-5)
    assert "drop_mask" not in Sequential([Convolution1D(3, 2, drop_mask=True, input_shape=(5, 2))]).to_json()
    with pytest.raises(TypeError, match="does not support masking"):
        Sequential([Masking(input_shape=(5, 2)), Convolution1D(3, 2)])


def test_the_mean_over_time_takes_the_steps_that_a_mask_keeps_on_request():
    x = masked()
    model = Sequential([Masking(input_shape=(None, 2)), GlobalAveragePooling1D(use_mask=True), Dense(1)])
    mean = np.stack([sample[sample.any(-1)].mean(0) for sample in x])
    W, b = model.get_weights()
    np.testing.assert_allclose(model.predict(x), mean @ W + b, atol=1e-5)
    np.testing.assert_allclose(reloaded(model).predict(x), mean @ W + b, atol=1e-5)
    with pytest.raises(TypeError, match="does not support masking"):
        Sequential([Masking(input_shape=(None, 2)), GlobalAveragePooling1D()])


# ---------------------------------------------------------------------- merges

MODES = {
    "sum": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "ave": lambda x, y: (x + y) / 2,
    "max": np.maximum, "min": np.minimum,
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("a", "b", "declared"),
    [
        ((4, 3), (1, 3), (None, 4, 3)),
        ((4, 1), (1, 3), (None, 4, 3)),
        ((3,), (4, 3), (None, 4, 3)),
        ((2, 4, 3), (4, 3), (None, 2, 4, 3)),
        ((None, 3), (1, 3), (None, None, 3)),
        ((1, 3), (None, 3), (None, None, 3)),
    ],
)
def test_broadcast_repeats_axes_of_length_one_and_trains(mode, a, b, declared):
    x, y = Input(a), Input(b)
    merged = Merge(mode=mode, broadcast=True)([x, y])
    assert merged._keras_shape == declared
    model = Model([x, y], Dense(2)(merged))
    u, v = (RNG.normal(size=(2, *(n or 4 for n in shape))) for shape in (a, b))
    wide = (t.reshape(2, *(1,) * (len(declared) - t.ndim), *t.shape[1:]) for t in (u, v))
    W, bias = model.get_weights()
    expected = MODES[mode](*wide) @ W + bias
    for copy in (model, reloaded(model)):
        np.testing.assert_allclose(copy.predict([u, v]), expected, atol=1e-5)
    model.compile("sgd", "mse")
    assert model.train_on_batch([u, v], np.zeros_like(expected)) == pytest.approx(np.mean(expected**2), rel=1e-4)


def test_broadcast_is_stored_where_it_matters_and_not_the_default():
    x, y = Input((4, 3)), Input((4, 3))
    assert "broadcast" not in Model([x, y], Merge(mode="sum", broadcast=True)([x, y])).to_json()
    with pytest.raises(ValueError, match="same shape"):
        Merge(mode="sum")([Input((4, 3)), Input((1, 3))])
    with pytest.raises(ValueError, match="same shape"):
        Merge(mode="sum", broadcast=True)([Input((4, 3)), Input((2, 3))])


@pytest.mark.parametrize(("a", "b", "axes"), [((4, 3), (5, 3), [2, 2]), ((4, 3), (3,), [2, 1]), ((3,), (3,), 1), ((3, 4), (3, 5), 1)])
def test_normalized_dot_is_the_cosine_along_its_axes(a, b, axes):
    i, j = axes if isinstance(axes, list) else (axes, axes)
    u, v = RNG.normal(size=(2, *a)), RNG.normal(size=(2, *b))
    x, y = Input(a), Input(b)
    result = Model([x, y], Merge(mode="normalized_dot", dot_axes=axes)([x, y])).predict([u, v])
    p, q = (np.moveaxis(t / np.linalg.norm(t, axis=k, keepdims=True), k, -1).reshape(2, -1, t.shape[k]) for t, k in ((u, i), (v, j)))
    np.testing.assert_allclose(result.reshape(2, -1), np.einsum("nik,njk->nij", p, q).reshape(2, -1), atol=1e-5)


@pytest.mark.parametrize(("a", "b", "axes"), [((4, 3), (3,), [2, 1]), ((4, 3), (5, 3), 2)])
def test_cos_refuses_shapes_that_its_formula_has_no_meaning_for(a, b, axes):
    with pytest.raises(ValueError, match="normalized_dot.*cos-of-shapes"):
        Merge(mode="cos", dot_axes=axes)([Input(a), Input(b)])


# ---------------------------------------------------------------------- frozen statistics


@pytest.mark.parametrize("moving", [False, True])
def test_a_frozen_normalization_trains_with_the_statistics_asked_for(moving):
    layer = BatchNormalization(trainable=False, moving_if_frozen=moving, epsilon=0.0, input_shape=(2,))
    model = Sequential([layer])
    mean, variance = np.array([1.0, -2.0]), np.array([4.0, 0.25])
    model.set_weights([np.ones(2), np.zeros(2), mean, variance])
    assert ("moving_if_frozen" in model.to_json()) == moving
    x, y = RNG.normal(size=(6, 2)), np.zeros((6, 2))
    reloaded_model = reloaded(model)
    normed = (x - mean) / np.sqrt(variance) if moving else (x - x.mean(0)) / x.std(0)
    for copy in (model, reloaded_model):
        copy.add(Dense(1, trainable=True))
        W, b = copy.get_weights()[-2:]
        copy.compile("sgd", "mse")
        assert copy.train_on_batch(x, y[:, :1]) == pytest.approx(np.mean((normed @ W + b) ** 2), rel=1e-4)
