"""Temporary files beside a target, and those that killed processes left there.

Their names tell which process of which machine made them: ``.NAME.MACHINE-PROCESS-RANDOM.tmp``.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
import zlib

#: The temporary files that this process is writing.
_active: set[str] = set()

#: After how many seconds without a change a file is abandoned whose process can't be asked for.
_OLD = 3600.0


def create_beside(target: str) -> str:
    """The path of a new empty file in the folder of ``target``. FileNotFoundError if there is no such folder."""
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Can't write {target!r}: there is no folder {folder!r}.")
    while True:
        temporary = os.path.join(folder, f".{name[:100]}.{_machine()}-{os.getpid()}-{os.urandom(8).hex()}.tmp")
        _active.add(temporary)
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
        except FileExistsError:
            continue
        except BaseException:
            _active.discard(temporary)
            raise
        return temporary


def finished(temporary: str) -> None:
    """Say that a file of ``create_beside`` has been renamed or removed."""
    _active.discard(temporary)


def remove_abandoned(target: str) -> None:
    """Remove the temporary files for ``target`` whose processes are gone."""
    folder, name = os.path.split(target)
    pattern = re.compile(rf"\.{re.escape(name[:100])}\.(?:([0-9a-f]{{8}})-(\d+)-)?[0-9a-f]{{16}}\.tmp")
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder):
            found = pattern.fullmatch(entry)
            path = os.path.join(folder, entry)
            if found and _is_abandoned(path, found[1], found[2]):
                with contextlib.suppress(OSError):
                    os.unlink(path)


def _is_abandoned(path: str, machine: str | None, process: str | None) -> bool:
    if machine is None or process is None:
        return True  # of a version that wrote no process into the name
    changed = os.stat(path).st_mtime
    if machine != _machine() or os.name != "posix":
        return time.time() - changed > _OLD and path not in _active
    if int(process) == os.getpid():
        return path not in _active
    return not _runs_since(int(process), changed)


def _runs_since(process: int, moment: float) -> bool:
    """Whether a process of this number is alive, and was so at ``moment``: numbers are used again."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    try:
        with open(f"/proc/{process}/stat") as file:
            state, *rest = file.read().rpartition(")")[2].split()
        with open("/proc/uptime") as file:
            booted = time.time() - float(file.read().split()[0])
        started = booted + int(rest[18]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return True  # not Linux
    return state not in "ZX" and started < moment + 2


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"
