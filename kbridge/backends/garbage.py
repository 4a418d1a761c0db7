"""Python's garbage collector, paused while many objects are made that stay.

The collector looks at all new objects again and again, and at all of memory when they have become many. Planning a model of a thousand layers makes some
hundred thousand objects, and most of them stay, so that the collector finds nothing: it took a fifth of the time.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
#: one object for each pause that has begun and not ended, in whatever thread
_pauses: set[object] = set()
#: whether the collector was on before the first of them
_was_on = False


@contextmanager
def paused() -> Iterator[None]:
    """Within the context, or several of them in threads, cycles of objects aren't looked for. Afterwards the collector is as it was before the first one."""
    pause = object()
    try:
        _begin(pause)
        yield
    finally:
        _end(pause)


def _begin(pause: object) -> None:
    global _was_on
    with _lock:
        if not _pauses:
            _was_on = gc.isenabled()
        _pauses.add(pause)
        gc.disable()


def _end(pause: object) -> None:
    with _lock:
        if pause in _pauses:
            _pauses.remove(pause)
            if not _pauses and _was_on:
                gc.enable()


def _forked() -> None:
    """In a forked child no other thread goes on that could end a pause."""
    global _lock
    _lock = threading.Lock()
    if _pauses:
        _pauses.clear()
        if _was_on:
            gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
