"""How many cores the process may use: by its affinity, and by the time that control groups leave it (the limit of a container, say)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

#: where Linux says in what control groups the process is, and where these are
GROUPS = "/proc/self/cgroup"
FOLDER = "/sys/fs/cgroup"


def allowed_cores() -> int:
    """Return the number of cores that the process may run on at the same time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = quota(GROUPS, FOLDER)
    return cores if limit is None else max(1, min(cores, math.ceil(limit)))


@cache
def quota(groups: str, folder: str) -> float | None:
    """Return how many cores' time the process gets, None where that isn't limited."""
    try:
        lines = Path(groups).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    limits = [limit for line in lines for place in _places(line, folder) if (limit := _limit(place)) is not None]
    return min(limits, default=None)


def _places(line: str, folder: str) -> Iterator[Path]:
    """The folders of a process's group and of those around it. A container may see its own group as the outermost one."""
    _, _, rest = line.partition(":")
    controllers, _, group = rest.partition(":")
    if controllers and "cpu" not in controllers.split(","):
        return
    root = Path(folder, "cpu") if controllers else Path(folder)
    path = PurePosixPath(group.strip().lstrip("/"))
    for inner in (path, *path.parents):
        if ".." not in inner.parts:
            yield root / inner


def _limit(place: Path) -> float | None:
    """The limit of one group, in cores: in the files of version 2 of control groups, or of version 1."""
    try:
        if (place / "cpu.max").exists():
            time, period = (place / "cpu.max").read_text().split()
        else:
            time, period = ((place / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(time) / int(period) if time != "max" and int(time) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
