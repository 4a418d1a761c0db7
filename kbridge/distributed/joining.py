"""How a process becomes a worker: MPI, standard output of worker 0 alone, and an end that all workers reach together."""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import socket
import sys
import time
import traceback
import warnings

import numpy as np

from .. import config
from ..backends import registry
from ..errors import UsageError
from ..extras import needed
from ..training import sharing
from . import exchange as exchanges
from . import guard
from .exchange import Exchange

#: in which ``kbridge run --workers`` tells how many there must be
EXPECTED = "KBRIDGE_DISTRIBUTED_WORKERS"

_exchange: Exchange | None = None
_process: int | None = None


def join() -> None:
    """Become one of the workers that a launcher started. Alone, or as the only one, a process stays as it is.

    ImportError where mpi4py or an MPI library is missing.
    """
    global _exchange, _process
    # what this process starts is no worker
    os.environ.pop("KBRIDGE_DISTRIBUTED", None)
    if _exchange is not None:
        return
    guard.split()
    mpi = _mpi()
    comm = mpi.COMM_WORLD.Dup()
    expected = os.environ.pop(EXPECTED, None)
    if expected is not None and comm.Get_size() != int(expected):
        raise UsageError(
            f"run: {expected} workers were started, but MPI sees {comm.Get_size()}. mpiexec belongs to another MPI library "
            f"than the one that mpi4py uses ({mpi.Get_library_version().splitlines()[0]})."
        )
    if comm.Get_size() == 1:
        atexit.register(guard.worker_is_done)
        return
    _exchange, _process = Exchange(comm, mpi), os.getpid()
    _exchange.look_around()
    sys.excepthook = _failed
    atexit.register(_goodbye)
    os.register_at_fork(after_in_child=_leave)
    if _exchange.rank:
        _be_silent()
    _same_random_state()
    registry.when_made(_draws_of_this_worker)
    from .team import Team

    config.workers = _exchange.size
    sharing.install(Team(_exchange))


def join_as_told() -> None:
    """``join``, if KBRIDGE_DISTRIBUTED says so. ConfigError for another value than 'mpi'."""
    told = os.environ["KBRIDGE_DISTRIBUTED"]
    if told != "mpi":
        raise config.ConfigError(f"The environment variable KBRIDGE_DISTRIBUTED must be 'mpi', got {told!r}.")
    join()


def _mpi():
    try:
        return needed("mpi4py.MPI", "distributed", "Training on many workers")
    except RuntimeError as error:
        raise ImportError(
            f"mpi4py found no MPI library ({str(error).strip().splitlines()[0]}). Load your cluster's MPI module, or pip install mpich."
        ) from error


def _be_silent() -> None:
    """Send what this worker prints nowhere, also from libraries in C and from processes that it starts."""
    if os.environ.get("KBRIDGE_DISTRIBUTED_OUTPUT") == "all":
        return
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    config.announce = False
    warnings.showwarning = lambda *args, **kwargs: None


def _same_random_state() -> None:
    """Programs that set no seed draw the same on all workers: initial weights, and data made by chance."""
    exchange = _exchange
    assert exchange is not None
    exchange.meet(exchanges.JOIN)
    states = exchange.object_of_first((np.random.get_state(), random.getstate()))
    np.random.set_state(states[0])
    random.setstate(states[1])


def _draws_of_this_worker(backend) -> None:
    """Have dropout and noise draw other numbers than on the other workers. Worker 0 draws what one process would."""
    from .draws import own_draws

    if _exchange is not None and _exchange.rank:
        own_draws(backend, _exchange.rank)


def _leave() -> None:
    """A process forked from a worker is none: it must not speak to the others."""
    global _exchange
    _exchange, config.workers = None, 1
    sharing.install(sharing.Alone())


def _failed(kind, value, trace) -> None:
    """Show an exception with the worker's number, and end all workers."""
    exchange = _exchange
    if exchange is None or os.getpid() != _process:
        sys.__excepthook__(kind, value, trace)
        return
    if getattr(value, "agreed", False) and exchange.rank:
        # all workers raise it; worker 0 shows it and ends the others
        time.sleep(5.0)
    text = "".join(traceback.format_exception(kind, value, trace))
    _end_all(f"kbridge: worker {exchange.rank} of {exchange.size} (process {os.getpid()} on {socket.gethostname()}) failed:\n{text}",
             130 if isinstance(value, KeyboardInterrupt) else 1)  # fmt: skip


def _end_all(text: str, status: int) -> None:
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    with contextlib.suppress(Exception):
        sys.stderr.write(text)
        sys.stderr.flush()
    guard.note_status(status)
    # the launcher reads what was written before it hears of the end
    time.sleep(0.2)
    if _exchange is not None:
        _exchange.comm.Abort(status)
    os._exit(status)


def _goodbye() -> None:
    """Wait until all workers have come to their end: what one still needs of another can't be given afterwards."""
    if _exchange is None or os.getpid() != _process:
        return
    try:
        _exchange.meet(exchanges.GOODBYE)
        guard.worker_is_done()
    except BaseException as error:
        if _exchange.rank and getattr(error, "agreed", False):
            time.sleep(1.0)
        _end_all(f"kbridge: worker {_exchange.rank} of {_exchange.size}: {error}\n", 1)
