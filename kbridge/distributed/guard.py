"""A process above each worker that sees how the worker ends, so that the signal that killed it is told and nothing is left.

The launcher starts a process, which forks before MPI is loaded: the child is the worker, and its parent waits here. It uses
nothing but the operating system, so that it can't be drawn into what goes wrong in the worker.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading

#: in which variable the launchers tell a process its number: MPICH and Intel MPI, Open MPI, PMIx, Slurm
RANKS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID")
#: names a file in which the exit status of the worker is found that failed first
STATUS = "KBRIDGE_DISTRIBUTED_STATUS"
#: signals that are passed on to the worker
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

#: where the worker says that it and all others are done
_done: int | None = None


def launched_as() -> str | None:
    """The number that a launcher gave to this process, None where there was no launcher."""
    return next((os.environ[name] for name in RANKS if os.environ.get(name, "").isdigit()), None)


def split() -> None:
    """Fork: return in the worker alone. Does nothing where no launcher started this process, or where it can't."""
    global _done
    number = launched_as()
    if number is None or not sys.platform.startswith("linux") or threading.active_count() > 1:
        return
    if not sys.modules.keys().isdisjoint(("tensorflow", "torch", "mpi4py.MPI")):
        # these have threads or connections of their own, which a fork would break
        return
    if os.environ.get("KBRIDGE_DISTRIBUTED_GUARD") == "0":
        return
    sys.stdout.flush()
    sys.stderr.flush()
    end, _done = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(_done)
        try:
            status = _watch(child, number, end)
        finally:
            # none of this process's own code has anything to do any more
            os._exit(status if "status" in locals() else 1)
    os.close(end)
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the system send this process a signal when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, number)


def note_status(status: int) -> None:
    """Leave the exit status of this worker, which fails, for who started the launcher. Only the first is read."""
    path = os.environ.get(STATUS)
    if path:
        with contextlib.suppress(OSError), open(path, "a") as file:
            file.write(f"{status}\n")


def worker_is_done() -> None:
    """Called by the worker when all workers have reached their end."""
    if _done is not None:
        with contextlib.suppress(OSError):
            os.write(_done, b"d")


def _watch(child: int, number: str, end: int) -> int:
    """Wait for the worker's end; returns the exit status that tells of it."""
    name = f"worker {number} (process {child} on {socket.gethostname()})"
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    passed: set[int] = set()

    def pass_on(number, frame):
        passed.add(number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for signal_name in PASSED_ON:
        signal.signal(getattr(signal, signal_name), pass_on)
    while True:
        found, status = os.waitpid(-1, os.WUNTRACED)
        if found != child:
            continue
        if os.WIFSTOPPED(status):
            _say(f"{name} was stopped by {_named(os.WSTOPSIG(status))}; the others are waiting for it.")
            continue
        break
    _end_what_is_left()
    if os.WIFSIGNALED(status):
        ended_by = os.WTERMSIG(status)
        if ended_by not in passed:
            _say(f"{name} was ended by {_named(ended_by)}.")
            note_status(128 + ended_by)
        return 128 + ended_by
    code = os.WEXITSTATUS(status)
    os.set_blocking(end, False)
    done = False
    with contextlib.suppress(BlockingIOError):
        done = os.read(end, 1) == b"d"
    if code == 0 and not done:
        _say(f"{name} ended before the others had finished.")
        note_status(1)
        return 1
    if code:
        note_status(code)
    return code


def _end_what_is_left() -> None:
    """Kill processes that the worker started and that have come to this one when it ended."""
    with contextlib.suppress(OSError):
        me = os.getpid()
        with open(f"/proc/{me}/task/{me}/children") as file:
            for child in file.read().split():
                with contextlib.suppress(OSError):
                    os.kill(int(child), signal.SIGKILL)


def _named(number: int) -> str:
    with contextlib.suppress(ValueError):
        return f"signal {number} ({signal.Signals(number).name})"
    return f"signal {number}"


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"kbridge: {text}\n".encode())


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
