"""The rows that an update of a table changes: where they are, and what is added up for each."""

from __future__ import annotations

import math

import numpy as np

from ..graph import Op
from ..scatter import add_up, places_of
from .scaled import SCALED_SUM


class Places(Op):
    """The rows of the second input that the first names, one after the other; negative ones count from the end. One out of range is an IndexError when it runs."""

    name = "places"
    shape_only = (1,)

    def infer(self, attrs, indices, table):
        return (math.prod(indices.shape),), np.dtype(np.intp)

    def emit(self, ctx, attrs, out, indices, table):
        ctx.call(places_of, out, indices, len(table))


class RowsAt(Op):
    """The rows of the first input at places of it."""

    name = "rows_at"

    def infer(self, attrs, table, places):
        return places.shape + table.shape[1:], table.dtype

    def emit(self, ctx, attrs, out, table, places):
        # no place is out of range, and no copy of the result is made where NumPy needn't look for one
        ctx.call(np.ndarray.take, table, places, 0, out, "clip")


class RowSums(Op):
    """For each of the second input's places, the sum of the rows of the first (a gradient) that belong to it: what ``ScatterAdd`` has there.

    ``attrs`` is the shape of a row.
    """

    name = "row_sums"

    def infer(self, attrs, g, places):
        return (*places.shape, *attrs), g.dtype

    def emit(self, ctx, attrs, out, g, places):
        ctx.call(add_up, out, places, g)


class ScaledRows(Op):
    """a * x + b * y, as ``ScaledSum``, of rows, in an array of its own. ``attrs``: which of both is rounded first, 0 for a * x, as in the variable's own update."""

    name = "scaled_rows"
    elementwise = True

    def infer(self, attrs, x, a, y, b):
        return x.shape, x.dtype

    def emit(self, ctx, attrs, out, x, a, y, b):
        if attrs == 0:
            x, a, y, b = y, b, x, a
        ctx.call(np.copyto, out, y)
        SCALED_SUM.emit(ctx, None, out, x, a, out, b)


PLACES, ROWS_AT, ROW_SUMS, SCALED_ROWS = Places(), RowsAt(), RowSums(), ScaledRows()
