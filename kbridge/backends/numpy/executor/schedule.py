"""Schedule: the order in which a plan computes its values. The first of the three passes that make a plan.

A schedule is plain data and knows of no storage. Its ``body`` computes from old values of variables only; its ``commit`` part
then writes the new ones (``commit.py``). Loops have a schedule of their own, that of one turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph import Variable
from . import costs
from .ahead import Ahead
from .beside import Beside
from .blocks import Chain, large_elementwise
from .branches import Branches, has_forks, in_lanes
from .commit import descendants, finals_of, late_order, only_for, read_by_loops
from .layouts import Layouts
from .named_rows import Rows, values_of_rows
from .regions import Region
from .scan import Scan, mark
from .shares import Shares, in_shares, may_pay
from .strips import Strips
from .values import Value

#: reads of a transposed matrix from which on it is copied
MANY_READS = 8


class Total:
    """In a loop's turn: add a value to the sum over all turns."""

    __slots__ = ("value",)

    def __init__(self, value: Value):
        self.value = value


Item = Value | Chain | Total | Region | Branches | Strips | Beside | Ahead


class Order:
    """Values in the order in which they are computed, and how often each is read."""

    def __init__(self, layouts: Layouts):
        self.layouts = layouts
        #: how many reads a value has, by calls and by what is left at the end
        self.reads: dict[Value, int] = {}
        #: what loops read in many turns
        self.often: set[Value] = set()
        #: the schedules of loops' turns
        self.turns: dict[Value, Turn] = {}
        self._placed: set[Value] = set()
        self._items: list[Item] = []
        self._waiting: list[Value] = []
        self._members: set[Value] = set()

    def count(self, live: Iterable[Value]) -> None:
        """Note who reads what."""
        reads = self.reads
        for v in live:
            for i in v.operands():
                reads[i] = reads.get(i, 0) + 1
            if v.scan is not None and v.scan.length >= MANY_READS:
                self.often.update(v.operands())

    def left(self, values: Iterable[Value]) -> None:
        """Note that something reads these at the end."""
        for v in values:
            self.reads[v] = self.reads.get(v, 0) + 1

    def add(self, value: Value) -> None:
        """``value`` is next; large elementwise ones wait for those that follow, to become a chain."""
        placed = self._placed
        if value in placed or value in self._members:
            return
        if value.const is not None or isinstance(value.leaf, Variable) or value.op.result:
            # results of loops come with these
            placed.add(value)
            return
        if self._waiting or large_elementwise(value):
            takes = self._takes(value)
            # a view adds no call; it may pass what waits, unless it is a view of that
            if not takes and (not value.op.view or not self._members.isdisjoint(value.operands())):
                self.close()
                takes = self._takes(value)
            if takes:
                self._waiting.append(value)
                self._members.add(value)
                return
        self._append(value)

    def _append(self, value: Value) -> None:
        if value.op.view and self._turned_often(value):
            self.layouts.copied.add(value)
        elif isinstance(value.scan, Scan):
            self.turns[value] = Turn(value.scan, self.layouts)
        self._placed.add(value)
        self._items.append(value)

    def close(self) -> list[Item]:
        """Nothing waits any more; all items so far."""
        if len(self._waiting) > 1:
            self._items.append(Chain(self._waiting))
            self._placed.update(self._waiting)
        else:
            for value in self._waiting:
                self._append(value)
        if self._waiting:
            self._waiting, self._members = [], set()
        return self._items

    def take(self) -> list[Item]:
        """All items so far; the next ones begin a new list."""
        items, self._items = self.close(), []
        return items

    def _turned_often(self, value: Value) -> bool:
        """A transposed matrix that many calls read (each turn of a loop, say) is copied: BLAS takes half the time for products
        of small matrices that lie row by row."""
        return value.op.permutes and len(value.shape) == 2 and (self.reads[value] >= MANY_READS or value in self.often)

    def _takes(self, value: Value) -> bool:
        """Whether ``value`` can go on the chain that waits."""
        if not large_elementwise(value) or (self._waiting and value.size != self._waiting[0].size):
            return False
        for operand in value.operands():
            if operand in self._members or (operand.shape == () and operand in self._placed):
                continue
            if operand not in self._placed or operand.shape != value.shape or not self.layouts.plain(operand):
                return False
        return True


class Turn(Order):
    """The schedule of one turn of a loop."""

    def __init__(self, scan: Scan, layouts: Layouts):
        super().__init__(layouts)
        self.scan = scan
        self.items: list[Item] = []
        if not scan.length:
            return
        live = scan.live()
        present = set(live)
        values = [v for v in live if not v.op.of_turn]
        layouts.elements.update((leaf, sequence) for leaf, sequence in scan.elements if leaf in present)
        self._placed.update((*scan.operands(), *(v for v in live if v.op.of_turn)))
        self.count(values)
        self.left(r.attrs for r in scan.requested)
        self.left(new for leaf, new in zip(scan.states, scan.new_states) if leaf in present)
        summed = {r.attrs for r in scan.requested if r.op.result == "summed"}
        for v in values:
            self.add(v)
            if v in summed:
                self.close().append(Total(v))
        self.items = self.close()


class Schedule(Order):
    """The schedule of a plan.

    ``fed``, ``outputs``: the plan's inputs and results. ``targets``: values that the commit part writes straight into variables;
    ``saved``: the other new values of variables, copied there at its end. ``snapshots``: values that must be copied at the end of
    the body, since the commit part or the next feed changes what they are views of; ``late``: what the commit part computes; ``rows``: rows of
    variables that are written last.
    """

    def __init__(
        self,
        fed: Sequence[Value],
        outputs: Sequence[Value],
        updates: Sequence[tuple[Variable, Value]],
        order: Sequence[Value],
        lanes: int = 1,
        rows: Sequence[Rows] = (),
    ):
        super().__init__(Layouts(fed))
        self.fed, self.outputs, self.lanes = fed, outputs, lanes
        new_values = [value for _, value in updates]
        self.rows, of_rows = rows, values_of_rows(rows)
        live = self.live = _reachable(order, [*fed, *outputs, *new_values, *of_rows])
        self.count(live)
        self.left((*outputs, *new_values, *of_rows))
        self._placed.update(fed)
        finals = finals_of(updates, read_by_loops(live))
        late = descendants(live, finals)
        late |= only_for(late, live, {*outputs, *new_values}, set(fed))
        self.late = late
        for v in live:
            if v not in late:
                self.add(v)
        self.body = in_lanes(self.take(), fed, lanes)
        variable_of = _variables(live)
        changed = {variable for variable, _ in updates} | {row.variable for row in rows}
        copies = [(variable, value) for variable, value in updates if finals.get(value) is not variable]
        before = [value for _, value in copies if value not in late and variable_of.get(value) in changed]
        before += [v for v in outputs if v not in late and (variable_of.get(v) in changed or self.layouts.fed(v))]
        self.snapshots = list(dict.fromkeys(before))
        ordered, demoted = late_order([v for v in live if v in late], finals, variable_of)
        self.targets = {v: variable for v, variable in ordered if variable is not None}
        for v, _ in ordered:
            self.add(v)
        self.commit: list[Item | Shares] = list(self.take())
        if lanes > 1 and may_pay(late) and (has_forks(self.body) or not costs.blas_shares(live)):
            self.commit = in_shares(self.commit, self.targets, variable_of, self.layouts, lanes)
        self.saved = copies + [(finals[v], v) for v in demoted]


def _reachable(order: Sequence[Value], wanted: Iterable[Value]) -> list[Value]:
    needed = set(wanted)
    mark(reversed(order), needed)
    return [v for v in order if v in needed]


def _variables(live: Iterable[Value]) -> dict[Value, Variable]:
    """The variables whose storage values are, or are views of."""
    found: dict[Value, Variable] = {}
    for v in live:
        if isinstance(v.leaf, Variable):
            found[v] = v.leaf
        elif v.op.view and (source := v.operands()[0]) in found:
            found[v] = found[source]
    return found
