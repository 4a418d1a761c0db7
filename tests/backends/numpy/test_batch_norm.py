"""Batch normalization by the batch's statistics and relu's gradient, against the same from single calls and finite differences."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.interface import Backend
from kbridge.backends.numpy.ops import rows

K = registry.load("numpy")


def sample(seed):
    rng = np.random.RandomState(seed)
    shape = (*rng.randint(1, 7, rng.randint(1, 4)), int(rng.choice([1, 3, 40])))
    shape = (shape[0] + 2, *shape[1:])
    return rng.standard_normal(shape), rng.uniform(0.5, 2, shape[-1]), rng.uniform(-1, 1, shape[-1])


def results(method, values, dtype):
    """Values, statistics, gradients, and gradients of a gradient."""
    x, gamma, beta = inputs = [K.placeholder(v.shape, dtype=dtype) for v in values]
    normed, mean, var = method(x, gamma, beta, list(range(x.ndim - 1)), 1e-2)
    weights = K.constant(np.random.RandomState(1).uniform(-1, 1, values[0].shape), dtype)
    first = K.gradients(K.sum(K.square(normed + 0.3) * weights), inputs)
    second = K.gradients(K.sum(K.square(first[0])) + K.sum(K.square(first[1])), inputs[:2])
    return K.function(inputs, [normed, mean, var, *first, *second])([v.astype(dtype) for v in values])


@pytest.mark.parametrize("block", [rows.BLOCK, 16], ids=["whole", "in tiny blocks"])
def test_all_gradients_of_random_shapes(block, monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", block)
    monkeypatch.setattr(rows, "SPAN", min(block, rows.SPAN))
    for seed in range(20):
        values = sample(seed)
        expected = results(lambda *args: Backend.normalize_batch_in_training(K, *args), values, "float64")
        for dtype, bound in (("float64", 1e-9), ("float32", 2e-4)):
            for got, want in zip(results(K.normalize_batch_in_training, values, dtype), expected):
                assert np.abs(got - want).max() <= bound * max(1, np.abs(want).max()), (seed, dtype)


def test_a_mean_far_from_zero_costs_no_digits():
    rng = np.random.RandomState(0)
    x = (rng.standard_normal((64, 8, 8, 16)) + 1000).astype("float32")
    values = x, np.ones(16), np.zeros(16)
    wanted, got = results(K.normalize_batch_in_training, values, "float64"), results(K.normalize_batch_in_training, values, "float32")
    np.testing.assert_allclose(got[2], wanted[2], rtol=1e-4)
    np.testing.assert_allclose(got[0], wanted[0], atol=2e-3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_gradient_of_relu_by_bits(dtype):
    special = np.array([-2.0, -0.0, 0.0, 1e-7, 3.0, np.inf, -np.inf])
    for shape in ((7,), (700, 1, 7), (0, 7)):
        x = K.placeholder(shape, dtype=dtype)
        value = np.broadcast_to(special, shape).astype(dtype)
        for y, factor in ((K.relu(x), 1), (K.relu(K.reverse(x, 0)), 1), (K.relu(x) * K.constant(-3.0, dtype), -3)):
            got = K.function([x], K.gradients(K.sum(y), [x]))([value])[0]
            np.testing.assert_array_equal(got, np.where(value > 0, factor, 0).astype(dtype))


def test_clips_of_any_size_and_layout():
    for n in (5, 1500, 5000):
        value = np.linspace(-3, 3, 2 * n, dtype="float32").reshape(2, n)
        value[1, 0] = np.nan
        x = K.placeholder((2, None))
        for a in (x, K.transpose(x)):
            for low, high in ((0, None), (None, 1), (-1, 2), (2, -1)):
                got = K.function([x], [K.clip(a, low, high)])([value])[0]
                source = value if a is x else value.T
                want = np.maximum(np.minimum(source, np.inf if high is None else high), -np.inf if low is None else low)
                np.testing.assert_array_equal(got, want)
