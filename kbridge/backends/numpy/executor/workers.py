"""The pool of threads that parts of plans run in.

A plan says which parts (``lanes``) run side by side; the pool has a thread for each but the first, which the caller runs itself. Threads start
with the first plan that needs them, and sleep in a queue while there is nothing to do. A plan that finds the pool at work for another
thread of the program, or that runs in a forked child of which the pool isn't made yet, loses nothing but time: its lanes run one after the other
and give the same numbers.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, starmap
from operator import call
from queue import SimpleQueue
from typing import Any

import numpy as np

from .... import config
from . import trace
from .threads import one_thread
from .turns import Turns

Instructions = Sequence[tuple[Callable, list]]
Run = Callable[[], None]

#: the arguments of an attempt to get a lock
AT_ONCE = ((False,),)


class _Job:
    """One lane's run, and how it ended."""

    __slots__ = ("done", "ended", "error", "run")

    def __init__(self, run: Run):
        self.run = run
        self.error: BaseException | None = None
        #: whether it has ended, and a lock that can be had from then on
        self.ended = False
        self.done = threading.Lock()
        self.done.acquire()


def _work(queue: SimpleQueue) -> None:
    with np.errstate(all="ignore"):
        while True:
            job = queue.get()
            try:
                job.run()
            except BaseException as error:
                job.error = error
            finally:
                job.ended = True
                job.done.release()
                del job


class Workers:
    """Threads that wait for lanes."""

    def __init__(self):
        #: held by the plan whose lanes run
        self.free = threading.Lock()
        self._queues: list[SimpleQueue] = []

    def run(self, lanes: Sequence[Run], otherwise: Run | None = None, fail: Run | None = None) -> None:
        """Run all lanes, the first here; return, or raise what one of them raised, when all have ended.

        Where the threads are at work, run ``otherwise`` here, or one lane after the other. ``fail`` lets lanes end that wait for the first one, where
        that won't come.
        """
        held: list[bool] = []
        try:
            # no interrupt comes between the lock and the note that it is held
            held.extend(starmap(self.free.acquire, AT_ONCE))
            if held == [True]:
                self._run(lanes, fail)
            else:
                for lane in lanes if otherwise is None else (otherwise,):
                    lane()
        finally:
            if held == [True]:
                self.free.release()

    def _run(self, lanes: Sequence[Run], fail: Run | None) -> None:
        jobs = [_Job(lane) for lane in lanes[1:]]
        sent: list[bool] = []
        ended = False
        try:
            self._start(len(jobs))
            # an interrupt comes before the loop or after it
            in_one_loop([*((queue.put, job) for queue, job in zip(self._queues, jobs)), (sent.append, True)])
            lanes[0]()
            ended = True
        finally:
            if sent:
                _wait(jobs, None if ended else fail)
        _check(jobs)

    def run_together(self, first: Sequence[tuple], lanes: Sequence[Sequence[tuple]], last: Sequence[tuple]) -> None:
        """Make the calls, (function, *arguments), of ``first``, then those of all lanes side by side, the first lane's here, and then those of
        ``last``: all or none, whatever interrupts.

        An interrupt comes between two instructions of Python in the main thread. One loop in C makes this thread's calls and hands the other
        lanes to threads that get no interrupts. The last of these makes the calls at the end.
        """
        held: list[bool] = []
        try:
            held.extend(starmap(self.free.acquire, AT_ONCE))
            if held == [True]:
                self._run_together(first, lanes, last)
            else:
                in_one_loop(chain(first, *lanes, last))
        finally:
            if held == [True]:
                self.free.release()

    def _run_together(self, first: Sequence[tuple], lanes: Sequence[Sequence[tuple]], last: Sequence[tuple]) -> None:
        ended: SimpleQueue = SimpleQueue()
        runs = [partial(_run_and_tell, lane, ended) for lane in lanes[1:-1]]
        jobs = [_Job(run) for run in (*runs, partial(_run_last, lanes[-1], ended, len(lanes) - 1, last))]
        #: how far this thread's calls have come
        reached: list[str] = []
        try:
            self._start(len(jobs))
            handed = [*((queue.put, job) for queue, job in zip(self._queues, jobs)), (reached.append, "handed over")]
            waited = [step for job in jobs for step in ((job.done.acquire,), (job.done.release,))]
            in_one_loop(chain(first, handed, lanes[0], [(ended.put, None), (reached.append, "ended")], waited))
        finally:
            if len(reached) == 1:
                # a call has failed
                ended.put(None)
            if reached:
                _wait(jobs)
        _check(jobs)

    def _start(self, count: int) -> None:
        """Have as many threads at least."""
        while len(self._queues) < count:
            queue: SimpleQueue = SimpleQueue()
            threading.Thread(target=_work, args=(queue,), name=f"kbridge-{len(self._queues) + 1}", daemon=True).start()
            self._queues.append(queue)


def in_one_loop(calls: Iterable[tuple]) -> None:
    """Make calls, each (function, *arguments), without an instruction of Python between them."""
    deque(starmap(call, calls), maxlen=0)


def _run_and_tell(calls: Iterable[tuple], ended: SimpleQueue) -> None:
    try:
        in_one_loop(calls)
    finally:
        ended.put(None)


def _run_last(calls: Iterable[tuple], ended: SimpleQueue, others: int, last: Iterable[tuple]) -> None:
    try:
        in_one_loop(calls)
    finally:
        for _ in range(others):
            ended.get()
        in_one_loop(last)


def _wait(jobs: Sequence[_Job], fail: Run | None = None) -> None:
    """Wait for all, whatever interrupts it: their plan's storage can't be used again before. ``fail``: what lets them end."""
    interrupt: BaseException | None = None
    for job in jobs:
        while not job.ended:
            # an interrupt may come when the lock has just been acquired, too
            try:
                if fail is not None:
                    fail()
                job.done.acquire()
            except BaseException as error:
                interrupt = error
    if interrupt is not None:
        raise interrupt


def _check(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if job.error is not None:
            raise job.error


_workers = Workers()


def run_together(first: Sequence[tuple], lanes: Sequence[Sequence[tuple]], last: Sequence[tuple]) -> None:
    """Make the calls of ``first``, then those of all lanes side by side, and then those of ``last``: all or none, whatever interrupts."""
    _workers.run_together(first, lanes, last)


def run_lanes(lanes: Sequence[Run], otherwise: Run | None = None, fail: Run | None = None) -> None:
    """Run lanes in the threads of this process, see ``Workers.run``."""
    _workers.run(lanes, otherwise, fail)


def _forked() -> None:
    """A forked child has none of the threads, and locks in whatever state they were."""
    global _workers
    _workers = Workers()
    limit = one_thread() if one_thread.cache_info().currsize else None
    if limit is not None:
        limit.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

_chosen: int | None = None


def lanes_of_plans() -> int:
    """Return the number of lanes that new plans have at most."""
    global _chosen
    if _chosen is None:
        _chosen = config.threads_setting().value
    return _chosen


@contextmanager
def using(count: int) -> Iterator[None]:
    """Plans made inside have at most ``count`` lanes."""
    global _chosen
    before, _chosen = _chosen, count
    try:
        yield
    finally:
        _chosen = before


class Fork:
    """Lanes of a plan, as one call of it: each is a list of calls, and all run side by side. BLAS works with one thread in each."""

    def __init__(self, name: str, lanes: Sequence[Instructions], samples: int):
        self.name = name
        self.lanes = [list(lane) for lane in lanes]
        #: what was cut: no more lanes than these have something to do
        self.samples = samples
        self._runs = [self._runner(number) for number in range(len(self.lanes))]

    def __call__(self) -> None:
        limit = one_thread()
        if limit is None:
            self._run()
        else:
            with limit:
                self._run()

    def _run(self) -> None:
        record = trace.active
        if record is None:
            run_lanes(self._runs)
            return
        begin = time.perf_counter()
        run_lanes(self._runs)
        record.fork(self.name, self.samples, len(self.lanes), begin, time.perf_counter())

    def _runner(self, number: int) -> Callable[[], None]:
        return partial(run_calls, self.lanes[number], self.name, number)

    def parts(self) -> list[Fork]:
        """The forks that this one consists of."""
        return [self]

    def calls(self) -> Iterator[tuple[Callable, list[Any]]]:
        """The calls of all lanes."""
        for lane in self.lanes:
            yield from lane


class Gate:
    """A gate at which one lane waits for another one: it lets through as many times as it was opened."""

    def __init__(self):
        self._opened: SimpleQueue = SimpleQueue()

    def open(self) -> None:
        """Let the other lane through once."""
        self._opened.put(None)

    def wait(self) -> None:
        """Wait until the gate is opened."""
        self._opened.get()

    def close(self) -> None:
        """Forget what an interrupted run has left."""
        while not self._opened.empty():
            self._opened.get()


class GatedFork(Fork):
    """A fork whose other lanes wait for the first one at ``gates``, a certain number of times."""

    def __init__(self, name: str, lanes: Sequence[Instructions], samples: int, gates: Sequence[Gate]):
        self._gates = gates
        super().__init__(name, lanes, samples)

    def __call__(self) -> None:
        for gate in self._gates:
            gate.close()
        super().__call__()

    def _runner(self, number: int) -> Callable[[], None]:
        run = super()._runner(number)
        if number:
            return run

        def first() -> None:
            try:
                run()
            except BaseException:
                # nobody waits for what won't come
                for gate in self._gates:
                    for _ in self.lanes[0]:
                        gate.open()
                raise

        return first


def run_calls(instructions: Instructions, name: str, number: int) -> None:
    """Make the calls of a lane."""
    record = trace.active
    if record is None:
        for function, args in instructions:
            function(*args)
        return
    started = trace.now()
    for function, args in instructions:
        function(*args)
    record.lane(name, number, started, _count(instructions))


def _count(instructions: Instructions) -> int:
    """The calls of NumPy in a run, those of a loop in each turn."""
    return sum(f.length * _count(f.instructions) if isinstance(f, Turns) else 1 for f, _ in instructions)
