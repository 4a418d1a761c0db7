"""Where compiled code is kept: ``~/.kbridge/theano``, or what ``KBRIDGE_THEANO_CACHE`` names."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from pathlib import Path

VARIABLE = "KBRIDGE_THEANO_CACHE"


def directory() -> Path:
    """The cache's root, made if it is missing. Where the default can't be used: a new directory under the system's
    temporary one, so nothing is kept. OSError if the one that the variable names can't be used."""
    chosen = os.environ.get(VARIABLE)
    root = Path(chosen).expanduser() if chosen else Path(os.path.expanduser("~")) / ".kbridge" / "theano"
    problem = _problem(root)
    if problem is None:
        return root.resolve()
    if chosen:
        raise OSError(f"{VARIABLE} names {chosen!r}, which {problem}. Name another folder, or unset the variable.")
    return Path(tempfile.mkdtemp(prefix="kbridge-theano-"))


def _problem(root: Path) -> str | None:
    """Why a directory can't be the cache."""
    if any(c in str(root.resolve()) for c in " ,"):
        return "holds a space or a comma, which Theano's flags can't express"
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"can't be made ({error})"
    return None if os.access(root, os.W_OK) else "can't be written"


def compile_directory(root: Path) -> Path:
    """The part of the cache for this Python, NumPy and CPU: code made with ``-march=native`` on one CPU may
    not run on another."""
    import numpy

    version = f"py{sys.version_info[0]}{sys.version_info[1]}-np{numpy.__version__}"
    return root / f"{version}-{cpu_key()}"


def cpu_key() -> str:
    """A short key of what the CPU can do."""
    try:
        with open("/proc/cpuinfo") as info:
            features = next(line for line in info if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        features = platform.processor() or platform.machine()
    return digest(features)[:8]


def digest(text: str) -> str:
    """A hash for file names."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]


def write_once(path: Path, text: str) -> Path:
    """Make a file unless it is there. Its name must hold a hash of its text, so that two processes that
    write it at the same time write the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_text(text)
        os.replace(unfinished, path)
    return path
