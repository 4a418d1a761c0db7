"""Pooling one axis after the other, against one window position after the other, for random windows."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import pool

K = registry.load("numpy")


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_random_windows_and_arrays_that_are_fed_again(kind):
    for seed in range(60):
        rng = np.random.RandomState(seed)
        size, strides = rng.randint(1, 5, 2), rng.randint(1, 5, 2)
        mode = ["same", "valid"][seed % 2]
        spatial = rng.randint(1, 9, 2) if mode == "same" else np.maximum(rng.randint(1, 9, 2), size)
        x = K.placeholder((1, *map(int, spatial), 2), dtype="float64")
        y = K.pool2d(x, tuple(map(int, size)), tuple(map(int, strides)), mode, "tf", kind)
        function = K.function([x], [y])
        for _ in range(2):
            value = rng.standard_normal(K.int_shape(x))
            (got,) = function([value])
            expected = np.full(got.shape, -np.inf if kind == "max" else 0.0)
            for place, source in y.attrs.positions(value.shape):
                both = expected[place], value[source]
                expected[place] = np.maximum(*both) if kind == "max" else np.add(*both)
            if kind == "avg":
                expected /= y.attrs.counts(value.shape, expected.dtype)
            np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_the_gradient_of_random_windows_goes_to_the_first_of_equal_maxima(seed, monkeypatch):
    """Windows that share elements, and windows apart from each other, whose gradients are written without a sum; of all samples at a time or some."""
    rng = np.random.RandomState(seed)
    monkeypatch.setattr(pool, "BLOCK_BYTES", [pool.BLOCK_BYTES, 1, 2 * 4 * 3 * 64][seed % 5 % 3])
    size = rng.randint(1, 4, 2)
    strides = size + rng.randint(0, 2, 2) if seed % 3 else rng.randint(1, 4, 2)
    mode = ["same", "valid"][seed % 2]
    spatial = rng.randint(1, 9, 2) if mode == "same" else np.maximum(rng.randint(1, 9, 2), size)
    x = K.placeholder((3, *map(int, spatial), 3))
    y = K.pool2d(K.relu(x) if seed % 4 else x, tuple(map(int, size)), tuple(map(int, strides)), mode, "tf")
    g = K.placeholder(K.int_shape(y))
    function = K.function([x, g], [y, K.gradients(K.sum(y * g), [x])[0]])
    for _ in range(2):
        # few different values, so that there are equal ones
        value, given = rng.randint(-2, 3, K.int_shape(x)).astype("float32"), rng.uniform(-1, 1, K.int_shape(y)).astype("float32")
        result, got = function([value, given])
        bounded = np.maximum(value, 0) if seed % 4 else value
        free, expected = np.ones(result.shape, bool), np.zeros_like(value)
        for place, source in y.attrs.positions(value.shape):
            hit = free[place] & (bounded[source] == result[place])
            expected[source] += given[place] * hit
            free[place] &= ~hit
        np.testing.assert_allclose(got, expected * (value > 0) if seed % 4 else expected, atol=1e-6)
