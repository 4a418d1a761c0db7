"""A large product as many small ones, which BLAS multiplies from where the matrices lie.

For a large product OpenBLAS copies both matrices into an order of its own, at each call. With few rows, or with a second matrix that lies transposed, that takes a good
part of the time; small products it computes without (see ``panels.py``). So such a product is cut: into rows of the first matrix, into columns of the second, and into
pieces of the axis that is summed over, whose results are added up. With 4 to 32 rows this takes 0.2 to 0.9 of the time of one product, with 128 rows 0.8 to 0.95, and needs
no storage unless that axis is cut. All small products of a piece are one call of NumPy, of views.

The numbers here were measured with OpenBLAS 0.3.31, on processors with AVX-512.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import blas
from .panels import SMALL_PRODUCT, multiply, parts_of, rows_of_part

#: columns of a part, and the most that are summed over at a time
WIDTH, INNER = 64, 512
#: where the second matrix lies transposed: (columns of a part, rows that a part may have), by preference. With more rows BLAS copies it after all
TRANSPOSED = ((64, 18), (32, 36), (16, 72))
#: ... the least that is summed over, and the least multiplications: with so few, or with fewer rows than these, the copy takes no time to speak of
LEAST_INNER, LEAST_WORK, FEWEST_ROWS = 96, 1 << 19, 12
#: ... and rows from which on one product is as good
MOST_ROWS = 256
#: elements of a second matrix that lies in the core's own cache while all parts of the rows are multiplied by it; rows * elements up to which a larger one is cut
CACHED, READ_AGAIN = 1 << 18, 1 << 26
#: rows and multiplications up to which one thread is as good as all that BLAS has
FEW_ROWS, SHORT = 32, 4 * SMALL_PRODUCT


class Cut(NamedTuple):
    """Rows of the first matrix, elements that are summed over, and columns of the second matrix that are multiplied at a time."""

    rows: int
    inner: int
    width: int


def cut_of(x: np.ndarray, y: np.ndarray, alone: bool) -> Cut | None:
    """Return how x @ y is cut, or None if it had better be one product. ``alone``: whether BLAS works with one thread in any case."""
    (rows, inner), columns = x.shape, y.shape[1]
    work = rows * inner * columns
    if x.dtype != np.float32 or min(rows, columns) < 2 or work < LEAST_WORK or not blas.small_products():
        return None
    if not alone and (rows > FEW_ROWS or work > SHORT) or y.size > CACHED and rows * y.size > READ_AGAIN:
        return None
    first, second = blas.leading(x), blas.leading(y)
    if first is None or second is None:
        return None
    if second[0] == "T":
        return _of_transposed(rows, inner, work) if first[0] == "N" else None
    return _of_dense(rows, inner) if work > SMALL_PRODUCT else None


def _of_dense(rows: int, inner: int) -> Cut:
    if inner > INNER:
        # all rows are one part if that leaves enough to sum over: then nothing is read again
        whole = SMALL_PRODUCT // (WIDTH * rows)
        inner = _even(inner, whole if INNER > whole >= INNER * 2 // 3 else INNER)
    parts = -(-rows // (SMALL_PRODUCT // (WIDTH * inner)))
    return Cut(rows_of_part(rows, inner, WIDTH) if rows % parts else rows // parts, inner, WIDTH)


def _of_transposed(rows: int, inner: int, work: int) -> Cut | None:
    if inner < LEAST_INNER or rows > MOST_ROWS or rows < FEWEST_ROWS and work <= SMALL_PRODUCT:
        return None
    width, most = next((pair for pair in TRANSPOSED if rows <= pair[1]), TRANSPOSED[-1])
    return Cut(_even(rows, most), _even(inner, INNER), width)


def _even(length: int, most: int) -> int:
    """The length of parts that are about as long as each other, none longer than ``most``."""
    return -(-length // -(-length // most))


def multiply_parts(ctx: Any, cut: Cut, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """out = x @ y."""
    inner, columns = y.shape
    pieces = [slice(start, min(start + cut.inner, inner)) for start in range(0, inner, cut.inner)]
    more = ctx.scratch(out.shape, out.dtype) if len(pieces) > 1 else out
    for piece in pieces:
        target = more if piece.start else out
        some = ctx.view(x, lambda a, piece=piece: a[:, piece])
        for span, width in parts_of(columns, cut.width):

            def panels(a: np.ndarray, piece: slice = piece, span: slice = span, width: int = width) -> np.ndarray:
                a = a[piece, span]
                return a.reshape(len(a), -1, width).swapaxes(0, 1)

            multiply(ctx, some, ctx.view(y, panels), target[:, span], cut.rows)
        if piece.start:
            ctx.call(np.add, out, more, out)
