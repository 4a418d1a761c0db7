"""Chains of elementwise calls on large tensors, run block by block.

NumPy's calls go over the whole of their operands, so that a chain of ten calls on tensors larger than the processor's
caches moves everything through memory ten times. Here the chain runs on the first block of all its tensors, then on the
second, and so on: what is only needed inside of the chain never leaves the cache, and takes no more storage than a block.
An Adam step of a large weight takes about three quarters of the time so.

A chain is made of values that follow each other in the plan, have one size, and of whose results each element
depends on the same element of the operands, or on numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from .emitter import Emitter
from .storage import Buffer, Pool
from .values import Value

#: elements of a block: 128 kB of floats, of which a core's own cache holds those that a chain works on
BLOCK = 1 << 15
#: tensors below this size stay in the cache anyway
MIN_SIZE = 2 * BLOCK
#: blocks of the largest tensors grow, so that a plan stays short
MAX_BLOCKS = 1 << 10


def large_elementwise(value: Value) -> bool:
    """Whether ``value`` may be part of a chain."""
    return value.size >= MIN_SIZE and value.op.elementwise


class Chain:
    """Values that are computed together."""

    def __init__(self, values: list[Value]):
        self.values = values

    def reads(self) -> Counter:
        """How many reads of each value are inside of the chain."""
        return Counter(operand for value in self.values for operand in value.operands())

    @property
    def block(self) -> int:
        """Elements of a block."""
        return max(BLOCK, -(-self.values[0].size // MAX_BLOCKS))

    def place(self, arrays: Mapping[Value, np.ndarray], pool: Pool) -> dict[Value, Buffer]:
        """Blocks for the values that have none of the ``arrays``, as nothing outside of the chain reads them."""
        left = self.reads()
        local: dict[Value, Buffer] = {}
        for value in self.values:
            operands = value.operands()
            left.subtract(operands)
            done = [local[v] for v in dict.fromkeys(operands) if not left[v] and v in local]
            # the call may write where it reads if it is known to, as in the rest of the plan
            if value.op.inplace:
                for buffer in done:
                    pool.give(buffer)
            if value not in arrays:
                local[value] = pool.take(self.block * value.dtype.itemsize)
            if not value.op.inplace:
                for buffer in done:
                    pool.give(buffer)
        return local

    def emit(self, ctx: Emitter, arrays: Mapping[Value, np.ndarray], local: Mapping[Value, Buffer]) -> None:
        """Append the calls of all blocks."""
        size, block = self.values[0].size, self.block
        whole = dict.fromkeys(v for value in self.values for v in (*value.operands(), value) if v not in local)
        flat = {value: arrays[value].reshape(-1) if arrays[value].ndim else arrays[value] for value in whole}
        for start in range(0, size, block):
            stop = min(start + block, size)
            pieces: dict[Value, Any] = {v: a[start:stop] if a.ndim else a for v, a in flat.items()}
            for value, buffer in local.items():
                pieces[value] = buffer.array((stop - start,), value.dtype)
            for value in self.values:
                value.op.emit(ctx, value.attrs, pieces[value], *(pieces[v] for v in value.inputs))
                ctx.release_scratch()
