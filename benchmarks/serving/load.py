"""Connections that ask a server without a pause, and check every answer."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Question:
    """A request's bytes, and what the rows of its answer must be."""

    request: bytes
    expected: np.ndarray


@dataclass
class Run:
    """What was measured: seconds of each answer, and what was wrong."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    wall: float = 0.0

    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall

    def percentile(self, q: float) -> float:
        """Milliseconds within which ``q`` percent of the answers came."""
        return float(np.percentile(self.seconds, q)) * 1000 if self.seconds else float("nan")


def questions(path: str, samples: np.ndarray, expected: np.ndarray) -> list[Question]:
    """A question for each sample, which any of the servers understands."""
    found = []
    for x, y in zip(samples, expected):
        body = json.dumps({"instances": [np.round(x, 4).tolist()]}, separators=(",", ":")).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        found.append(Question(head.encode() + body, y))
    return found


class Connection(asyncio.Protocol):
    """Sends a question, reads the answer, notes the time, sends the next."""

    def __init__(self, asked: list[Question], first: int, step: int, end: float, most: int, run: Run, done: asyncio.Future):
        self.asked, self.place, self.step, self.end, self.left = asked, first, step, end, most
        self.run, self.done, self.buffer = run, done, b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.start = time.perf_counter()
        if self.start > self.end or self.left == 0:
            self.transport.close()
            return
        self.left -= 1
        self.question = self.asked[self.place % len(self.asked)]
        self.place += self.step
        self.transport.write(self.question.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lowered = head.lower()
        place = lowered.index(b"content-length:")
        size = int(lowered[place + 15 :].split(b"\r\n", 1)[0])
        if len(rest) < size:
            return
        self.run.seconds.append(time.perf_counter() - self.start)
        self._check(head, rest[:size])
        self.buffer = rest[size:]
        self._ask()

    def _check(self, head: bytes, body: bytes) -> None:
        try:
            rows = json.loads(body)["predictions"]
            if b" 200 " not in head.split(b"\r\n", 1)[0] + b" " or not np.allclose(rows, [self.question.expected], rtol=1e-3, atol=1e-4):
                raise ValueError
        except (ValueError, KeyError):
            self.run.wrong.append(body[:200].decode("utf-8", "replace"))

    def connection_lost(self, error) -> None:
        if error is not None:
            self.run.wrong.append(f"connection lost: {error}")
        if not self.done.done():
            self.done.set_result(None)


async def ask(port: int, asked: list[Question], connections: int, seconds: float, most: int = -1) -> Run:
    """Ask for ``seconds`` over ``connections``, or until each connection has asked ``most`` times."""
    loop, run = asyncio.get_running_loop(), Run()
    start = time.perf_counter()
    waiting = []
    for number in range(connections):
        done = loop.create_future()
        waiting.append(done)
        make = functools.partial(Connection, asked, number, connections, start + seconds, most, run, done)
        await loop.create_connection(make, "127.0.0.1", port)
    await asyncio.wait(waiting)
    run.wall = time.perf_counter() - start
    return run
