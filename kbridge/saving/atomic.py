"""Write a file so that a reader finds the old one or the new one, never half of one; and a log so that its lines are whole."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[str]:
    """Yield the path of an empty temporary file beside ``path``; on success it takes the place of ``path``.

    The data reaches the disk before the name changes. An existing file keeps its permissions, a
    symbolic link stays one (what it points to is replaced). When the body raises, ``path`` is as
    before and the temporary file is gone; only a killed process leaves one (``.NAME.*.tmp``).
    """
    target = os.path.realpath(os.fspath(path))
    mode = _existing_mode(target)
    temporary = _create_beside(target)
    try:
        yield temporary
        if mode is not None:
            os.chmod(temporary, mode)
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        _sync(os.path.dirname(target))


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
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
    """The permissions of ``target``, None if there is none. OSError where replacing it would be wrong."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"Can't write the file {target!r}: it is a directory.")
    if not stat.S_ISREG(mode):
        raise OSError(f"Can't write {target!r}: it is not a regular file.")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"Can't write {target!r}: it is read-only.")
    return stat.S_IMODE(mode)


def _create_beside(target: str) -> str:
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Can't write {target!r}: there is no folder {folder!r}.")
    while True:
        temporary = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.tmp")
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
        except FileExistsError:
            continue
        return temporary


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
