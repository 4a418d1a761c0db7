"""Starts the workers of ``kbridge run --workers`` on this machine, with the mpiexec of the MPI that mpi4py uses."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable

from ..cores import allowed_cores
from ..errors import UsageError
from . import guard
from .joining import EXPECTED

#: which variables say how many threads a library's arithmetic may use
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepared(workers: int, words: list[str]) -> Callable[[], int]:
    """Return a function that runs ``kbridge`` with ``words`` on ``workers`` workers and returns the exit status. UsageError where it can't."""
    if importlib.util.find_spec("mpi4py") is None:
        raise UsageError(
            "run --workers needs mpi4py: pip install '.[distributed]', in the clone of kbridge. If there is no MPI library, also pip install mpich."
        )
    command = mpiexec()
    if command is None:
        raise UsageError("run --workers: there is no mpiexec on the PATH. Load your cluster's MPI module, or pip install mpich.")
    return functools.partial(_launch, command, workers, words)


def _launch(command: str, workers: int, words: list[str]) -> int:
    """Start the workers and wait for their end.

    The exit status is that of the worker that failed first: launchers tell that of one that they ended because of it.
    """
    for name in THREADS:
        os.environ.setdefault(name, str(max(1, allowed_cores() // workers)))
    os.environ[EXPECTED] = str(workers)
    with tempfile.TemporaryDirectory(prefix="kbridge-") as folder:
        path = os.environ[guard.STATUS] = os.path.join(folder, "status")
        status = _run([command, "-n", str(workers), sys.executable, "-m", "kbridge", *words])
        if status == 0:
            return 0
        with contextlib.suppress(OSError), open(path) as file:
            return int(file.readline())
        return status


def _run(command: list[str]) -> int:
    """Run ``command`` to its end; it is told of signals that come here, and ends with this process."""
    process = subprocess.Popen(command, preexec_fn=guard.end_with_parent if sys.platform.startswith("linux") else None)
    for name in guard.PASSED_ON:
        signal.signal(getattr(signal, name), lambda number, frame: process.send_signal(number))
    status = process.wait()
    return status if status >= 0 else 128 - status


def mpiexec() -> str | None:
    """The path of mpiexec: beside this Python, where packages put it, or on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "mpiexec")
    return beside if os.access(beside, os.X_OK) else shutil.which("mpiexec") or shutil.which("mpirun")
