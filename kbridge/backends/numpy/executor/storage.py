"""Storage: buffers that values share over time, the pools that hand them out, and the arrays that a feed replaces."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

import numpy as np

ALIGNMENT = 64


class Buffer:
    """Storage that several values may share over time; ``users`` counts the values that still need it."""

    __slots__ = ("fresh", "nbytes", "raw", "users")

    def __init__(self, raw: np.ndarray, nbytes: int):
        self.raw = raw
        self.nbytes = nbytes
        self.users = 0
        #: whether this plan hasn't used it yet
        self.fresh = True

    def array(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        return np.ndarray(shape, dtype, self.raw)


class Arena:
    """The storage of a function's plans. They run one at a time and keep nothing between runs, so that they share it."""

    def __init__(self):
        self.storage: list[tuple[np.ndarray, int]] = []
        self.total = 0

    def add(self, nbytes: int) -> np.ndarray:
        """More storage."""
        raw = np.empty(nbytes + ALIGNMENT, np.uint8)
        start = -raw.__array_interface__["data"][0] % ALIGNMENT
        self.total += raw.nbytes
        part = raw[start : start + nbytes]
        self.storage.append((part, nbytes))
        return part


class Arenas:
    """A function's arenas: of values, and for each lane of blocks of chains and of what a call needs while it runs."""

    def __init__(self):
        self.values = Arena()
        self._blocks: list[Arena] = []
        self._scratch: list[Arena] = []

    def blocks(self, lanes: int) -> list[Arena]:
        """The blocks' arenas of as many lanes."""
        return _at_least(self._blocks, lanes)

    def scratch(self, lanes: int) -> list[Arena]:
        """The arenas, of as many lanes, of what calls need while they run."""
        return _at_least(self._scratch, lanes)

    @property
    def total(self) -> int:
        return sum(arena.total for arena in (self.values, *self._blocks, *self._scratch))


def _at_least(arenas: list[Arena], count: int) -> list[Arena]:
    arenas += [Arena() for _ in range(count - len(arenas))]
    return arenas[:count]


class Pool:
    """Hands out buffers and takes them back for reuse within one plan."""

    def __init__(self, arena: Arena | None = None):
        self.arena = arena or Arena()
        #: free buffers by size, and the sizes in ascending order
        self.free: dict[int, list[Buffer]] = {}
        for raw, nbytes in self.arena.storage:
            self.free.setdefault(nbytes, []).append(Buffer(raw, nbytes))
        self.sizes = sorted(self.free)
        #: bytes that the plan uses
        self.total = 0

    def take(self, nbytes: int) -> Buffer:
        """The smallest free buffer that fits without wasting more than half, else a new one."""
        nbytes = -(-max(nbytes, 1) // ALIGNMENT) * ALIGNMENT
        found = self.reuse(nbytes)
        if found is not None:
            return found
        self.total += nbytes + ALIGNMENT
        buffer = Buffer(self.arena.add(nbytes), nbytes)
        buffer.fresh = False
        return buffer

    def reuse(self, nbytes: int) -> Buffer | None:
        """The smallest free buffer that fits without wasting more than half, or None."""
        at = bisect_left(self.sizes, nbytes)
        if at < len(self.sizes) and self.sizes[at] <= 2 * nbytes:
            size = self.sizes[at]
            buffers = self.free[size]
            best = buffers.pop()
            if not buffers:
                del self.sizes[at], self.free[size]
            if best.fresh:
                best.fresh = False
                self.total += size
            return best
        return None

    def give(self, buffer: Buffer) -> None:
        size = buffer.nbytes
        if size not in self.free:
            insort(self.sizes, size)
            self.free[size] = []
        self.free[size].append(buffer)


#: id of a fed array or of a view of one -> (that array, index of the feed, functions that make the view)
Fed = dict[int, tuple[np.ndarray, int, tuple]]


def viewed(fed: Fed, array: np.ndarray, make_view: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A view of an array, made again in each run where that is a fed array."""
    result = make_view(array)
    found = fed.get(id(array))
    if found is not None:
        fed[id(result)] = (result, found[1], (*found[2], make_view))
    return result
