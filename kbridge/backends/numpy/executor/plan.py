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
from .blocks import large_elementwise
from .emission import Emission
from .lowering import Lowering, Value
from .program import Arena, Emitter, Pool
from .scan import mark
from .threads import limit
from .turns import Turns


class Plan:
    """Runs on arrays of the shapes and dtypes it was made for. Not safe for two threads at once."""

    def __init__(
        self,
        specializer: Lowering,
        feeds: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        arenas: tuple[Arena, Arena] | None = None,
        order: Sequence[Tensor] = (),
    ):
        results = specializer.specialize([*feeds, *outputs, *(new for _, new in updates)], order)
        fed, results = results[: len(feeds)], results[len(feeds) :]
        targets = [(variable, value) for (variable, _), value in zip(updates, results[len(outputs) :])]
        emission = _Emission(fed, results[: len(outputs)], targets, specializer.order, arenas or (Arena(), Arena()))
        self.body = emission.body
        self.commit = emission.commit
        self.outputs = emission.outputs
        self._loops = [function for function, _ in (*self.body, *self.commit) if isinstance(function, Turns)]
        self.calls = len(self.body) + len(self.commit) + sum(len(turns.instructions) for turns in self._loops)
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
        for turns in self._loops:
            turns.release()


class _Emission(Emission):
    """Orders the values, assigns storage and emits the instructions of one plan."""

    def __init__(
        self,
        fed: list[Value],
        outputs: list[Value],
        targets: list[tuple[Variable, Value]],
        order: list[Value],
        arenas: tuple[Arena, Arena],
    ):
        super().__init__(Emitter(Pool(arenas[0])), Pool(arenas[1]))
        self.fed_arrays: dict[Value, np.ndarray] = {}
        updated = {variable for variable, _ in targets}

        live = self.live = self._reachable(order, [*fed, *outputs, *(value for _, value in targets)])
        self.count(live)
        for v in (*outputs, *(value for _, value in targets)):
            self.pending[v] = self.pending.get(v, 0) + 1
        for i, v in enumerate(fed):
            array = np.empty(v.shape, v.dtype)
            self.arrays[v] = self.fed_arrays[v] = array
            self.ctx.fed[id(array)] = (array, i, ())

        finals = self._finals(targets, self._read_by_loops(live))
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
            if target is not None:
                self.targets[v] = target.value
            self._emit_next(v)
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
        mark(reversed(order), needed)
        return [v for v in order if v in needed]

    @staticmethod
    def _read_by_loops(live: list[Value]) -> set[Value]:
        """What loops are made from. The commit part holds no loop, which an interrupt could stop between two turns."""
        found: set[Value] = set()
        for v in reversed(live):
            if v.scan is not None or v in found:
                found.update(v.operands())
        return found

    @staticmethod
    def _finals(targets: list[tuple[Variable, Value]], kept: set[Value]) -> dict[Value, Variable]:
        """Updates whose last call can write into the variable itself; those in ``kept`` are copied."""
        finals: dict[Value, Variable] = {}
        for variable, value in targets:
            fits = value.shape == variable.shape and value.dtype == variable.dtype
            writes = value.op.inplace and value.const is None and value.leaf is None and value not in kept
            if writes and fits and value not in finals:
                finals[value] = variable
        return finals

    @staticmethod
    def _descendants(live: list[Value], finals: dict[Value, Variable]) -> set[Value]:
        late = set(finals)
        for v in live:
            if v not in late and not late.isdisjoint(v.operands()):
                late.add(v)
        return late

    @staticmethod
    def _only_for(late: set[Value], live: list[Value], kept: set[Value], fed: set[Value]) -> set[Value]:
        """Large elementwise values that only the commit part reads: next to their readers they need no storage of their own.

        What is fed stays in the body: the commit part's calls are fixed.
        """
        if not any(map(large_elementwise, live)):
            return set()
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
