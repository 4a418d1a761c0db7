"""Depthwise convolutions: every channel with its own kernel, over any number of spatial axes, channels last, and their gradients.

A position of the kernel is one multiplication and one addition of arrays as large as the result, a few rows at a time so that all
stays in the cache. So that each such array is one run of numbers also where windows move by steps, the input is copied into one
array for each remainder of the steps ("phase") first; the kernel's values are repeated along the last spatial axis for the same reason.
The three ops are closed under differentiation, as those of ``conv.py`` are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .windows import Window

#: elements of the result computed at a time: with those read, about half of a common L2 cache in float32
BLOCK = 1 << 14
#: channels from which on one run of numbers is long enough without repeating the kernel, and the most elements of what is repeated
LONG, MOST_REPEATED = 4096, 1 << 16


class Phases:
    """The input of a depthwise convolution as the windows read it: ``at(offset)`` is a view in the shape of the result.

    ``storage`` (a phase for each remainder of the steps, then samples, lengths, channels) holds the padded input.
    """

    def __init__(self, ctx: Any, window: Window, shape: tuple[int, ...], dtype: np.dtype):
        self.window, self.ctx = window, ctx
        self.lengths = shape[1:-1]
        axes = range(len(self.lengths))
        self.positions = tuple(window.output_length(i, shape[1 + i]) for i in axes)
        self.before = [window.padding(i, shape[1 + i])[0] for i in axes]
        #: of the padded input, as far as any window reaches
        self.reach = [(self.positions[i] - 1) * window.strides[i] + window.extent(i) for i in axes]
        rows = [-(-r // s) for r, s in zip(self.reach, window.strides)]
        self.plain = window.strides == (1,) * len(self.lengths) and tuple(self.reach) == tuple(self.lengths)
        self.shape = (*window.strides, shape[0], *rows, shape[-1])
        self.dtype = dtype
        self.storage: Any = None

    def parts(self) -> Iterator[tuple[tuple, tuple]]:
        """For each phase: (index into ``storage``, index into the input) of what both hold."""
        for phase in product(*map(range, self.window.strides)):
            inner, outer = [], []
            for i, p in enumerate(phase):
                step = self.window.strides[i]
                # the first place of this phase that is not padding, and the last that is there and reached
                first = max(0, -((p - self.before[i]) // step))
                start = p + first * step - self.before[i]
                last = min(self.lengths[i], self.reach[i] - self.before[i])
                count = max(0, -((start - last) // step))
                inner.append(slice(first, first + count))
                outer.append(slice(start, start + count * step, step) if count else slice(0, 0))
            yield (*phase, slice(None), *inner), (slice(None), *outer)

    def read(self, x: np.ndarray) -> None:
        """Emit what copies ``x`` into the phases."""
        if self.plain:
            self.storage = self.ctx.contiguous(x).reshape(self.shape) if not self._fed(x) else None
        if self.storage is None:
            self.storage = self.ctx.scratch(self.shape, self.dtype)
            self.ctx.call(self.storage.fill, 0)
            for inner, outer in self.parts():
                self.ctx.call(np.copyto, self.storage[inner], self.ctx.view(x, lambda a, outer=outer: a[outer]))

    def _fed(self, x: np.ndarray) -> bool:
        """Whether another array stands in for ``x`` at each run."""
        return id(x) in self.ctx.fed

    def gather(self, out: np.ndarray) -> None:
        """Emit what copies the phases into ``out``, in the shape of the input; what no window reaches is 0."""
        if any(r - b < n for r, b, n in zip(self.reach, self.before, self.lengths)):
            self.ctx.call(out.fill, 0)
        for inner, outer in self.parts():
            self.ctx.call(np.copyto, out[outer], self.storage[inner])

    def at(self, offset: tuple[int, ...]) -> np.ndarray:
        """Return the values that the windows see at position ``offset`` of the kernel: a view (samples, *positions, channels)."""
        places = [k * d for k, d in zip(offset, self.window.dilation)]
        phase = tuple(p % s for p, s in zip(places, self.window.strides))
        index = tuple(slice(p // s, p // s + n) for p, s, n in zip(places, self.window.strides, self.positions))
        return self.storage[(*phase, slice(None), *index)]

    def blocks(self) -> Iterator[tuple]:
        """Indices of samples and rows (the first spatial axis) that are computed together."""
        samples, rows = self.shape[len(self.lengths)], self.positions[0]
        each = max(1, prod(self.positions[1:]) * self.shape[-1])
        if rows * each > BLOCK:
            step = max(1, BLOCK // each)
            for n in range(samples):
                for r in range(0, rows, step):
                    yield slice(n, n + 1), slice(r, min(r + step, rows))
        else:
            step = max(1, BLOCK // (rows * each))
            for n in range(0, samples, step):
                yield slice(n, min(n + step, samples)), slice(0, rows)

    def repeated(self, kernel: np.ndarray) -> np.ndarray:
        """(positions of the kernel, length of the last axis or 1, channels)."""
        count, width, channels = prod(self.window.size), self.positions[-1], self.shape[-1]
        if channels >= LONG or count * width * channels > MOST_REPEATED or len(self.positions) == 1:
            width = 1
        kernel = self.ctx.contiguous(kernel)
        flat = self.ctx.view(kernel, lambda k: k.reshape(count, 1, channels))
        if width == 1:
            return flat
        result = self.ctx.scratch((count, width, channels), kernel.dtype)
        self.ctx.call(np.copyto, result, flat)
        return result

    def offsets(self) -> list[tuple[int, ...]]:
        return list(product(*map(range, self.window.size)))


def _nothing(ctx: Any, out: np.ndarray, *others: np.ndarray) -> bool:
    """Whether there is nothing to add up; then 0 is what comes out."""
    if out.size and all(a.size for a in others):
        return False
    if out.size:
        ctx.call(out.fill, 0)
    return True


class Depthwise(Op):
    """x (n, *spatial, c) with kernel (*size, c); ``attrs`` is the Window."""

    name = "depthwise"

    def infer(self, attrs: Window, x, kernel):
        if None not in (x.shape[-1], kernel.shape[-1]) and x.shape[-1] != kernel.shape[-1]:
            raise ValueError(f"The input has {x.shape[-1]} channels, but the kernel takes {kernel.shape[-1]}.")
        spatial = [attrs.output_length(i, n) for i, n in enumerate(x.shape[1:-1])]
        return (x.shape[0], *spatial, kernel.shape[-1]), x.dtype

    def gradient(self, node, g):
        x, kernel = node.inputs
        return [make(DEPTHWISE_INPUT, (g, kernel, x), node.attrs), make(DEPTHWISE_KERNEL, (x, g, kernel), node.attrs)]

    def emit(self, ctx, attrs, out, x, kernel):
        if _nothing(ctx, out, x):
            return
        phases = Phases(ctx, attrs, x.shape, out.dtype)
        phases.read(x)
        weights = phases.repeated(kernel)
        views = [phases.at(offset) for offset in phases.offsets()]
        term: np.ndarray | None = None
        for block in phases.blocks():
            part = out[block]
            if term is None:
                term = ctx.scratch(part.shape, out.dtype)
            for k, view in enumerate(views):
                target = part if not k else term[: part.shape[0], : part.shape[1]]
                ctx.call(np.multiply, view[block], ctx.view(weights, lambda w, k=k: w[k]), target)
                if k:
                    ctx.call(np.add, part, target, part)


class DepthwiseInput(Op):
    """The gradient of ``Depthwise`` with respect to its input, whose shape the third input gives."""

    name = "depthwise_input"
    shape_only = (2,)

    def infer(self, attrs, g, kernel, like):
        return like.shape, g.dtype

    def gradient(self, node, gg):
        g, kernel, _ = node.inputs
        return [make(DEPTHWISE, (gg, kernel), node.attrs), make(DEPTHWISE_KERNEL, (gg, g, kernel), node.attrs), None]

    def emit(self, ctx, attrs, out, g, kernel, like):
        if _nothing(ctx, out, g):
            return
        phases = Phases(ctx, attrs, out.shape, out.dtype)
        phases.storage = ctx.scratch(phases.shape, out.dtype)
        ctx.call(phases.storage.fill, 0)
        weights = phases.repeated(kernel)
        views = [phases.at(offset) for offset in phases.offsets()]
        term: np.ndarray | None = None
        for block in phases.blocks():
            part = ctx.view(g, lambda a, block=block: a[block])
            if term is None:
                term = ctx.scratch(part.shape, out.dtype)
            product_of = term[: part.shape[0], : part.shape[1]]
            for k, view in enumerate(views):
                ctx.call(np.multiply, part, ctx.view(weights, lambda w, k=k: w[k]), product_of)
                ctx.call(np.add, view[block], product_of, view[block])
        phases.gather(out)


class DepthwiseKernel(Op):
    """The gradient of ``Depthwise`` with respect to its kernel, whose shape the third input gives."""

    name = "depthwise_kernel"
    shape_only = (2,)

    def infer(self, attrs, x, g, like):
        return like.shape, x.dtype

    def gradient(self, node, gg):
        x, g, _ = node.inputs
        return [make(DEPTHWISE_INPUT, (g, gg, x), node.attrs), make(DEPTHWISE, (x, gg), node.attrs), None]

    def emit(self, ctx, attrs, out, x, g, like):
        if _nothing(ctx, out, x, g):
            return
        phases = Phases(ctx, attrs, x.shape, out.dtype)
        phases.read(x)
        views = [phases.at(offset) for offset in phases.offsets()]
        channels = out.shape[-1]
        flat = out.reshape(-1, channels)
        ctx.call(out.fill, 0)
        storage: np.ndarray | None = None
        total = ctx.scratch((1, channels), out.dtype)
        for block in phases.blocks():
            part = ctx.view(g, lambda a, block=block: a[block])
            rows = prod(part.shape[:-1])
            if storage is None:
                storage = ctx.scratch((rows, channels), out.dtype)
            term = storage[:rows]
            for k, view in enumerate(views):
                ctx.call(np.multiply, view[block], part, term.reshape(part.shape))
                # a product with ones adds rows up faster than a reduction
                ctx.call(np.matmul, ctx.ones((1, rows), out.dtype), term, total)
                ctx.call(np.add, flat[k : k + 1], total, flat[k : k + 1])


DEPTHWISE, DEPTHWISE_INPUT, DEPTHWISE_KERNEL = Depthwise(), DepthwiseInput(), DepthwiseKernel()


def depthwise(x: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """Each channel with its own kernel (*size, channels)."""
    return make(DEPTHWISE, (x, kernel), window)
