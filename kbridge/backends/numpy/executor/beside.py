"""Products beside a loop: what multiplies a loop's results, computed by other threads while the loop goes on.

The gradients of a recurrent layer's weights are products of all turns' results, and so are those of its input; those of its biases are sums of them. A loop
runs on one thread, since its calls are short. After some turns it lets another thread have these products of them. When it has ended, its thread takes over some of what is
left for the others. The parts, and who computes them, depend on the length, the sizes and the number of lanes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any

from . import costs
from .blocks import values_of
from .costs import seconds
from .cuts import axis_of_view
from .scan import Scan, mark
from .values import Value

#: parts of a loop at most, and turns of a part at least
PARTS, TURNS = 8, 4
#: items behind a loop that are looked at
REACH = 200
#: times a loop's time that products beside it may take: what is left then takes longer than what other lanes could have shared
MOST = 2.0
#: seconds of a call of NumPy on what is in the cache
CALL = 1e-6


class Parts:
    """A loop in parts, for lanes that work on it together."""

    def __init__(self, loop: Value):
        self.loop = loop
        self._scan: Any = loop.scan

    @staticmethod
    def least_length() -> int:
        """Return the turns that a loop has at least."""
        return 2 * TURNS

    def parts(self) -> Iterator[tuple[int, int]]:
        """(first turn, turns) of each part."""
        length = self._scan.length
        step = max(TURNS, -(-length // PARTS))
        # what goes to and fro between two places is in the first one again after two turns
        step += step % 2
        start = 0
        while start < length:
            left = length - start
            # after the last turn, other lanes have its part still to do: it is a small one
            count = (left // 2 + 1) // 2 * 2 if step < left <= 2 * step else min(step, left)
            yield start, count
            start += count

    def rows(self, part: tuple[int, int], length: int) -> slice:
        """The part of an axis of ``length`` that belongs to these turns."""
        scan = self._scan
        start, count = part
        first = scan.length - start - count if scan.backwards else start
        unit = length // scan.length
        return slice(first * unit, (first + count) * unit)

    def results(self) -> Iterator[Value]:
        """The results of the loop that are read."""
        yield from self._scan.requested


class Beside(Parts):
    """A loop, and the products that other lanes compute meanwhile.

    ``before``: views of what is there before the loop; ``views``: those of its results. ``lanes``: the products of each further lane. ``axes``:
    along which axis the turns lie.
    """

    def __init__(self, loop: Value, before: list[Value], views: list[Value], lanes: list[list[Value]], axes: dict[Value, int]):
        super().__init__(loop)
        self.before, self.views, self.lanes, self.axes = before, views, lanes, axes

    def late(self) -> set[Value]:
        """Of the last turns, the products that the loop's thread computes when it has ended.

        Other lanes are then about in the middle of what belongs to the turns before. Each product goes to the loop's thread as long as all are done earlier by that.
        """
        counts = [count for _, count in self.parts()]
        if len(counts) < 2:
            return set()
        share = counts[-1] / sum(counts)
        behind = counts[-2] / sum(counts) / 2
        loads = [(behind + share) * sum(map(seconds, lane)) for lane in self.lanes]
        left = [list(lane) for lane in self.lanes]
        taken: set[Value] = set()
        own = 0.0
        while True:
            most = max(loads)
            lane = loads.index(most)
            if not left[lane] or own + (cost := share * seconds(left[lane][-1])) >= most:
                return taken
            own += cost
            loads[lane] -= cost
            taken.add(left[lane].pop())

    @property
    def products(self) -> list[Value]:
        """All of them, lane by lane."""
        return [v for lane in self.lanes for v in lane]

    @property
    def items(self) -> list[Value]:
        """All values in an order in which they can be computed."""
        return [*self.before, self.loop, *self.views, *self.products]

    def summed(self, product: Value) -> bool:
        """Whether a product is a sum over all turns; else it has rows for each."""
        return product not in self.axes

    def results(self) -> Iterator[Value]:
        """The results of the loop that are read, and what has rows for each turn."""
        yield from super().results()
        yield from self.axes

    def seconds(self) -> float:
        """Return about how long it takes in its lanes."""
        longest = max(sum(map(seconds, lane)) for lane in self.lanes)
        # as estimates of whole plans have it, of which this is a part
        return max(seconds(self.loop), longest) + longest / len(list(self.parts())) + costs.LEAST_PART / 2

    @property
    def name(self) -> str:
        """The contents, for people who look at a trace."""
        return f"loop and {len(self.products)} products beside it"


def beside_loops(items: Sequence[Any], lanes: int, whole: Set[Value]) -> list[Any]:
    """The items of a schedule's body, loops with the products that pay beside them. ``whole``: the loops that aren't cut into lanes themselves."""
    out: list[Any] = []
    present: set[Value] = set()
    taken: set[Any] = set()
    for at, item in enumerate(items):
        if item in taken:
            continue
        found = None
        if item in whole:
            found = _beside(item, [i for i in items[at + 1 : at + 1 + REACH] if i not in taken], present, lanes)
        if found is None:
            out.append(item)
            present.update(values_of(item))
        else:
            out.append(found)
            present.update(found.items)
            taken.update(found.items)
    return out


def _beside(loop: Value, following: Sequence[Any], present: set[Value], lanes: int) -> Beside | None:
    scan: Any = loop.scan
    cost = seconds_of_loop(scan)
    if scan.length < Parts.least_length() or cost < 2 * costs.LEAST_PART:
        return None
    found = _Search(loop, present)
    for item in following:
        if isinstance(item, Value):
            found.look_at(item, MOST * cost * (lanes - 1))
    if not found.products or found.cost < 2 * costs.LEAST_PART:
        return None
    shares: list[list[Value]] = [[] for _ in range(min(lanes - 1, len(found.products)))]
    for v in sorted(found.products, key=seconds, reverse=True):
        min(shares, key=lambda share: sum(map(seconds, share))).append(v)
    needed = set(found.products)
    mark(reversed([*found.before, *found.views, *found.products]), needed)
    before, views = ([v for v in some if v in needed] for some in (found.before, found.views))
    return Beside(loop, before, views, shares, found.axes)


def seconds_of_loop(scan: Scan) -> float:
    """Return about how long a loop takes: its turns work in the cache."""
    body = [v for v in scan.live() if not v.op.of_turn and not v.op.view]
    return scan.length * sum(costs.multiplications(v) * costs.MULTIPLICATION + CALL for v in body)


class _Search:
    """Goes through what follows a loop."""

    def __init__(self, loop: Value, present: set[Value]):
        scan: Any = loop.scan
        self.loop, self.length, self.present = loop, scan.length, present
        self.axes: dict[Value, int] = {}
        self.before: list[Value] = []
        self.views: list[Value] = []
        self.products: list[Value] = []
        self.cost = 0.0
        self._early: set[Value] = set()

    def look_at(self, value: Value, most: float) -> None:
        """Take a view or a product that can be had while the loop runs."""
        operands = value.operands()
        if value.op.view and operands:
            if self._is_there(operands[0]):
                self._early.add(value)
                self.before.append(value)
            elif (axis := self._axis(operands[0])) is not None:
                found = axis_of_view(value, operands[0], axis, self.length)
                if found is not None and value.shape[found] % self.length == 0:
                    self.axes[value] = found
                    self.views.append(value)
        elif value.op.name == "sum_to" and self._axis(value.inputs[0]) == 0 and _keeps_rows(value):
            self.products.append(value)
        elif value.op.name == "matmul" and len(value.shape) == 2 and value.size and self.cost + seconds(value) <= most:
            left, right = value.inputs
            axes = self._axis(left), self._axis(right)
            along = axes[0] == 0 and self._is_there(right)
            summed = (axes[0] == 1 or self._is_there(left)) and (axes[1] == 0 or self._is_there(right)) and axes != (None, None)
            # panels have no rows that go with some turns
            summed = summed and not costs.in_panels(value)
            if along or summed:
                self.products.append(value)
                self.cost += seconds(value)
                if along:
                    self.axes[value] = 0

    def _axis(self, value: Value) -> int | None:
        """The axis along which the turns of the loop lie."""
        if value.op.result == "stored" and value.inputs[0] is self.loop:
            return 0
        return self.axes.get(value) if value not in self.products else None

    def _is_there(self, value: Value) -> bool:
        """Whether the value is computed before the loop."""
        if value.op.result:
            return value.inputs[0] in self.present
        return value in self.present or value in self._early or value.const is not None or value.leaf is not None


def _keeps_rows(value: Value) -> bool:
    """Whether this is the sum of vectors over all other axes, which lie in front."""
    x, like = value.inputs
    return 0 < len(like.shape) < len(x.shape) and x.shape[len(x.shape) - len(like.shape) :] == like.shape
