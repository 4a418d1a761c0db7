"""Convolutions that finish their results while these are in the cache: a number for each filter, another tensor, bounds.

The planner makes them of what follows a convolution (``executor/fusion.py``); graphs have none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..graph import Op
from .conv import correlate, matrix_of
from .rows import Rows, bounded, repeated
from .ufuncs import maximum, minimum
from .windows import Window
from .winograd import WINOGRAD_CONV, Tiling, convolve


class Finish(NamedTuple):
    """The steps that are done to the results of a convolution, in this order: a shift of each filter, another tensor, bounds, and, of each
    filter again, a scale and a shift."""

    shift: bool = False
    residual: bool = False
    low: float | None = None
    high: float | None = None
    late_scale: bool = False
    late_shift: bool = False
    #: instead of all these: 0 where the last input, the result of a relu, isn't above 0 (``clipping.ReluGradient``)
    slope: bool = False
    #: whether the kernel, or the transformed one, comes in panels (``panels.py``)
    panels: bool = False

    @property
    def bounds(self) -> list[tuple[Any, float]]:
        """(function, bound), the upper one first: the lower one wins."""
        return [(f, b) for f, b in ((minimum, self.high), (maximum, self.low)) if b is not None]

    def unpack(self, extra: tuple) -> tuple[Any, Any, list[tuple[Any, Any]]]:
        """(shift, residual, [(function, numbers of the filters)] of what comes late) of the inputs behind the kernel."""
        rest = list(extra)
        shift = rest.pop(0) if self.shift else None
        residual = rest.pop(0) if self.residual else None
        late = [f for f, there in ((np.multiply, self.late_scale), (np.add, self.late_shift)) if there]
        return shift, residual, list(zip(late, rest, strict=True))


def filters_of(kernel: Any, attrs: tuple[Any, Finish]) -> int:
    """The filters of a kernel."""
    return kernel.shape[-3] * kernel.shape[-1] if attrs[1].panels else kernel.shape[-1]


class FusedConv(Op):
    """``Conv`` with inputs x, kernel and those that ``Finish`` has; ``attrs`` is (Window, Finish)."""

    name = "fused_conv"

    def infer(self, attrs, x, kernel, *extra):
        window, _ = attrs
        spatial = [window.output_length(i, n) for i, n in enumerate(x.shape[1:-1])]
        return (x.shape[0], *spatial, filters_of(kernel, attrs)), x.dtype

    def emit(self, ctx, attrs: tuple[Window, Finish], out, x, kernel, *extra):
        window, finish = attrs
        shift, residual, late = finish.unpack(extra)
        filters = out.shape[-1]
        residual = ctx.contiguous(residual) if residual is not None else None
        shifts = Rows(ctx, shift) if shift is not None else None
        ending = [(function, Rows(ctx, numbers)) for function, numbers in late]

        def done(target: np.ndarray, rows: slice) -> None:
            if shifts is not None:
                shifts.call(np.add, target, target)
            if residual is not None:
                ctx.call(np.add, target, ctx.view(residual, lambda a: a.reshape(-1, filters)[rows]), target)
            for function, bound in finish.bounds:
                bounded(ctx, function, bound, target, target)
            for function, numbers in ending:
                numbers.call(function, target, target)

        pads = [window.padding(i, n) for i, n in enumerate(x.shape[1:-1])]
        correlate(ctx, window, pads, x, kernel if finish.panels else matrix_of(ctx, kernel), out, done)


class FusedWinograd(Op):
    """``WinogradConv`` with inputs x, transformed kernel and those that ``Finish`` has; ``attrs`` is (Tiling, Finish)."""

    name = "fused_winograd"

    def infer(self, attrs, x, u, *extra):
        shape, dtype = WINOGRAD_CONV.infer(attrs[0], x, u)
        return (*shape[:-1], filters_of(u, attrs)), dtype

    def emit(self, ctx, attrs: tuple[Tiling, Finish], out, x, u, *extra):
        tiling, finish = attrs
        if finish.slope:
            convolve(ctx, tiling, out, x, u, _Slopes(ctx, *extra))
            return
        shift, residual, late = finish.unpack(extra)

        def done(source: np.ndarray, target: np.ndarray, place: Any) -> None:
            if residual is not None:
                ctx.call(np.add, source, ctx.view(residual, place), source)
            steps = [(function, repeated(bound, out.dtype, out.shape[-1])) for function, bound in finish.bounds] + late
            for function, numbers in steps[:-1]:
                ctx.call(function, source, numbers, source)
            if steps:
                ctx.call(steps[-1][0], source, steps[-1][1], target)
            else:
                ctx.call(np.copyto, target, source)

        convolve(ctx, tiling, out, x, u, done, shift)


class _Slopes:
    """Stores the parts of the gradient of a relu, from its result ``y``."""

    def __init__(self, ctx: Any, y: np.ndarray):
        self.ctx, self.y = ctx, ctx.contiguous(y)
        self.bits = np.dtype(f"int{8 * y.itemsize}")
        self.space: np.ndarray | None = None

    def __call__(self, source: np.ndarray, target: np.ndarray, place: Any) -> None:
        # the first part is the largest
        self.space = self.ctx.scratch((target.size,), self.bits) if self.space is None else self.space
        mask = self.space[: target.size].reshape(target.shape)
        whole = self.ctx.view(self.y, lambda a: place(a).view(self.bits))
        if whole.flags.c_contiguous:
            bounded(self.ctx, minimum, 1, whole, mask)
        else:
            self.ctx.call(minimum, whole, repeated(1, self.bits, target.shape[-1]), mask)
        self.ctx.call(np.multiply, source.view(self.bits), mask, target.view(self.bits))


FUSED_CONV, FUSED_WINOGRAD = FusedConv(), FusedWinograd()
