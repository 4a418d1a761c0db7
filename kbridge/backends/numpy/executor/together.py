"""The commit part of a plan as it runs: all of its calls, or none, whatever interrupts.

An interrupt comes between two instructions of Python in the main thread. A loop in C has none: it makes all calls, and hands the other lanes theirs. Their
threads get no interrupts. The last of them waits for all others and makes the calls at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from types import BuiltinFunctionType
from typing import Any

from .workers import in_one_loop, run_together

Instructions = list[tuple[Callable, list]]
Calls = Sequence[tuple[Any, ...]]


class Commit:
    """``first``: calls that all others come after; ``lanes``: calls that run side by side; ``last``: calls that come after all others."""

    def __init__(self, first: Instructions, lanes: list[Instructions], last: Instructions):
        self._first, self._lanes, self._last = first, lanes, last
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
        if lanes:
            run_together(first, lanes, last)
        else:
            in_one_loop(chain(first, last))


def _flat(instructions: Instructions) -> Calls:
    # functions of ctypes have no hash
    distinct = {id(function): function for function, _ in instructions}
    in_c = {key: _in_c(function) for key, function in distinct.items()}
    return [(in_c[id(function)], *args) for function, args in instructions]


def _in_c(function: Callable) -> Callable:
    """NumPy's functions in C without what lets other libraries take their place: that is in Python, where an interrupt may come."""
    found = getattr(function, "_implementation", None)
    return found if isinstance(found, BuiltinFunctionType) else function
