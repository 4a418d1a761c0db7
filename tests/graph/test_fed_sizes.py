"""A variable or a computed tensor that is an input of a function counts as what is fed, also as a size, a bound or an index."""

import numpy as np
import pytest

from kbridge import backend as K

X = np.arange(20.0).reshape(4, 5)

#: name -> (what is made of a matrix and a whole number, the same in NumPy)
USES = {
    "arange": (lambda x, n: K.arange(n), lambda x, n: np.arange(n)),
    "arange from": (lambda x, n: K.arange(n, 2 * n + 1, 2), lambda x, n: np.arange(n, 2 * n + 1, 2)),
    "slice up to": (lambda x, n: x[:, :n], lambda x, n: x[:, :n]),
    "slice from": (lambda x, n: x[n - 1 :], lambda x, n: x[n - 1 :]),
    "slice before the end": (lambda x, n: x[:, :-n], lambda x, n: x[:, :-n]),
    "element": (lambda x, n: x[1, n], lambda x, n: x[1, n]),
    "row": (lambda x, n: x[n - 1], lambda x, n: x[n - 1]),
    "reshape": (lambda x, n: K.reshape(x, (n, -1)), lambda x, n: x.reshape(n, -1)),
    "tile": (lambda x, n: K.tile(x, (1, n)), lambda x, n: np.tile(x, (1, n))),
    "repeat": (lambda x, n: K.repeat_elements(x, n, 0), lambda x, n: np.repeat(x, n, 0)),
    "one_hot": (lambda x, n: K.one_hot(K.constant([0, 0]), n), lambda x, n: np.eye(n)[[0, 0]]),
    "gather": (lambda x, n: K.gather(x, K.reshape(n - 1, (1,))), lambda x, n: x[[n - 1]]),
    "random": (lambda x, n: K.shape(K.random_uniform((n, 3))), lambda x, n: np.array([n, 3])),
    "sum of a slice": (lambda x, n: K.sum(x[:n], axis=0), lambda x, n: x[:n].sum(0)),
}  # fmt: skip


def compare(f, call, name):
    for n in (2, 4, 2, 1):
        (result,) = f(call(n))
        expected = USES[name][1](X, n)
        np.testing.assert_allclose(result, expected, rtol=1e-6)
        assert np.shape(result) == np.shape(expected)


@pytest.mark.parametrize("name", USES)
def test_a_variable_that_is_fed(name):
    x, n = K.placeholder((None, 5)), K.variable(3, dtype="int32")
    compare(K.function([x, n], [USES[name][0](x, n)]), lambda value: [X, np.int32(value)], name)
    assert int(K.get_value(n)) == 3


@pytest.mark.parametrize("name", USES)
def test_a_computed_tensor_that_is_fed(name):
    x, i = K.placeholder((None, 5)), K.variable(3, dtype="int32")
    n = i * 2 - 3
    compare(K.function([x, n], [USES[name][0](x, n)]), lambda value: [X, np.int32(value)], name)


@pytest.mark.parametrize("name", USES)
def test_what_is_fed_reaches_a_size_through_other_tensors(name):
    x, half = K.placeholder((None, 5)), K.variable(7.0)
    n = K.cast(half * 2, "int32")
    compare(K.function([x, half], [USES[name][0](x, n)]), lambda value: [X, np.float32(value / 2)], name)


@pytest.mark.parametrize("name", USES)
def test_a_variable_that_is_set(name):
    x, n = K.placeholder((None, 5)), K.variable(3, dtype="int32")
    f = K.function([x], [USES[name][0](x, n)])

    def call(value):
        K.set_value(n, value)
        return [X]

    compare(f, call, name)


def test_gradients_of_what_fed_sizes_select():
    x, n = K.placeholder((None, 5)), K.variable(3, dtype="int32")
    f = K.function([x, n], K.gradients(K.sum(K.square(x[:, :n])), [x]))
    for value in (1, 4):
        right = np.zeros_like(X)
        right[:, :value] = 2 * X[:, :value]
        np.testing.assert_allclose(f([X, np.int32(value)])[0], right)


@pytest.mark.parametrize(
    "use, expected",
    [
        (lambda x, s: K.reshape(x, s), lambda x, s: x.reshape(s)),
        (lambda x, s: K.tile(x, s), lambda x, s: np.tile(x, s)),
        (lambda x, s: K.random_normal(s) * 0, lambda x, s: np.zeros(s)),
    ],
    ids=["reshape", "tile", "random"],
)
def test_a_vector_of_sizes_that_is_fed(use, expected):
    x, sizes = K.placeholder((None, 5)), K.variable([1, 20], dtype="int32")
    f = K.function([x, sizes], [use(x, sizes)])
    for value in ([4, 5], [2, 10], [20, 1]):
        np.testing.assert_array_equal(f([X, np.array(value, "int32")])[0], expected(X, value))
