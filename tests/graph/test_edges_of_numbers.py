"""NaN, zeros, booleans and whole numbers where backends may differ: one answer on all of them."""

import numpy as np
import pytest

from kbridge import backend as K

NAN, INF = float("nan"), float("inf")


def run(function, value, shape=None):
    x = K.placeholder(np.shape(value) if shape is None else shape)
    return np.asarray(K.function([x], [function(x)])([np.array(value, K.floatx())])[0])


@pytest.mark.parametrize(
    "function",
    [lambda x: x * 0, lambda x: 0 * x, lambda x: x * 0.0, lambda x: x * K.zeros_like(x), lambda x: x - x, lambda x: x + -x, lambda x: K.exp(x) * 0, lambda x: K.constant(0.0) * x],
    ids=["x * 0", "0 * x", "x * 0.0", "x * zeros_like(x)", "x - x", "x + -x", "exp(x) * 0", "constant(0) * x"],
)  # fmt: skip
def test_nothing_is_left_of_a_number_and_nan_of_nan(function):
    np.testing.assert_array_equal(run(function, [1.0, NAN, INF, -2.0]), [0, NAN, NAN, 0])
    for value, right in ((3.0, 0.0), (NAN, NAN), (INF, NAN)):
        np.testing.assert_array_equal(run(function, value), right)


@pytest.mark.parametrize(
    "function, right",
    [
        (lambda x: x / x, [1, NAN, NAN, NAN]),
        (lambda x: 0 / x, [0, NAN, 0, NAN]),
        (lambda x: K.zeros_like(x) / x, [0, NAN, 0, NAN]),
        (lambda x: x * 0 + 1, [1, NAN, NAN, 1]),
        (lambda x: -K.zeros_like(x) * x, [0, NAN, NAN, 0]),
        (lambda x: K.sum(x * K.zeros_like(x)), NAN),
        (lambda x: K.prod(K.stack([x[:2], K.zeros_like(x[:2])]), axis=0), [0, NAN]),
    ],
    ids=["x / x", "0 / x", "zeros_like(x) / x", "x * 0 + 1", "-zeros_like(x) * x", "sum(x * zeros_like(x))", "prod"],
)
def test_divisions_and_zeros_meet_nan(function, right):
    np.testing.assert_array_equal(run(function, [1.0, NAN, INF, 0.0]), right)


@pytest.mark.parametrize(
    "values, largest, smallest",
    [
        ([1, NAN, 3], 1, 1),
        ([NAN, 1, NAN], 0, 0),
        ([3, NAN], 1, 1),
        ([-INF, NAN, INF], 1, 1),
        ([NAN, NAN], 0, 0),
        ([INF, 1, -INF], 0, 2),
        ([2, 2, 1], 0, 2),
    ],
)
def test_the_place_of_an_extreme_is_that_of_the_first_nan(values, largest, smallest):
    # as K.max and K.min are NaN then
    assert int(run(K.argmax, values)) == largest
    assert int(run(K.argmin, values)) == smallest


def test_the_places_of_extremes_along_axes():
    values = [[1.0, NAN, 3.0], [0.0, 2.0, 1.0]]
    assert run(lambda x: K.argmax(x, axis=0), values).tolist() == [0, 0, 0]
    assert run(lambda x: K.argmin(x, axis=0), values).tolist() == [1, 0, 1]
    assert run(K.argmax, values).tolist() == [1, 1]
    assert K.eval(K.argmax(K.variable([3, 5, 1], dtype="int32"))) == 1


def test_a_running_sum_counts_booleans():
    x = K.variable([[True, False], [True, True]], dtype="bool")
    for axis, right in ((0, [[1, 0], [2, 1]]), (1, [[1, 1], [1, 2]])):
        total = K.cumsum(x, axis=axis)
        assert K.dtype(total) == K.dtype(K.sum(x)) == "int32"
        assert K.eval(total).tolist() == right


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int16", "bool"])
def test_whole_numbers_are_round(dtype):
    x = K.variable([1, 0, 1], dtype=dtype)
    assert K.dtype(K.round(x)) == dtype
    assert K.eval(K.round(x)).tolist() == [1, 0, 1]


def test_the_second_derivative_of_a_long_product():
    # with p the product: d2p / dxi dxj = p / (xi xj) for i != j, so the sum of (dp / dxi)^2 has the derivative below
    values = np.random.RandomState(0).uniform(0.9, 1.1, 40_000)
    x = K.variable(values, dtype="float64")
    first = K.gradients(K.prod(x), [x])[0]
    result = K.eval(K.gradients(K.sum(first * first), [x])[0])
    slopes = values.prod() / values
    np.testing.assert_allclose(result, 2 * slopes * (np.sum(slopes / values) - slopes / values), rtol=1e-9)


@pytest.mark.parametrize(("length", "zeros"), [(1, 0), (4, 0), (4, 2), (70, 2)])
def test_derivatives_of_products_with_zeros(length, zeros):
    # by central differences of the derivative before, which is made of products itself
    values = np.random.RandomState(length).uniform(0.8, 1.2, length)
    values[:zeros] = 0
    direction = np.cos(np.arange(length))
    x = K.placeholder((None,), dtype="float64")
    first = K.gradients(K.prod(x), [x])[0]
    second = K.gradients(K.sum(first * K.constant(direction)), [x])[0]
    third = K.gradients(K.sum(second * K.constant(direction)), [x])[0]
    f = K.function([x], [first, second, third])
    first, second, third = f([values])
    np.testing.assert_allclose(first, [np.prod(np.delete(values, i)) for i in range(length)], rtol=1e-9, atol=1e-12)
    for before, found in ((0, second), (1, third)):
        for i in {0, length // 2, length - 1}:
            step = 1e-5 * np.eye(length)[i]
            above, below = f([values + step])[before], f([values - step])[before]
            np.testing.assert_allclose(found[i], np.sum(direction * (above - below)) / 2e-5, rtol=1e-5, atol=1e-6)
