"""Runs programs alone and on workers, and compares what they trained."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TRAIN = Path(__file__).with_name("train.py")
#: seconds after which a run is taken for one that hangs
LIMIT = 300


def launcher() -> str | None:
    """The mpiexec that belongs to this Python."""
    from kbridge.distributed.launching import mpiexec

    return mpiexec()


def missing() -> str | None:
    """Why nothing can be run on workers here, None where it can."""
    import importlib.util

    if importlib.util.find_spec("mpi4py") is None:
        return "mpi4py isn't installed"
    if launcher() is None:
        return "there is no mpiexec"
    return None


def environment(backend: str, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KBRIDGE_DISTRIBUTED", "KERAS_", "PMI", "OMPI_"))}
    kept |= {"PYTHONPATH": str(ROOT), "KBRIDGE_BACKEND": backend, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    kept |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return kept | variables


def run(workers: int, program: str, *words: str, backend: str, limit: float = LIMIT, **variables: str) -> subprocess.CompletedProcess:
    """Run a program on ``workers`` (0: without any of it) to its end."""
    command = [sys.executable, program, *words]
    if workers:
        command = [sys.executable, "-m", "kbridge", "run", "--workers", str(workers), program, *words]
    return subprocess.run(
        command,
        env=environment(backend, OF_WORKERS=str(workers or 1), **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
    )


def train(workers: int, cases: list[str], folder: Path, *options: str, backend: str, **variables: str) -> dict[str, np.ndarray]:
    """What ``cases`` give on ``workers`` (0: in one process as it is)."""
    path = folder / f"trained-{workers}-{len(options)}-{backend}.npz"
    done = run(workers, str(TRAIN), str(path), *options, *cases, backend=backend, **variables)
    assert done.returncode == 0, done.stderr
    with np.load(path) as file:
        found = dict(file)
    assert found.pop("workers") == max(1, workers)
    return found


def worst(reference: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict[str, tuple[float, str]]:
    """For each case the largest |difference| / (1 + |value|), and where it is."""
    assert reference.keys() == found.keys()
    result: dict[str, tuple[float, str]] = {}
    for key, value in reference.items():
        case, _, name = key.partition("/")
        difference = float(np.max(np.abs(found[key] - value) / (1 + np.abs(value)), initial=0.0))
        result[case] = max(result.get(case, (0.0, "")), (difference, name))
    return result


def have(command: str) -> bool:
    return shutil.which(command) is not None
