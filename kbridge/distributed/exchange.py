"""The messages that workers send each other. All of it passes here, and begins with a meeting that finds workers who do different things.

A worker that trains while another one validates, or has ended, would wait for ever, or take the other's numbers for
something else. So each exchange begins with a sum of numbers of fixed length, among which is a number for what the worker
is about to do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..cores import allowed_cores

#: what workers do together, as messages name it
KINDS = (
    "a training step", "the start of training", "the start of an epoch", "the question whether to stop", "validation",
    "the comparison of weights", "the end of training", "a batch of a generator", "prediction", "the end of the program",
    "the start of the program", "gathering the optimizer's state",
)  # fmt: skip
STEP, BEGIN, EPOCH, STOP, VALIDATION, COMPARISON, END, BATCH, PREDICTION, GOODBYE, JOIN, GATHERING = range(len(KINDS))

#: numbers of a meeting that are summed, and those that must be the same for all
SUMS, SAME = 16, 3
#: those that must be the same are compared by their squares' sum, which is exact for numbers below this
BELOW = 1 << 20
#: seconds of waiting after which a worker leaves the processor to others now and then
PATIENCE = 0.5


class Disagreement(RuntimeError):
    """The workers do different things, or have different models. All of them raise it together."""

    agreed = True


class Exchange:
    """Collective operations of the workers of ``comm``, an MPI communicator.

    Attributes:
        rank: the number of this worker.
        size: the number of workers.
        sent: bytes that this worker gave to collective operations.
    """

    def __init__(self, comm: Any, mpi: Any):
        self.comm, self._mpi = comm, mpi
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        self.sent = 0
        self._crowded = False
        self._numbers = np.zeros(4 + 2 * SAME + SUMS)

    def look_around(self) -> None:
        """Find out whether this machine has fewer processors than workers, who then have to let each other work."""
        here = self.comm.Split_type(self._mpi.COMM_TYPE_SHARED)
        self._crowded = here.Get_size() > allowed_cores()
        here.Free()

    def meet(self, kind: int, numbers: Sequence[float] = (), same: Sequence[int] = (), hints: Sequence[str] = ()) -> np.ndarray:
        """The sums of ``numbers`` over all workers, who must all be about to do ``kind``.

        ``same``: at most three whole numbers in which the workers must agree; ``hints``: what to say where they don't.
        """
        n = self._numbers
        n[:] = 0.0
        checked = [kind + 1, len(numbers), *same]
        for i, number in enumerate(checked):
            number %= BELOW
            n[2 * i], n[2 * i + 1] = number, number * number
        first = 4 + 2 * SAME
        n[first : first + min(SUMS, len(numbers))] = numbers[:SUMS]
        self._all_reduce(n)
        for i in range(len(checked)):
            if n[2 * i + 1] * self.size != n[2 * i] * n[2 * i]:
                raise self._disagreement(kind, len(numbers), same, hints)
        sums = n[first : first + len(numbers)].copy()
        if len(numbers) > SUMS:
            rest = np.array(numbers[SUMS:], np.float64)
            self._all_reduce(rest)
            sums = np.concatenate([sums, rest])
        return sums

    def _disagreement(self, kind: int, count: int, same: Sequence[int], hints: Sequence[str]) -> Disagreement:
        found = self.comm.allgather((kind, count, tuple(same)))
        kinds = {k: [r for r, item in enumerate(found) if item[0] == k] for k, _, _ in found}
        if len(kinds) > 1:
            parts = [f"{workers(ranks)} {'is' if len(ranks) == 1 else 'are'} at {KINDS[k]}" for k, ranks in sorted(kinds.items())]
            text = f"The workers do different things: {', '.join(parts)}."
            if GOODBYE in kinds:
                text += " A worker ended before the others; did its program stop early, or have less data?"
            return Disagreement(text)
        where = next((i for i in range(len(same)) if len({item[2][i] for item in found}) > 1), None)
        if where is None:
            return Disagreement(f"The workers' models differ: at {KINDS[kind]} they exchange {[item[1] for item in found]} numbers.")
        hint = hints[where] if where < len(hints) else "The workers differ: {values}."
        return Disagreement(hint.format(values=", ".join(f"{item[2][where]} on worker {r}" for r, item in enumerate(found[:8]))))

    # ------------------------------------------------------------------ after a meeting

    def all_reduce(self, buffer: np.ndarray) -> None:
        """Put the sum over all workers in the place of ``buffer``, a float32 or float64 array without gaps."""
        self._all_reduce(buffer)

    def reduce_scatter(self, buffer: np.ndarray) -> np.ndarray:
        """This worker's of ``size`` equal parts of the sum of ``buffer`` over all workers."""
        own = np.empty(buffer.size // self.size, buffer.dtype)
        self.sent += buffer.nbytes // 2
        self._wait(self.comm.Ireduce_scatter_block(buffer, own))
        return own

    def all_gather(self, own: np.ndarray, into: np.ndarray) -> None:
        """Put the workers' arrays ``own`` one after the other ``into`` an array."""
        self.sent += into.nbytes // 2
        self._wait(self.comm.Iallgather(own, into))

    def reduce_scatter_half(self, buffer: np.ndarray) -> np.ndarray:
        """As ``reduce_scatter``, of numbers that are sent as float16; sums are those of ``buffer``'s dtype."""
        halves, scale = _halves(buffer)
        scales, received = np.empty(self.size), np.empty(halves.size, np.uint16)
        self.sent += halves.nbytes // 2
        self._wait(self.comm.Iallgather(np.array([scale]), scales))
        self._wait(self.comm.Ialltoall(halves.view(np.uint16), received))
        own = np.zeros(buffer.size // self.size, buffer.dtype)
        for part, scale in zip(received.view(np.float16).reshape(self.size, -1), scales, strict=True):
            own += part.astype(buffer.dtype) * buffer.dtype.type(scale)
        return own

    def all_reduce_half(self, buffer: np.ndarray) -> None:
        """As ``all_reduce``, of numbers that are sent as float16, to the sum and from there."""
        halves, scale = _halves(self.reduce_scatter_half(buffer))
        scales, received = np.empty(self.size), np.empty(buffer.size, np.uint16)
        self.sent += received.nbytes // 2
        self._wait(self.comm.Iallgather(np.array([scale]), scales))
        self._wait(self.comm.Iallgather(halves.view(np.uint16), received))
        parts = received.view(np.float16).reshape(self.size, -1)
        for part, scale, into in zip(parts, scales, buffer.reshape(self.size, -1), strict=True):
            np.multiply(part, buffer.dtype.type(scale), out=into, casting="unsafe")

    def broadcast(self, arrays: list[np.ndarray]) -> None:
        """Put the arrays of worker 0 in the place of the others'."""
        for array in arrays:
            self.sent += array.nbytes
            self._wait(self.comm.Ibcast(array.reshape(-1).view(np.uint8), 0))

    def object_of_first(self, value: Any) -> Any:
        """Return the ``value`` of worker 0. It is sent as a pickle, among processes of one program."""
        return self.comm.bcast(value, 0)

    def gather(self, value: Any) -> list:
        """Return the list of all workers' ``value``."""
        return self.comm.allgather(value)

    def barrier(self) -> None:
        """Wait for all."""
        self._wait(self.comm.Ibarrier())

    def _all_reduce(self, buffer: np.ndarray) -> None:
        self.sent += buffer.nbytes
        self._wait(self.comm.Iallreduce(self._mpi.IN_PLACE, buffer))

    def _wait(self, request: Any) -> None:
        """Wait in Python, so that Ctrl-C is heard, and a worker that shares its processor lets the others work."""
        test = request.Test
        if self._crowded:
            for _ in range(20):
                if test():
                    return
                os.sched_yield()
            while not test():
                time.sleep(5e-5)
            return
        for _ in range(2000):
            if test():
                return
        late = time.monotonic() + PATIENCE
        while not test():
            if time.monotonic() > late:
                time.sleep(1e-3)


def _halves(values: np.ndarray) -> tuple[np.ndarray, float]:
    """(numbers in float16, the factor that makes them ``values`` again); the largest becomes 1024, so that small ones stay."""
    largest = float(np.max(np.abs(values), initial=0.0))
    scale = largest / 1024.0 or 1.0
    return (values / values.dtype.type(scale)).astype(np.float16), scale


def workers(ranks: Sequence[int]) -> str:
    """'worker 1', 'workers 0, 2 and 3'."""
    if len(ranks) == 1:
        return f"worker {ranks[0]}"
    shown = [str(r) for r in ranks[:8]]
    rest = f" and {len(ranks) - 8} more" if len(ranks) > 8 else f" and {shown.pop()}"
    return f"workers {', '.join(shown)}{rest}"
