"""The commit part of a plan as it runs: all of its calls, or none, whatever interrupts.

An interrupt comes between two instructions of Python in the main thread. A loop in C has none: it makes all calls, and hands the other lanes theirs. Their
threads get no interrupts. The last of them waits for all others and makes the calls at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from types import BuiltinFunctionType
from typing import Any

from . import trace
from .workers import in_one_loop, run_together

Instructions = list[tuple[Callable, list]]
Calls = Sequence[tuple[Any, ...]]


class Commit:
    """``first``: calls that all others come after; ``lanes``: calls that run side by side, of ``parts`` that they could be cut into; ``last``: calls
    that come after all others."""

    def __init__(self, first: Instructions, lanes: list[Instructions], last: Instructions, parts: int):
        self._first, self._lanes, self._last, self._parts = first, lanes, last, parts
        #: all of them in an order that one thread can follow
        self.calls: Instructions = [*first, *chain.from_iterable(lanes), *last]
        self._frozen: tuple[Calls, list[Calls], Calls] | None = None

    def freeze(self) -> None:
        """The arguments won't change any more."""
        self._frozen = self._flat()

    def _flat(self) -> tuple[Calls, list[Calls], Calls]:
        return _flat(self._first), [_flat(lane) for lane in self._lanes], _flat(self._last)

    def run(self) -> None:
        """Make all calls."""
        first, lanes, last = self._frozen or self._flat()
        if trace.active is not None:
            self._run_traced(trace.active, first, lanes, last)
        elif lanes:
            run_together(first, lanes, last)
        else:
            in_one_loop(chain(first, last))

    def _run_traced(self, record: trace.Trace, first: Calls, lanes: list[Calls], last: Calls) -> None:
        """As ``run``; what stands alone, and each lane, notes its moments."""
        if not lanes:
            alone: list[Any] = []
            in_one_loop(_noted(alone, [*first, *last]))
            record.noted("serial", "updates", alone, 0)
            return
        before: list[Any] = []
        behind: list[Any] = []
        own: list[list[Any]] = [[] for _ in lanes]
        run_together(_noted(before, first), [_noted(found, lane) for found, lane in zip(own, lanes)], _noted(behind, last))
        record.noted("serial", "updates", before, 0)
        for number, (found, lane) in enumerate(zip(own, lanes)):
            record.noted("lane", f"updates {number}", found, len(lane))
        record.fork("updates", self._parts, len(lanes), min(found[1] for found in own), max(found[4] for found in own))
        record.noted("serial", "updates", behind, 0)


def _noted(found: list[Any], calls: Calls) -> list[tuple[Any, ...]]:
    """Calls between two that note the moment."""
    return [trace.note(found), *calls, trace.note(found)]


def _flat(instructions: Instructions) -> Calls:
    # functions of ctypes have no hash
    distinct = {id(function): function for function, _ in instructions}
    in_c = {key: _in_c(function) for key, function in distinct.items()}
    return [(in_c[id(function)], *args) for function, args in instructions]


def _in_c(function: Callable) -> Callable:
    """NumPy's functions in C without what lets other libraries take their place: that is in Python, where an interrupt may come."""
    found = getattr(function, "_implementation", None)
    return found if isinstance(found, BuiltinFunctionType) else function
