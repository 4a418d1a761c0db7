"""Branches: independent parts of a schedule that threads compute side by side, where there are too few samples to cut.

A window of the schedule begins where several branches begin to read the same values (a block of Inception, say), and ends where a value reads two of
them. Each lane computes whole branches; the heaviest are handed out first. The partition depends on the values' shapes and on the number of lanes alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter

from . import costs
from .ahead import Ahead, ahead_of_loops
from .beside import Beside, beside_loops
from .blocks import stays, values_of
from .costs import seconds
from .regions import Item, Region, in_regions, loop_region
from .scan import Scan
from .strips import Strips, in_strips
from .values import Value

#: how many times faster lanes must be than one thread: large products outside of lanes have the threads of BLAS
LEAST_GAIN = 1.5


class Branches:
    """Items of a schedule that lanes compute side by side, each some of them."""

    def __init__(self, lanes: list[list[Item]]):
        self.lanes = lanes

    @property
    def items(self) -> list[Item]:
        """All items, lane by lane."""
        return [item for lane in self.lanes for item in lane]

    @property
    def name(self) -> str:
        """The contents, for people who look at a trace."""
        return f"{len(self.items)} values in branches"


class _Branch:
    """Items, by their place in the window, that depend on each other."""

    def __init__(self):
        self.items: dict[int, Item] = {}
        self.cost = 0.0


class _Window:
    def __init__(self):
        self.branches: dict[_Branch, None] = {}
        self.of: dict[Value, _Branch] = {}
        self.count = 0

    def takes(self, item: Item) -> bool:
        """Add the item, unless it joins branches that both take time."""
        values = values_of(item)
        joined = list(dict.fromkeys(self.of[i] for v in values for i in v.operands() if i in self.of))
        if sum(branch.cost > costs.LEAST_PART for branch in joined) > 1:
            return False
        into = max(joined, key=lambda branch: len(branch.items), default=None)
        if into is None:
            into = _Branch()
            self.branches[into] = None
        for other in joined:
            if other is into:
                continue
            into.items.update(other.items)
            into.cost += other.cost
            del self.branches[other]
            self.of.update((v, into) for i in other.items.values() for v in values_of(i))
        into.items[self.count] = item
        into.cost += sum(map(seconds, values))
        self.of.update((v, into) for v in values)
        self.count += 1
        return True

    def done(self, lanes: int) -> list[Item | Branches]:
        """The window's items: in lanes if that pays."""
        shares: list[list[_Branch]] = [[] for _ in range(lanes)]
        loads = [0.0] * lanes
        for branch in sorted(self.branches, key=lambda b: -b.cost):
            at = loads.index(min(loads))
            shares[at].append(branch)
            loads[at] += branch.cost
        total, longest = sum(loads), max(loads)
        calls = costs.calls(item for b in self.branches for item in b.items.values()) / lanes
        if total - longest > costs.LEAST_PART and total >= LEAST_GAIN * costs.seconds_of_lane(longest, 1, calls):
            ordered = [
                [item for _, item in sorted((pair for b in share for pair in b.items.items()), key=itemgetter(0))]
                for share in shares
                if share
            ]
            return [Branches(ordered)]
        return [item for _, item in sorted((pair for b in self.branches for pair in b.items.items()), key=itemgetter(0))]


def in_lanes(items: Sequence[Item], fed: Iterable[Value], lanes: int) -> list[Item | Region | Branches | Strips]:
    """The items of a schedule's body, with those that pay side by side in regions, branches and strips, and beside loops.

    A plan has either lanes or the threads of BLAS: those wait busily for the next product, and would take the cores from the lanes.
    """
    if lanes < 2 or all(seconds(v) <= costs.CALL for item in items for v in values_of(item)):
        # no calls of these could be worth a thread
        return list(items)
    whole = {item for item in items if isinstance(item, Value) and isinstance(item.scan, Scan) and loop_region(item, lanes) is None}
    with_products = ahead_of_loops(beside_loops(items, lanes, whole), whole)
    found = [in_strips(item, lanes) for item in in_branches(in_regions(with_products, fed, lanes), lanes)]
    with_lanes = sum(_seconds_in_lanes(item) for item in found)
    return found if with_lanes <= _seconds_with_blas([v for item in items for v in values_of(item)], lanes) else list(items)


def has_forks(items: Iterable[Item]) -> bool:
    """Return whether threads compute some of the items."""
    return any(isinstance(item, (Region, Branches, Strips, Beside, Ahead)) for item in items)


def _seconds_in_lanes(item: Item | Region | Branches | Strips) -> float:
    if isinstance(item, (Region, Strips, Beside, Ahead)):
        return item.seconds()
    if isinstance(item, Branches):
        return max(costs.seconds_of_lane(sum(seconds(v) for i in lane for v in values_of(i)), 1, costs.calls(lane)) for lane in item.lanes)
    return sum(map(seconds, values_of(item)))


def _seconds_with_blas(values: Sequence[Value], threads: int) -> float:
    """About how long the values take without lanes, with the threads of BLAS if the plan will use them (``threads.py``)."""
    if not costs.blas_shares(values):
        return sum(map(seconds, values))
    return sum(costs.seconds_with_blas(v, threads) for v in values)


def in_branches(items: Sequence[Item | Region], lanes: int) -> list[Item | Region | Branches]:
    """The items of a schedule's body, where independent ones that are in no region pay in lanes."""
    out: list[Item | Region | Branches] = []
    window = _Window()
    readers = Counter(i for item in items for i in {o for v in values_of(item) for o in v.operands()})
    for item in items:
        values = values_of(item)
        apart = isinstance(item, (Region, Beside, Ahead)) or stays(item)
        taken = not apart and window.takes(item)
        if not taken:
            out += window.done(lanes)
            out.append(item)
        elif len(window.branches) == 1 and readers[values[-1]] > 1:
            # where branches begin
            out += window.done(lanes)
        else:
            continue
        window = _Window()
    return out + window.done(lanes)
