"""Plans: a function specialised to input shapes, as a flat program with all storage allocated.

Body and commit. The body computes from old values only. The commit part writes the new values into
the variables: the last elementwise call of an update writes straight into the variable's storage.
The commit part runs inside one C loop, so that an interrupt can't leave half of the variables updated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import starmap
from operator import call
from typing import Any

import numpy as np

from ..graph import Tensor, Variable
from ..ops.shapes import PERMUTE
from .blocks import Run, large_elementwise
from .lowering import Lowering, Value
from .program import Buffer, Emitter, Pool, emit_view
from .threads import limit

#: reads of a transposed matrix from which on it is copied
MANY_READS = 8


class Plan:
    """Runs on arrays of the shapes and dtypes it was made for. Not safe for two threads at once."""

    def __init__(
        self,
        specializer: Lowering,
        feeds: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
    ):
        results = specializer.specialize([*feeds, *outputs, *(new for _, new in updates)])
        fed, results = results[: len(feeds)], results[len(feeds) :]
        targets = [(variable, value) for (variable, _), value in zip(updates, results[len(outputs) :])]
        emission = _Emission(fed, results[: len(outputs)], targets, specializer.order)
        self.body = emission.body
        self.commit = emission.commit
        self.outputs = emission.outputs
        self.nbytes = emission.ctx.pool.total + emission.blocks.total
        #: for each feed: (array bound now, the plan's own array, places to patch)
        self._bound = [emission.fed_arrays[v] for v in fed]
        self._own = list(self._bound)
        self._patches = [emission.ctx.patches.get(i, []) for i in range(len(fed))]
        patched = {id(bound) for places in self._patches for bound, _, _ in places}
        #: the commit part ready for the C loop, unless feeds are patched into it
        self._flat_commit = None
        if not any(id(args) in patched for _, args in self.commit):
            self._flat_commit = [(f, *args) for f, args in self.commit]
        self._limit = limit(self.body)

    def run(self, arrays: Sequence[np.ndarray]) -> list[Any]:
        """Values of the outputs. ``arrays`` are C-contiguous and of the plan's shapes and dtypes."""
        bound = self._bound
        for i, array in enumerate(arrays):
            if bound[i] is not array:
                self._bind(i, array)
        if self._limit is None:
            self._run_body()
        else:
            with self._limit:
                self._run_body()
        if self.commit:
            deque(starmap(call, self._flat_commit or [(f, *args) for f, args in self.commit]), maxlen=0)
        return [a.copy() if a.ndim else a[()] for a in self.outputs]

    def _run_body(self) -> None:
        for function, args in self.body:
            function(*args)

    def _bind(self, i: int, array: np.ndarray) -> None:
        self._bound[i] = array
        if array.strides != self._own[i].strides:
            # axes of length 1 may have any stride in what is contiguous (``images[..., None]``); the plan's views rely on theirs
            array = array.reshape(-1).reshape(array.shape)
        for instruction, position, views in self._patches[i]:
            view = array
            for make_view in views:
                view = make_view(view)
            instruction[position] = view

    def release(self) -> None:
        """Drop the references to the fed arrays."""
        for i, array in enumerate(self._own):
            if self._bound[i] is not array:
                self._bind(i, array)


class _Emission:
    """Orders the values, assigns storage and emits the instructions of one plan."""

    def __init__(self, fed: list[Value], outputs: list[Value], targets: list[tuple[Variable, Value]], order: list[Value]):
        self.ctx = Emitter(Pool())
        self.arrays: dict[Value, np.ndarray] = {}
        self.buffers: dict[Value, Buffer] = {}
        #: how many reads of a value are still to come
        self.pending: dict[Value, int] = {}
        #: the variable whose storage a value is a view of
        self.variable_of: dict[Value, Variable] = {}
        self.fed_arrays: dict[Value, np.ndarray] = {}
        #: the values that are being collected to be emitted block by block; buffers that are free after them
        self.run = Run()
        #: storage for one block at a time
        self.blocks = Pool()
        #: for the commit part: the variable's storage that a value is written to
        self.targets: dict[Value, np.ndarray] = {}
        updated = {variable for variable, _ in targets}

        live = self.live = self._reachable(order, [*fed, *outputs, *(value for _, value in targets)])
        for v in live:
            for i in v.operands():
                self.pending[i] = self.pending.get(i, 0) + 1
        for v in (*outputs, *(value for _, value in targets)):
            self.pending[v] = self.pending.get(v, 0) + 1
        for i, v in enumerate(fed):
            array = np.empty(v.shape, v.dtype)
            self.arrays[v] = self.fed_arrays[v] = array
            self.ctx.fed[id(array)] = (array, i, ())

        finals = self._finals(targets)
        late = self._descendants(live, finals)
        late |= self._only_for(late, live, {*outputs, *(value for _, value in targets)}, set(fed))
        for v in live:
            if v not in late:
                self._emit_next(v)
        self._emit_run()
        results = [None if v in late else self._kept(v, updated) for v in outputs]
        copies = []
        for variable, value in targets:
            if finals.get(value) is not variable:
                source = self.arrays[value] if value in self.arrays else None
                if source is not None and self.variable_of.get(value) in updated:
                    source = self._copied(value)
                copies.append((variable, value, source))
        self.body = self.ctx.instructions
        self.ctx.instructions = []
        ordered, demoted = self._late_order(late, finals)
        for v, target in ordered:
            self._emit_next(v, target)
        self._emit_run()
        for variable, value, source in copies:
            self.ctx.call(np.copyto, variable.value, self.arrays[value] if source is None else source, "unsafe")
        for value in demoted:
            self.ctx.call(np.copyto, finals[value].value, self.arrays[value])
        self.outputs = [self.arrays[v] if r is None else r for v, r in zip(outputs, results)]
        self.commit = self.ctx.instructions

    @staticmethod
    def _reachable(order: list[Value], wanted: list[Value]) -> list[Value]:
        needed = set(wanted)
        for v in reversed(order):
            if v in needed:
                needed.update(v.operands())
        return [v for v in order if v in needed]

    @staticmethod
    def _finals(targets: list[tuple[Variable, Value]]) -> dict[Value, Variable]:
        """Updates whose last call can write into the variable itself."""
        finals: dict[Value, Variable] = {}
        for variable, value in targets:
            fits = value.shape == variable.shape and value.dtype == variable.dtype
            if value.op.inplace and value.const is None and value.leaf is None and fits and value not in finals:
                finals[value] = variable
        return finals

    @staticmethod
    def _descendants(live: list[Value], finals: dict[Value, Variable]) -> set[Value]:
        late = set(finals)
        for v in live:
            if v not in late and any(i in late for i in v.operands()):
                late.add(v)
        return late

    @staticmethod
    def _only_for(late: set[Value], live: list[Value], kept: set[Value], fed: set[Value]) -> set[Value]:
        """Large elementwise values that only the commit part reads: next to their readers they need no storage of their own.

        What is fed stays in the body: the commit part's calls are fixed.
        """
        readers: dict[Value, list[Value]] = {}
        from_feeds = set(fed)
        for v in live:
            if v.op.view and any(i in from_feeds for i in v.operands()):
                from_feeds.add(v)
            for i in v.operands():
                readers.setdefault(i, []).append(v)
        found: set[Value] = set()
        for v in reversed(live):
            if v in late or v in kept or not large_elementwise(v) or any(i in from_feeds for i in v.operands()):
                continue
            if all(r in late or r in found for r in readers.get(v, ())):
                found.add(v)
        return found

    def _late_order(self, late: set[Value], finals: dict[Value, Variable]) -> tuple[list, list[Value]]:
        """The commit part, as (value, variable to write into or None): who reads a variable's old value goes before who
        overwrites it.

        Also the finals that had to give up writing in place, because updates read each other.
        """
        waiting = [v for v in self.live if v in late]
        ordered: list[tuple[Value, Variable | None]] = []
        demoted: list[Value] = []
        emitted: set[Value] = set()

        def reads(v: Value) -> set[Variable]:
            return {variable for i in v.operands() if (variable := self.variable_of.get(i)) is not None}

        readers = {v: reads(v) for v in waiting}
        while waiting:
            still_read: dict[Variable, int] = {}
            for v in waiting:
                for variable in readers[v]:
                    still_read[variable] = still_read.get(variable, 0) + 1
            progress = False
            remaining = []
            for v in waiting:
                ready = all(i not in late or i in emitted for i in v.operands())
                target = None if v in demoted else finals.get(v)
                others = still_read.get(target, 0) - (target in readers[v]) if target is not None else 0
                if ready and others == 0:
                    ordered.append((v, target))
                    for variable in readers[v]:
                        still_read[variable] -= 1
                    emitted.add(v)
                    progress = True
                else:
                    remaining.append(v)
            waiting = remaining
            if not progress:
                demoted.append(next(v for v in waiting if v in finals and v not in demoted))
        return ordered, demoted

    def _emit_next(self, value: Value, target: Variable | None = None) -> None:
        """Emit a value, into the storage of ``target`` if there is one; large elementwise ones wait for those that follow."""
        if target is not None:
            self.targets[value] = target.value
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

    def _kept(self, value: Value, updated: set[Variable]) -> np.ndarray:
        """An output's array, copied now if the commit part or the next feed would change it."""
        array = self.arrays[value]
        if self.variable_of.get(value) in updated or id(array) in self.ctx.fed:
            return self._copied(value)
        return array

    def _copied(self, value: Value) -> np.ndarray:
        array = np.empty(value.shape, value.dtype)
        self.ctx.call(np.copyto, array, self.arrays[value])
        return array

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
        operands = value.operands()
        turned = self._turned_often(value)
        if value.op.view and not turned and self._emit_as_view(value, operands[0]):
            self._consume(operands)
            return
        out = storage if storage is not None else self._storage(value, operands)
        if value.op.view:
            source = self.arrays[operands[0]]
            if turned:
                source = self.ctx.view(source, lambda a: value.op.view_of(value.attrs, value.shape, a))
            self.ctx.call(np.copyto, out.reshape(source.shape), source)
        else:
            value.op.emit(self.ctx, value.attrs, out, *(self._input(v) for v in value.inputs))
        self.arrays[value] = out
        self.ctx.release_scratch()
        self._consume(operands)

    def _turned_often(self, value: Value) -> bool:
        """A transposed matrix that many calls read (each turn of a loop, say) is copied: BLAS takes half the time for products
        of small matrices that lie row by row."""
        return value.op is PERMUTE and len(value.shape) == 2 and self.pending[value] >= MANY_READS

    def _input(self, value: Value) -> np.ndarray:
        """The array of an input, or, where only its shape counts, one that takes no memory."""
        array = self.arrays.get(value)
        return np.broadcast_to(np.zeros((), value.dtype), value.shape) if array is None else array

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

    def _storage(self, value: Value, operands: list[Value]) -> np.ndarray:
        """A buffer of its own, or that of an operand that is read here for the last time."""
        buffer = None
        if value.op.inplace:
            for v in operands:
                array, old = self.arrays[v], self.buffers.get(v)
                last = self.pending[v] == operands.count(v)
                if last and old is not None and old.users == 1 and array.flags.c_contiguous and (
                    v.shape == value.shape and v.dtype == value.dtype
                ):  # fmt: skip
                    buffer = old
                    break
        if buffer is None:
            buffer = self.ctx.pool.take(value.size * value.dtype.itemsize)
        buffer.users += 1
        self.buffers[value] = buffer
        return buffer.array(value.shape, value.dtype)

    def _consume(self, operands: list[Value], freed: list[Buffer] | None = None) -> None:
        """Count reads; storage that nobody will read goes back to the pool, or on the list ``freed``."""
        for v in operands:
            self.pending[v] -= 1
            if self.pending[v] == 0 and v in self.buffers:
                buffer = self.buffers[v]
                buffer.users -= 1
                if buffer.users == 0:
                    if freed is None:
                        self.ctx.pool.give(buffer)
                    else:
                        freed.append(buffer)
