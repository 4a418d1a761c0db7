"""Conventions of the programs that wrote a file, which layers follow that are made from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

BORDER_ORIGINS = ("tensorflow", "theano")


_origin: ContextVar[str] = ContextVar("border_origin", default="tensorflow")


@contextlib.contextmanager
def padding_from(origin: str) -> Iterator[None]:
    """Layers that are made in this context, and aren't told otherwise, have the 'same' padding of ``origin``."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def padding_of_new_layers() -> str:
    """Whose padding a layer has that is made now and isn't told otherwise."""
    return _origin.get()
