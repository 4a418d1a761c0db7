"""Theano's own functions on K's tensors, as Keras 1 code used them."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def theano(K):
    """Imported after the backend has set it up."""
    import theano

    return theano


def test_tensors_are_theanos(K):
    import theano.tensor as T
    from theano.compile.sharedvalue import SharedVariable

    v, x = K.variable([1.0, 2.0]), K.placeholder((None, 2))
    assert isinstance(v, SharedVariable)
    assert isinstance(x, T.TensorVariable)
    v.set_value(v.get_value() * 2)
    np.testing.assert_array_equal(K.get_value(v), [2.0, 4.0])


def test_theano_function_and_grad(K, theano):
    import theano.tensor as T

    x, w = K.placeholder((None, 2)), K.variable([[1.0], [2.0]])
    loss = T.mean(T.sqr(T.dot(x, w) - 1.0))
    step = theano.function([x], loss, updates=[(w, w - 0.1 * theano.grad(loss, w))])
    value = np.array([[1.0, 0.5]], K.floatx())
    losses = [float(step(value)) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 2


def test_theano_functions_inside_k(K, quick):
    import theano.tensor as T

    x = K.placeholder((None, 3))
    y = T.switch(x > 0, T.log1p(x), x * 0.5).sum(axis=1)
    (g,) = K.gradients(K.sum(y), [x])
    value = np.array([[1.0, -2.0, 3.0]])
    got = K.function([x], [y, g])([value])
    np.testing.assert_allclose(got[0], np.where(value > 0, np.log1p(np.maximum(value, 0)), value / 2).sum(1), rtol=1e-5)
    np.testing.assert_allclose(got[1], [[0.5, 0.5, 0.25]], rtol=1e-5)


def test_theano_scan(K, theano):
    x = K.placeholder((None, 3))
    sums, _ = theano.scan(lambda row, total: total + row, sequences=x, outputs_info=[K.zeros_like(x[0])])
    (g,) = K.gradients(K.sum(sums), [x])
    got = K.function([x], [sums, g])([np.arange(6.0).reshape(2, 3)])
    np.testing.assert_allclose(got[0], np.cumsum(np.arange(6.0).reshape(2, 3), axis=0))
    np.testing.assert_allclose(got[1], [[2.0] * 3, [1.0] * 3])


def test_eval_by_method(K):
    x = K.placeholder((2,))
    np.testing.assert_allclose((x * 2.0).eval({x: np.array([1.0, 2.0], K.floatx())}), [2.0, 4.0])


def test_random_streams_of_theano(K):
    from theano.sandbox.rng_mrg import MRG_RandomStream

    noise = MRG_RandomStream(3).normal((4, 5))
    x = K.placeholder((4, 5))
    f = K.function([x], [x + noise])
    first, second = (f([np.zeros((4, 5))])[0] for _ in range(2))
    assert not np.array_equal(first, second)
