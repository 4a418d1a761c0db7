"""Batch normalization by the statistics of the batch, and its gradient, in as few passes over memory as it takes.

All work on the features of the last axis, over all other axes, in blocks that stay in the cache. What a block needs several calls for
never leaves it. The ops are closed under differentiation with those of the rest of the backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .elementwise import unary
from .reductions import COUNT, reduce
from .rows import Rows, blocks, matrix


def _total(x: Tensor) -> Tensor:
    return reduce("sum", x, tuple(range(x.ndim - 1)))


class _SumOfBlocks(Op):
    """A sum over all rows for each feature, of what ``_terms`` computes of a block."""

    def emit(self, ctx, attrs, out, *inputs):
        if not inputs[0].size:
            ctx.call(out.fill, 0)
            return
        *arrays, mean = inputs
        arrays = [matrix(ctx, a) for a in arrays]
        means = Rows(ctx, mean)
        parts = list(blocks(inputs[0].shape))
        terms = ctx.scratch(arrays[0][parts[0]].shape, out.dtype)
        partial = ctx.scratch((1, out.size), out.dtype)
        for i, part in enumerate(parts):
            inside = terms[: part.stop - part.start]
            pieces = [ctx.view(a, lambda a, part=part: a[part]) for a in arrays]
            means.call(np.subtract, pieces[-1], inside)
            self._terms(ctx, pieces, inside)
            ctx.call(np.dot, ctx.ones((1, len(inside)), out.dtype), inside, partial if i else out.reshape(1, -1))
            if i:
                ctx.call(np.add, out, partial[0], out)

    def _terms(self, ctx: Any, pieces: list[np.ndarray], centred: np.ndarray) -> None:
        raise NotImplementedError


class SquaredDeviations(_SumOfBlocks):
    """The sum of (x - mean)^2 for each feature."""

    name = "squared_deviations"

    def infer(self, attrs, x, mean):
        return (x.shape[-1],), x.dtype

    def gradient(self, node, d):
        x, mean = node.inputs
        centred = x - mean
        return [2.0 * d * centred, -2.0 * d * _total(centred)]

    def _terms(self, ctx, pieces, centred):
        ctx.call(np.square, centred, centred)


class CentredProduct(_SumOfBlocks):
    """The sum of g (x - mean) for each feature."""

    name = "centred_product"

    def infer(self, attrs, g, x, mean):
        return (x.shape[-1],), x.dtype

    def gradient(self, node, d):
        g, x, mean = node.inputs
        return [d * (x - mean), d * g, -d * _total(g)]

    def _terms(self, ctx, pieces, centred):
        ctx.call(np.multiply, centred, pieces[0], centred)


class BatchNorm(Op):
    """gamma (x - mean) / sqrt(var + epsilon) + beta with the mean and variance of x itself; ``attrs`` is epsilon.

    The gradient with respect to x is all of it: what goes through mean and variance too, which get none.
    """

    name = "batch_norm"

    def infer(self, attrs, x, mean, var, gamma, beta):
        return x.shape, x.dtype

    def gradient(self, node, g):
        x, mean, var, gamma, _ = node.inputs
        count = make(COUNT, (x,), (tuple(range(x.ndim - 1)), x.dtype.name))
        total, product = _total(g), make(CENTRED_PRODUCT, (g, x, mean))
        inverse = 1.0 / unary("sqrt", var + node.attrs)
        scale = gamma * inverse
        slope = -scale * unary("square", inverse) * product / count
        dx = make(CENTRED_SUM, (g, x, mean, scale, slope, -scale * total / count))
        return [dx, None, None, product * inverse, total]

    def emit(self, ctx, attrs, out, x, mean, var, gamma, beta):
        if not out.size:
            return
        scale = ctx.scratch(var.shape, out.dtype)
        ctx.call(np.add, var, ctx.scalar(attrs, out.dtype), scale)
        ctx.call(np.sqrt, scale, scale)
        ctx.call(np.divide, gamma, scale, scale)
        x, target = matrix(ctx, x), out.reshape(-1, out.shape[-1])
        steps = [(np.subtract, Rows(ctx, mean)), (np.multiply, Rows(ctx, scale)), (np.add, Rows(ctx, beta))]
        for part in blocks(out.shape):
            source, inside = ctx.view(x, lambda a, part=part: a[part]), target[part]
            for function, rows in steps:
                rows.call(function, source, inside)
                source = inside


class CentredSum(Op):
    """g a + (x - mean) b + c, with one number of a, b and c for each feature."""

    name = "centred_sum"

    def infer(self, attrs, g, x, mean, a, b, c):
        return x.shape, x.dtype

    def gradient(self, node, d):
        g, x, mean, a, b, _ = node.inputs
        total = _total(d)
        return [d * a, d * b, -b * total, _total(d * g), make(CENTRED_PRODUCT, (d, x, mean)), total]

    def emit(self, ctx, attrs, out, g, x, mean, a, b, c):
        if not out.size:
            return
        g, x, target = matrix(ctx, g), matrix(ctx, x), out.reshape(-1, out.shape[-1])
        means, scales, slopes, shifts = (Rows(ctx, numbers) for numbers in (mean, a, b, c))
        parts = list(blocks(out.shape))
        terms = ctx.scratch(target[parts[0]].shape, out.dtype)
        for part in parts:
            inside, centred = target[part], terms[: part.stop - part.start]
            means.call(np.subtract, ctx.view(x, lambda a, part=part: a[part]), centred)
            slopes.call(np.multiply, centred, centred)
            shifts.call(np.add, centred, centred)
            scales.call(np.multiply, ctx.view(g, lambda a, part=part: a[part]), inside)
            ctx.call(np.add, inside, centred, inside)


SQUARED_DEVIATIONS, CENTRED_PRODUCT, BATCH_NORM, CENTRED_SUM = SquaredDeviations(), CentredProduct(), BatchNorm(), CentredSum()


def normalized(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """(normalized x, mean, variance) over all axes but the last."""
    axes = tuple(range(x.ndim - 1))
    mean = reduce("mean", x, axes)
    var = make(SQUARED_DEVIATIONS, (x, mean)) / make(COUNT, (x,), (axes, x.dtype.name))
    return make(BATCH_NORM, (x, mean, var, gamma, beta), float(epsilon)), mean, var
