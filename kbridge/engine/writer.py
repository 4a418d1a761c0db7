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


#: the key beside a model's ``class_name`` with the version of the Keras whose defaults its classes' own layers have
WRITER = "kbridge_writer"


def remember_writer(model: Any) -> None:
    """Let ``model``, which was just made of a file, know which Keras wrote that, if the defaults of its version count."""
    version = _writer.get()
    if version is not None and version.startswith("2.") and any(getattr(layer, "of_later_keras", False) for layer in model.layers):
        vars(model)["_writer"] = version


def writer_key(model: Any) -> dict[str, str]:
    """Return the entry of the config of a whole model about the Keras that wrote it first; empty where it doesn't count."""
    version = vars(model).get("_writer")
    return {} if version is None else {WRITER: version}
