"""Chains of elementwise calls on large tensors, run block by block.

NumPy's calls go over the whole of their operands, so that a chain of ten calls on tensors larger than the processor's
caches moves everything through memory ten times. Here the chain runs on the first block of all its tensors, then on the
second, and so on: what is only needed inside of the chain never leaves the cache, and takes no more storage than a block.
An Adam step of a large weight takes about three quarters of the time so.

A chain (``Run``) is made of values that follow each other in the plan, have one size, and of whose results each element
depends on the same element of the operands, or on numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ops.elementwise import Cast, Clip, Elementwise, Where
from .lowering import Value
from .program import Buffer, Emitter, Pool

#: elements of a block: 128 kB of floats, of which a core's own cache holds those that a chain works on
BLOCK = 1 << 15
#: tensors below this size stay in the cache anyway
MIN_SIZE = 2 * BLOCK
#: blocks of the largest tensors grow, so that a plan stays short
MAX_BLOCKS = 1 << 10


def large_elementwise(value: Value) -> bool:
    """Whether ``value`` may be part of a run."""
    return value.size >= MIN_SIZE and isinstance(value.op, (Elementwise, Clip, Cast, Where))


class Run:
    """Values that are emitted together."""

    def __init__(self):
        self.values: list[Value] = []
        self.members: set[Value] = set()
        #: the whole arrays that the run reads and writes
        self.arrays: dict[Value, np.ndarray] = {}
        #: storage of a block's size, for what nothing outside of the run reads
        self.local: dict[Value, Buffer] = {}

    def takes(self, value: Value, arrays: dict[Value, np.ndarray], fed: Iterable[int]) -> bool:
        """Whether ``value`` can go on this run; ``arrays``: what is emitted, ``fed``: ids of arrays that calls replace."""
        if not large_elementwise(value) or (self.values and value.size != self.values[0].size):
            return False
        for operand in value.operands():
            if operand in self.members or (operand.shape == () and operand in arrays):
                continue
            array = arrays.get(operand)
            if array is None or operand.shape != value.shape or not array.flags.c_contiguous or id(array) in fed:
                return False
        return True

    def add(self, value: Value) -> None:
        """``value`` is the next one."""
        self.values.append(value)
        self.members.add(value)

    def reads(self) -> Counter:
        """How many reads of each value are inside of the run."""
        return Counter(operand for value in self.values for operand in value.operands())

    @property
    def block(self) -> int:
        """Elements of a block."""
        return max(BLOCK, -(-self.values[0].size // MAX_BLOCKS))

    def place(self, pool: Pool) -> None:
        """Find blocks for the values that have no array of their own; ``pool`` serves nothing else."""
        left = self.reads()
        for value in self.values:
            operands = value.operands()
            left.subtract(operands)
            done = {v for v in operands if not left[v] and v in self.local}
            # the call may write where it reads if it is known to, as in the rest of the plan
            if value.op.inplace:
                self._give(done, pool)
            if value not in self.arrays:
                self.local[value] = pool.take(self.block * value.dtype.itemsize)
            if not value.op.inplace:
                self._give(done, pool)

    def _give(self, values: Iterable[Value], pool: Pool) -> None:
        for value in values:
            pool.give(self.local[value])

    def emit(self, ctx: Emitter) -> None:
        """Append the calls of all blocks."""
        size, block = self.values[0].size, self.block
        flat = {value: array.reshape(-1) if array.ndim else array for value, array in self.arrays.items()}
        for start in range(0, size, block):
            stop = min(start + block, size)
            pieces: dict[Value, Any] = {v: a[start:stop] if a.ndim else a for v, a in flat.items()}
            for value, buffer in self.local.items():
                pieces[value] = buffer.array((stop - start,), value.dtype)
            for value in self.values:
                value.op.emit(ctx, value.attrs, pieces[value], *(pieces[v] for v in value.inputs))
                ctx.release_scratch()
