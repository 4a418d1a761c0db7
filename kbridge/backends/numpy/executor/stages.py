"""Stages: forks of a plan that follow each other, as one fork.

Threads that end a fork and begin the next one are woken twice, which takes 0.05 to 0.1 ms each time. So lanes stay together: behind each stage they wait
for each other, and the last one to come also makes the calls that stand between two forks (it adds up the lanes' sums, say). It goes on at once. Only those
are woken that have waited, while it works already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from . import trace
from .workers import Fork, Gate, in_one_loop, run_calls, run_lanes

#: one call of a plan
Instruction = tuple[Callable, list]


class Stage:
    """A fork, and the calls that one thread makes behind it, before the next one."""

    def __init__(self, fork: Fork):
        self.fork = fork
        self.after: list[Instruction] = []


class Stages(Fork):
    """Forks that follow each other, with calls between them. The same calls in the same order for each array as without it."""

    def __init__(self, stages: Sequence[Stage]):
        self.stages = stages
        self._count = max(len(stage.fork.lanes) for stage in stages)
        #: a gate for each lane, at which it waits for the others
        self._gates = [Gate() for _ in range(self._count)]
        self._lock = threading.Lock()
        self._came = 0
        #: of a run: that it has failed; when its stage began
        self._failed: list[bool] = []
        self._began = 0.0
        super().__init__("stages", [self._calls_of(lane) for lane in range(self._count)], self._count)

    def _calls_of(self, lane: int) -> list[Instruction]:
        return [call for stage in self.stages if lane < len(stage.fork.lanes) for call in stage.fork.lanes[lane]]

    def parts(self) -> list[Fork]:
        return [stage.fork for stage in self.stages]

    def calls(self) -> Iterator[Instruction]:
        yield from super().calls()
        for stage in self.stages:
            yield from stage.after

    def _run(self) -> None:
        for gate in self._gates:
            gate.close()
        self._came, self._failed = 0, []
        self._began = time.perf_counter()
        run_lanes(self._runs, self._one_after_the_other, self._fail)
        self._end(self.stages[-1])

    def _one_after_the_other(self) -> None:
        """All of it in this thread."""
        for stage in self.stages:
            for number, lane in enumerate(stage.fork.lanes):
                run_calls(lane, stage.fork.name, number)
            if stage is not self.stages[-1]:
                self._end(stage)

    def _runner(self, number: int) -> Callable[[], None]:
        gate = self._gates[number]
        others = [other.open for other in self._gates if other is not gate]

        def run() -> None:
            try:
                for stage in self.stages:
                    lanes = stage.fork.lanes
                    if number < len(lanes):
                        run_calls(lanes[number], stage.fork.name, number)
                    if stage is self.stages[-1]:
                        # the caller waits for all lanes' ends
                        return
                    if self._last():
                        self._end(stage)
                        for go_on in others:
                            go_on()
                    else:
                        gate.wait()
                        if self._failed:
                            return
            except BaseException:
                # an interrupt here is in the first lane, for which ``fail`` is called again
                self._fail()
                raise

        return run

    def _last(self) -> bool:
        """Come to the end of a stage; return whether all others are there."""
        with self._lock:
            self._came += 1
            if self._came < self._count:
                return False
            self._came = 0
            return True

    def _end(self, stage: Stage) -> None:
        """Make the calls behind a stage."""
        record = trace.active
        if record is None:
            for function, args in stage.after:
                function(*args)
            return
        fork = stage.fork
        record.fork(fork.name, fork.samples, len(fork.lanes), self._began, time.perf_counter())
        started = trace.now()
        for function, args in stage.after:
            function(*args)
        record.serial("calls", started)
        self._began = time.perf_counter()

    def _fail(self) -> None:
        """Nobody waits for what won't come."""
        in_one_loop([(self._failed.append, True), *((gate.open,) for gate in self._gates)])


def in_stages(instructions: Sequence[Instruction], apart: Collection[int]) -> list[Instruction]:
    """The calls of a plan, with forks that follow each other as stages of one.

    ``apart``: the places of calls that run in the caller's own thread, in which a user's functions may be.
    """
    out: list[Instruction] = []
    stages: list[Stage] = []

    def close() -> None:
        if len(stages) > 1:
            after, stages[-1].after = stages[-1].after, []
            out.append((Stages(list(stages)), []))
            out.extend(after)
        elif stages:
            out.append((stages[0].fork, []))
            out.extend(stages[0].after)
        stages.clear()

    for place, (function, args) in enumerate(instructions):
        if type(function) is Fork:
            stages.append(Stage(function))
        elif not stages or place in apart or isinstance(function, Fork):
            close()
            out.append((function, args))
        else:
            stages[-1].after.append((function, args))
    close()
    return out
