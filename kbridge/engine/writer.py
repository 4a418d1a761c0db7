"""Which Keras wrote the file that is being read: its defaults hold for the layers that a program's classes make while their model is built."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

_writer: ContextVar[str | None] = ContextVar("the Keras that wrote the file", default=None)


@contextlib.contextmanager
def written_by(version: str | None) -> Iterator[None]:
    """Within the context a file of this version of Keras is read; None leaves what is known."""
    token = _writer.set(version or _writer.get())
    try:
        yield
    finally:
        _writer.reset(token)


def writer() -> str | None:
    """The version of Keras that wrote the file which is being read; None where it isn't known, or there is no file."""
    return _writer.get()


#: the key beside a layer's ``class_name`` with the version of the Keras whose defaults the layers have that its class makes
WRITER = "kbridge_writer"


def remember_writer(layer: Any) -> None:
    """Let ``layer`` of a program's class, which is just being made, know which Keras wrote the file that is being read, if its defaults count."""
    version = _writer.get()
    if version is not None and version.startswith("2."):
        vars(layer)["_writer"] = version


def writer_of(layer: Any) -> str | None:
    """The version of Keras whose defaults the layers have that ``layer`` makes; None for those of the latest."""
    return vars(layer).get("_writer")
