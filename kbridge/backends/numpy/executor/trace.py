"""A trace of plans: what each thread did when, and how long it waited. ``with recording() as trace`` records the plans that run inside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Event(NamedTuple):
    """Seconds of a thread. ``kind``: 'serial' (calls between forks), 'lane', or 'fork' (from its start to the end of its last lane)."""

    kind: str
    name: str
    thread: int
    begin: float
    end: float
    #: of a fork: what its lanes cut, and how many there were
    samples: int = 0
    lanes: int = 0


class Trace:
    """The events of a recording, in the order in which they ended."""

    def __init__(self):
        self.events: list[Event] = []

    def lane(self, name: str, number: int, begin: float, end: float) -> None:
        """A lane has run."""
        self.events.append(Event("lane", f"{name} {number}", threading.get_ident(), begin, end))

    def fork(self, name: str, samples: int, lanes: int, begin: float, end: float) -> None:
        """All lanes of a fork have run."""
        self.events.append(Event("fork", name, threading.get_ident(), begin, end, samples, lanes))

    def serial(self, name: str, begin: float, end: float) -> None:
        """Calls that run by themselves."""
        self.events.append(Event("serial", name, threading.get_ident(), begin, end))


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
