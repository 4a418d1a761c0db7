"""Pooling as maxima or sums of strided slices, on any axes; and the gradients.

Padding never needs a padded copy: each window position works on the part of it that lies inside.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..graph import Op, Tensor, make
from .ufuncs import maximum
from .windows import Window

#: bytes of an input of which all places of a window are looked at at a time
BLOCK_BYTES = 1 << 19


class Pooling(NamedTuple):
    """A window and the first spatial axis it lies on; the attribute of a pooling node."""

    window: Window
    axis: int

    def shape(self, shape: tuple) -> tuple:
        first, last = self.axis, self.axis + len(self.window.size)
        middle = [self.window.output_length(i, n) for i, n in enumerate(shape[first:last])]
        return (*shape[:first], *middle, *shape[last:])

    def positions(self, shape: tuple):
        """(index into the result, index into the input) for each position of the window, row by row."""
        before = (slice(None),) * self.axis
        for offsets in product(*map(range, self.window.size)):
            pairs = [self.window.overlap(i, k, shape[self.axis + i]) for i, k in enumerate(offsets)]
            yield (*before, *(p[0] for p in pairs)), (*before, *(p[1] for p in pairs))

    def along(self, i: int) -> Pooling:
        """The same along spatial axis ``i`` only."""

        def only(lengths: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(n if i == at else 1 for at, n in enumerate(lengths))

        size, strides, dilation = map(only, self.window[:3])
        return Pooling(Window(size, strides, dilation, self.window.border_mode), self.axis)

    def apart(self) -> bool:
        """Whether no two windows share an element."""
        size, strides, dilation = self.window[:3]
        return all(n == 1 or (d == 1 and s >= n) for n, s, d in zip(size, strides, dilation))

    def counts(self, shape: tuple, dtype: np.dtype) -> np.ndarray:
        """How many elements of the input each window holds, to broadcast against the result."""
        lengths = [n if self.axis <= a < self.axis + len(self.window.size) else 1 for a, n in enumerate(shape)]
        counts = np.zeros(self.shape(tuple(lengths)), dtype)
        for result, _ in self.positions(tuple(lengths)):
            counts[result] += 1
        return counts


def _combined(ctx: Any, attrs: Pooling, out: np.ndarray, x: np.ndarray, combine: Callable, nothing: float) -> None:
    """Combine the elements of each window, one axis after the other: a window of 3 by 3 takes 4 calls instead of 8."""
    axes = [i for i, n in enumerate(attrs.window.size) if n > 1 or attrs.window.strides[i] > 1]
    if not axes:
        ctx.call(np.copyto, out, x)
    for i in axes:
        single = attrs.along(i)
        result = out if i == axes[-1] else ctx.scratch(single.shape(x.shape), out.dtype)
        _combined_along(ctx, list(single.positions(x.shape)), result, x, combine, nothing)
        x = result


def samples_at_a_time(attrs: Pooling, x: np.ndarray) -> int:
    """How many samples of ``x`` stay in the cache for all places of a window; all where the samples are what windows lie on."""
    return len(x) if attrs.axis == 0 or not x.size else min(len(x), max(1, BLOCK_BYTES * len(x) // x.nbytes))


def parts(length: int, count: int) -> list[slice]:
    """Parts of ``count`` samples."""
    return [slice(start, min(start + count, length)) for start in range(0, length, max(1, count))]


def _combined_along(ctx: Any, positions: list, out: np.ndarray, x: np.ndarray, combine: Callable, nothing: float) -> None:
    def piece(source: tuple) -> np.ndarray:
        return ctx.view(x, itemgetter(source))

    # begin with two positions that all windows have, or with one, if there are any
    whole = [at for at, (_, source) in enumerate(positions) if x[source].shape == out.shape][:2]
    first = [piece(positions[at][1]) for at in whole]
    if len(first) == 2:
        ctx.call(combine, *first, out)
    elif first:
        ctx.call(np.copyto, out, *first)
    else:
        ctx.call(out.fill, nothing)
    for at, (place, source) in enumerate(positions):
        if at not in whole:
            ctx.call(combine, piece(source), out[place], out[place])


class MaxPool(Op):
    name = "max_pool"

    def infer(self, attrs, x):
        return attrs.shape(x.shape), x.dtype

    def gradient(self, node, g):
        return [make(MAX_POOL_INPUT, (g, node.inputs[0], node), node.attrs)]

    def emit(self, ctx, attrs, out, x):
        _combined(ctx, attrs, out, x, maximum, -np.inf)


class MaxPoolInput(Op):
    """Inputs g, x, y: g goes to the first position of each window where x equals its maximum y."""

    name = "max_pool_input"

    def infer(self, attrs, g, x, y):
        return x.shape, g.dtype

    def gradient(self, node, gg):
        g, x, y = node.inputs
        return [make(MAX_POOL_SELECT, (gg, x, y), node.attrs), None, None]

    def emit(self, ctx, attrs, out, g, x, y):
        apart = attrs.apart()
        if not apart or sum(out[source].size for _, source in attrs.positions(x.shape)) < out.size:
            ctx.call(out.fill, 0)
        # some samples at a time, which stay in the cache for all places of the window
        count = samples_at_a_time(attrs, out)
        shape = (count, *y.shape[1:])
        masks = [ctx.scratch(shape, np.dtype(bool)) for _ in range(2)]
        given = None if apart else ctx.scratch(shape, g.dtype)
        for samples in parts(len(out), count):
            self._some(ctx, attrs, out[samples], [ctx.view(a, itemgetter(samples)) for a in (g, x, y)], given, masks)

    def _some(self, ctx, attrs, out, inputs, part, masks):
        g, x, y = inputs
        for hit, result, source in _hits(ctx, attrs, x, y, masks):
            given = ctx.view(g, lambda a, result=result: a[result])
            if part is None:
                ctx.call(np.multiply, given, hit, out[source])
            else:
                some = part[: len(g)][result]
                ctx.call(np.multiply, given, hit, some)
                ctx.call(np.add, out[source], some, out[source])


class MaxPoolSelect(Op):
    """Inputs gg (like x), x, y: the element of gg where each window of x has its maximum."""

    name = "max_pool_select"

    def infer(self, attrs, gg, x, y):
        return y.shape, gg.dtype

    def gradient(self, node, g):
        _, x, y = node.inputs
        return [make(MAX_POOL_INPUT, (g, x, y), node.attrs), None, None]

    def emit(self, ctx, attrs, out, gg, x, y):
        ctx.call(out.fill, 0)
        part = ctx.scratch(out.shape, out.dtype)
        masks = [ctx.scratch(y.shape, np.dtype(bool)) for _ in range(2)]
        for hit, result, source in _hits(ctx, attrs, x, y, masks):
            ctx.call(np.multiply, ctx.view(gg, lambda a, source=source: a[source]), hit, part[result])
            ctx.call(np.add, out[result], part[result], out[result])


def _hits(ctx: Any, attrs: Pooling, x: np.ndarray, y: np.ndarray, masks: list[np.ndarray]):
    """For each window position a mask (as numbers): is this the first place of the maximum? ``masks``: two arrays to work in."""
    free, hit = (mask[: len(y)] for mask in masks)
    ctx.call(free.fill, True)
    for result, source in attrs.positions(x.shape):
        piece = ctx.view(x, lambda a, source=source: a[source])
        ctx.call(np.equal, piece, ctx.view(y, lambda a, result=result: a[result]), hit[result])
        ctx.call(np.logical_and, hit[result], free[result], hit[result])
        ctx.call(np.greater, free[result], hit[result], free[result])
        yield hit[result], result, source


class AveragePool(Op):
    """The mean of the elements of each window that lie inside the input."""

    name = "average_pool"

    def infer(self, attrs, x):
        return attrs.shape(x.shape), x.dtype

    def gradient(self, node, g):
        return [make(AVERAGE_POOL_INPUT, (g, node.inputs[0]), node.attrs)]

    def emit(self, ctx, attrs, out, x):
        _combined(ctx, attrs, out, x, np.add, 0)
        ctx.call(np.divide, out, attrs.counts(x.shape, out.dtype), out)


class AveragePoolInput(Op):
    """The gradient of ``AveragePool`` with respect to its input, whose shape the second input gives."""

    name = "average_pool_input"
    shape_only = (1,)

    def infer(self, attrs, g, like):
        return like.shape, g.dtype

    def gradient(self, node, gg):
        return [make(AVERAGE_POOL, (gg,), node.attrs), None]

    def emit(self, ctx, attrs, out, g, like):
        share = ctx.scratch(g.shape, g.dtype)
        ctx.call(np.divide, g, attrs.counts(out.shape, g.dtype), share)
        ctx.call(out.fill, 0)
        for result, source in attrs.positions(out.shape):
            ctx.call(np.add, out[source], share[result], out[source])


MAX_POOL, MAX_POOL_INPUT, MAX_POOL_SELECT = MaxPool(), MaxPoolInput(), MaxPoolSelect()
AVERAGE_POOL, AVERAGE_POOL_INPUT = AveragePool(), AveragePoolInput()


def pool(x: Tensor, window: Window, axis: int, mode: str) -> Tensor:
    """'max' or 'avg' over windows on the axes from ``axis`` on."""
    if mode not in ("max", "avg"):
        raise ValueError(f"pool_mode must be 'max' or 'avg', got {mode!r}.")
    return make(MAX_POOL if mode == "max" else AVERAGE_POOL, (x,), Pooling(window, axis))
