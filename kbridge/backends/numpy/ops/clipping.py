"""Clip: what is held between two bounds; relu."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .broadcasting import sum_to
from .common import as_tensor, cast, is_float
from .elementwise import binary, greater, greater_equal, less_equal
from .rows import bounded, repeated
from .ufuncs import CLIP, is_fixed, limits, maximum, minimum


def _is_infinite(bound: Tensor) -> bool:
    value = bound.constant_value()
    return value is not None and bool(np.isinf(value))


#: elements below which one call of clip is faster than the calls of two others
FEW = 1 << 10


class Clip(Op):
    """max(min(x, high), low) for scalar bounds: a lower bound above the upper one wins; NaN stays NaN. ``attrs``: whether this is
    a relu, whose gradient at the lower bound is 0."""

    name = "clip"
    inplace = True
    elementwise = True

    def infer(self, attrs, x, low, high):
        return x.shape, x.dtype

    def gradient(self, node, g):
        x, low, high = node.inputs
        if not is_float(node.dtype):
            return [None] * 3
        if node.attrs and low.constant_value() == 0 and _is_infinite(high):
            return [make(RELU_GRADIENT, (g, node)), None, None]
        tests = []
        if not _is_infinite(low):
            # relu: the gradient at 0 itself is 0, that of any other clip is 1 at its bounds
            tests.append(greater(x, low) if node.attrs else greater_equal(x, low))
        if not _is_infinite(high):
            tests.append(less_equal(x, high))
        if not tests:
            return [g, None, None]
        inside = tests[0] if len(tests) == 1 else binary("logical_and", *tests)
        return [g * cast(inside, g.dtype), self._share(g, node, low), self._share(g, node, high)]

    @staticmethod
    def _share(g, node, bound):
        """The gradient of a bound: all of ``g`` where the result is that bound. None for a number."""
        x, low, high = node.inputs
        if bound.constant_value() is not None:
            return None
        if bound is low:
            taken = binary("logical_or", binary("less", x, low), binary("less", high, low))
        else:
            taken = binary("logical_and", greater(x, high), greater_equal(high, low))
        return sum_to(g * cast(taken, g.dtype), bound)

    def emit(self, ctx, attrs, out, x, low, high):
        if is_fixed(low) and is_fixed(high):
            high = np.maximum(low, high)
            if out.size >= FEW and is_float(out.dtype) and x.flags.c_contiguous and out.flags.c_contiguous:
                ends = [(f, float(b)) for f, b in ((minimum, high), (maximum, low)) if abs(b) != np.inf]
                for function, bound in ends:
                    bounded(ctx, function, bound, x, out)
                    x = out
                if ends:
                    return
        else:
            # bounds that are only known in a run: NumPy's clip lets the upper one win
            top = ctx.scratch((), out.dtype)
            ctx.call(CLIP, high, low, ctx.scalar(limits(out.dtype)[1], out.dtype), top)
            high = top
        ctx.call(CLIP, x, low, high, out)


class ReluGradient(Op):
    """g where y, the result of a relu, is above 0, else 0. From the result, so that what the relu was given needn't be kept.

    By whole numbers: the bits of a float above 0 are a number above 0, those of a 0 are 0.
    """

    name = "relu_gradient"
    inplace = True
    elementwise = True

    def infer(self, attrs, g, y):
        return y.shape, g.dtype

    def gradient(self, node, gg):
        return [make(self, (gg, node.inputs[1])), None]

    def emit(self, ctx, attrs, out, g, y):
        bits = np.dtype(f"int{8 * out.itemsize}")
        mask = ctx.scratch(out.shape, bits)
        whole = ctx.view(y, lambda a: a.view(bits))
        if whole.flags.c_contiguous:
            bounded(ctx, minimum, 1, whole, mask)
        else:
            ctx.call(minimum, whole, repeated(1, bits, 1), mask)
        ctx.call(np.multiply, ctx.view(g, lambda a: a.view(bits)), mask, out.view(bits))


CLIP_OP, RELU_GRADIENT = Clip(), ReluGradient()


def clip(x: Any, low: Any, high: Any, relu: bool = False) -> Tensor:
    """``x`` held between ``low`` and ``high``, of which the lower one wins; None is no bound. ``relu``: gradient 0 at ``low``."""
    x = as_tensor(x)
    ends = limits(x.dtype)
    low, high = (cast(as_tensor(limit if bound is None else bound, x.dtype), x.dtype) for bound, limit in ((low, ends[0]), (high, ends[1])))
    if high.ndim:
        x, high = binary("minimum", x, high), as_tensor(ends[1], x.dtype)
    if low.ndim:
        return binary("maximum", clip(x, None, high), low)
    bottom, top = low.constant_value(), high.constant_value()
    if bottom is not None and top is not None and top < bottom:
        high = low
    return make(CLIP_OP, (x, low, high), relu)
