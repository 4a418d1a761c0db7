"""Matrix products in parts that BLAS multiplies without copying: some rows of the first matrix with a panel of the second.

For a large product OpenBLAS copies both matrices into an order of its own, at each call. Where there are few rows, that takes as long as what it is good for.
A small product it computes from where the matrices lie, and is the faster the denser these are: so the second matrix lies in panels here, each of which has some columns
of it, row after row. The parts are multiplied by one call of NumPy. With 12 to 49 rows this takes 0.5 to 0.7 of the time of one large product, with more
0.85 to 0.9. A matrix that doesn't change, such as a kernel or a dense layer's matrix in a prediction, is arranged once; any other one at each run, if it has
enough rows to multiply.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import blas
from ..graph import Op

#: multiplications up to which OpenBLAS multiplies float32 without copying the matrices into an order of its own
SMALL_PRODUCT = 1_000_000
#: (columns of a panel, rows that must fit into a small product with it unless there are fewer), by preference
WIDTHS = ((64, 54), (96, 54), (80, 54), (48, 54), (32, 12), (16, 24))
#: rows of a part come in this multiple, if not all are one part
UNIT = 6
#: rows below which it isn't tried, and rows from which on a matrix is arranged at each run
FEWEST_ROWS, ROWS_OF_A_RUN = 4, 512
#: (columns of a panel, rows that must fit into a small product with it), by preference, for matrices that are arranged once: without regard to the rows that
#: are multiplied, so that plans for all sizes of a batch share the panels. Those that aren't multiples of 16 pay with more rows only.
WIDTHS_KEPT = ((64, 6), (96, 6), (80, 6), (48, 6), (50, 18), (32, 6), (40, 18), (16, 6))
#: elements of a dense layer's matrix that is arranged once. It takes its memory again, so 16 MB at most: one of 4096 by 4096 would save 5 ms of VGG16's
#: prediction of 8 images (a second) for 64 MB, and the first dense layer's 411 MB hardly anything. At least 128 KB, as smaller ones gain little
LEAST_KEPT, MOST_KEPT = 1 << 15, 1 << 22


def width_of(rows: int, inner: int, columns: int, dtype: np.dtype) -> int | None:
    """The columns of a panel by which (rows, inner) @ (inner, columns) takes less time than as one product; None if none does."""
    if dtype != np.float32 or rows < FEWEST_ROWS or rows * inner * columns <= SMALL_PRODUCT or not blas.small_products():
        return None
    fitting = (width for width, enough in WIDTHS if columns % width == 0 and SMALL_PRODUCT // (inner * width) >= min(rows, enough))
    return next(fitting, None)


def width_kept(rows: int, inner: int, columns: int, dtype: np.dtype) -> int | None:
    """The columns of a panel of an (inner, columns) matrix that is arranged once, if that pays for products with so many rows."""
    fits = LEAST_KEPT <= inner * columns <= MOST_KEPT and rows > 1 and rows * inner * columns > SMALL_PRODUCT
    if dtype != np.float32 or not fits or not blas.small_products():
        return None
    return next((width for width, enough in WIDTHS_KEPT if columns % width == 0 and SMALL_PRODUCT // (inner * width) >= enough), None)


def rows_of_part(rows: int, inner: int, width: int) -> int:
    """How many rows are multiplied by a panel at a time."""
    most = max(1, SMALL_PRODUCT // (inner * width))
    if rows <= most:
        return rows
    parts = -(-rows // (most // UNIT * UNIT or most))
    step = -(-rows // parts)
    return min(most, -(-step // UNIT) * UNIT)


class Panels(Op):
    """A matrix (..., k, n) as its panels (..., n / width, k, width); kernels (*size, c, n) with ``spatial`` axes as matrices. ``attrs`` is (width, spatial)."""

    name = "panels"

    def infer(self, attrs: tuple[int, int], matrix):
        width, spatial = attrs
        *batch, columns = matrix.shape
        lead, inner = batch[: len(batch) - 1 - spatial], batch[len(batch) - 1 - spatial :]
        return (*lead, columns // width, int(np.prod(inner)), width), matrix.dtype

    def emit(self, ctx: Any, attrs: tuple[int, int], out: np.ndarray, matrix: np.ndarray) -> None:
        def panels(a: np.ndarray) -> np.ndarray:
            count, inner, width = out.shape[-3:]
            return a.reshape(*out.shape[:-3], inner, count, width).swapaxes(-3, -2)

        ctx.call(np.copyto, out, ctx.view(ctx.contiguous(matrix), panels))


PANELS = Panels()


def panels_of(ctx: Any, matrix: np.ndarray, rows: int, times: int = 1) -> np.ndarray | None:
    """The panels of ``matrix`` (..., k, n) for products with so many rows, some ``times``; None if one product is as good.

    Several panels are made at each run.
    """
    *lead, inner, columns = matrix.shape
    width = width_of(rows, inner, columns, matrix.dtype) if ctx.alone and matrix.strides[-1] == matrix.itemsize else None
    if width == columns:
        return ctx.view(matrix, lambda a: a[..., None, :, :])
    if width is None or rows * times < ROWS_OF_A_RUN:
        return None
    found = ctx.scratch((*lead, columns // width, inner, width), matrix.dtype)
    PANELS.emit(ctx, (width, 0), found, matrix)
    return found


def multiply(ctx: Any, x: np.ndarray, panels: np.ndarray, out: np.ndarray, step: int | None = None) -> None:
    """out = x @ matrix, of (..., rows, k) and the panels of (..., k, n), into rows that lie densely; ``step`` rows at a time."""
    rows, inner = x.shape[-2:]
    count, _, width = panels.shape[-3:]
    every = ctx.view(panels, lambda a: a[..., None, :, :, :])
    for part, height in parts_of(rows, step or rows_of_part(rows, inner, width)):

        def parts(a: np.ndarray, part: slice = part, height: int = height) -> np.ndarray:
            some = a[..., part, :]
            return some.reshape(*some.shape[:-2], -1, 1, height, inner)

        target = out[..., part, :]
        target = target.reshape(*target.shape[:-2], -1, height, count, width).swapaxes(-3, -2)
        ctx.call(np.matmul, ctx.view(x, parts), every, target)


def parts_of(length: int, step: int) -> list[tuple[slice, int]]:
    """The whole parts of an axis, all in one slice, and what is left: (slice, length of a part)."""
    whole = length - length % step
    return [(slice(start, stop), part) for start, stop, part in ((0, whole, step), (whole, length, length - whole)) if stop > start]
