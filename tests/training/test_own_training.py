"""Models that programs compile and train in ways of their own."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense, Input
from kbridge.models import Model, Sequential
from kbridge.optimizers import SGD

X = np.random.RandomState(0).rand(8, 4).astype("float32")
Y = np.random.RandomState(1).rand(8, 2).astype("float32")


class TwoOptimizers(Model):
    """Keeps its optimizers elsewhere and makes the training function by itself."""

    def compile(self, optimizers, loss, **kwargs):
        super().compile(optimizers[0], loss, **kwargs)
        self.own = optimizers
        self.optimizer = None

    def _make_train_function(self):
        if self.train_function is None:
            updates = self.own[1].get_updates(self._collected_trainable_weights, self.constraints, self.total_loss)
            inputs = self.inputs + self.targets + self.sample_weights
            self.train_function = K.function(inputs, [self.total_loss, *self.metrics_tensors], updates=updates)


def test_a_model_without_optimizer_trains_by_its_own_function():
    x = Input((4,))
    dense = Dense(2)
    model = TwoOptimizers(x, dense(x))
    model.compile([SGD(1e3), SGD(0.5)], "mse")
    before = dense.get_weights()
    model.fit(X, Y, batch_size=8, nb_epoch=1, verbose=0)
    error = X @ before[0] + before[1] - Y
    np.testing.assert_allclose(dense.get_weights()[0], before[0] - 0.5 * X.T @ error / 8, rtol=1e-4, atol=1e-6)
    assert model.test_on_batch(X, Y) < (error**2).mean()
    assert np.isfinite(model.evaluate(X, Y, verbose=0))


def test_functions_that_were_made_outlive_the_optimizer():
    model = Sequential([Dense(2, input_dim=4)])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    model.model.optimizer = model.optimizer = None
    assert np.isfinite(model.train_on_batch(X, Y)) and np.isfinite(model.test_on_batch(X, Y))
    model.model.train_function = None
    with pytest.raises(RuntimeError, match="no longer has an optimizer"):
        model.train_on_batch(X, Y)


def test_a_model_without_compile_has_no_optimizer_and_says_what_to_do():
    model = Sequential([Dense(2, input_dim=4)])
    assert not hasattr(model, "optimizer") and not hasattr(model.model, "optimizer")
    for name in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        with pytest.raises(RuntimeError, match=f"The model {model.name} needs to be compiled"):
            getattr(model, name)(X, Y)


class Delegating(Model):
    """Sets what it needs instead of calling ``__init__``."""

    def __init__(self, inner):
        self.inner = inner
        self.layers, self.inputs, self.outputs = inner.layers, inner.inputs, inner.outputs

    def predict(self, x):
        return self.inner.predict(x)


def test_a_model_that_does_not_call_init_has_a_name():
    x = Input((4,))
    model = Delegating(Model(x, Dense(2)(x)))
    assert model.name.startswith("delegating_") and model.name == model.name and model.trainable
    assert repr(model.name) in repr(model)
    assert model.predict(X).shape == (8, 2)
    assert [w.shape for w in model.get_weights()] == [(4, 2), (2,)] and len(model.trainable_weights) == 2
    with pytest.raises(RuntimeError, match=f"The model {model.name} needs to be compiled"):
        model.fit(X, Y)


def test_a_model_may_have_attributes_of_its_own_before_anything_else():
    class Empty(Sequential):
        def __init__(self, rate):
            self.rate = rate

    model = Empty(0.5)
    assert (model.rate, model.trainable) == (0.5, True) and model.name.startswith("empty_")


CLASSES = np.array([0, 2, 1, 0, 1, 2, 0, 1])


def classifier(loss, activation="softmax"):
    model = Sequential([Dense(3, input_dim=4, activation=activation)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("loss", ["categorical_crossentropy", K.categorical_crossentropy])
@pytest.mark.filterwarnings("ignore:.*losses-of-the-backend")
def test_labels_of_one_column_are_refused_also_for_the_backends_own_crossentropy(loss):
    model = classifier(loss)
    with pytest.raises(ValueError, match=r"target array of shape \(8, 1\).*to_categorical"):
        model.fit(X, CLASSES, verbose=0)
    with pytest.raises(ValueError, match=r"target: expected dense_\d+ to have shape"):
        model.train_on_batch(X, np.ones((8, 2)))


@pytest.mark.filterwarnings("ignore:.*losses-of-the-backend")
def test_shapes_are_checked_for_the_backends_own_losses():
    with pytest.raises(ValueError, match=r"target: expected dense_\d+ to have shape"):
        classifier(K.binary_crossentropy, "sigmoid").train_on_batch(X, np.ones((8, 2)))


def test_a_loss_of_the_backend_is_warned_of():
    with pytest.warns(UserWarning, match=r"K.categorical_crossentropy, whose arguments are \(output, target\).*losses-of-the-backend"):
        classifier(K.categorical_crossentropy)


@pytest.mark.needs("scipy")
def test_sparse_targets_train_like_dense_ones():
    import scipy.sparse

    one_hot = np.eye(3)[CLASSES]
    dense, sparse = classifier("categorical_crossentropy"), classifier("categorical_crossentropy")
    sparse.set_weights(dense.get_weights())
    for kind in (scipy.sparse.csr_matrix, scipy.sparse.coo_matrix):
        dense.fit(X, one_hot, batch_size=4, nb_epoch=1, shuffle=False, verbose=0)
        sparse.fit(X, kind(one_hot), batch_size=4, nb_epoch=1, shuffle=False, verbose=0)
        assert dense.train_on_batch(X, one_hot) == sparse.train_on_batch(X, kind(one_hot))
        assert dense.evaluate(X, one_hot, verbose=0) == sparse.evaluate(X, kind(one_hot), verbose=0)
    for one, other in zip(dense.get_weights(), sparse.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
