"""Files that a library writes now, loaded on all backends and converted; a table of the differences."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from .architectures import FIRST, NARROW, TINY

ROOT = Path(__file__).parents[2]
#: predictions that differ by more are wrong, as a fraction of the largest
LIMIT = 1e-4
#: as the tests run Theano: without a compiler
VARIABLES = {"theano": {"THEANO_FLAGS": "cxx=,optimizer=fast_compile"}}


def started(module: str, *arguments: str, backend: str = "numpy", python: str = sys.executable) -> str:
    """The output of a process."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    variables = {"KBRIDGE_BACKEND": backend, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3", **VARIABLES.get(backend, {})}
    command = [python, "-m", f"keras_applications.{module}", *arguments]
    # Keras 3 may write on another backend than it reads with
    inherited = {key: value for key, value in os.environ.items() if module == "library" or key != "KERAS_BACKEND"}
    done = subprocess.run(command, env={**inherited, **variables}, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"{' '.join(command)} ended with {done.returncode}", flush=True)
    return done.stdout


def compared(library: str, names: list[str], backends: list[str], limit: int, python: str) -> Iterator[dict[str, Any]]:
    """A result for each file and reader; a few architectures at a time, so that a disk holds their files."""
    for _, few in groupby(names, key=lambda name: name.rstrip("0123456789")[:12]):
        group = list(few)
        scratch = Path(tempfile.mkdtemp(prefix="keras-applications-"))
        try:
            started("library", library, str(scratch), str(limit), *group, python=python)
            made = [name for name in group if (scratch / name / "made.json").exists()]
            for name in set(group) - set(made):
                reason = scratch / name / "failed.txt"
                yield {"name": name, "by": library, "failed": reason.read_text() if reason.exists() else "the process ended"}
            facts = {name: json.loads((scratch / name / "made.json").read_text()) for name in made}
            for name in made:
                yield {"name": name, "by": library, **facts[name]}
            runs = []
            for backend in backends:
                if backend == "converted":
                    runs.append(("numpy", backend, [name for name in made if name in FIRST or name in TINY or name in NARROW]))
                else:
                    runs.append((backend, "read", [name for name in made if backend == "numpy" or facts[name]["weights"] < limit]))
            for backend, what, chosen in runs:
                lines = started("reader", str(scratch), what, *chosen, backend=backend).splitlines() if chosen else []
                yield from (json.loads(line) for line in lines if line.startswith("{"))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def row(library: str, result: dict[str, Any]) -> str:
    """A line of the table."""
    head = f"{result['name']:20}{library:10}{result.get('file', 'built'):18}{result['by']:12}"
    if "failed" in result:
        return f"{head}FAILED: {result['failed'][:200]}"
    if "layers" in result:
        return f"{head}{result['weights']:>12,} weights, {result['layers']} layers, {result['seconds']:.0f} s"
    times = [f"{result[key]:8.2f}" if key in result else " " * 8 for key in ("load", "first", "predict")]
    return f"{head}{''.join(times)}  {result['off']:.1e}{'' if result['off'] <= LIMIT else '  WRONG'}"


def compare(library: str, names: list[str], backends: list[str], limit: int, results: Path | None, python: str) -> int:
    """Print the table; the number of rows that are wrong."""
    head = f"{'architecture':20}{'library':10}{'file':18}{'by':12}{'load':>8}{'first':>8}{'predict':>8}  difference"
    print(f"Processor seconds of loading, of the first prediction of two pictures and of the second one\n\n{head}", flush=True)
    bad = 0
    for result in compared(library, names, backends, limit, python):
        bad += "failed" in result or result.get("off", 0) > LIMIT
        print(row(library, result), flush=True)
        if results is not None:
            with results.open("a") as file:
                file.write(json.dumps({"library": library, **result}) + "\n")
    return bad
