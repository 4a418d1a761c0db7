"""Requests that arrive together are predicted together.

While a batch is computed in a thread, requests wait; when it is done, what waits goes together, up to a number of
rows. Each request gets its own rows back. Batches are filled up to a few sizes, so that a backend plans or compiles for
those alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from .models import Version
from .problems import busy

#: rows of the batches that are computed; between them a batch is filled with copies of its last row
SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


@dataclass
class Waiting:
    """A request in the queue."""

    arrays: list[np.ndarray]
    answer: asyncio.Future
    key: tuple

    @property
    def rows(self) -> int:
        """How many samples it has."""
        return len(self.arrays[0])


class Batcher:
    """The queue of one model version.

    Args:
        version: computes.
        executor: whose thread computes.
        most: rows of a batch; 1: each request alone.
        wait: seconds that the first request of a batch waits for others.
        limit: requests that may wait.
        observe: called with the rows of each batch.
    """

    def __init__(self, version: Version, executor: Executor, most: int, wait: float, limit: int, observe: Callable[[int], None]):
        self.version, self.executor = version, executor
        self.most, self.wait, self.limit, self.observe = most, wait, limit, observe
        self.queue: deque[Waiting] = deque()
        self.arrived = asyncio.Event()
        self.task: asyncio.Task | None = None

    async def predict(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs for the rows of one request. Problem 503 if too many wait."""
        if len(self.queue) >= self.limit:
            raise busy(f"{len(self.queue)} requests are waiting for the model {self.version.name}. Try again later.")
        waiting = Waiting(arrays, asyncio.get_running_loop().create_future(), tuple(a.shape[1:] for a in arrays))
        self.queue.append(waiting)
        self.arrived.set()
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._work())
        return await waiting.answer

    async def _work(self) -> None:
        """Compute batches until nothing waits."""
        while self.queue:
            if self.wait and self.most > 1:
                await self._gather()
            batch = self._take()
            if batch:
                await self._compute(batch)

    async def _gather(self) -> None:
        """Wait until there are enough rows, or for long enough."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.wait
        while sum(w.rows for w in self.queue) < self.most and (left := end - loop.time()) > 0:
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), left)
            except TimeoutError:
                return

    def _take(self) -> list[Waiting]:
        """The next requests whose rows have one shape; those whose client is gone are left out."""
        batch: list[Waiting] = []
        rows = 0
        while self.queue:
            first = self.queue[0]
            if first.answer.done():
                self.queue.popleft()
                continue
            if batch and (first.key != batch[0].key or rows + first.rows > self.most):
                break
            batch.append(self.queue.popleft())
            rows += first.rows
        return batch

    async def _compute(self, batch: list[Waiting]) -> None:
        """Compute, and give each request its rows, or the error."""
        self.observe(sum(w.rows for w in batch))
        try:
            outputs = await asyncio.get_running_loop().run_in_executor(self.executor, self._run, [w.arrays for w in batch])
        except Exception as error:  # noqa: BLE001 -- whatever a model raises is the answer of its requests
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        start = 0
        for waiting in batch:
            if not waiting.answer.done():
                waiting.answer.set_result([x[start : start + waiting.rows] for x in outputs])
            start += waiting.rows

    def _run(self, parts: list[list[np.ndarray]]) -> list[np.ndarray]:
        """In the thread: put the requests' rows together, predict them in batches of a known size."""
        joined = [np.concatenate(arrays) if len(parts) > 1 else arrays[0] for arrays in zip(*parts)]
        rows = len(joined[0])
        largest = max(self.most, 1)
        found = []
        for start in range(0, rows, largest):
            part = [x[start : start + largest] for x in joined]
            count = len(part[0])
            filled = [fill(x, size_for(count, largest)) for x in part]
            found.append([y[:count] for y in self.version.predict(filled)])
        return found[0] if len(found) == 1 else [np.concatenate(ys) for ys in zip(*found)]


def size_for(rows: int, most: int) -> int:
    """The smallest size that ``rows`` fit into."""
    return min((size for size in (*SIZES, most) if rows <= size <= max(most, rows)), default=rows)


def fill(x: np.ndarray, rows: int) -> np.ndarray:
    """``x`` with its last row repeated up to ``rows``."""
    return x if len(x) == rows else np.concatenate([x, np.repeat(x[-1:], rows - len(x), axis=0)])
