"""Gradients of kernels are computed as soon as they can be, so that gradients of activations don't wait for them."""

import numpy as np

from kbridge.backends import registry
from kbridge.backends.numpy.executor import plan

K = registry.load("numpy")


def step(depth):
    """A training step of some convolutions, each with a bias: (function, input)."""
    rng = np.random.RandomState(0)
    x = y = K.placeholder((4, 20, 20, 8))
    weights = []
    for _ in range(depth):
        weights += [K.variable(rng.uniform(-0.2, 0.2, (3, 3, 8, 8))), K.variable(np.zeros(8))]
        y = K.relu(K.conv2d(y, weights[-2], border_mode="same", dim_ordering="tf") + weights[-1])
    gradients = K.gradients(K.sum(K.square(y)), weights)
    updates = [(w, w - 0.01 * g) for w, g in zip(weights, gradients)]
    return K.function([x], [K.sum(y)], updates=updates), rng.uniform(-1, 1, (4, 20, 20, 8)).astype("float32"), weights


def test_the_gradients_of_activations_leave_their_storage(monkeypatch):
    activation = 4 * 20 * 20 * 8 * 4
    few, many = step(4), step(12)
    for function, value, _ in (few, many):
        function([value])
    grown = many[0]._last[1].nbytes - few[0]._last[1].nbytes
    # 8 more activations are kept for the way back, and a little for the gradients of kernels, but not 16
    assert grown < 10 * activation
    late, value, _ = step(12)
    monkeypatch.setattr(plan, "early", lambda order: list(order))
    late([value])
    assert late._last[1].nbytes > many[0]._last[1].nbytes + 5 * activation


def test_the_numbers_stay(monkeypatch):
    function, value, weights = step(3)
    function([value])
    monkeypatch.setattr(plan, "early", lambda order: list(order))
    late, _, others = step(3)
    late([value])
    for a, b in zip(weights, others):
        np.testing.assert_array_equal(K.get_value(a), K.get_value(b))
