"""Gradients: None only where nothing connects, any order, no recursion, clear refusal."""

from __future__ import annotations

import numpy as np
import pytest


def test_none_behind_integers_and_comparisons(K):
    v = K.variable([1.0, -2.0])
    for y in (K.cast(K.cast(v, "int32"), "float32"), K.cast(v > 0, "float32"), K.zeros_like(v), K.stop_gradient(v)):
        assert K.gradients(K.sum(y), [v]) == [None]


def test_zero_where_the_slope_is_zero(K, quick):
    v = K.variable([1.5, -2.0])
    for y in (K.sign(v), K.round(v)):
        (g,) = K.gradients(K.sum(y), [v])
        np.testing.assert_array_equal(K.eval(g), 0.0)


def test_the_sqrt_of_zero_stays_finite_to_the_second_order(K, quick):
    v = K.variable([0.0, 4.0, -1.0])
    (first,) = K.gradients(K.sum(K.sqrt(v)), [v])
    (second,) = K.gradients(K.sum(first), [v])
    np.testing.assert_allclose(K.eval(first), [0.0, 0.25, 0.0])
    np.testing.assert_allclose(K.eval(second), [0.0, -1 / 32, 0.0])


def test_an_integer_loss_has_no_gradient(K):
    v = K.variable([1.0])
    assert K.gradients(K.sum(K.cast(v, "int32")), [v]) == [None]


def test_a_variable_as_its_own_loss(K, quick):
    v = K.variable([1.0, 2.0])
    np.testing.assert_array_equal(K.eval(K.gradients(v, [v])[0]), 1.0)


def test_an_operation_without_a_gradient_is_named(K):
    import theano.tensor as T
    from theano.gradient import grad_undefined
    from theano.graph.basic import Apply
    from theano.graph.op import Op

    class Opaque(Op):
        __props__ = ()

        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0]

        def grad(self, inputs, gradients):
            return [grad_undefined(self, 0, inputs[0])]

    v = K.variable([1.0])
    with pytest.raises(NotImplementedError, match="Opaque"):
        K.gradients(T.sum(Opaque()(v)), [v])
    assert K.gradients(T.sum(Opaque()(K.stop_gradient(v))), [v]) == [None]


def test_deep_models_take_no_deep_recursion(K, quick):
    x = K.placeholder((2,))
    y = x
    for _ in range(1500):
        y = y * 1.001
    (g,) = K.gradients(K.sum(y), [x])
    np.testing.assert_allclose(K.function([x], [g])([[1.0, 2.0]])[0], 1.001**1500, rtol=1e-3)


def test_products_at_zeros_to_the_third_order(K, quick):
    v = K.variable([[0.0, 2.0, 3.0, 5.0]], dtype="float64")
    y = K.prod(v, axis=1)
    (first,) = K.gradients(y, [v])
    (second,) = K.gradients(first[:, 0], [v])
    (third,) = K.gradients(second[:, 1], [v])
    f = K.function([], [first, second, third])([])
    np.testing.assert_allclose(f[0], [[30, 0, 0, 0]])
    np.testing.assert_allclose(f[1], [[0, 15, 10, 6]])
    np.testing.assert_allclose(f[2], [[0, 0, 5, 3]])
