"""Starts the workers of ``kbridge run --workers`` on this machine, with the mpiexec of the MPI that mpi4py uses."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys

from ..errors import UsageError
from .joining import EXPECTED

#: which variables say how many threads a library's arithmetic may use
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def launch(workers: int, words: list[str]) -> None:
    """Become ``mpiexec``, which starts ``workers`` times ``kbridge`` with ``words``. UsageError where there is none."""
    if importlib.util.find_spec("mpi4py") is None:
        raise UsageError("run --workers needs mpi4py: pip install 'kbridge[distributed]', and mpich where there is no MPI library.")
    command = mpiexec()
    if command is None:
        raise UsageError("run --workers: there is no mpiexec on the PATH: load the module of your cluster's MPI, or pip install mpich.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for name in THREADS:
        os.environ.setdefault(name, str(max(1, cores // workers)))
    os.environ[EXPECTED] = str(workers)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command, [command, "-n", str(workers), sys.executable, "-m", "kbridge", *words])


def mpiexec() -> str | None:
    """The path of mpiexec: beside this Python, where packages put it, or on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "mpiexec")
    return beside if os.access(beside, os.X_OK) else shutil.which("mpiexec") or shutil.which("mpirun")
