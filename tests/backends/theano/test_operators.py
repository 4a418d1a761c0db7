"""Operators between tensors of all dtypes follow the contract; Theano's own rules stay inside Theano."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("other", ["bool", "uint8", "int32", "int64"])
def test_a_float_tensor_keeps_its_dtype_with_integers(K, dtype, other):
    x, n = K.placeholder((None,), dtype=dtype), K.placeholder((None,), dtype=other)
    for y in (x + n, n * x, x - n, x / n, n / x, x**n, x // n, x % n):
        assert K.dtype(y) == dtype


def test_numbers_take_the_tensors_dtype_and_all_its_digits(K):
    x = K.placeholder((1,), dtype="float64")
    assert K.function([x], [x * 0.1])([[1.0]])[0][0] == 0.1
    n = K.placeholder((1,), dtype="int32")
    assert [K.dtype(y) for y in (n + 300, n * 70000, 2**31 - 1 - n, n // 7, -n, abs(n))] == ["int32"] * 6
    assert [K.dtype(y) for y in (n * 0.5, n / 2, 1.0 - n)] == [K.floatx()] * 3


def test_an_array_first_gives_a_tensor(K):
    x = K.placeholder((2,))
    for y in (np.ones(2) + x, np.float64(2.0) * x, np.ones((3, 2)) - x):
        assert K.is_tensor(y)
        assert K.dtype(y) == K.floatx()


def test_matmul(K):
    x = K.placeholder((None, 3))
    value = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(K.function([x], [x @ np.eye(3)])([value])[0], value)
    np.testing.assert_allclose(K.function([x], [np.ones((1, 2)) @ x])([value])[0], value.sum(0, keepdims=True))


def test_equality_stays_identity(K):
    x, y = K.placeholder((2,)), K.placeholder((2,))
    assert x == x
    assert x != y
    assert len({x, y}) == 2


def test_theano_compiles_and_derives_by_its_own_rules(K):
    import theano.tensor as T

    from kbridge.backends.theano.operators import native

    x, n = T.fvector(), T.lvector()
    with native():
        assert (x + n).dtype == "float64"
    assert (x + n).dtype == "float32"


def test_constants_are_objects_of_their_own(K):
    assert K.constant(2.0) is not K.constant(2.0)
