"""Batch normalization by the statistics of the batch, with a gradient of few passes over the data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import theano.tensor as T
from theano.compile.mode import optdb
from theano.graph.basic import Apply, Variable
from theano.graph.op import Op
from theano.graph.opt import in2out, local_optimizer

from .elementwise import sqrt
from .shapes import size
from .static import int_shape, set_shape


class Normalized(Op):
    """gamma (x - mean) / sqrt(var + epsilon) + beta with the mean and variance of x itself.

    All but x have length 1 on the axes that the statistics are over. The gradient with respect to x is all of it: what goes through mean and
    variance too, which get none. Derived step by step through mean and variance, it would take two more sums over the data (Ioffe and Szegedy, 2015).
    """

    __props__ = ("epsilon",)

    def __init__(self, epsilon: float):
        self.epsilon = epsilon

    def make_node(self, x, mean, var, gamma, beta):
        return Apply(self, [x, mean, var, gamma, beta], [x.type()])

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0]]

    def connection_pattern(self, node):
        return [[True], [False], [False], [True], [True]]

    def perform(self, node, inputs, outputs):
        x, mean, var, gamma, beta = inputs
        outputs[0][0] = ((x - mean) * (gamma / np.sqrt(var + x.dtype.type(self.epsilon))) + beta).astype(x.dtype)

    def formula(self, x, mean, var, gamma, beta) -> Variable:
        """The same as operations of Theano."""
        return (x - mean) * (gamma / self._deviation(var)) + beta

    def L_op(self, inputs, outputs, gradients):
        x, mean, var, gamma, _ = inputs
        (g,) = gradients
        axes = [a for a, (n, m) in enumerate(zip(x.type.broadcastable, mean.type.broadcastable)) if m and not n]
        count = math.prod(size(x, a) for a in axes)
        number = np.array(count, x.dtype) if isinstance(count, int) else T.cast(count, x.dtype)
        centred = x - mean
        total, product = (T.sum(t, axis=axes, dtype=x.dtype, keepdims=True) for t in (g, g * centred))
        inverse = T.inv(self._deviation(var))
        scale = gamma * inverse
        dx = g * scale - (centred * (scale * T.sqr(inverse) * product / number) + scale * total / number)
        nothing = [T.zeros_like(t) for t in (mean, var)]
        return [dx, *nothing, product * inverse, total]

    def _deviation(self, var):
        return sqrt(var + np.array(self.epsilon, var.dtype))


def normalized(x: Variable, mean: Variable, var: Variable, gamma: Variable, beta: Variable, epsilon: float) -> Variable | None:
    """``x`` normalized with its statistics, or None where ``Normalized`` can't do it: all must have as many axes, and those of length 1 alike."""
    pattern = mean.type.broadcastable
    alike = all(t.type.broadcastable == pattern and t.dtype == x.dtype for t in (mean, var, gamma, beta))
    if not alike or x.dtype not in ("float32", "float64") or len(pattern) != x.ndim:
        return None
    if any(b and not m for b, m in zip(x.type.broadcastable, pattern)):
        return None
    return set_shape(Normalized(float(epsilon))(x, mean, var, gamma, beta), int_shape(x))


@local_optimizer([Normalized])
def as_formula(fgraph: Any, node: Any) -> Any:
    """The formula in place of ``Normalized``, which is there for its gradient only."""
    if not isinstance(node.op, Normalized):
        return False
    new = node.op.formula(*node.inputs)
    return [new if new.type == node.outputs[0].type else T.patternbroadcast(new, node.outputs[0].type.broadcastable)]


# after gradients were made, and before all that Theano does
optdb.register("kbridge_batch_norm", in2out(as_formula, name="kbridge_batch_norm"), 0.03, "fast_run", "fast_compile")
