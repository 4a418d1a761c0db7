"""Stateful layers in nested models, in wrappers, in Merge branches and in two models: whose batch is continued when."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    ConvLSTM2D,
    Dense,
    Flatten,
    Input,
    Lambda,
    Merge,
    SimpleRNN,
    TimeDistributed,
)
from kbridge.models import Model, Sequential

RNG = np.random.RandomState(5)
X = RNG.rand(4, 3, 2).astype("float32")


def plain(layer=None, shape=X.shape):
    return Sequential([layer or SimpleRNN(2, stateful=True, batch_input_shape=shape)])


def by_hand(weights, x, h):
    """A SimpleRNN by its definition: h' = tanh(x W + b + h U)."""
    W, U, b = weights
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + b + h @ U)
    return h


def itself(inner):
    return inner


def called(inner):
    x = Input(batch_shape=X.shape)
    return Model(x, inner(x))


def called_twice_over(inner):
    x, y = Input(batch_shape=X.shape), Input(batch_shape=X.shape)
    return Model(x, Model(y, inner(y))(x))


def first(inner):
    return Sequential([inner, Lambda(lambda t: t * 1)])


def output_used(inner):
    return Model(inner.input, Lambda(lambda t: t * 1)(inner.output))


def later(inner):
    return Sequential([Lambda(lambda t: t * 1, batch_input_shape=X.shape), inner])


@pytest.mark.parametrize("place", [itself, called, called_twice_over, first, output_used, later])
def test_the_states_go_on_in_prediction_evaluation_and_training(place):
    inner = plain()
    model = place(inner)
    weights, zero = inner.get_weights(), np.zeros((4, 2))
    once = by_hand(weights, X, zero)
    twice = by_hand(weights, X, once)
    np.testing.assert_allclose(model.predict(X, batch_size=4), once, atol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(X), twice, atol=1e-5)
    model.reset_states()
    np.testing.assert_allclose(model.predict(np.concatenate([X, X]), batch_size=4), np.concatenate([once, twice]), atol=1e-5)
    model.reset_states()
    model.compile("sgd", "mse")
    assert model.evaluate(X, once, batch_size=4, verbose=0) == pytest.approx(0, abs=1e-9)
    assert model.test_on_batch(X, twice) == pytest.approx(0, abs=1e-9)
    model.reset_states()
    assert model.train_on_batch(X, once) == pytest.approx(0, abs=1e-9)
    assert model.train_on_batch(X, twice) == pytest.approx(0, abs=1e-9)
    # in a frozen model they go on too
    inner.trainable = False
    model.compile("sgd", "mse")
    model.reset_states()
    assert model.train_on_batch(X, once) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(model.predict(X, batch_size=4), twice, atol=1e-5)
    for before, after in zip(weights, inner.get_weights(), strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)


def test_two_models_share_the_states_of_a_layer():
    layer = SimpleRNN(2, stateful=True)
    x, y = Input(batch_shape=X.shape), Input(batch_shape=X.shape)
    one, other = Model(x, layer(x)), Model(y, layer(y))
    once = by_hand(layer.get_weights(), X, np.zeros((4, 2)))
    np.testing.assert_allclose(one.predict(X, batch_size=4), once, atol=1e-5)
    np.testing.assert_allclose(other.predict(X, batch_size=4), by_hand(layer.get_weights(), X, once), atol=1e-5)
    other.compile("sgd", "mse")
    other.reset_states()
    assert other.evaluate(X, once, batch_size=4, verbose=0) == pytest.approx(0, abs=1e-9)


def test_a_model_that_is_called_by_two_others_and_by_none():
    inner = plain()
    models = [inner, called(inner), called(inner)]
    h = np.zeros((4, 2))
    for model in [*models, *models]:
        h = by_hand(inner.get_weights(), X, h)
        np.testing.assert_allclose(model.predict(X, batch_size=4), h, atol=1e-5)


def test_branches_of_a_merge():
    left, right = plain(), plain()
    model = Sequential([Merge([left, right], mode="concat")])
    hands = [np.zeros((4, 2))] * 2
    for _ in range(2):
        hands = [by_hand(m.get_weights(), X, h) for m, h in zip((left, right), hands)]
        np.testing.assert_allclose(model.predict([X, X], batch_size=4), np.concatenate(hands, 1), atol=1e-5)


@pytest.mark.parametrize("nested", [False, True])
def test_statistics_stay_in_prediction_and_evaluation(nested):
    inner = plain()
    inner.add(BatchNormalization())
    model = called(inner) if nested else inner
    model.compile("sgd", "mse")
    statistics = [K.get_value(w) for w in inner.layers[1].non_trainable_weights]
    model.predict(X, batch_size=4)
    model.evaluate(X, np.zeros((4, 2)), batch_size=4, verbose=0)
    for before, weight in zip(statistics, inner.layers[1].non_trainable_weights, strict=True):
        np.testing.assert_array_equal(before, K.get_value(weight))
    model.reset_states()
    output = by_hand(inner.layers[0].get_weights(), X, np.zeros((4, 2)))
    model.train_on_batch(X, np.zeros((4, 2)))
    mean = K.get_value(inner.layers[1].running_mean)
    np.testing.assert_allclose(mean, 0.99 * statistics[0] + 0.01 * output.mean(0), atol=1e-5)


@pytest.mark.parametrize("cell", [SimpleRNN, GRU, LSTM])
@pytest.mark.parametrize("wrapped", ["layer", "bidirectional", "time distributed", "time distributed model"])
def test_wrappers_and_cells(cell, wrapped):
    x = X
    if wrapped == "layer":
        layer = cell(2, stateful=True, return_sequences=True, batch_input_shape=x.shape)
    elif wrapped == "bidirectional":
        layer = Bidirectional(cell(2, stateful=True), batch_input_shape=x.shape)
    else:
        x = RNG.rand(4, 2, 3, 2)
        inner = cell(2, stateful=True) if wrapped == "time distributed" else plain(cell(2, stateful=True, batch_input_shape=(8, 3, 2)))
        layer = TimeDistributed(inner, batch_input_shape=x.shape)
    alone = plain(layer)
    outer = Input(batch_shape=x.shape)
    output = alone(outer)
    model = Model(outer, Dense(2)(Flatten()(output) if K.ndim(output) > 2 else output))
    results = [[m.predict(x, batch_size=4) for _ in range(2)] for m in (alone, model)]
    alone.reset_states()
    again = alone.predict(x, batch_size=4)
    assert not np.allclose(*results[0]) and not np.allclose(*results[1])
    np.testing.assert_allclose(again, results[0][0], atol=1e-6)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x, batch_size=4).shape, (4, 2))


def test_each_step_of_a_time_distributed_layer_has_states_of_its_own():
    x = RNG.rand(4, 2, 3, 2)
    layer = SimpleRNN(2, stateful=True)
    model = Sequential([TimeDistributed(layer, batch_input_shape=x.shape)])
    h = np.zeros((8, 2))
    for _ in range(2):
        h = by_hand(layer.get_weights(), x.reshape(8, 3, 2), h)
        np.testing.assert_allclose(model.predict(x, batch_size=4), h.reshape(4, 2, 2), atol=1e-5)


def test_images_in_a_nested_model():
    shape = (2, 3, 4, 4, 1)
    x = RNG.rand(*shape)
    layer = ConvLSTM2D(2, 2, 2, stateful=True, dim_ordering="tf", batch_input_shape=shape)
    inner = plain(layer)
    outer = Input(batch_shape=shape)
    model = Model(outer, inner(outer))
    once, twice = (model.predict(x, batch_size=2) for _ in range(2))
    assert not np.allclose(once, twice)
    inner.reset_states()
    np.testing.assert_allclose(inner.predict(x, batch_size=2), once, atol=1e-5)
    np.testing.assert_allclose(inner.predict(x, batch_size=2), twice, atol=1e-5)


def test_what_isnt_stateful_has_no_states_to_reset():
    model = Sequential([TimeDistributed(Dense(2), input_shape=(3, 2))])
    model.reset_states()
    with pytest.raises(RuntimeError, match="timedistributed.* is not stateful"):
        model.layers[0].reset_states()
