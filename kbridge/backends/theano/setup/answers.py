"""The answers of other programs that Theano asks each time it is imported, remembered in the cache: the compiler's version, the processor.

An answer of the compiler is kept under the path, size and time of its program, so that another compiler is asked anew. A second
process then starts no program at all, unless it has something to compile.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import cache


def remembered(root: Path, key: Any, ask: Callable[[], Any]) -> Any:
    """The answer to ``key``, a description of the question: the one kept in ``root``, or what ``ask`` gives. None isn't kept."""
    path = root / f"answer_{cache.digest(json.dumps(key))}.json"
    try:
        kept = json.loads(path.read_text())
        if kept["key"] == key:
            return kept["answer"]
    except (OSError, ValueError, KeyError, TypeError):
        # not there, or spoilt: what is written below takes its place
        path.unlink(missing_ok=True)
    answer = ask()
    if answer is not None:
        cache.write_once(path, json.dumps({"key": key, "answer": answer}))
    return answer


def program(name: str) -> list[Any] | None:
    """Return what tells this program from others: where it is, its size and time. None if it isn't here, or stands before the compiler (as
    ccache does, which stays the same when the compiler changes)."""
    found = shutil.which(name)
    if found is None:
        return None
    path = os.path.realpath(found)
    if not any(compiler in os.path.basename(path) for compiler in ("g++", "clang")):
        return None
    status = os.stat(path)
    return [found, path, status.st_size, status.st_mtime_ns]


def install(root: Path) -> None:
    """Before Theano is imported: load its helpers, which need nothing of it, and let their questions to the compiler be remembered."""
    package = importlib.util.find_spec("theano")
    if package is None or not package.submodule_search_locations or "theano.utils" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location("theano.utils", Path(package.submodule_search_locations[0]) / "utils.py")
    if spec is None or spec.loader is None:
        return
    utils: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(utils)
    utils.call_subprocess_Popen = _call(root, utils.call_subprocess_Popen)
    utils.output_subprocess_Popen = _output(root, utils.output_subprocess_Popen)
    sys.modules["theano.utils"] = utils
    know_processor(root)


def _question(command: Any) -> list[Any] | None:
    """The key of a command that asks a compiler for its version; None for any other."""
    if not isinstance(command, list) or len(command) != 2 or command[1] not in ("-v", "-dumpversion", "--version"):
        return None
    identity = program(command[0])
    return None if identity is None else [*identity, command[1]]


def _call(root: Path, original: Callable) -> Callable:
    """``call_subprocess_Popen``, which gives the exit status: that of success is kept."""

    @functools.wraps(original)
    def call(command, **options):
        key = None if options else _question(command)
        if key is None:
            return original(command, **options)
        status = remembered(root, ["status", *key], lambda: original(command) or "succeeded")
        return 0 if status == "succeeded" else status

    return call


def _output(root: Path, original: Callable) -> Callable:
    """``output_subprocess_Popen``, which gives what the command wrote, as bytes, and its exit status."""

    @functools.wraps(original)
    def output(command, **options):
        key = None if options else _question(command)
        if key is None:
            return original(command, **options)
        failed = []

        def ask():
            out, err, status = original(command)
            if status == 0:
                return [out.decode("latin-1"), err.decode("latin-1")]
            failed.append((out, err, status))
            return None

        kept = remembered(root, ["output", *key], ask)
        return failed[0] if kept is None else (kept[0].encode("latin-1"), kept[1].encode("latin-1"), 0)

    return output


def know_processor(root: Path) -> None:
    """Python asks the program ``uname`` for the processor, once a process, and keeps the answer beside what the system tells: put
    there what ``uname`` said before on the same system."""
    names = platform.uname()
    if not sys.platform.startswith("linux") or "processor" in vars(names):
        return
    known = remembered(root, ["uname -p", names.system, names.release, names.version, names.machine], lambda: names.processor)
    if isinstance(known, str):
        vars(names).setdefault("processor", known)
