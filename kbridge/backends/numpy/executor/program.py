"""Emission: from values to a flat list of NumPy calls on bound arrays.

An instruction is a pair (function, list of arguments). Arguments that come from a fed array are
patched before each run, so that conforming input is used without a copy.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ops.shapes import RESHAPE
from .lowering import Value

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
        self.total += nbytes + ALIGNMENT
        buffer = Buffer(self.arena.add(nbytes), nbytes)
        buffer.fresh = False
        return buffer

    def give(self, buffer: Buffer) -> None:
        size = buffer.nbytes
        if size not in self.free:
            insort(self.sizes, size)
            self.free[size] = []
        self.free[size].append(buffer)


class Emitter:
    """Collects instructions; what ops call ``ctx``."""

    def __init__(self, pool: Pool | None = None):
        self.pool = pool or Pool()
        self.instructions: list[tuple[Callable, list]] = []
        self._scalars: dict[tuple, np.ndarray] = {}
        self._scratch: list[Buffer] = []
        #: id of a fed array or a view of one -> (that array, index of the feed, functions that make the view)
        self.fed: dict[int, tuple[np.ndarray, int, tuple]] = {}
        self.patches: dict[int, list[tuple[list, int, tuple]]] = {}

    def call(self, function: Callable, *args: Any) -> None:
        """Append one call. Its array arguments are bound, or patched if they come from a feed."""
        bound = list(args)
        if not self.fed.keys().isdisjoint(map(id, args)):
            for position, arg in enumerate(args):
                found = self.fed.get(id(arg))
                if found is not None:
                    self.patches.setdefault(found[1], []).append((bound, position, found[2]))
        self.instructions.append((function, bound))

    def moves(self, array: np.ndarray) -> bool:
        """Whether another array may take its place in a run."""
        return id(array) in self.fed

    def scalar(self, value: Any, dtype: np.dtype) -> np.ndarray:
        """A number as a bound 0-d array: half the call cost of a Python number."""
        key = (float(value), dtype)
        if key not in self._scalars:
            self._scalars[key] = np.array(value, dtype)
        return self._scalars[key]

    def scratch(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """Storage that lives until the current value is done."""
        buffer = self.pool.take(math.prod(shape) * dtype.itemsize)
        self._scratch.append(buffer)
        return buffer.array(shape, dtype)

    def release_scratch(self) -> None:
        if not self._scratch:
            return
        for buffer in self._scratch:
            self.pool.give(buffer)
        self._scratch.clear()

    def view(self, array: np.ndarray, make_view: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """A view of an input, made again when the input is a fed array that changes."""
        result = make_view(array)
        found = self.fed.get(id(array))
        if found is not None:
            self.fed[id(result)] = (result, found[1], (*found[2], make_view))
        return result

    def contiguous(self, array: np.ndarray) -> np.ndarray:
        """``array`` in row-major layout: itself, or a copy made at each run."""
        if array.flags.c_contiguous:
            return array
        copy = self.scratch(array.shape, array.dtype)
        self.call(np.copyto, copy, array)
        return copy

    def reduce_sum(self, x: np.ndarray, axes: tuple[int, ...], out: np.ndarray) -> None:
        """Sum over ``axes`` into ``out``, which keeps them with length 1.

        Leading or trailing axes of floats that lie densely go through a product with ones, which is about four times as fast as
        the ufunc's reduction.
        """
        ndim, n = x.ndim, len(axes)
        leading, trailing = axes == tuple(range(n)), axes == tuple(range(ndim - n, ndim))
        if (
            x.dtype in (np.float32, np.float64)
            and n < ndim
            and (leading or trailing)
            and 0 < x.size < 1 << 31
            and (matrix := self._as_matrix(x, n if leading else ndim - n, leading)) is not None
        ):
            rows = matrix.shape[0]
            if leading:
                self.call(np.dot, self.ones((1, rows), x.dtype), matrix, out.reshape(1, -1))
            else:
                self.call(np.dot, matrix, self.ones((matrix.shape[1], 1), x.dtype), out.reshape(-1, 1))
        else:
            self.call(np.add.reduce, x, axes, None, out, True)

    def _as_matrix(self, x: np.ndarray, n: int, leading: bool) -> np.ndarray | None:
        """A view of ``x`` with its first ``n`` axes as rows and the others as columns, or None if that takes a copy.

        The side that is summed (the rows if ``leading``, else the columns) may come in any order, so that a sequence with the
        time first is as good as one with the samples first. The other side keeps its order: it is that of the result.
        """
        if x.ndim == 2 and x.flags.c_contiguous:
            return x
        first, last = range(n), range(n, x.ndim)
        summed = sorted(first if leading else last, key=lambda a: -x.strides[a])
        order = (*summed, *last) if leading else (*first, *summed)
        rows = math.prod(x.shape[:n])

        def matrix(a: np.ndarray) -> np.ndarray:
            return a.transpose(order).reshape(rows, -1)

        result = matrix(x)
        if x.itemsize not in result.strides or not np.may_share_memory(result, x):
            return None
        return self.view(x, matrix)

    def ones(self, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
        key = (shape, dtype)
        if key not in self._scalars:
            self._scalars[key] = np.ones(shape, dtype)
        return self._scalars[key]


def emit_view(ctx: Emitter, value: Value, source: np.ndarray) -> np.ndarray | None:
    """The array of a view op, or None where the layout of ``source`` needs a copy (a reshape)."""
    op, attrs, shape = value.op, value.attrs, value.shape
    array = ctx.view(source, lambda a: op.view_of(attrs, shape, a))
    if op is not RESHAPE:
        return array
    return array if array.size == 0 or np.may_share_memory(array, source) else None


def compute(value: Value, arrays: Sequence[np.ndarray | None]) -> np.ndarray:
    """Run one op now; inputs of which only the shape matters may be None."""
    ctx = Emitter()
    if value.op.view:
        return value.op.view_of(value.attrs, value.shape, arrays[0])
    inputs = [shaped(v) if a is None else a for v, a in zip(value.inputs, arrays)]
    out = np.empty(value.shape, value.dtype)
    value.op.emit(ctx, value.attrs, out, *inputs)
    for function, args in ctx.instructions:
        function(*args)
    return out


#: any number's zero
_ZERO = bytes(16)


def shaped(value: Value) -> np.ndarray:
    """An array of a value's shape and dtype that takes no memory."""
    return np.ndarray(value.shape, value.dtype, _ZERO, strides=(0,) * len(value.shape))
