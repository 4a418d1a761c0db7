"""The backend's own pooling operations: C and NumPy versions agree, to the second order and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

SHAPE = (2, 5, 6, 2)


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("border_mode", ["valid", "same"])
def test_compiled_and_not(K, mode, border_mode):
    x = K.placeholder((None, *SHAPE[1:]))
    weight = K.constant(np.random.RandomState(1).rand(1, 1, 1, 2), dtype=K.floatx())
    y = K.pool2d(x, (3, 2), strides=(2, 1), border_mode=border_mode, dim_ordering="tf", pool_mode=mode)
    (first,) = K.gradients(K.sum(y * y * weight), [x])
    (second,) = K.gradients(K.sum(first * first * first), [x])
    compiled = K.function([x], [y, first, second])
    with K.quick_compilation():
        plain = K.function([x], [y, first, second])
    value = np.random.RandomState(0).randint(0, 4, SHAPE)
    for a, b in zip(compiled([value]), plain([value])):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    for a, b in zip(compiled([value[:0]]), plain([value[:0]])):
        assert a.shape == b.shape == (0, *a.shape[1:])


@pytest.mark.parametrize("quickly", [False, True])
def test_nan_is_the_largest_and_negative_infinity_is_a_value(K, quickly):
    x = K.placeholder((1, 1, 4, 1))
    y = K.pool2d(x, (1, 2), strides=(1, 2), border_mode="same", dim_ordering="tf")
    if quickly:
        with K.quick_compilation():
            f = K.function([x], [y])
    else:
        f = K.function([x], [y])
    found = f([np.array([1.0, np.nan, -np.inf, -np.inf]).reshape(1, 1, 4, 1)])[0].ravel()
    assert np.isnan(found[0])
    assert found[1] == -np.inf


def test_bad_arguments_are_named(K):
    x = K.placeholder((None, 4, 4, 1))
    with pytest.raises(ValueError, match="pool_mode 'sum'"):
        K.pool2d(x, (2, 2), pool_mode="sum")
    with pytest.raises(ValueError, match="border_mode"):
        K.pool2d(x, (2, 2), border_mode="full")
    with pytest.raises(ValueError, match="doesn't fit"):
        K.pool2d(x, (5, 5), dim_ordering="tf")
