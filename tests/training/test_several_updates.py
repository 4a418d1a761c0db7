"""Layers with updates that are called several times in one model: values worked out by hand."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import BatchNormalization, ConvLSTM2D, Input, Layer, SimpleRNN, TimeDistributed, merge
from kbridge.models import Model, Sequential


def called_twice(layer, nested, batch_shape):
    """A model that adds up the outputs of two calls of ``layer``, alone or inside a Sequential."""
    called = Sequential([layer]) if nested else layer
    a, b = Input(batch_shape=batch_shape), Input(batch_shape=batch_shape)
    model = Model([a, b], merge([called(a), called(b)], mode="sum"))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("nested", (False, True))
def test_the_statistics_of_a_batch_normalization_follow_call_after_call(nested):
    layer = BatchNormalization(momentum=0.5, input_shape=(1,))
    model = called_twice(layer, nested, (None, 1))
    model.train_on_batch([np.array([[0.0], [2.0]]), np.array([[10.0], [14.0]])], np.zeros((2, 1)))
    # means 1 and 12 from 0, variances 1 and 4 from 1
    np.testing.assert_allclose(K.get_value(layer.running_mean), [(0 * 0.5 + 1 * 0.5) * 0.5 + 12 * 0.5], rtol=1e-5)
    np.testing.assert_allclose(K.get_value(layer.running_std), [(1 * 0.5 + 1 * 0.5) * 0.5 + 4 * 0.5], rtol=1e-5)


def test_statistics_of_calls_through_a_model_and_by_itself():
    layer = BatchNormalization(momentum=0.5, input_shape=(1,))
    inner = Sequential([layer])
    a, b, c = Input((1,)), Input((1,)), Input((1,))
    model = Model([a, b, c], merge([inner(a), layer(b), inner(c)], mode="sum"))
    model.compile("sgd", "mse")
    assert len(model.updates) == 6
    model.train_on_batch([np.full((2, 1), value) for value in (8.0, 8.0, 8.0)], np.zeros((2, 1)))
    np.testing.assert_allclose(K.get_value(layer.running_mean), [7.0], rtol=1e-5)
    np.testing.assert_allclose(K.get_value(layer.running_std), [0.125], atol=1e-5)


def summing(**arguments):
    """A SimpleRNN whose output is its input, so that the state is the last input."""
    weights = [np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1)]
    return SimpleRNN(1, stateful=True, activation="linear", weights=weights, batch_input_shape=(1, 2, 1), **arguments)


@pytest.mark.parametrize("nested", (False, True))
def test_a_stateful_layer_keeps_the_state_of_its_last_call_in_training(nested):
    layer = summing()
    model = called_twice(layer, nested, (1, 2, 1))
    a, b = np.array([[[1.0], [5.0]]]), np.array([[[3.0], [7.0]]])
    model.train_on_batch([a, b], np.array([[12.0]]))
    np.testing.assert_allclose(K.get_value(layer.states[0]), [[7.0]])
    model.train_on_batch([b, a], np.array([[12.0]]))
    np.testing.assert_allclose(K.get_value(layer.states[0]), [[5.0]])


def test_outputs_in_prediction_are_those_of_each_call():
    layer = summing()
    a, b = Input(batch_shape=(1, 2, 1)), Input(batch_shape=(1, 2, 1))
    model = Model([a, b], [layer(a), layer(b)])
    got = model.predict([np.array([[[1.0], [5.0]]]), np.array([[[3.0], [7.0]]])])
    assert [float(x[0, 0]) for x in got] == [5.0, 7.0]
    np.testing.assert_allclose(K.get_value(layer.states[0]), [[7.0]])


def test_each_call_begins_with_the_state_from_before_the_batch():
    layer = SimpleRNN(
        1, stateful=True, activation="linear", batch_input_shape=(1, 1, 1), weights=[np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)]
    )
    a, b = Input(batch_shape=(1, 1, 1)), Input(batch_shape=(1, 1, 1))
    model = Model([a, b], [layer(a), layer(b)])
    K.set_value(layer.states[0], [[100.0]])
    got = model.predict([np.array([[[1.0]]]), np.array([[[20.0]]])])
    assert [float(x[0, 0]) for x in got] == [101.0, 120.0]
    np.testing.assert_allclose(K.get_value(layer.states[0]), [[120.0]])


def test_convolutional_states():
    layer = ConvLSTM2D(1, 1, 1, stateful=True, dim_ordering="tf", batch_input_shape=(1, 2, 2, 2, 1))
    a, b = Input(batch_shape=(1, 2, 2, 2, 1)), Input(batch_shape=(1, 2, 2, 2, 1))
    model = Model([a, b], [layer(a), layer(b)])
    rng = np.random.RandomState(0)
    got = model.predict([rng.rand(1, 2, 2, 2, 1), rng.rand(1, 2, 2, 2, 1)])
    np.testing.assert_allclose(K.get_value(layer.states[0]), got[1], rtol=1e-5)


class Counter(Layer):
    """Counts its calls and remembers the last batch's mean, as a layer of a user's own does it."""

    stateful = True

    def build(self, input_shape):
        self.count, self.last = K.variable(0.0, name="count"), K.variable(0.0, name="last")
        self.built = True

    def call(self, x, mask=None):
        self.add_update([K.update_add(self.count, 1.0), (self.last, K.mean(x))], x)
        return x * 1.0


def test_a_users_own_stateful_layer():
    layer = Counter()
    model = called_twice(layer, False, (None, 1))
    model.predict([np.full((2, 1), 3.0), np.full((2, 1), 4.0)])
    assert (float(K.get_value(layer.count)), float(K.get_value(layer.last))) == (2.0, 4.0)


class Forgetful(Counter):
    stateful = False


def test_a_layer_that_is_not_stateful_can_not_assign_twice():
    model = called_twice(Forgetful(), False, (None, 1))
    with pytest.raises(ValueError, match="'last'.*several-updates"):
        model.train_on_batch([np.ones((2, 1)), np.ones((2, 1))], np.ones((2, 1)))


def test_a_normalization_in_a_wrapper_that_is_called_twice():
    layer = TimeDistributed(BatchNormalization(momentum=0.5), input_shape=(2, 1))
    model = called_twice(layer, False, (None, 2, 1))
    model.train_on_batch([np.full((2, 2, 1), 8.0), np.full((2, 2, 1), 4.0)], np.zeros((2, 2, 1)))
    np.testing.assert_allclose(K.get_value(layer.layer.running_mean), [4.0], rtol=1e-5)
