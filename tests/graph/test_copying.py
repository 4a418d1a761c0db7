"""Models and layers pickle and deep copy: config, weights, frozen parts, how they were compiled, optimizer state."""

import copy
import pickle

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import regularizers
from kbridge.engine.copying import clone
from kbridge.engine.topology import Input, Layer, Merge, merge
from kbridge.layers.core import Activation, Dense, Dropout, Lambda
from kbridge.layers.wrappers import TimeDistributed
from kbridge.models import Model, Sequential

WAYS = {"pickle": lambda m: pickle.loads(pickle.dumps(m)), "deepcopy": copy.deepcopy}


@pytest.fixture(params=WAYS)
def copied(request):
    return WAYS[request.param]


def random(*shape):
    return np.random.RandomState(len(shape)).normal(size=shape)


def doubled(x):
    return 2 * x


def halves(shape, name=None):
    return K.variable(np.full(shape, 0.5), name=name)


class Cubes(regularizers.Regularizer):
    """A regularizer of one's own."""

    def __call__(self, x):
        return 0.1 * K.sum(x * x * x)


class Scale(Layer):
    """A layer of one's own."""

    def build(self, input_shape):
        self.gamma = K.ones((input_shape[-1],), name=f"{self.name}_gamma")
        self.trainable_weights = [self.gamma]

    def call(self, x, mask=None):
        return x * self.gamma


def shared_tower():
    a, b = Input((4,)), Input((4,))
    shared = Dense(3, activation=doubled, init=halves, W_regularizer=Cubes())
    inner = Sequential([Dense(3, input_dim=3), Scale()])
    return Model([a, b], [inner(merge([shared(a), shared(b)], mode="sum")), Lambda(doubled)(shared(a))])


def stacked():
    return Sequential([TimeDistributed(Dense(3), input_shape=(2, 4)), Activation("relu"), Dropout(0.0), Lambda(doubled)])


def merged():
    return Sequential([Merge([Sequential([Dense(2, input_dim=3)]), Sequential([Dense(2, input_dim=4)])], mode="concat"), Dense(1)])


@pytest.mark.parametrize(
    ("make", "inputs"),
    [(shared_tower, [(3, 4), (3, 4)]), (stacked, [(3, 2, 4)]), (merged, [(3, 3), (3, 4)])],
)
def test_a_copy_computes_the_same_with_weights_of_its_own(copied, make, inputs):
    model = make()
    other = copied(model)
    assert type(other) is type(model) and other.name == model.name
    assert other.get_config() == model.get_config()
    x = [random(*s) for s in inputs]
    x = x if len(x) > 1 else x[0]
    for got, want in zip(np.atleast_1d(other.predict(x)), np.atleast_1d(model.predict(x))):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    other.set_weights([w + 1 for w in other.get_weights()])
    assert not np.array_equal(other.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "nadam"])
def test_a_copy_of_a_trained_model_trains_on_in_the_same_way(copied, optimizer):
    model = Sequential([Dense(3, input_dim=4, activation="tanh"), Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    x, y = random(6, 4), random(6, 1)
    for _ in range(3):
        model.train_on_batch(x, y)
    other = copied(model)
    assert other.metrics_names == model.metrics_names
    for _ in range(3):
        np.testing.assert_allclose(other.train_on_batch(x, y), model.train_on_batch(x, y), rtol=1e-4, atol=1e-6)
    for got, want in zip(other.get_weights(), model.get_weights()):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)


def test_a_changed_learning_rate_is_kept(copied):
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    K.set_value(model.optimizer.lr, 0.5)
    assert K.get_value(copied(model).optimizer.lr) == 0.5


def squared(y_true, y_pred):
    return K.mean(K.square(y_true - y_pred), axis=-1)


def test_a_loss_of_ones_own_is_kept(copied):
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", squared)
    other = copied(model)
    assert other.loss is squared
    assert other.evaluate(random(3, 2), random(3, 1), verbose=0) == pytest.approx(
        model.evaluate(random(3, 2), random(3, 1), verbose=0), rel=1e-4
    )


def test_frozen_parts_stay_frozen(copied):
    inner = Sequential([Dense(2, input_dim=2), Dense(2)])
    model = Sequential([inner, Dense(2), Dense(1)])
    inner.trainable = False
    model.layers[1].trainable = False
    other = copied(model)
    assert len(other.trainable_weights) == len(model.trainable_weights) == 2
    assert not other.layers[0].trainable and other.layers[0].layers[0].trainable
    for got, want in zip(other.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(got, want)


def test_a_deep_model_is_copied(copied):
    model = Sequential([Activation("linear", input_shape=(2,)), *[Activation("relu") for _ in range(300)]])
    assert len(copied(model).layers) == 301


def test_different_objects_of_one_name_are_refused_by_name():
    a, b = (lambda x: x), (lambda x: 2 * x)
    model = Sequential([Dense(1, input_dim=2, activation=a), Dense(1, activation=b)])
    with pytest.raises(ValueError, match="two different objects called '<lambda>'"):
        copy.deepcopy(model)


def test_lambda_layers_bring_their_functions():
    model = Sequential([Lambda(lambda x: x + 1, input_shape=(2,)), Lambda(lambda x: 2 * x)])
    np.testing.assert_allclose(copy.deepcopy(model).predict(np.ones((1, 2))), [[4, 4]])


def test_clones_are_new_layers_with_changes():
    layer = Dense(2, activation=doubled)
    layer(Input((3,)))
    other = clone(layer, name="other", output_dim=5)
    assert (other.name, other.output_dim, other.activation, other.built) == ("other", 5, doubled, False)
