"""The commit part of a schedule: new values of variables, after all that reads the old ones.

The last elementwise call of an update writes straight into the variable's storage. The commit part runs inside one C loop, so that
an interrupt can't leave half of the variables updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph import Variable
from .blocks import large_elementwise
from .values import Value


def read_by_loops(live: Sequence[Value]) -> set[Value]:
    """Return the values that loops are made from. The commit part holds no loop, which an interrupt could stop between two turns."""
    found: set[Value] = set()
    for v in reversed(live):
        if v.scan is not None or v in found:
            found.update(v.operands())
    return found


def finals_of(updates: Iterable[tuple[Variable, Value]], kept: set[Value]) -> dict[Value, Variable]:
    """Updates whose last call can write into the variable itself; those in ``kept`` are copied."""
    finals: dict[Value, Variable] = {}
    for variable, value in updates:
        fits = value.shape == variable.shape and value.dtype == variable.dtype
        writes = value.op.inplace and value.const is None and value.leaf is None and value not in kept
        if writes and fits and value not in finals:
            finals[value] = variable
    return finals


def descendants(live: Iterable[Value], finals: dict[Value, Variable]) -> set[Value]:
    """``finals`` and all that is computed from them."""
    late = set(finals)
    for v in live:
        if v not in late and not late.isdisjoint(v.operands()):
            late.add(v)
    return late


def only_for(late: set[Value], live: Sequence[Value], kept: set[Value], fed: set[Value]) -> set[Value]:
    """Large elementwise values that only the commit part reads: next to their readers they need no storage of their own.

    What is fed stays in the body: the commit part's calls are fixed.
    """
    if not any(map(large_elementwise, live)):
        return set()
    readers: dict[Value, list[Value]] = {}
    from_feeds = set(fed)
    for v in live:
        if v.op.view and any(i in from_feeds for i in v.operands()):
            from_feeds.add(v)
        for i in v.operands():
            readers.setdefault(i, []).append(v)
    found: set[Value] = set()
    for v in reversed(live):
        if v in late or v in kept or not large_elementwise(v) or any(i in from_feeds for i in v.operands()):
            continue
        if all(r in late or r in found for r in readers.get(v, ())):
            found.add(v)
    return found


def late_order(
    waiting: list[Value], finals: dict[Value, Variable], variable_of: dict[Value, Variable]
) -> tuple[list[tuple[Value, Variable | None]], list[Value]]:
    """The commit part, as (value, variable to write into or None): who reads a variable's old value goes before who
    overwrites it.

    Also the finals that had to give up writing in place, because updates read each other.
    """
    late = set(waiting)
    ordered: list[tuple[Value, Variable | None]] = []
    demoted: list[Value] = []
    done: set[Value] = set()
    readers = {v: {variable_of[i] for i in v.operands() if i in variable_of} for v in waiting}
    while waiting:
        still_read: dict[Variable, int] = {}
        for v in waiting:
            for variable in readers[v]:
                still_read[variable] = still_read.get(variable, 0) + 1
        progress = False
        remaining = []
        for v in waiting:
            ready = all(i not in late or i in done for i in v.operands())
            target = None if v in demoted else finals.get(v)
            others = still_read.get(target, 0) - (target in readers[v]) if target is not None else 0
            if ready and others == 0:
                ordered.append((v, target))
                for variable in readers[v]:
                    still_read[variable] -= 1
                done.add(v)
                progress = True
            else:
                remaining.append(v)
        waiting = remaining
        if not progress:
            demoted.append(next(v for v in waiting if v in finals and v not in demoted))
    return ordered, demoted
