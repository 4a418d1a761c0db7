"""The emitter: what ops append their NumPy calls to.

An instruction is a pair (function, list of arguments). Arguments that come from a fed array are
patched before each run, so that conforming input is used without a copy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..blas import arguments_of_transpose, omatcopy
from .storage import Buffer, Fed, Pool, viewed

#: elements of a transposed matrix from which on it isn't copied by NumPy
TRANSPOSED = 1 << 12


class Emitter:
    """Collects instructions; what ops call ``ctx``."""

    def __init__(self, scratch: Pool | None = None, fed: Fed | None = None):
        self.pool = scratch or Pool()
        self.instructions: list[tuple[Callable, list]] = []
        self._scalars: dict[tuple, np.ndarray] = {}
        self._scratch: list[Buffer] = []
        #: the arrays that feeds replace
        self.fed: Fed = {} if fed is None else fed
        self.patches: dict[int, list[tuple[list, int, tuple]]] = {}
        #: whether BLAS works with one thread, however large the products are
        self.alone = False

    def lane(self, scratch: Pool) -> Emitter:
        """An emitter for calls that run beside others: with instructions and scratch of its own, all else as this one's."""
        found = Emitter(scratch, self.fed)
        found._scalars, found.patches, found.alone = self._scalars, self.patches, True
        return found

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
        return viewed(self.fed, array, make_view)

    def contiguous(self, array: np.ndarray) -> np.ndarray:
        """``array`` in row-major layout: itself, or a copy made at each run."""
        if array.flags.c_contiguous:
            return array
        copy = self.scratch(array.shape, array.dtype)
        self.copy(copy, array)
        return copy

    def copy(self, target: np.ndarray, source: np.ndarray) -> None:
        """target = source, of one shape. A large matrix that lies transposed is copied by BLAS, whose way through memory is better."""
        transposed = (
            source.ndim == 2
            and source.size >= TRANSPOSED
            and source.dtype == target.dtype
            and source.strides[0] == source.itemsize
            and source.strides[1] >= source.shape[0] * source.itemsize
            and source.strides[1] % source.itemsize == 0
            and target.flags.c_contiguous
            and min(source.shape) > 1
        )
        function = omatcopy(source.dtype) if transposed and not self.moves(source) and not self.moves(target) else None
        if function is None:
            self.call(np.copyto, target, source)
        else:
            self.call(function, *arguments_of_transpose(source, target))

    def reduce_sum(self, x: np.ndarray, axes: tuple[int, ...], out: np.ndarray) -> None:
        """Sum over ``axes`` into ``out``, which keeps them with length 1.

        Leading or trailing axes of floats that lie densely go through a product with ones, which is about four times as fast as
        the ufunc's reduction.
        """
        if not axes:
            self.call(np.copyto, out, x)
            return
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
