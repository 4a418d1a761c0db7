"""Write a file so that a reader finds the old one or the new one, never half of one; and a log so that its lines are whole."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator

from .leftovers import create_beside, finished, remove_abandoned
from .streams import Writer, copied_to, descriptor_of, pipe_to, stream_of


@contextlib.contextmanager
def replacing(path: str | os.PathLike | Writer) -> Iterator[str]:
    """Yield the path of an empty temporary file beside ``path``; on success it takes the place of ``path``.

    The data reaches the disk before the name changes. An existing file keeps its permissions, a
    symbolic link stays one (what it points to is replaced). When the body raises, ``path`` is as
    before and the temporary file is gone; only a killed process leaves one, which the next call for ``path`` removes.

    What can't be replaced is written in place: an empty file, in which there is nothing to lose and which somebody may have
    open (NamedTemporaryFile); a pipe, ``/dev/stdout`` and other devices, and a binary stream that is given as ``path``.
    """
    stream = stream_of(path)
    if stream is not None:
        with copied_to(stream) as temporary:
            yield temporary
        return
    assert not isinstance(path, Writer)
    descriptor = descriptor_of(path)
    if descriptor is not None:
        with open(os.dup(descriptor), "wb", buffering=0) as file, copied_to(file) as temporary:
            yield temporary
        return
    target = os.path.realpath(os.fspath(path))
    mode = _existing_mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with pipe_to(target) as pipe, copied_to(pipe) as temporary:
            yield temporary
        return
    if mode is not None and os.path.getsize(target) == 0:
        with _in_place(target):
            yield target
        return
    remove_abandoned(target)
    temporary = create_beside(target)
    try:
        yield temporary
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        finished(temporary)
    if os.name == "posix":
        _sync(os.path.dirname(target))


@contextlib.contextmanager
def _in_place(target: str) -> Iterator[None]:
    """Empty ``target`` again if the body raises, and put it onto the disk otherwise."""
    try:
        yield
        _sync(target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.truncate(target, 0)
        raise


def write_bytes(path: str | os.PathLike | Writer, data: bytes) -> None:
    """Put ``data`` into the file ``path``, as ``replacing`` does."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(data)


def append_whole(file: io.RawIOBase, data: bytes) -> None:
    """Put ``data`` at the end of an unbuffered file; where that fails (OSError), the file ends where it ended."""
    end = file.seek(0, os.SEEK_END)
    written = 0
    try:
        while written < len(data):
            written += file.write(data[written:]) or 0
    except OSError:
        file.truncate(end)
        raise


def _existing_mode(target: str) -> int | None:
    """Kind and permissions of ``target``, None if there is none. OSError where writing it would be wrong."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"Can't write the file {target!r}: it is a folder.")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        raise OSError(f"Can't write {target!r}: it is neither a regular file nor a pipe.")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"Can't write {target!r}: it is read-only.")
    return mode


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
