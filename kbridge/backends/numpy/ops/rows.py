"""Calls on the rows of large arrays, whose loops NumPy runs fast: one number, or one for each column, for all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import prod
from typing import Any

import numpy as np

#: elements that NumPy's loops run over at least, where that can be
SPAN = 1 << 11
#: elements of a block that stays in the cache
BLOCK = 1 << 15


@cache
def repeated(number: float, dtype: np.dtype, count: int = SPAN) -> np.ndarray:
    """An array of one number: NumPy compares two arrays four times as fast as an array and a number."""
    array = np.full(count, number, dtype)
    array.flags.writeable = False
    return array


def bounded(ctx: Any, function: Callable, bound: float, source: np.ndarray, target: np.ndarray) -> None:
    """target = function(source, bound), of arrays that lie densely."""
    size = target.size
    whole = size - size % SPAN
    flat = target.reshape(-1)
    for part, shape in ((slice(0, whole), (-1, SPAN)), (slice(whole, size), (-1,))):
        if part.stop > part.start:
            x = ctx.view(source, lambda a, part=part, shape=shape: a.reshape(-1)[part].reshape(shape))
            ctx.call(function, x, repeated(bound, target.dtype)[: x.shape[-1]], flat[part].reshape(shape))


class Rows:
    """Numbers of columns, repeated to some rows, so that NumPy's loops are long."""

    def __init__(self, ctx: Any, numbers: np.ndarray):
        self.ctx, self.numbers = ctx, numbers
        self.repeat = max(1, SPAN // max(1, numbers.size))
        self.tile = ctx.scratch((self.repeat, numbers.size), numbers.dtype)
        ctx.call(np.copyto, self.tile, numbers)

    def call(self, function: Callable, source: np.ndarray, target: np.ndarray) -> None:
        """target = function(source, numbers), of arrays (rows, columns)."""
        whole = len(target) - len(target) % self.repeat
        for part, shape, other in (
            (slice(0, whole), (-1, self.tile.size), self.tile.reshape(-1)),
            (slice(whole, None), target.shape[1:], self.numbers),
        ):
            if len(target[part]):
                shape = shape if shape[0] == -1 else (-1, *shape)
                x = self.ctx.view(source, lambda a, part=part, shape=shape: a[part].reshape(shape))
                self.ctx.call(function, x, other, target[part].reshape(shape))


def matrix(ctx: Any, x: np.ndarray) -> np.ndarray:
    """``x`` as rows of its last axis, dense."""
    return ctx.view(ctx.contiguous(x), lambda a: a.reshape(-1, a.shape[-1]))


def blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Parts of the rows of arrays of this shape, of ``BLOCK`` elements or a little more."""
    rows, columns = prod(shape[:-1]), shape[-1]
    count = max(1, rows * columns // BLOCK)
    step = -(-rows // count)
    repeat = max(1, SPAN // max(1, columns))
    step = -(-step // repeat) * repeat
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
