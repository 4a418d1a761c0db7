"""Ctrl+C at any moment of some work, by a timer: as often as a test asks for, however slow or busy the machine is."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt")


def interrupt(work: Callable[[], object], times: int, then: Callable[[], object]) -> None:
    """Interrupt ``work`` ``times`` times, each time at a random moment of a new run, and call ``then`` after each.

    A run that ends before its moment has come is not counted: its length is taken for that of the next one, as machines become slow and fast.
    Interrupts that come while garbage is collected are lost, which is Python's way; such a run ends too.
    """

    def raise_interrupt(number, frame):
        raise KeyboardInterrupt

    chance = random.Random(0)
    interrupted, length = 0, _seconds(work)
    before = signal.signal(signal.SIGALRM, raise_interrupt)
    try:
        for _ in range(50 * times):
            started = time.perf_counter()
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, max(length * chance.random(), 1e-6))
                    work()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                length = time.perf_counter() - started
            except KeyboardInterrupt:
                interrupted += 1
                then()
                if interrupted == times:
                    return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    raise AssertionError(f"{interrupted} of {50 * times} runs were interrupted, not {times}: the others end as if nothing had happened")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
