"""The product over axes, with gradients of any order also where values are 0.

Theano's own stops at the first order there. The gradient is the product of all other values; that is an
operation of its own here, whose gradient is made of products again.
"""

from __future__ import annotations

import math

import numpy as np
import theano.tensor as T
from theano.graph.basic import Apply
from theano.graph.op import Op
from theano.tensor.elemwise import Prod

from ..factors import product_of_others, slope_of_others
from .shapes import axes_of, permute, reshape, size


class Product(Prod):
    """Theano's Prod with another gradient."""

    def L_op(self, inputs, outputs, gradients):
        (x,), (g,) = inputs, gradients
        axes = axes_of(self.axis, x.ndim)
        rest = [a for a in range(x.ndim) if a not in axes]
        order = [*rest, *axes]
        moved = permute(x, order)
        lengths = [size(moved, i) for i in range(x.ndim)]
        rows = reshape(moved, [*lengths[: len(rest)], math.prod(lengths[len(rest) :])])
        others = reshape(ProductOfOthers()(rows), lengths)
        spread = g.dimshuffle([*range(len(rest)), *["x"] * len(axes)])
        return [permute(spread * others, np.argsort(order).tolist())]


class ProductOfOthers(Op):
    """For each value along the last axis: the product of the others."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, fgraph, node, shapes):
        return shapes

    def perform(self, node, inputs, outputs):
        outputs[0][0] = product_of_others(inputs[0])

    def L_op(self, inputs, outputs, gradients):
        return [SlopeOfOthers()(inputs[0], gradients[0])]


class SlopeOfOthers(Op):
    """How ``ProductOfOthers`` of the first input changes in the direction of the second: symmetric, so its gradient too."""

    __props__ = ()

    def make_node(self, x, g):
        x, g = T.as_tensor_variable(x), T.as_tensor_variable(g)
        return Apply(self, [x, g], [x.type()])

    def infer_shape(self, fgraph, node, shapes):
        return shapes[:1]

    def perform(self, node, inputs, outputs):
        outputs[0][0] = slope_of_others(*inputs)

    def L_op(self, inputs, outputs, gradients):
        (x, g), (c,) = inputs, gradients
        # the third derivative of a product, which is rare, is made of n * n products
        return [T.Lop(_slope_of_rows(x, g), x, c, consider_constant=[g]), SlopeOfOthers()(x, c)]


def _slope_of_rows(x, g):
    """``SlopeOfOthers`` from products."""
    n = x.shape[x.ndim - 1]
    own = T.eye(n, dtype="int8").dimshuffle(["x"] * (x.ndim - 1) + [0, 1]) > 0
    # row i holds the values with 1 in the place of value i: its products lack two values
    rows = T.switch(own, T.constant(1, dtype=x.dtype), x.dimshuffle([*range(x.ndim - 1), "x", x.ndim - 1]))
    terms = T.switch(own, T.constant(0, dtype=x.dtype), ProductOfOthers()(rows))
    return T.sum(g.dimshuffle([*range(x.ndim), "x"]) * terms, axis=x.ndim - 1, dtype=x.dtype)


def product(x, axes: tuple[int, ...], keepdims: bool):
    """The product over ``axes`` in the dtype of ``x``."""
    y = Product(axis=axes, dtype=x.dtype)(x)
    if not keepdims:
        return y
    rest = iter(range(y.ndim))
    return y.dimshuffle(["x" if a in axes else next(rest) for a in range(x.ndim)])
