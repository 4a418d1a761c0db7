"""Convolutions (cross-correlations) over any number of spatial axes, channels last, and their gradients.

Columns are copied through a strided view, a few images at a time so that they stay in the cache, and
multiplied by the kernel as a matrix. The gradient with respect to the input is the same procedure on
the gradient spread out by the strides, with the kernel turned round; the three ops below are closed
under differentiation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .panels import multiply, panels_of
from .windows import Window

#: bytes of columns made at a time: about half of a common L2 cache
COLUMN_BYTES = 1 << 18
#: the same for images of one channel, whose results have many times the size
TURNED_BYTES = 1 << 17
#: bytes of results that are finished at a time
RESULT_BYTES = 3 << 18


class Conv(Op):
    """x (n, *spatial, c) with kernel (*size, c, f); ``attrs`` is the Window."""

    name = "conv"

    def infer(self, attrs: Window, x, kernel):
        if None not in (x.shape[-1], kernel.shape[-2]) and x.shape[-1] != kernel.shape[-2]:
            raise ValueError(f"The input has {x.shape[-1]} channels, but the kernel takes {kernel.shape[-2]}.")
        spatial = [attrs.output_length(i, n) for i, n in enumerate(x.shape[1:-1])]
        return (x.shape[0], *spatial, kernel.shape[-1]), x.dtype

    def gradient(self, node, g):
        x, kernel = node.inputs
        return [make(CONV_INPUT, (g, kernel, x), node.attrs), make(CONV_KERNEL, (x, g, kernel), node.attrs)]

    def emit(self, ctx, attrs, out, x, kernel):
        pads = [attrs.padding(i, n) for i, n in enumerate(x.shape[1:-1])]
        correlate(ctx, attrs, pads, x, matrix_of(ctx, kernel), out)


class ConvInput(Op):
    """The gradient of ``Conv`` with respect to its input, whose shape the third input gives."""

    name = "conv_input"
    shape_only = (2,)

    def infer(self, attrs: Window, g, kernel, like):
        # in a transposed convolution these shapes may be known only when it runs
        lengths = [attrs.output_length(i, n) for i, n in enumerate(like.shape[1:-1])]
        for want, have in zip([*lengths, kernel.shape[-1], kernel.shape[-2]], [*g.shape[1:], like.shape[-1]], strict=True):
            if None not in (want, have) and want != have:
                raise ValueError(
                    f"deconv2d: an output of shape {tuple(like.shape)} can't come from an input of shape {tuple(g.shape)} (channels "
                    f"last) with a kernel that takes {kernel.shape[-1]} channels and returns {kernel.shape[-2]}."
                )
        return like.shape, g.dtype

    def gradient(self, node, gg):
        g, kernel, like = node.inputs
        return [make(CONV, (gg, kernel), node.attrs), make(CONV_KERNEL, (gg, g, kernel), node.attrs), None]

    def emit(self, ctx, attrs: Window, out, g, kernel, like):
        # spread g by the strides and pad it so that a plain correlation gives all of the input
        pads = [attrs.padding(i, n) for i, n in enumerate(out.shape[1:-1])]
        lengths, index = [], []
        for i, (n, (before, _)) in enumerate(zip(out.shape[1:-1], pads)):
            first = attrs.extent(i) - 1 - before
            lengths.append(n + attrs.extent(i) - 1)
            stop = first + (g.shape[1 + i] - 1) * attrs.strides[i] + 1
            index.append(slice(first, stop, attrs.strides[i]))
        spread = ctx.scratch((g.shape[0], *lengths, g.shape[-1]), g.dtype)
        ctx.call(spread.fill, 0)
        if g.size:
            ctx.call(np.copyto, spread[(slice(None), *index)], g)
        turned = ctx.scratch((*kernel.shape[:-2], kernel.shape[-1], kernel.shape[-2]), kernel.dtype)
        flip = (slice(None, None, -1),) * (kernel.ndim - 2)
        ctx.call(np.copyto, turned, ctx.view(kernel, lambda k: np.swapaxes(k[flip], -1, -2)))
        plain = Window(attrs.size, (1,) * len(attrs.size), attrs.dilation, "valid")
        correlate(ctx, plain, [(0, 0)] * len(lengths), spread, turned.reshape(-1, turned.shape[-1]), out)


class ConvKernel(Op):
    """The gradient of ``Conv`` with respect to its kernel, whose shape the third input gives."""

    name = "conv_kernel"
    shape_only = (2,)

    def infer(self, attrs, x, g, like):
        return like.shape, x.dtype

    def gradient(self, node, gg):
        x, g, _ = node.inputs
        return [make(CONV_INPUT, (g, gg, x), node.attrs), make(CONV, (x, gg), node.attrs), None]

    def emit(self, ctx, attrs: Window, out, x, g, like):
        pads = [attrs.padding(i, n) for i, n in enumerate(x.shape[1:-1])]
        result = out.reshape(-1, out.shape[-1])
        if not x.size or not g.size:
            ctx.call(out.fill, 0)
            return
        g = ctx.contiguous(g)
        partial = ctx.scratch(result.shape, out.dtype)
        first = True
        for columns, part in column_blocks(ctx, attrs, pads, x, g.shape[1:-1]):
            rows = ctx.view(g, lambda a, part=part: a[part].reshape(-1, a.shape[-1]))
            turned = ctx.view(columns, lambda a: a.T)
            ctx.call(product(out.dtype), turned, rows, result if first else partial)
            if not first:
                ctx.call(np.add, result, partial, result)
            first = False


def matrix_of(ctx: Any, kernel: np.ndarray) -> np.ndarray:
    """A kernel (*size, c, f) as a matrix with a column for each filter. Some filters of a larger kernel stay where they are."""

    def rows(k: np.ndarray) -> np.ndarray:
        return k.reshape(-1, k.shape[-1])

    found = ctx.view(kernel, rows)
    if kernel.size and kernel.strides[-1] == kernel.itemsize and np.may_share_memory(found, kernel):
        return found
    return ctx.view(ctx.contiguous(kernel), rows)


def product(dtype: np.dtype) -> Any:
    """The matrix product with an ``out`` argument that is fastest for a dtype."""
    return np.dot if dtype.itemsize >= 4 else np.matmul


def correlate(
    ctx: Any, window: Window, pads: list, x: np.ndarray, matrix: np.ndarray, out: np.ndarray, finish: Callable | None = None
) -> None:
    """out (n, *positions, f) = columns of x @ matrix, which may come in panels; ``finish`` emits what is done to some rows of it (array, slice), in the cache."""
    if not out.size:
        return
    if not x.size:
        ctx.call(out.fill, 0)
        return
    panels = matrix if matrix.ndim == 3 else None
    for columns, part in column_blocks(ctx, window, pads, x, out.shape[1:-1]):
        target = out[part].reshape(-1, out.shape[-1])
        step = len(target) if finish is None else max(128, RESULT_BYTES // (target.shape[-1] * out.itemsize))
        step = -(-len(target) // max(1, round(len(target) / step)))
        if panels is None and part.start == 0 and columns.strides[-1] == columns.itemsize:
            panels = panels_of(ctx, matrix, step, out.size // (step * out.shape[-1]))
        for start in range(0, len(target), step):
            rows = slice(start, min(start + step, len(target)))
            some = ctx.view(columns, lambda a, rows=rows: a[rows])
            if panels is None:
                ctx.call(product(out.dtype), some, matrix, target[rows])
            else:
                multiply(ctx, some, panels, target[rows])
            if finish is not None:
                first = part.start * (len(target) // (part.stop - part.start))
                finish(target[rows], slice(first + rows.start, first + rows.stop))


def column_blocks(ctx: Any, window: Window, pads: list, x: np.ndarray, positions: tuple[int, ...]):
    """Emit the copies that make columns (images * positions, size * channels), block by block of images.

    Yields (columns, slice of images); the same storage serves every block.
    """
    n, channels = x.shape[0], x.shape[-1]
    if all(s == 1 for s in (*window.size, *window.strides)) and not any(map(any, pads)):
        columns = ctx.view(x, lambda a: a.reshape(-1, channels))
        if np.may_share_memory(columns, x):
            yield columns, slice(0, n)
            return
    if any(map(any, pads)):
        x = _padded(ctx, x, pads)
    width = prod(window.size) * channels
    rows = prod(positions)
    turned = channels == 1 and window.strides[-1] == 1 and positions[-1] > window.size[-1]
    block = max(1, min(n, (TURNED_BYTES if turned else COLUMN_BYTES) // max(1, rows * width * x.itemsize)))
    storage = ctx.scratch((block * rows * width,), x.dtype)
    for start in range(0, n, block):
        part = slice(start, min(start + block, n))
        count = part.stop - part.start
        columns = storage[: count * rows * width]
        source = ctx.view(x, lambda a, part=part: _windows(a[part], window, positions))
        if turned:
            # of one channel: each place in the windows as a row, which takes runs from rows of the image
            order = (*range(1 + len(positions), source.ndim), *range(1 + len(positions)))
            source = ctx.view(source, lambda a, order=order: a.transpose(order))
        ctx.call(np.copyto, columns.reshape(source.shape), source)
        yield columns.reshape(width, -1).T if turned else columns.reshape(-1, width), part


def _windows(x: np.ndarray, window: Window, positions: tuple[int, ...]) -> np.ndarray:
    """A view (n, *positions, *size, c); the last window axis and the channels are one run if they can be."""
    spatial = x.strides[1:-1]
    steps = [s * stride for s, stride in zip(spatial, window.strides)]
    inner = [s * d for s, d in zip(spatial, window.dilation)]
    shape = (x.shape[0], *positions, *window.size, x.shape[-1])
    strides = (x.strides[0], *steps, *inner, x.strides[-1])
    if inner[-1] == x.shape[-1] * x.strides[-1]:
        shape = (*shape[:-2], shape[-2] * shape[-1])
        strides = (*strides[:-2], strides[-1])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def _padded(ctx: Any, x: np.ndarray, pads: list) -> np.ndarray:
    lengths = [n + sum(p) for n, p in zip(x.shape[1:-1], pads)]
    storage = ctx.scratch((x.shape[0], *lengths, x.shape[-1]), x.dtype)
    inside = tuple(slice(p[0], p[0] + n) for n, p in zip(x.shape[1:-1], pads))
    ctx.call(storage.fill, 0)
    ctx.call(np.copyto, storage[(slice(None), *inside)], x)
    return storage


CONV, CONV_INPUT, CONV_KERNEL = Conv(), ConvInput(), ConvKernel()


def conv(x: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """Cross-correlation, channels last."""
    return make(CONV, (x, kernel), window)


def conv_transposed(x: Tensor, kernel: Tensor, like: Tensor, window: Window) -> Tensor:
    """The transpose of ``conv``: from x in the shape of its output to the shape of ``like``."""
    return make(CONV_INPUT, (x, kernel, like), window)
