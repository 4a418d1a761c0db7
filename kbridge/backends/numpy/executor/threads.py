"""Chooses how many threads NumPy's BLAS library works with while a plan runs.

A second thread makes large matrix products nearly twice as fast, and small ones no faster. While other programs keep the processor's cores busy, each
product waits until its threads get a turn, which can make small ones some hundred times slower. So a plan whose products are small runs
with one thread, and other plans with as many as the library has.

``KBRIDGE_NUM_THREADS`` sets that number for the process. NumPy has no function for it: OpenBLAS, which comes with NumPy's
wheels, is asked directly, other libraries through threadpoolctl, where it is installed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cache
from threading import get_ident
from types import TracebackType
from typing import Any

import numpy as np

from ....config import num_threads
from ..blas import library, multiplications_of
from .turns import Turns

#: multiplications of a product from which on a second thread pays: about 0.1 ms
LARGE = 1 << 22
#: the part of a plan's multiplications that must be in large products for threads to be used
SHARE = 2 / 3

Control = tuple[Callable[[], int], Callable[[int], Any]]


@cache
def control() -> Control | None:
    """(read, set) the number of BLAS threads; None where it can't be done.

    ``KBRIDGE_NUM_THREADS`` is applied here, up to the cores that the process may use. Threads of BLAS wait busily for each other: with more of
    them than cores, a decomposition of a small matrix takes a hundred times as long. BLAS itself doesn't know the limit of a container.
    """
    from ....cores import allowed_cores  # not needed to import kbridge

    found = _openblas() or _threadpoolctl()
    if found:
        get, set_ = found
        wanted = min(num_threads() or get(), allowed_cores())
        if wanted != get():
            set_(wanted)
    return found


def _openblas() -> Control | None:
    found = library()
    if found is None:
        return None
    for name in (
        "scipy_openblas_{}_num_threads64_",
        "scipy_openblas_{}_num_threads",
        "openblas_{}_num_threads64_",
        "openblas_{}_num_threads",
    ):
        get, set_ = (getattr(found, name.format(what), None) for what in ("get", "set"))
        if get and set_:
            return get, set_
    return None


def _threadpoolctl() -> Control | None:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    if not libraries:
        return None
    return libraries[0].get_num_threads, lambda n: [library.set_num_threads(n) for library in libraries]


def multiplications(instructions: Iterable[tuple[Callable, list]]) -> tuple[int, int]:
    """(in large products, in all) of a plan's calls."""
    large = total = 0
    for function, args in instructions:
        if isinstance(function, Turns):
            large, total = large + function.multiplications[0], total + function.multiplications[1]
        elif function is np.dot or function is np.matmul:
            count = args[2].size * args[0].shape[-1]
            total += count
            # a batch of products is done one by one
            if count // max(1, args[2].size // (args[2].shape[-1] * args[2].shape[-2] or 1)) >= LARGE:
                large += count
        else:
            count = multiplications_of(function, args)
            total += count
            large += count if count >= LARGE else 0
    return large, total


class OneThread:
    """BLAS works with one thread inside of ``with``, in whatever threads of the program, and afterwards with as many as before.

    An interrupt may come where Python has just called ``__enter__`` or ``__exit__``. Who may be interrupted asks for ``depth`` before, and calls
    ``leave`` with it when there was an error.
    """

    def __init__(self, control: Control):
        self._get, self._set = control
        self._lock = threading.Lock()
        #: for each thread of the program that is inside: how many times
        self._inside: dict[int, int] = {}
        #: the threads that BLAS had outside, and whether it must be given them again
        self._before, self._limited = 1, False

    @property
    def others(self) -> bool:
        """Whether BLAS has more threads than one outside of it."""
        with self._lock:
            return (self._before if self._limited else self._get()) > 1

    def depth(self) -> int:
        """Return how many times this thread of the program is inside."""
        return self._inside.get(get_ident(), 0)

    def renew(self) -> None:
        """In a forked child: a thread that the child doesn't have may have held the lock, or been inside."""
        self._lock = threading.Lock()
        depth = self.depth()
        self._inside = {get_ident(): depth} if depth else {}

    def __enter__(self) -> None:
        with self._lock:
            if not self._limited and (before := self._get()) != 1:
                self._before, self._limited = before, True
                self._set(1)
            thread = get_ident()
            self._inside[thread] = self._inside.get(thread, 0) + 1

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.leave(self.depth() - 1)

    def leave(self, depth: int) -> None:
        """Let this thread of the program be inside ``depth`` times."""
        with self._lock:
            if depth > 0:
                self._inside[get_ident()] = depth
            else:
                self._inside.pop(get_ident(), None)
            if self._limited and not self._inside:
                self._set(self._before)
                self._limited = False


@cache
def one_thread() -> OneThread | None:
    """Return the context in which BLAS works with one thread, or None where that can't be told to it."""
    found = control()
    return OneThread(found) if found else None


def alone() -> bool:
    """Return whether BLAS has one thread for all plans."""
    one = one_thread()
    return one is not None and not one.others


def limit(instructions: Iterable[tuple[Callable, list]]) -> OneThread | None:
    """Return the context that a plan of these calls should run in; None for as it is, with all threads."""
    large, total = multiplications(instructions)
    one = one_thread()
    return one if total and large < SHARE * total else None
