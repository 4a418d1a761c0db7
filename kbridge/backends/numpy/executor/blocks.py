"""Runs chains of elementwise calls on large tensors block by block.

Each NumPy call goes over the whole of its operands. A chain of ten calls on tensors that are larger than the processor's caches therefore moves all
of them through memory ten times. Here the whole chain runs on the first block of its tensors, then on the second block, and so on. A result that
only the chain itself reads never leaves the cache, and needs storage for one block only. An Adam step of a large weight takes about three quarters
of the time this way.

A ``Chain`` consists of values that follow each other in the plan and have one size. Each element of a result must depend on the same
element of the operands alone, or on plain numbers.
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
    """Return whether ``value`` is large enough for a chain, and elementwise."""
    return value.size >= MIN_SIZE and value.op.elementwise


class Chain:
    """A chain of values that are computed together, in blocks of ``length`` elements; by default a block is as large as pays on one thread."""

    def __init__(self, values: list[Value], length: int | None = None):
        self.values = values
        self._length = length

    def reads(self) -> Counter:
        """Return how often the chain itself reads each value."""
        return Counter(operand for value in self.values for operand in value.operands())

    @property
    def block(self) -> int:
        """The number of elements in a block."""
        return max(self._length or BLOCK, -(-self.values[0].size // MAX_BLOCKS))

    def place(self, arrays: Mapping[Value, np.ndarray], pool: Pool) -> dict[Value, Buffer]:
        """Return storage for the values that are not among ``arrays``, because nothing outside the chain reads them: a block for each, from ``pool``."""
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

    def emit(self, ctx: Emitter, arrays: Mapping[Value, np.ndarray], local: Mapping[Value, Buffer], part: range | None = None) -> None:
        """Append the calls of the chain, block after block, for the elements of ``part`` (default: all)."""
        block = self.block
        whole = dict.fromkeys(v for value in self.values for v in (*value.operands(), value) if v not in local)
        flat = {value: arrays[value].reshape(-1) if arrays[value].ndim else arrays[value] for value in whole}
        part = part or range(max(array.size for array in flat.values()))
        for start in range(part.start, part.stop, block):
            stop = min(start + block, part.stop)
            pieces: dict[Value, Any] = {v: a[start:stop] if a.ndim else a for v, a in flat.items()}
            for value, buffer in local.items():
                pieces[value] = buffer.array((stop - start,), value.dtype)
            for value in self.values:
                value.op.emit(ctx, value.attrs, pieces[value], *(pieces[v] for v in value.inputs))
                ctx.release_scratch()


def values_of(item: Any) -> list[Value]:
    """The values of an item of a schedule: of a value itself, of a chain, or of what threads compute side by side."""
    if isinstance(item, Value):
        return [item]
    return item.values if isinstance(item, Chain) else [v for inner in item.items for v in values_of(inner)]


def stays(item: Any) -> bool:
    """Whether an item stays in the thread that runs the plan: loops, what draws or prints, and functions of users."""
    return any(v.scan is not None or v.op.of_user or not v.op.pure for v in values_of(item))
