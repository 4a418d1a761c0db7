"""``K`` of the operations: the backend in use, or what stands in for it to write a graph down in another format."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

_instead: ContextVar[Any] = ContextVar("what computes operations", default=None)


class _InUse:
    """The functions of ``K``, of whatever computes at the moment."""

    def __getattr__(self, name: str) -> Any:
        found = _instead.get()
        if found is None:
            # not before something is computed: files are looked at without a backend
            from .. import backend as found
        return getattr(found, name)


K: Any = _InUse()


@contextlib.contextmanager
def computing_on(other: Any) -> Iterator[None]:
    """Within the context, operations call the functions of ``other``."""
    token = _instead.set(other)
    try:
        yield
    finally:
        _instead.reset(token)
