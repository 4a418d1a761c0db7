"""Updates of a table of which a run names a few rows: all other rows have no gradient.

The gradient of an embedding is 0 but for the rows of the batch. Made as an array of the table's size, it would be filled, read, squared and scaled in full. Here
the new values are computed for a gradient of 0 first, a number, which leaves less to compute: of Adam no pass over the gradient, of plain SGD nothing at all. The
named rows are computed by themselves, from old values, and written over the others at the end of the commit part. All calls on elements are the
same as on the whole table, and so are their results. A row that is named twice is computed twice, from the sum of both gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..graph import Variable
from ..ops.elementwise import BINARY
from ..ops.indexing import GATHER
from ..ops.places import PLACES, ROW_SUMS, ROWS_AT, SCALED_ROWS
from ..ops.shapes import RESHAPE
from . import blocks
from .lowering import Lowering
from .ordering import ordered
from .scan import mark
from .values import Value

#: rows of a table for each named one at least: with Adam, 8 rows for each would take as long as with a gradient of the table's size
ROWS = 12
MULTIPLY = BINARY["multiply"]


class Rows(NamedTuple):
    """New values of some rows of a variable: ``values`` at ``places``."""

    variable: Variable
    places: Value
    values: Value


def named_rows(
    lowering: Lowering, kept: Sequence[Value], updates: Sequence[tuple[Variable, Value]]
) -> tuple[list[tuple[Variable, Value]], list[Rows]]:
    """The updates that remain, and the rows to write after them. ``kept``: the inputs and outputs of the function."""
    rows: list[Rows] = []
    if "scatter_add" not in [v.op.name for v in lowering.order] or len({variable for variable, _ in updates}) < len(updates):
        return list(updates), rows
    wanted = [*kept, *(v for _, v in updates)]
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    live = [v for v in lowering.order if v in needed]
    for gradient in [v for v in live if v.op.name == "scatter_add" and _few(v)]:
        found = _Search(lowering, gradient, live, set(kept), updates).found()
        if found is not None:
            updates = found[0]
            rows += found[1]
            # a pass over the values for each: another gradient may have the same readers
            needed = {*kept, *(v for _, v in updates), *values_of_rows(rows)}
            lowering.order = ordered(lowering.order, needed)
            mark(reversed(lowering.order), needed)
            live = [v for v in lowering.order if v in needed]
    return list(updates), rows


def _few(gradient: Value) -> bool:
    """Whether a gradient is large, and few of its rows are named."""
    return gradient.size >= blocks.MIN_SIZE and 0 < gradient.inputs[1].size * ROWS <= gradient.shape[0]


def values_of_rows(rows: Sequence[Rows]) -> list[Value]:
    """All that the body computes for them."""
    return [v for row in rows for v in (row.places, row.values)]


class _Search:
    """The values that are computed from a gradient, if all of them are elementwise and for updates."""

    def __init__(
        self, lowering: Lowering, gradient: Value, live: Sequence[Value], kept: set[Value], updates: Sequence[tuple[Variable, Value]]
    ):
        self.lowering, self.gradient, self.updates = lowering, gradient, updates
        #: all that is computed from it, or None if some of it isn't for updates
        self.values: list[Value] | None = []
        inside = {gradient}
        read = {gradient} & {v for _, v in updates}
        for v in live:
            if not inside.isdisjoint(v.operands()):
                fits = v.op.elementwise and v.shape == gradient.shape and v not in kept
                if not fits or any(o.shape not in ((), v.shape) for o in v.operands()):
                    self.values = None
                    return
                inside.add(v)
                self.values.append(v)
        if gradient in kept or read:
            self.values = None
        self._indices: Value = gradient.inputs[1]
        self._places = lowering.value(PLACES, (self._indices, gradient), None)
        self._shape = (self._indices.size, *gradient.shape[1:])
        self._rows: dict[Value, Value] = {}
        self._whole: dict[Value, Value] = {}

    def found(self) -> tuple[list[tuple[Variable, Value]], list[Rows]] | None:
        """(the updates without the gradient, the rows), or None."""
        if not self.values:
            return None
        value = self.lowering.value
        self._rows[self.gradient] = value(ROW_SUMS, (self.gradient.inputs[0], self._places), self._shape[1:])
        self._whole[self.gradient] = self.lowering.constant(np.zeros((), self.gradient.dtype))
        for v in self.values:
            whole = self._without_gradient(v)
            if whole is None or whole.shape not in ((), v.shape) or whole.dtype != v.dtype:
                return None
            self._whole[v] = whole
        # not beside the others, so that these follow each other in one chain
        for v in self.values:
            rows = self._call_on_rows(v)
            if rows.shape != self._shape:
                return None
            self._rows[v] = rows
        inside = set(self.values)
        remaining: list[tuple[Variable, Value]] = []
        rows_to_write = []
        for variable, new in self.updates:
            if new not in inside:
                remaining.append((variable, new))
                continue
            whole = self._whole[new]
            if whole.shape != variable.shape or new.dtype != variable.dtype:
                return None
            if whole.leaf is not variable:
                remaining.append((variable, whole))
            rows_to_write.append(Rows(variable, self._places, self._rows[new]))
        return remaining, rows_to_write

    def _without_gradient(self, v: Value) -> Value | None:
        """``v`` for a gradient of 0."""
        inputs = tuple(self._whole.get(i, i) for i in v.inputs)
        if v.op.name == "scaled_sum":
            x, a, y, b = inputs
            if x.is_constant(0) and x.shape == ():
                return self.lowering.value(MULTIPLY, (y, b), None)
            if y.is_constant(0) and y.shape == ():
                return self.lowering.value(MULTIPLY, (x, a), None)
            if () in (x.shape, y.shape):
                return None
        return self.lowering.value(v.op, inputs, v.attrs)

    def _call_on_rows(self, v: Value) -> Value:
        inputs = tuple(self._rows_of(i) for i in v.inputs)
        if v.op.name != "scaled_sum":
            return self.lowering.value(v.op, inputs, v.attrs)
        # in the variable's own update, the sum is written where this one lies
        variable = next((variable for variable, new in self.updates if new is v), None)
        return self.lowering.value(SCALED_ROWS, inputs, 0 if variable is not None and v.inputs[0].leaf is variable else 1)

    def _rows_of(self, v: Value) -> Value:
        """The named rows of a value that has the table's shape; numbers as they are."""
        if v.shape != self.gradient.shape:
            return v
        found = self._rows.get(v)
        if found is None:
            value: Any = self.lowering.value
            if v.op.elementwise and v.inputs and v.leaf is None and all(o.shape in ((), v.shape) for o in v.inputs):
                found = self._call_on_rows(v)
            else:
                known = self.lowering.known(GATHER, (v, self._indices), None)
                found = value(ROWS_AT, (v, self._places), None) if known is None else value(RESHAPE, (known,), self._shape)
            self._rows[v] = found
        return found
