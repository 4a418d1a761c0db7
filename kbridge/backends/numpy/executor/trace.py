"""A trace of plans: what each thread did when, and how long it waited. ``with recording() as trace`` records the plans that run inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from operator import call
from typing import Any, NamedTuple


class Event(NamedTuple):
    """Seconds of a thread by the clock. ``kind``: 'serial' (calls between forks), 'lane', or 'fork' (from its start to the end of its
    last lane)."""

    kind: str
    name: str
    thread: int
    begin: float
    end: float
    #: seconds of the processor that the thread has taken, and calls of NumPy
    work: float = 0.0
    calls: int = 0
    #: of a fork: what its lanes cut, and how many there were
    samples: int = 0
    lanes: int = 0


#: of a thread: the clock, and what it has taken of the processor
Moment = tuple[float, float]


def now() -> Moment:
    """The present moment of this thread."""
    return time.perf_counter(), time.thread_time()


def note(found: list[Any]) -> tuple[Callable, Any]:
    """Return a call (function, argument) that adds this thread and its present moment to ``found``. It is made in C, so that no interrupt comes in it."""
    return found.extend, starmap(call, ((threading.get_ident,), (time.perf_counter,), (time.thread_time,)))


class Trace:
    """The events of a recording, in the order in which they ended."""

    def __init__(self):
        self.events: list[Event] = []
        #: whether threads of BLAS took part, of which a trace knows nothing
        self.blas = False

    def lane(self, name: str, number: int, started: Moment, calls: int) -> None:
        """A lane has run."""
        self._add("lane", f"{name} {number}", started, calls)

    def fork(self, name: str, samples: int, lanes: int, begin: float, end: float) -> None:
        """All lanes of a fork have run."""
        self.events.append(Event("fork", name, threading.get_ident(), begin, end, 0.0, 0, samples, lanes))

    def serial(self, name: str, started: Moment) -> None:
        """Calls that run by themselves."""
        self._add("serial", name, started, 0)

    def noted(self, kind: str, name: str, found: Sequence[Any], calls: int) -> None:
        """Calls between two notes."""
        thread, begin, before, _, end, after = found
        self.events.append(Event(kind, name, thread, begin, end, after - before, calls))

    def _add(self, kind: str, name: str, started: Moment, calls: int) -> None:
        (begin, before), (end, after) = started, now()
        self.events.append(Event(kind, name, threading.get_ident(), begin, end, after - before, calls))


#: the recording that goes on
active: Trace | None = None


@contextmanager
def recording() -> Iterator[Trace]:
    """Record the plans that run inside, in all threads."""
    global active
    before, active = active, Trace()
    try:
        yield active
    finally:
        active = before
