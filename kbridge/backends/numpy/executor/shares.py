"""Shares: the commit part in lanes, which write the new values of variables side by side.

Updates of different variables don't depend on each other, and those of large ones are elementwise chains, of which each lane computes some elements. Calls on
large arrays only: short calls of several threads wait for Python's lock. They all are in the first lane, which gets less of the large ones. What lane computes
what depends on the shapes and on the number of lanes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..graph import Variable
from . import costs
from .blocks import Chain, large_elementwise, values_of
from .layouts import Layouts
from .values import Value

#: seconds of an element of an elementwise call in blocks, for each byte
ELEMENT = 5e-11
#: seconds of a call on what is in the cache
CALL = 2e-6
#: elements of a block in lanes: calls long enough for threads to seldom want Python's lock at once
BLOCK = 1 << 17
#: elements that parts of chains are multiples of
UNIT = 1 << 12


class Shares:
    """``cut``: chains of which each lane computes some elements, ``bounds``: the part of all of them at which each lane begins, and 1; ``lanes``: each
    lane's other items."""

    def __init__(self, cut: list[Chain], bounds: list[float], lanes: list[list[Any]]):
        self.cut, self.bounds, self.lanes = cut, bounds, lanes

    @property
    def items(self) -> list[Any]:
        """All items."""
        return [*self.cut, *(item for lane in self.lanes for item in lane)]

    @property
    def parts(self) -> int:
        """How many lanes the updates could be cut into, for a trace."""
        return max(len(self.lanes), sum(chain.values[0].size for chain in self.cut) // BLOCK)

    def part(self, chain: Chain, lane: int) -> range:
        """The elements of a chain that a lane computes."""
        size = chain.values[0].size
        start, stop = (size if bound == 1 else round(size * bound / UNIT) * UNIT for bound in self.bounds[lane : lane + 2])
        return range(min(start, size), min(stop, size))


def may_pay(values: Iterable[Value]) -> bool:
    """Return whether a commit part of these values could be so long that threads pay."""
    return sum([v.size * v.dtype.itemsize for v in values]) * ELEMENT >= 2 * costs.LEAST_PART


def in_shares(
    items: Sequence[Any], targets: Mapping[Value, Variable], reads: Mapping[Value, Variable], layouts: Layouts, lanes: int
) -> list[Any]:
    """The items of a commit part: as they are, or what numbers they need and then the rest in lanes, if that pays.

    ``targets``: the variables that values are written to; ``reads``: those whose storage values are.
    """
    numbers, rest = _numbers(items)
    groups = _groups(rest, targets, reads)
    if groups is None or any(not v.op.pure for item in items for v in values_of(item)):
        return list(items)
    written = {targets[v] for item in numbers for v in values_of(item) if v in targets}
    if any(reads.get(o) in written for item in rest for v in values_of(item) for o in v.operands() if o in reads):
        # the rest reads what the numbers would overwrite before
        return list(items)
    cut: list[Chain] = []
    loads = [0.0] * lanes
    shares: list[list[int]] = [[] for _ in range(lanes)]
    for group in sorted(groups, key=lambda g: -sum(_seconds(rest[i]) for i in g)):
        chain = _chain(rest[group[0]], layouts) if len(group) == 1 else None
        if chain is not None and chain.values[0].size >= 2 * BLOCK:
            cut.append(chain)
            continue
        long = all(v.size >= BLOCK or v.op.view for i in group for v in values_of(rest[i]))
        at = loads.index(min(loads)) if long else 0
        shares[at] += group
        loads[at] += sum(_seconds(rest[i]) for i in group)
    common = sum(map(_seconds, cut))
    total = common + sum(loads)
    longest = max(*loads, total / lanes)
    if total - longest < 2 * costs.LEAST_PART:
        return list(items)
    return [*numbers, Shares(cut, _bounds(loads, common), [[_lane_item(rest[i]) for i in sorted(share)] for share in shares])]


def _bounds(loads: Sequence[float], common: float) -> list[float]:
    """Where each lane's part of ``common`` begins, so that all lanes take about as long."""
    level = (sum(loads) + common) / len(loads)
    parts = [max(0.0, level - load) for load in loads]
    whole = sum(parts) or 1.0
    bounds = [0.0]
    for part in parts[:-1]:
        bounds.append(min(1.0, bounds[-1] + part / whole))
    return [*bounds, 1.0]


def _numbers(items: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """(numbers that only need numbers, all others)."""
    numbers: list[Any] = []
    rest: list[Any] = []
    computed: set[Value] = set()
    for item in items:
        if isinstance(item, Value) and item.size == 1 and computed.isdisjoint(item.operands()):
            numbers.append(item)
        else:
            rest.append(item)
            computed.update(values_of(item))
    return numbers, rest


def _groups(items: Sequence[Any], targets: Mapping[Value, Variable], reads: Mapping[Value, Variable]) -> list[list[int]] | None:
    """The places of items that depend on each other, or that read and write the same variable."""
    parents = list(range(len(items)))

    def root(i: int) -> int:
        while parents[i] != i:
            parents[i] = i = parents[parents[i]]
        return i

    changed = set(targets.values())
    #: the item that a value, or a variable that changes, belongs to
    owner: dict[Any, int] = {}
    for i, item in enumerate(items):
        values = values_of(item)
        touched = [targets[v] for v in values if v in targets]
        touched += [variable for v in values for o in v.operands() if (variable := reads.get(o)) in changed]
        for key in (*values, *touched, *(o for v in values for o in v.operands() if o in owner)):
            parents[root(owner.setdefault(key, i))] = root(i)
    groups: dict[int, list[int]] = {}
    for i in range(len(items)):
        groups.setdefault(root(i), []).append(i)
    return list(groups.values())


def _chain(item: Any, layouts: Layouts) -> Chain | None:
    """An item as a chain, or None if its elements depend on others."""
    if isinstance(item, Chain):
        return Chain(item.values, BLOCK)
    fits = isinstance(item, Value) and large_elementwise(item)
    if fits and all(o.shape == () or (o.shape == item.shape and layouts.plain(o)) for o in item.operands()):
        return Chain([item], BLOCK)
    return None


def _lane_item(item: Any) -> Any:
    return Chain(item.values, BLOCK) if isinstance(item, Chain) else item


def _seconds(item: Any) -> float:
    computed = [v for v in values_of(item) if not v.op.view]
    return sum(v.size * v.dtype.itemsize * ELEMENT + costs.multiplications(v) * costs.MULTIPLICATION + CALL for v in computed)
