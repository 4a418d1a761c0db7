"""Processor time and memory of this process."""

from __future__ import annotations

import sys
import time

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]


def cpu() -> float:
    """Seconds of processor time of all threads, and of child processes that have ended (not on Windows)."""
    own = time.process_time()
    if resource is None:
        return own
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own + children.ru_utime + children.ru_stime


def peak_memory() -> int:
    """The most bytes that this process has held so far; 0 where the system doesn't say (Windows)."""
    if resource is None:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
