"""Ops that reduce axes: sums, products, extremes, logic, and cumulative sums."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...factors import product_of_others, slope_of_others
from ..gradients import pullback
from ..graph import Op, Tensor, make
from .broadcasting import broadcast_like
from .choosing import where
from .common import BOOL, INT32, INT64, as_dtype, as_tensor, cast, is_float, normalize_axes, normalize_axis
from .elementwise import binary
from .shapes import arange, expand_dims, shape_of


class Reduction(Op):
    """``attrs`` is (axes, keepdims)."""

    def infer(self, attrs, x):
        axes, keepdims = attrs
        if keepdims:
            return tuple(1 if a in axes else n for a, n in enumerate(x.shape)), self.result_dtype(x.dtype)
        return tuple(n for a, n in enumerate(x.shape) if a not in axes), self.result_dtype(x.dtype)

    def result_dtype(self, dtype):
        return dtype

    def kept(self, node: Tensor, t: Tensor) -> Tensor:
        """``t``, shaped like the result, with the reduced axes back as length 1."""
        axes, keepdims = node.attrs
        for a in () if keepdims else axes:
            t = expand_dims(t, a)
        return t


class Sum(Reduction):
    name = "sum"

    def gradient(self, node, g):
        return [broadcast_like(self.kept(node, g), node.inputs[0])]

    def emit(self, ctx, attrs, out, x):
        axes, keepdims = attrs
        ctx.reduce_sum(x, axes, out if keepdims else out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]))


class Mean(Sum):
    name = "mean"

    def gradient(self, node, g):
        x = node.inputs[0]
        count = make(COUNT, (x,), (node.attrs[0], g.dtype.name))
        return [broadcast_like(self.kept(node, g / count), x)]

    def emit(self, ctx, attrs, out, x):
        super().emit(ctx, attrs, out, x)
        count = prod(x.shape[a] for a in attrs[0])
        ctx.call(np.multiply, out, ctx.scalar(1 / count if count else np.nan, out.dtype), out)


class Count(Op):
    """The number of elements along axes, as a scalar; ``attrs`` is (axes, dtype)."""

    name = "count"
    shape_only = (0,)

    def infer(self, attrs, x):
        return (), np.dtype(attrs[1])

    def lowered(self, value):
        axes, dtype = value.attrs
        return value.planner.constant(np.array(prod(value.inputs[0].shape[a] for a in axes), dtype=dtype))


class Product(Reduction):
    name = "prod"

    def gradient(self, node, g):
        x = node.inputs[0]
        (axis,) = node.attrs[0]
        return [broadcast_like(self.kept(node, g), x) * make(OTHERS, (x,), axis)]

    def emit(self, ctx, attrs, out, x):
        ctx.call(np.multiply.reduce, x, attrs[0], None, out, attrs[1])


class ProductOfOthers(Op):
    """For each element, the product of the other elements along the axis ``attrs``; exact at zeros."""

    name = "product_of_others"

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [make(SLOPE, (node.inputs[0], g), node.attrs)]

    def emit(self, ctx, attrs, out, x):
        ctx.call(_along, product_of_others, attrs, out, x)


class SlopeOfOthers(Op):
    """How ``ProductOfOthers`` of the first input changes in the direction of the second one: symmetric, so its gradient too."""

    name = "slope_of_others"

    def infer(self, attrs, x, g):
        return x.shape, x.dtype

    def gradient(self, node, c):
        x, g = node.inputs
        # the third derivative of a product, which is rare, is made of n * n products
        return [pullback([(_slope_of_rows(x, g, node.attrs), c)], [x, g], independent=True)[0], make(self, (x, c), node.attrs)]

    def emit(self, ctx, attrs, out, x, g):
        ctx.call(_along, slope_of_others, attrs, out, x, g)


def _slope_of_rows(x: Tensor, g: Tensor, axis: int) -> Tensor:
    """``SlopeOfOthers`` from products: row j holds x with 1 in place of its element j, so that its products lack two elements."""
    places = arange(shape_of(x)[axis])
    same = _equal(expand_dims(places, 1), places)
    for _ in range(axis + 1, x.ndim):
        same = expand_dims(same, -1)
    rows = where(same, 1, expand_dims(x, axis))
    lacking = where(same, 0, make(OTHERS, (rows,), axis + 1))
    return reduce("sum", expand_dims(g, axis + 1) * lacking, axis)


def _along(function, axis, out, *arrays):
    np.moveaxis(out, axis, -1)[...] = function(*(np.moveaxis(a, axis, -1) for a in arrays))


class Extreme(Reduction):
    """max or min; the gradient is split evenly among ties."""

    def __init__(self, name, ufunc):
        self.name = name
        self.ufunc = ufunc

    def gradient(self, node, g):
        x = node.inputs[0]
        hits = cast(_equal(x, self.kept(node, node)), g.dtype)
        share = hits / reduce("sum", hits, node.attrs[0], keepdims=True)
        return [share * self.kept(node, g)]

    def emit(self, ctx, attrs, out, x):
        ctx.call(self.ufunc.reduce, x, attrs[0], None, out, attrs[1])


class Logical(Extreme):
    """any or all of booleans."""

    def gradient(self, node, g):
        return [None]

    def result_dtype(self, dtype):
        return BOOL


class ArgExtreme(Op):
    """The first index of the largest or smallest element along the axis ``attrs``."""

    def __init__(self, name, function):
        self.name = name
        self.function = function

    def infer(self, attrs, x):
        return x.shape[:attrs] + x.shape[attrs + 1 :], INT64

    def emit(self, ctx, attrs, out, x):
        ctx.call(_into, out, self.function, x, attrs)


def _into(out, function, *args):
    out[...] = function(*args)


class CumulativeSum(Op):
    """``attrs`` is (axis, whether it runs from the end)."""

    name = "cumsum"

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        axis, from_end = node.attrs
        return [make(self, (g,), (axis, not from_end))]

    def emit(self, ctx, attrs, out, x):
        axis, from_end = attrs
        if from_end:
            turn = (slice(None),) * axis + (slice(None, None, -1),)
            x, out = ctx.view(x, lambda a: a[turn]), out[turn]
        ctx.call(np.add.accumulate, x, axis, None, out)


COUNT, OTHERS, SLOPE, CUMSUM = Count(), ProductOfOthers(), SlopeOfOthers(), CumulativeSum()
REDUCTIONS: dict[str, Op] = {
    op.name: op
    for op in (
        Sum(), Mean(), Product(), Extreme("max", np.maximum), Extreme("min", np.minimum),
        Logical("any", np.logical_or), Logical("all", np.logical_and),
        ArgExtreme("argmax", np.argmax), ArgExtreme("argmin", np.argmin),
    )
}  # fmt: skip


def _equal(x: Tensor, y: Tensor) -> Tensor:
    return binary("equal", x, y)


def reduce(name: str, x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """A row of REDUCTIONS over ``axis``."""
    x = as_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if name in ("any", "all"):
        x = cast(x, BOOL)
    elif name == "mean" and not is_float(x.dtype):
        x = cast(x, as_dtype(None))
    elif x.dtype == BOOL:
        x = cast(x, INT32)
    if not axes:
        return x
    if name == "prod":
        # one axis at a time, as its gradient is
        for a in sorted(axes, reverse=True):
            x = make(REDUCTIONS[name], (x,), ((a,), bool(keepdims)))
        return x
    return make(REDUCTIONS[name], (x,), (axes, bool(keepdims)))


def arg_reduce(name: str, x: Any, axis: int) -> Tensor:
    """argmax or argmin."""
    x = as_tensor(x)
    return make(REDUCTIONS[name], (x,), normalize_axis(axis, x.ndim))


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """The running sum along ``axis``; booleans are counted."""
    x = as_tensor(x)
    x = cast(x, INT32) if x.dtype == BOOL else x
    return make(CUMSUM, (x,), (normalize_axis(axis, x.ndim), False))
