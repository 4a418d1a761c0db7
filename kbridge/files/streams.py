"""Targets that are written as a stream rather than replaced as a file: pipes, devices, open descriptors, streams of Python."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol, cast, runtime_checkable

#: Seconds to wait for somebody who reads from a pipe.
_PATIENCE = 20.0

_CHUNK = 2**20


@runtime_checkable
class Writer(Protocol):
    """A binary stream: ``io.BytesIO``, a file that is open for writing."""

    def write(self, data: Any, /) -> Any:
        """Write bytes; returns how many."""


def stream_of(path: Any) -> Writer | None:
    """The binary stream that is given instead of a path, None for a path. TypeError for a stream of text."""
    if isinstance(path, (str, bytes, os.PathLike)) or not isinstance(path, Writer):
        return None
    if isinstance(path, io.TextIOBase):
        buffer = getattr(path, "buffer", None)
        if buffer is None:
            raise TypeError(f"Model files are bytes, but {path!r} takes text. Give a path or a binary stream (io.BytesIO).")
        path.flush()
        return buffer
    return path


def path_of(target: str | os.PathLike | Writer) -> str | None:
    """The path that is given, as text; None for a stream."""
    return None if stream_of(target) is not None else os.fspath(cast("str | os.PathLike[str]", target))


def descriptor_of(path: str | os.PathLike) -> int | None:
    """The open descriptor that a path like ``/dev/stdout`` stands for. What was printed before comes first."""
    if os.name != "posix":
        return None
    text = os.path.normpath(os.fsdecode(path))
    found = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", text)
    number = {"/dev/stdout": 1, "/dev/stderr": 2}.get(text, int(found[1]) if found else None)
    if number is not None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
    return number


@contextlib.contextmanager
def pipe_to(target: str) -> Iterator[io.RawIOBase]:
    """The pipe or device ``target``, open for writing; OSError if nobody reads from it for a while."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > end:
                raise OSError(error.errno, f"Can't write {target!r}: it is a pipe that nobody reads") from None
            time.sleep(0.02)
    os.set_blocking(descriptor, True)
    with open(descriptor, "wb", buffering=0) as file:
        yield file


@contextlib.contextmanager
def copied_to(stream: Writer) -> Iterator[str]:
    """The path of a temporary file whose content goes into ``stream`` if the body doesn't raise.

    What a stream that can be cut holds behind its position is replaced.
    """
    import tempfile  # takes long to import, for what few programs do

    descriptor, temporary = tempfile.mkstemp(prefix="kbridge-")
    os.close(descriptor)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            while data := file.read(_CHUNK):
                _write_all(stream, data)
        seekable = getattr(stream, "seekable", None)
        if isinstance(stream, io.BytesIO) or seekable is not None and seekable() and not isinstance(stream, io.RawIOBase):
            cast(io.BytesIO, stream).truncate()
        if hasattr(stream, "flush"):
            stream.flush()
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _write_all(stream: Writer, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = stream.write(view)
        # only raw streams write less than they are given
        view = view[written:] if isinstance(written, int) else view[len(view) :]


def content_of(stream: Any) -> bytes:
    """All that a binary stream holds, from its start where it can go back there."""
    seekable = getattr(stream, "seekable", None)
    if seekable is not None and seekable():
        stream.seek(0)
    data = stream.read()
    if not isinstance(data, bytes):
        raise TypeError(f"A model file must be bytes, but {stream!r} returns {type(data).__name__}.")
    return data
