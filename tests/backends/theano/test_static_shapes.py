"""Static shapes follow a tensor through operators, Theano's own functions and the values of shape tensors."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def x(K):
    return K.placeholder((None, 4, 3))


def test_through_theanos_own_functions(K, x):
    import theano.tensor as T

    assert K.int_shape(T.nnet.relu(x)) == (None, 4, 3)
    assert K.int_shape(T.dot(x, K.variable(np.ones((3, 5))))) == (None, 4, 5)
    assert K.int_shape(T.concatenate([x, x], axis=1)) == (None, 8, 3)
    assert K.int_shape(x.dimshuffle(2, "x", 0, 1)) == (3, 1, None, 4)
    assert K.int_shape(x.sum(axis=1, keepdims=True)) == (None, 1, 3)
    assert K.int_shape(T.sort(x, axis=1)) == (None, 4, 3)
    assert K.int_shape(T.set_subtensor(x[:, 0], 0.0)) == (None, 4, 3)
    assert K.int_shape(T.repeat(x, 2, axis=1)) == (None, 8, 3)
    assert K.int_shape(T.zeros((x.shape[1], 2))) == (4, 2)
    assert K.int_shape(T.argmax(x, axis=-1)) == (None, 4)
    assert K.int_shape(T.tile(x, (1, 2, 1))) == (None, 8, 3)
    assert K.int_shape(T.extra_ops.cumsum(x, axis=1)) == (None, 4, 3)


def test_through_values_of_shape_tensors(K, x):
    shape = K.shape(x)
    assert K.int_shape(K.reshape(x, (shape[0], shape[1] * shape[2]))) == (None, 12)
    assert K.int_shape(x.reshape((x.shape[0] * 2, -1, 6), ndim=3)) == (None, None, 6)
    assert K.int_shape(x[:, : shape[1] // 2]) == (None, 2, 3)
    assert K.int_shape(K.arange(shape[2])) == (3,)


def test_indices(K, x):
    assert K.int_shape(x[..., -1]) == (None, 4)
    assert K.int_shape(x[:, None, 1:]) == (None, 1, 3, 3)
    assert K.int_shape(x[:, ::-2]) == (None, 2, 3)
    assert K.int_shape(x[:5]) == (None, 4, 3)
    assert K.int_shape(K.gather(K.variable(np.ones((7, 2))), K.placeholder((None, 5), dtype="int32"))) == (None, 5, 2)


def test_known_lengths_of_one_broadcast(K, x):
    assert K.placeholder((None, 1)).broadcastable == (False, True)
    assert K.variable(np.ones((1, 3))).broadcastable == (True, False)
    f = K.function([x], [x * x[:, 1:2] + x[:, :, :1]])
    value = np.random.RandomState(0).rand(2, 4, 3).astype("float32")
    np.testing.assert_allclose(f([value])[0], value * value[:, 1:2] + value[:, :, :1], rtol=1e-6)


def test_the_frontends_shape_fills_what_is_unknown(K):
    x = K.placeholder((None, None))
    y = K.tanh(x)
    assert K.int_shape(y) == (None, None)
    y._keras_shape = (None, 7)
    assert K.int_shape(y) == (None, 7)
    assert K.int_shape(y + 1.0) == (None, 7)


def test_gradients_have_their_variables_shape(K, x):
    w = K.variable(np.ones((3, 2)))
    grads = K.gradients(K.sum(K.dot(x, w)), [w, x])
    assert [K.int_shape(g) for g in grads] == [(3, 2), (None, 4, 3)]


def test_a_deep_graph_takes_no_deep_recursion(K):
    y = K.placeholder((None, 4))
    for _ in range(3000):
        y = y + 1.0
    assert K.int_shape(y) == (None, 4)


def test_values_of_small_integers_are_those_of_their_dtypes(K):
    """Right values from NumPy's arrays of the same dtypes."""
    import theano.tensor as T

    from kbridge.backends.theano.static import known

    def value(x):
        return known(x).value

    small = K.constant(np.array([200, 3], "uint8"))
    negative = K.constant(np.array([-7, 7], "int8"))
    truth = K.constant(np.array([True, False]))
    assert value(small + small) == [144, 6]
    assert value(small * small) == [64, 9]
    assert value(K.sum(small * small)) == 73
    assert value(K.prod(K.constant(np.array([16, 16], "uint8")))) == 0
    assert value(negative // 2) == [-4, 3]
    assert value(negative % 3) == [2, 1]
    assert value(negative // -2) == [3, -4]
    assert value(negative % -3) == [-1, -2]
    assert value(K.cast(small, "int8")) == [-56, 3]
    assert value(K.cast(negative, "uint8")) == [249, 7]
    assert value(K.cast(negative, "bool")) == [True, True]
    assert value(-K.constant(np.array(-128, "int8"))) == -128
    assert value(T.invert(truth)) == [False, True]
    assert value(T.invert(small)) == [55, 252]
    assert value(truth + truth) in ([1, 0], None)
    assert value(K.lesser(small, 100)) == [False, True]
    assert value(K.equal(K.lesser(negative, 0), truth)) == [True, True]
    # a divisor of 0: nothing is known
    assert value(small // K.constant(np.array([0, 1], "uint8"))) == [None, 3]
    # what was changed in place isn't what it was
    assert value(T.set_subtensor(negative[:1], 5)) is None


def test_a_reshape_by_a_negated_truth(K):
    x = K.placeholder((2, 3))
    wide = K.cast(K.logical_not(K.constant(np.array(True))), "int32") + 1
    y = K.reshape(x, (2 * wide, 3))
    assert K.int_shape(y) == (2, 3)
    assert K.function([x], [y])([np.ones((2, 3))])[0].shape == (2, 3)
