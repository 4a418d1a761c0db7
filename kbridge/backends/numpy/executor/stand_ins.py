"""Stand-ins: arrays that stand for those of one turn of a loop.

A stand-in has the layout of the element, state or result that it stands for, and memory of its own that nothing is ever written
to. A call's argument that lies in the memory of a stand-in is then known to move, and how.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import Any, NamedTuple

import numpy as np


class StandIn(NamedTuple):
    """Memory that stands for a moving array's: it begins at ``address``; the array itself at ``origin``."""

    address: int
    end: int
    origin: int
    memory: np.ndarray
    #: the array that it moves in, and how (see ``turns.View``)
    source: np.ndarray
    first: int
    step: int
    ring: bool


class StandIns:
    """The stand-ins of a turn."""

    def __init__(self):
        self._addresses: list[int] = []
        self._by_address: dict[int, StandIn] = {}

    def add(self, source: np.ndarray, like: np.ndarray, first: int, step: int, ring: bool = False) -> np.ndarray:
        """An array of the layout of ``like`` that moves in ``source``."""
        reach = [(n - 1) * s for n, s in zip(like.shape, like.strides)] if like.size else []
        low = sum(min(r, 0) for r in reach)
        memory = np.empty(sum(map(abs, reach)) + like.itemsize, np.uint8)
        array = np.ndarray(like.shape, like.dtype, memory, -low, like.strides if like.size else None)
        address = address_of(memory)
        insort(self._addresses, address)
        self._by_address[address] = StandIn(address, address + memory.nbytes, address - low, memory, source, first, step, ring)
        return array

    def find(self, array: Any) -> StandIn | None:
        """The stand-in that ``array`` is a view of."""
        if not isinstance(array, np.ndarray) or not array.size:
            return None
        address = address_of(array)
        at = bisect_right(self._addresses, address)
        found = self._by_address[self._addresses[at - 1]] if at else None
        return found if found is not None and address < found.end else None


def address_of(array: np.ndarray) -> int:
    """Where an array's first element lies."""
    return array.__array_interface__["data"][0]
