"""Products ahead of a loop: one thread multiplies a sequence by a matrix, another one follows with the loop that reads the result.

A recurrent layer multiplies all of its input by a matrix before its loop. The loop can begin as soon as the first turns' rows are there. The parts depend on
the length and on the number of lanes alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from typing import Any

from . import costs
from .beside import Parts, seconds_of_loop
from .blocks import values_of
from .costs import seconds
from .values import Value


class Ahead(Parts):
    """A loop, and ``values``: the product that it reads part by part, and what is added to it."""

    def __init__(self, loop: Value, values: list[Value]):
        super().__init__(loop)
        self.values = values

    def parts(self) -> Iterator[tuple[int, int]]:
        """(first turn, turns) of each part: the loop waits for the first one, which is small."""
        first, *rest = super().parts()
        small = (self.least_length() // 2 + 1) // 2 * 2
        if small < first[1]:
            yield first[0], small
            yield first[0] + small, first[1] - small
        else:
            yield first
        yield from rest

    @property
    def items(self) -> list[Value]:
        """All values in an order in which they can be computed."""
        return [*self.values, self.loop]

    def seconds(self) -> float:
        """Return about how long it takes in its two lanes."""
        ahead = sum(map(seconds, self.values))
        return max(seconds(self.loop), ahead) + ahead / len(list(self.parts())) + costs.LEAST_PART / 2

    @property
    def name(self) -> str:
        """The contents, for people who look at a trace."""
        return "loop behind its product"


def ahead_of_loops(items: Sequence[Any], whole: Set[Value]) -> list[Any]:
    """The items of a schedule's body, loops that pay behind their products. ``whole``: the loops that aren't cut into lanes themselves."""
    found = [ahead for item in items if item in whole and (ahead := _ahead(item)) is not None]
    if not found:
        return list(items)
    listed = {item for item in items if isinstance(item, Value)}
    readers: Counter = Counter()
    #: where values are read first
    first: dict[Value, int] = {}
    for at, item in enumerate(items):
        for v in values_of(item):
            for operand in v.operands():
                readers[operand] += 1
                first.setdefault(operand, at)
    places = {item: at for at, item in enumerate(items)}
    by_loop = {}
    for ahead in found:
        inner = ahead.values[:-1]
        at = places[ahead.loop]
        if listed.issuperset(ahead.values) and all(readers[v] == 1 for v in inner) and first[ahead.values[-1]] == at:
            by_loop[ahead.loop] = ahead
    taken = {v for ahead in by_loop.values() for v in ahead.values}
    return [by_loop.get(item, item) for item in items if item not in taken]


def _ahead(loop: Value) -> Ahead | None:
    scan: Any = loop.scan
    live = set(scan.live())
    sequences = [sequence for leaf, sequence in scan.elements if leaf in live]
    for sequence in sequences:
        values = _chain(sequence, scan.length)
        pays = values and seconds(values[0]) >= 2 * costs.LEAST_PART and seconds_of_loop(scan) >= 2 * costs.LEAST_PART
        if values and pays and scan.length >= Parts.least_length() and not any(v in loop.operands() for v in values[:-1]):
            return Ahead(loop, values)
    return None


def _chain(sequence: Value, length: int) -> list[Value] | None:
    """[product, its view with an axis of turns, what a vector is added to] up to the sequence that a loop reads; the last may be missing."""
    values = [sequence]
    if sequence.op.name == "add":
        inner, other = sequence.inputs
        if inner.shape != sequence.shape or len(other.shape) != 1 or len(sequence.shape) != 3:
            return None
        values.append(inner)
    view = values[-1]
    product = view.inputs[0] if view.op.name == "reshape" and len(view.shape) == 3 and view.shape[0] == length else None
    if product is None or product.op.name != "matmul" or len(product.shape) != 2 or product.shape[1] != view.shape[2]:
        return None
    return [product, *reversed(values)]
