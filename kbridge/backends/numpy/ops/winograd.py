"""Convolutions of small windows with stride 1 by Winograd's method: fewer multiplications for more additions.

The input is cut into overlapping tiles, each tile transformed along both axes (``transforms``), and for each of the
points of a tile the channels go through one matrix product with the transformed kernel. A few rows of tiles go through all
of it at a time, so that what lies between stays in the cache.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..graph import Op
from .panels import multiply, panels_of
from .transforms import Tile, kernel_matrix, transform_gradient, transform_input, transform_results

#: bytes of transformed input and results of a block: at least, and at most where the transformed kernel has as many,
#: of which each block reads all
BLOCK_BYTES = 3 << 20
MOST_BYTES = 12 << 20


class Tiling(NamedTuple):
    """How a convolution is cut into tiles: the tiles of both axes and the zeros (before, after) each axis.

    ``turned``: the kernel is turned round, and goes from its filters to its channels. ``given``: the shape of the convolution's input, if the
    tiles of that come already transformed (``WinogradTiles``); None if the input itself does.
    """

    tiles: tuple[Tile, Tile]
    pads: tuple[tuple[int, int], tuple[int, int]]
    turned: bool = False
    given: tuple[int, ...] | None = None

    @property
    def points(self) -> int:
        """Matrix products that a block takes."""
        return self.tiles[0].points * self.tiles[1].points

    def lengths(self, spatial: tuple[int, ...]) -> tuple[int, ...]:
        """The results along each axis."""
        return tuple(n + sum(pad) - tile.window + 1 for n, pad, tile in zip(spatial, self.pads, self.tiles))

    def counts(self, spatial: tuple[int, ...]) -> tuple[int, ...]:
        """The tiles along each axis."""
        return tuple(-(-n // tile.results) for n, tile in zip(self.lengths(spatial), self.tiles))

    def shape(self, x: Any) -> tuple[int, ...]:
        """The shape of the convolution's input, where an op's first input is ``x``."""
        if self.given is None:
            return x.shape
        # a thread may have the tiles of some images
        return (x.shape[1] // prod(self.counts(self.given[1:3])), *self.given[1:])


class TransformKernel(Op):
    """A kernel (r, s, c, f) as (points, c, f); ``attrs`` are the tiles and whether it is turned round: then as (points, f, c)."""

    name = "winograd_kernel"

    def infer(self, attrs, kernel):
        (rows, columns), turned = attrs
        sides = kernel.shape[2:]
        return (rows.points * columns.points, *(sides[::-1] if turned else sides)), kernel.dtype

    def emit(self, ctx, attrs, out, kernel):
        """``out`` and ``kernel`` may be parts along the result's second axis."""
        matrix = np.ascontiguousarray(_both_axes(*attrs), out.dtype)
        if attrs[1]:
            # transposed before the transform, which makes more of it: BLAS takes longer for products with transposed matrices
            turned = ctx.scratch((matrix.shape[1], *out.shape[1:]), out.dtype)
            places = [divmod(i, kernel.shape[1]) for i in range(len(turned))]
            for place, target in zip(places, turned):
                ctx.copy(target, ctx.view(kernel, lambda k, place=place: k[place].T))
            kernel = turned
        flat, target = kernel.reshape(matrix.shape[1], -1), out.reshape(len(matrix), -1)
        if not np.may_share_memory(flat, kernel):
            kernel = ctx.contiguous(kernel)
        flat = ctx.view(kernel, lambda k: k.reshape(matrix.shape[1], -1))
        ctx.call(np.dot if target.flags.c_contiguous else np.matmul, matrix, flat, target)


def _both_axes(tiles: tuple[Tile, Tile], turned: bool) -> np.ndarray:
    matrix = np.kron(kernel_matrix(tiles[0]), kernel_matrix(tiles[1]))
    return matrix[:, ::-1] if turned else matrix


class Tiled:
    """The storage of one block, and the calls that fill it: ``images`` x ``rows`` rows of ``columns`` tiles."""

    def __init__(self, ctx: Any, tiling: Tiling, images: int, rows: int, columns: int, channels: int, filters: int, dtype: np.dtype):
        self.ctx, self.tiling, self.dtype = ctx, tiling, dtype
        self.vertical, self.horizontal = tiling.tiles
        self.columns, self.channels, self.filters = columns, channels, filters
        self.items = dtype.itemsize
        size = images * rows * columns
        self.first = self._space(max(tiling.points * channels, self.vertical.results * self.horizontal.points * filters) * size)
        before = sum(map(prod, self._input_shapes(images, rows)))
        results = (tiling.points + self.horizontal.results * self.vertical.results) * filters * size
        self.second = self._space(max(before, results))
        longest = max(prod(self._row_shape(images, rows)), self.vertical.points * size * channels)
        # what the gradient of the results works in is the most of these
        across, down = self.horizontal.points, self.vertical.results
        self.third = self._space(max(2 * longest, (down * across + 4 * max(across, down)) * size * filters))

    def _space(self, count: int) -> np.ndarray:
        return self.ctx.scratch((count,), self.dtype)

    def _row_shape(self, images: int, rows: int) -> tuple[int, ...]:
        """One row of every tile, its columns sorted by where they stand in their tile."""
        m, n = self.horizontal.results, self.horizontal.points
        return (images, rows, m, self.columns + (n - 1) // m, self.channels)

    def _input_shapes(self, images: int, rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        _, _, *row = self._row_shape(images, rows)
        height = self.vertical.results * (rows - 1) + self.vertical.points
        return (images, height, *row), (self.vertical.points, images, rows, *row)

    def input(self, x: np.ndarray, part: slice, start: int, rows: int, target: np.ndarray | None = None) -> np.ndarray:
        """Tiles of ``x[part]`` from the row ``start`` of tiles on, transformed: (points, tiles, channels). Into ``target``, if it is given."""
        ctx, images = self.ctx, part.stop - part.start
        if self.tiling.given is not None:
            first = (part.start * self.tiling.counts(self.tiling.given[1:3])[0] + start) * self.columns
            return x[:, first : first + images * rows * self.columns]
        shape, across = self._input_shapes(images, rows)
        padded, sums = _parts(self.second, shape, across)
        self._load(x, part, start * self.vertical.results, padded)
        if self.vertical.points == 1:
            sums = padded.reshape(across)
        else:
            step, last = self.vertical.results, self.vertical.results * (rows - 1) + 1
            d = [padded[:, i : i + last : step] for i in range(self.vertical.points)]
            transform_input(ctx, d, list(sums), _parts(self.third, d[0].shape, d[0].shape))
        size = images * rows * self.columns
        if target is None:
            (target,) = _parts(self.first, (self.tiling.points, size, self.channels))
        result = target.reshape(self.vertical.points, self.horizontal.points, images, rows, self.columns, self.channels)
        m = self.horizontal.results
        d = [sums[:, :, :, j % m, j // m : j // m + self.columns] for j in range(self.horizontal.points)]
        v = [result[:, j] for j in range(self.horizontal.points)]
        if len(d) == 1:
            ctx.call(np.copyto, v[0], d[0])
        else:
            transform_input(ctx, d, v, _parts(self.third, v[0].shape, v[0].shape))
        return target

    def _load(self, x: np.ndarray, part: slice, start: int, padded: np.ndarray) -> None:
        """Copy rows of ``x`` from ``start`` on, zeros around them, with their columns sorted."""
        ctx = self.ctx
        (top, _), (left, _) = self.tiling.pads
        low = max(0, top - start)
        high = max(low, min(padded.shape[1], x.shape[1] + top - start))
        rows = slice(start - top + low, start - top + high)
        _clear(ctx, padded[:, :low], padded[:, high:])
        m = padded.shape[2]
        for phase in range(m):
            first = max(0, -((phase - left) // m))
            last = max(first, min(padded.shape[3], (x.shape[2] - 1 - phase + left) // m + 1))
            inside = padded[:, low:high, phase]
            _clear(ctx, inside[:, :, :first], inside[:, :, last:])
            begin = first * m + phase - left
            columns = slice(begin, begin + (last - first - 1) * m + 1 if last > first else begin, m)
            if last > first and high > low:
                ctx.call(np.copyto, inside[:, :, first:last], ctx.view(x, lambda a, columns=columns: a[part, rows, columns]))

    def multiply(self, v: np.ndarray, u: np.ndarray) -> np.ndarray:
        """The products of all points: (points, tiles, filters). The kernel ``u`` may come in panels."""
        (result,) = _parts(self.second, (*v.shape[:2], self.filters))
        if u.ndim == 4:
            multiply(self.ctx, v, u, result)
        else:
            self.ctx.call(np.matmul, v, u, result)
        return result

    def results(self, m: np.ndarray, out: np.ndarray, part: slice, start: int, rows: int, finish: Any) -> None:
        """Transform the products back, and let ``finish`` store what lies inside of ``out``: it gets an array, the part of ``out``
        that it belongs to, and what gives that part of any array of the shape of ``out``."""
        ctx, images = self.ctx, part.stop - part.start
        down, across = self.vertical, self.horizontal
        m = m.reshape(down.points, across.points, -1, self.filters)
        if down.points > 1:
            (q,) = _parts(self.first, (down.results, *m.shape[1:]))
            transform_results(ctx, m, q, *_parts(self.third, (4, *q.shape[1:])))
            m = q
        size = m.shape[2]
        # behind the products, which this may still read
        _, y = _parts(self.second, (self.tiling.points, size, self.filters), (across.results, down.results, size, self.filters))
        if across.points > 1:
            transform_results(ctx, m.swapaxes(0, 1), y, *_parts(self.third, (4, *y.shape[1:])))
        else:
            y = m.reshape(y.shape)
        y = y.reshape(across.results, down.results, images, rows, self.columns, self.filters)

        def places(array: np.ndarray) -> list:
            return list(_targets(array[part], self.tiling, start, rows, self.columns))

        for i, ((b, a), target) in enumerate(places(out)):
            source = y.transpose(2, 3, 1, 4, 0, 5) if a is None else y[b, a][:, : target.shape[1], : target.shape[2]]
            finish(source, target, lambda array, i=i: places(array)[i][1])

    def gradient(self, g: np.ndarray, part: slice, start: int, rows: int) -> np.ndarray:
        """Return what the gradient of the results sends back to the products: (points, tiles, filters)."""
        ctx, images = self.ctx, part.stop - part.start
        down, across = self.vertical, self.horizontal
        size = images * rows * self.columns
        m, y = _parts(self.second, (down.points, across.points, size, self.filters), (across.results, down.results, size, self.filters))
        placed = y.reshape(across.results, down.results, images, rows, self.columns, self.filters)
        targets = list(_targets(g[part], self.tiling, start, rows, self.columns))
        if targets[0][0] != (None, None):
            ctx.call(y.fill, 0)
        for i, ((b, a), target) in enumerate(targets):
            source = ctx.view(g, lambda g, i=i: list(_targets(g[part], self.tiling, start, rows, self.columns))[i][1])
            inside = placed.transpose(2, 3, 1, 4, 0, 5) if a is None else placed[b, a][:, : target.shape[1], : target.shape[2]]
            ctx.call(np.copyto, inside, source)
        q, t = _parts(
            self.third, (down.results, across.points, size, self.filters), (4 * max(down.results, across.points), size, self.filters)
        )
        if across.points == 1:
            q = y.reshape(q.shape)
        else:
            transform_gradient(ctx, y, q.swapaxes(0, 1), t[: 4 * down.results].reshape(4, *y.shape[1:]))
        if down.points == 1:
            m = q.reshape(m.shape)
        else:
            transform_gradient(ctx, q, m, t[: 4 * across.points].reshape(4, *q.shape[1:]))
        return m.reshape(down.points * across.points, size, self.filters)


def _parts(space: np.ndarray, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Arrays of these shapes, one behind the other in ``space``."""
    found, start = [], 0
    for shape in shapes:
        found.append(space[start : start + prod(shape)].reshape(shape))
        start += prod(shape)
    return found


def _clear(ctx: Any, *arrays: np.ndarray) -> None:
    for array in arrays:
        if array.size:
            ctx.call(array.fill, 0)


def _targets(out: np.ndarray, tiling: Tiling, start: int, rows: int, columns: int):
    """Where the results of a block belong: all at once if the tiles fill ``out``, else for each place in a tile.

    Yields ((column, row) in the tile or (None, None), view of ``out``); the first has (images, rows, place, columns, place, filters).
    """
    down, across = (tile.results for tile in tiling.tiles)
    first = start * down
    if first + rows * down <= out.shape[1] and columns * across == out.shape[2]:
        whole = out[:, first : first + rows * down]
        steps = whole.strides
        shape = (out.shape[0], rows, down, columns, across, out.shape[3])
        strides = (steps[0], steps[1] * down, steps[1], steps[2] * across, steps[2], steps[3])
        yield (None, None), np.lib.stride_tricks.as_strided(whole, shape, strides)
        return
    last = min(first + rows * down, out.shape[1])
    for b in range(across):
        for a in range(down):
            target = out[:, first + a : last : down, b::across]
            if target.size:
                yield (b, a), target


def blocks(tiling: Tiling, shape: tuple[int, ...], channels: int, filters: int, itemsize: int):
    """(images, first row of tiles, rows of tiles) of blocks that fit ``BLOCK_BYTES``: whole images, or some rows of one."""
    images = shape[0]
    rows, columns = tiling.counts(shape[1:3])
    line = tiling.points * columns * (channels + filters) * itemsize
    kernel = tiling.points * channels * filters * itemsize
    fit = max(1, min(max(BLOCK_BYTES, kernel), MOST_BYTES) // max(1, line))
    if fit >= rows:
        step = -(-images // -(-images // (fit // rows)))
        for start in range(0, images, step):
            yield slice(start, min(start + step, images)), 0, rows
        return
    height = -(-rows // -(-rows // fit))
    for image in range(images):
        for start in range(0, rows, height):
            yield slice(image, image + 1), start, min(height, rows - start)


class WinogradConv(Op):
    """x (n, h, w, c) with a transformed kernel (points, c, f)."""

    name = "winograd_conv"

    def infer(self, attrs: Tiling, x, u):
        given = attrs.shape(x)
        return (given[0], *attrs.lengths(given[1:3]), u.shape[2]), x.dtype

    def emit(self, ctx, attrs: Tiling, out, x, u):
        convolve(ctx, attrs, out, x, u, lambda source, target, place: ctx.call(np.copyto, target, source))


def convolve(ctx: Any, tiling: Tiling, out: np.ndarray, x: np.ndarray, u: np.ndarray, finish: Any, shift: np.ndarray | None = None) -> None:
    """out = x convolved with the transformed kernel ``u``, plus ``shift``; ``finish`` emits what stores a part of the results."""
    down, across = tiling.tiles
    # at the point 1 (of both axes) a product is part of all results of its tile, once
    one = (down.points > 1) * across.points + (across.points > 1)
    parts = list(blocks(tiling, tiling.shape(x), x.shape[-1], out.shape[-1], out.itemsize))
    tiled = tiled_for(ctx, tiling, parts, x, out.shape[-1])
    if u.ndim == 3:
        images, _, rows = parts[0]
        panels = panels_of(ctx, u, (images.stop - images.start) * rows * tiled.columns, len(parts))
        u = u if panels is None else panels
    for part, start, rows in parts:
        products = tiled.multiply(tiled.input(x, part, start, rows), u)
        if shift is not None:
            ctx.call(np.add, products[one], shift, products[one])
        tiled.results(products, out, part, start, rows, finish)


def tiled_for(ctx: Any, tiling: Tiling, parts: list, x: np.ndarray, filters: int) -> Tiled:
    """Storage for the largest of these blocks of ``x``."""
    images, rows = max(part.stop - part.start for part, _, _ in parts), max(rows for _, _, rows in parts)
    return Tiled(ctx, tiling, images, rows, tiling.counts(tiling.shape(x)[1:3])[1], x.shape[-1], filters, x.dtype)


class WinogradKernelGradient(Op):
    """The gradient of a convolution of the first input with respect to its kernel, from that of the result and the kernel's shape."""

    name = "winograd_kernel_gradient"
    shape_only = (2,)

    def infer(self, attrs: Tiling, x, g, like):
        return like.shape, x.dtype

    def emit(self, ctx, attrs: Tiling, out, x, g, like):
        channels, filters = out.shape[2:]
        total = ctx.scratch((attrs.points, channels, filters), out.dtype)
        parts = list(blocks(attrs, attrs.shape(x), channels, filters, out.itemsize))
        partial = ctx.scratch(total.shape, out.dtype) if len(parts) > 1 else total
        tiled = tiled_for(ctx, attrs, parts, x, filters)
        for i, (part, start, rows) in enumerate(parts):
            v = tiled.input(x, part, start, rows)
            m = tiled.gradient(g, part, start, rows)
            ctx.call(np.matmul, v.transpose(0, 2, 1), m, partial if i else total)
            if i:
                ctx.call(np.add, total, partial, total)
        matrix = np.ascontiguousarray(_both_axes(attrs.tiles, False).T, out.dtype)
        ctx.call(np.dot, matrix, total.reshape(attrs.points, -1), out.reshape(len(matrix), -1))


TRANSFORM_KERNEL, WINOGRAD_CONV, WINOGRAD_KERNEL_GRADIENT = TransformKernel(), WinogradConv(), WinogradKernelGradient()
