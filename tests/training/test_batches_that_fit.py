"""What a model remembers of batches that it has checked: others are checked all the same, and the numbers are those of weights that are given."""

import numpy as np
import pytest

from kbridge.layers.core import Dense, Masking
from kbridge.layers.recurrent import SimpleRNN
from kbridge.models import Sequential
from kbridge.training import user_data

X = np.random.RandomState(0).uniform(-1, 1, (6, 3)).astype("float32")
Y = np.random.RandomState(1).uniform(-1, 1, (6, 2)).astype("float32")


def model(loss="mse", optimizer="sgd"):
    net = Sequential([Dense(4, input_dim=3, activation="tanh"), Dense(2, activation="softmax" if loss != "mse" else "linear")])
    weights = [np.random.RandomState(2).uniform(-1, 1, w.shape) for w in net.get_weights()]
    net.set_weights(weights)
    net.compile(optimizer, loss)
    return net


def test_a_batch_of_another_shape_is_checked():
    net = model()
    for _ in range(2):
        net.train_on_batch(X, Y)
    for x, y in ((X[:, :2], Y), (X, Y[:, :1]), (X[:4], Y), (X[:0], Y[:0]), (X.astype(complex), Y), (X, None), (X[:, :, None], Y)):
        with pytest.raises((ValueError, TypeError)):
            net.train_on_batch(x, y)
    assert np.isfinite(net.train_on_batch(X[:4], Y[:4]))


def test_targets_of_another_loss_are_checked_after_compile():
    net = model()
    classes = np.zeros((6, 2), "float32")
    net.train_on_batch(X, classes)
    net.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="shape"):
        net.train_on_batch(X, classes)


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
def test_weights_of_one_each_give_what_no_weights_give(method):
    plain, weighted = model(), model()
    for _ in range(3):
        found = getattr(plain, method)(X, Y)
        expected = getattr(weighted, method)(X, Y, sample_weight=np.ones(6))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    for a, b in zip(plain.get_weights(), weighted.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_batches_with_and_without_weights_take_turns():
    net = model()
    weights = np.array([0, 2, 1, 0, 0.5, 3])
    errors = np.mean(np.square(net.predict(X) - Y), axis=1)
    for _ in range(2):
        np.testing.assert_allclose(net.test_on_batch(X, Y), errors.mean(), rtol=1e-5)
        np.testing.assert_allclose(net.test_on_batch(X, Y, sample_weight=weights), (errors * weights).sum() / 4, rtol=1e-5)
        np.testing.assert_allclose(net.test_on_batch(X, Y, sample_weight=np.zeros(6)), 0, atol=1e-7)
        np.testing.assert_allclose(net.test_on_batch(X[:3], Y[:3]), errors[:3].mean(), rtol=1e-5)


def test_fit_with_and_without_weights():
    results = []
    for weight in (None, np.ones(6)):
        net = model(optimizer="adam")
        net.fit(X, Y, batch_size=4, nb_epoch=3, shuffle=False, verbose=0, sample_weight=weight)
        results.append(net.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_classes_that_count_differently():
    net = model("categorical_crossentropy")
    labels = np.eye(2, dtype="float32")[[0, 1, 1, 0, 1, 0]]
    losses = -np.log(np.sum(net.predict(X) * labels, axis=1))
    counted = np.where(labels[:, 1] == 1, 3.0, 0.5)
    net.compile("sgd", "categorical_crossentropy")
    before = net.get_weights()
    np.testing.assert_allclose(net.train_on_batch(X, labels), losses.mean(), rtol=1e-4)
    net.set_weights(before)
    np.testing.assert_allclose(net.train_on_batch(X, labels, class_weight={0: 0.5, 1: 3.0}), (losses * counted).mean(), rtol=1e-4)


def test_steps_of_sequences_with_a_mask():
    net = Sequential([Masking(input_shape=(5, 3)), SimpleRNN(2, return_sequences=True)])
    net.compile("sgd", "mse", sample_weight_mode="temporal")
    x = np.random.RandomState(0).uniform(-1, 1, (4, 5, 3)).astype("float32")
    x[1, 3:] = 0
    y = np.zeros((4, 5, 2), "float32")
    plain = net.test_on_batch(x, y)
    np.testing.assert_allclose(plain, net.test_on_batch(x, y, sample_weight=np.ones((4, 5))), rtol=1e-5)
    assert net.test_on_batch(x, y, sample_weight=np.arange(20).reshape(4, 5)) != pytest.approx(plain)


def test_only_some_are_remembered(monkeypatch):
    monkeypatch.setattr(user_data, "MOST_REMEMBERED", 2)
    net = model()
    for samples in (1, 2, 3, 4, 5, 1):
        net.test_on_batch(X[:samples], Y[:samples])
        inner = getattr(net, "model", net)
        assert len(inner._batches_that_fit) <= 2


def test_who_gets_the_weights_of_a_batch_can_not_change_those_of_others():
    net = model()
    net.train_on_batch(X, Y)
    inner = getattr(net, "model", net)
    for _ in range(2):
        (weights,) = inner._standardize_user_data(X, Y)[2]
        with pytest.raises(ValueError, match="read-only"):
            weights[0] = 5
