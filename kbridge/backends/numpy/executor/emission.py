"""Emission: what gives values storage and appends the calls that fill it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..graph import Variable
from ..ops.shapes import PERMUTE
from .blocks import Run, large_elementwise
from .lowering import Value
from .program import Buffer, Emitter, Pool, emit_view, shaped

#: reads of a transposed matrix from which on it is copied
MANY_READS = 8


class Emission:
    """Gives values arrays, in order, and appends the calls that fill these to ``ctx``."""

    def __init__(self, ctx: Emitter, blocks: Pool):
        self.ctx = ctx
        self.arrays: dict[Value, np.ndarray] = {}
        self.buffers: dict[Value, Buffer] = {}
        #: how many reads of a value are still to come
        self.pending: dict[Value, int] = {}
        #: what loops read in many turns
        self.often: set[Value] = set()
        #: the variable whose storage a value is a view of
        self.variable_of: dict[Value, Variable] = {}
        #: the values that are being collected to be emitted block by block; buffers that are free after them
        self.run = Run()
        #: storage for one block at a time
        self.blocks = blocks
        #: storage that values must be written to
        self.targets: dict[Value, np.ndarray] = {}

    def count(self, live: Iterable[Value]) -> None:
        """Note who reads what."""
        pending = self.pending
        for v in live:
            for i in v.operands():
                pending[i] = pending.get(i, 0) + 1
            if v.scan is not None and v.scan.length >= MANY_READS:
                self.often.update(v.operands())

    def _emit_next(self, value: Value) -> None:
        """Emit a value; large elementwise ones wait for those that follow."""
        if not self.run.values and not large_elementwise(value):
            self._emit(value, self.targets.get(value))
            return
        if value not in self.arrays and value.const is None and not isinstance(value.leaf, Variable):
            if not self.run.takes(value, self.arrays, self.ctx.fed):
                # a view adds no call; it may pass what waits, unless it is a view of that
                if not value.op.view or any(v in self.run.members for v in value.operands()):
                    self._emit_run()
            if self.run.takes(value, self.arrays, self.ctx.fed):
                self.run.add(value)
                return
        self._emit(value, self.targets.get(value))

    def _emit_run(self) -> None:
        """Emit the values that wait: together, or one alone as any other."""
        if not self.run.values:
            return
        run, self.run = self.run, Run()
        if len(run.values) < 2:
            for value in run.values:
                self._emit(value, self.targets.get(value))
            return
        inside = run.reads()
        freed: list[Buffer] = []
        for value in run.values:
            whole = [v for v in value.operands() if v in self.arrays]
            run.arrays.update((v, self.arrays[v]) for v in whole)
            if value in self.targets:
                self.arrays[value] = run.arrays[value] = self.targets[value]
            elif self.pending[value] > inside[value]:
                self.arrays[value] = run.arrays[value] = self._storage(value, whole)
            self._consume(value.operands(), freed)
        run.place(self.blocks)
        run.emit(self.ctx)
        # not before: other blocks still read what the last block of a value has been read from
        for buffer in freed:
            self.ctx.pool.give(buffer)

    def _emit(self, value: Value, storage: np.ndarray | None = None) -> None:
        """Give ``value`` an array and append the calls that fill it; ``storage``: write there."""
        if value in self.arrays:
            return
        if value.const is not None:
            self.arrays[value] = value.const
            return
        if isinstance(value.leaf, Variable):
            self.arrays[value] = value.leaf.value
            self.variable_of[value] = value.leaf
            return
        if value.scan is not None:
            self._emit_loop(value)
            return
        operands = value.operands()
        turned = False
        if value.op.view:
            turned = self._turned_often(value)
            if not turned and self._emit_as_view(value, operands[0]):
                self._consume(operands)
                return
        out = storage if storage is not None else self._storage(value, operands)
        if value.op.view:
            source = self.arrays[operands[0]]
            if turned:
                source = self.ctx.view(source, lambda a: value.op.view_of(value.attrs, value.shape, a))
            self.ctx.call(np.copyto, out.reshape(source.shape), source)
        else:
            arrays = self.arrays
            value.op.emit(self.ctx, value.attrs, out, *[arrays[v] if v in arrays else shaped(v) for v in value.inputs])
        self.arrays[value] = out
        self.ctx.release_scratch()
        self._consume(operands)

    def _emit_loop(self, value: Value) -> None:
        from .loops import emit_loop

        emit_loop(self, value)
        self._consume(value.operands())

    def _turned_often(self, value: Value) -> bool:
        """A transposed matrix that many calls read (each turn of a loop, say) is copied: BLAS takes half the time for products
        of small matrices that lie row by row."""
        return value.op is PERMUTE and len(value.shape) == 2 and (self.pending[value] >= MANY_READS or value in self.often)

    def _emit_as_view(self, value: Value, source: Value) -> bool:
        array = emit_view(self.ctx, value, self.arrays[source])
        if array is None:
            return False
        self.arrays[value] = array
        if source in self.variable_of:
            self.variable_of[value] = self.variable_of[source]
        if source in self.buffers:
            self.buffers[value] = self.buffers[source]
            self.buffers[value].users += 1
        return True

    def _storage(self, value: Value, operands: Sequence[Value]) -> np.ndarray:
        """A buffer of its own, or that of an operand that is read here for the last time."""
        buffer = None
        if value.op.inplace:
            for v in operands:
                old = self.buffers.get(v)
                if old is None or old.users != 1 or v.shape != value.shape or v.dtype != value.dtype:
                    continue
                if self.pending[v] == operands.count(v) and self.arrays[v].flags.c_contiguous:
                    buffer = old
                    break
        if buffer is None:
            buffer = self.ctx.pool.take(value.size * value.dtype.itemsize)
        buffer.users += 1
        self.buffers[value] = buffer
        return buffer.array(value.shape, value.dtype)

    def _consume(self, operands: Sequence[Value], freed: list[Buffer] | None = None) -> None:
        """Count reads; storage that nobody will read goes back to the pool, or on the list ``freed``."""
        pending = self.pending
        for v in operands:
            left = pending[v] = pending[v] - 1
            if not left and v in self.buffers:
                buffer = self.buffers[v]
                buffer.users -= 1
                if buffer.users == 0:
                    if freed is None:
                        self.ctx.pool.give(buffer)
                    else:
                        freed.append(buffer)
