"""Pooling one axis after the other, against one window position after the other, for random windows."""

import numpy as np
import pytest

from kbridge.backends import registry

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
