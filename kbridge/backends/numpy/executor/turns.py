"""Running a loop: the calls of one turn, over arrays that move from turn to turn.

Most arguments of a turn's calls are the same in all turns. The others are views that move: to the next element of a sequence,
to the next place of what is stored. The views of some turns are made at once; then the turns run as one chain of iterators,
without a line of Python for a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat, starmap
from typing import Any, NamedTuple

import numpy as np

#: turns whose views are made at once
CHUNK = 128
#: loops of at most this many turns, over arrays that stay, are written out
SHORT = 8


class View(NamedTuple):
    """A moving argument: where it lies in the turn k, from the start of the array that is parameter ``source``."""

    source: int
    #: bytes to the place in the first turn, and from turn to turn
    first: int
    step: int
    #: whether it goes to and fro between two places
    ring: bool
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype

    def arrays(self, array: np.ndarray, start: int, count: int) -> list[np.ndarray]:
        """The views of ``count`` turns."""
        if self.ring:
            pair = [self._strided(array, self.first + (k % 2) * self.step, self.shape, self.strides) for k in (start, start + 1)]
            return (pair * (count // 2 + 1))[:count]
        every = self._strided(array, self.first + start * self.step, (count, *self.shape), (self.step, *self.strides))
        return list(every) if self.shape else [every[k, ...] for k in range(count)]

    def _strided(self, array: np.ndarray, offset: int, shape: tuple, strides: tuple) -> np.ndarray:
        return np.asarray(_Place(array, array.__array_interface__["data"][0] + offset, shape, strides, self.dtype.str))


class _Place:
    """Part of an array's memory, as NumPy takes it."""

    def __init__(self, array: np.ndarray, address: int, shape: tuple, strides: tuple, typestr: str):
        self.array = array
        self.__array_interface__ = {"data": (address, False), "shape": shape, "strides": strides, "typestr": typestr, "version": 3}


class Moving:
    """An argument that is view ``index``."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


class Parameter:
    """An argument that is parameter ``index`` of the call."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


class Turns:
    """The turns of a loop, as one call of the plan. Its arguments are the arrays that views lie in, and those that a feed replaces."""

    def __init__(self, length: int, instructions: Sequence[tuple[Callable, list]], views: Sequence[View], multiplications: tuple[int, int]):
        self.length = length
        self.instructions = list(instructions)
        self.views = list(views)
        self.multiplications = multiplications
        self._takes_parameters = any(isinstance(a, Parameter) for _, args in self.instructions for a in args)
        #: None before the first call: a loop over arrays that stay has no parameters
        self._params: tuple | None = None
        self._lists: list[list] = [[] for _ in views]
        self._calls: list[tuple[Callable, list | None, list]] = []
        self._written_out: list[tuple[Callable, list]] = []

    def part(self, start: int, count: int) -> Turns:
        """Some of the turns, as a call with the same arguments. ``start`` is even, for views that go to and fro."""
        views = [view if view.ring else view._replace(first=view.first + start * view.step) for view in self.views]
        large, total = (n * count // self.length for n in self.multiplications)
        return Turns(count, self.instructions, views, (large, total))

    def __call__(self, *params: np.ndarray) -> None:
        if self._params is None or any(a is not b for a, b in zip(params, self._params)):
            self._bind(params)
        elif self.length <= SHORT:
            self._written_out = self._written_out or self._write_out()
            for function, args in self._written_out:
                function(*args)
            return
        for start in range(0, self.length, CHUNK):
            count = min(CHUNK, self.length - start)
            if self.length > CHUNK:
                lists = [view.arrays(params[view.source], start, count) for view in self.views]
            else:
                lists = self._lists
            # the first stream ends the chain: others go on for ever
            streams: list[Any] = [range(count)]
            for function, fixed, args in self._calls:
                if fixed is not None:
                    streams.append(starmap(function, repeat(fixed)))
                else:
                    streams.append(starmap(function, zip(*[lists[a] if moving else repeat(a) for moving, a in args])))
            for _ in zip(*streams):
                pass

    def _bind(self, params: tuple) -> None:
        before = self._params or [None] * len(params)
        if self.length <= CHUNK:
            for i, view in enumerate(self.views):
                if params[view.source] is not before[view.source]:
                    self._lists[i] = view.arrays(params[view.source], 0, self.length)
        self._params = params
        self._written_out = []
        if self._calls and not self._takes_parameters:
            return
        self._calls = []
        for function, args in self.instructions:
            bound = [
                (True, a.index) if isinstance(a, Moving) else (False, params[a.index] if isinstance(a, Parameter) else a) for a in args
            ]
            fixed = None if any(moving for moving, _ in bound) else [a for _, a in bound]
            self._calls.append((function, fixed, bound))

    def _write_out(self) -> list[tuple[Callable, list]]:
        return [
            (function, [self._lists[a][turn] if moving else a for moving, a in args])
            for turn in range(self.length)
            for function, _, args in self._calls
        ]

    def release(self) -> None:
        """Drop the references to the arrays of the last call."""
        self._params, self._calls, self._written_out = None, [], []
        self._lists = [[] for _ in self.views]
        for function, _ in self.instructions:
            if isinstance(function, Turns):
                function.release()
