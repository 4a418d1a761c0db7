"""Plans: a function specialised to input shapes, as a flat program with all storage allocated.

Body and commit. The body computes from old values only. The commit part writes the new values into
the variables: the last elementwise call of an update writes straight into the variable's storage.
The commit part runs inside one C loop, so that an interrupt can't leave half of the variables updated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import Tensor, Variable
from . import trace
from .allocation import allocate
from .branches import has_forks
from .combining import combine
from .early import early
from .emission import emit
from .emitter import Emitter
from .fusion import arrange, fuse
from .lowering import Lowering
from .named_rows import named_rows, values_of_rows
from .prepared import Preparation
from .schedule import Schedule
from .storage import Arenas, Pool
from .threads import alone, limit, multiplications, one_thread
from .tiles import share_tiles
from .time_first import time_first
from .turns import Turns
from .workers import Fork


class Plan:
    """Runs on arrays of the shapes and dtypes it was made for. Not safe for two threads at once."""

    def __init__(
        self,
        lowering: Lowering,
        feeds: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        arenas: Arenas | None = None,
        order: Sequence[Tensor] = (),
        lanes: int = 1,
    ):
        results = lowering.specialize([*feeds, *outputs, *(new for _, new in updates)], order)
        prepared = fuse(lowering, results)
        combine(lowering, results)
        self._changed = [variable for variable, _ in updates]
        kept, new = results[: len(feeds) + len(outputs)], results[len(feeds) + len(outputs) :]
        new_values, rows = named_rows(lowering, kept, list(zip(self._changed, new)))
        results = [*kept, *[value for _, value in new_values], *values_of_rows(rows)]
        share_tiles(lowering, results)
        time_first(lowering, results)
        self._preparation = Preparation([*prepared, *arrange(lowering, results, 1 if alone() else max(2, lanes))])
        lowering.order = early(lowering.order)
        fed = kept[: len(feeds)]
        arenas = arenas or Arenas()
        schedule = Schedule(fed, kept[len(feeds) :], new_values, lowering.order, lanes, rows)
        storage = allocate(schedule, arenas)
        scratch = [Pool(arena) for arena in arenas.scratch(lanes)]
        ctx = Emitter(scratch[0], storage.fed)
        ctx.alone = has_forks(schedule.body) or alone()
        self.body, self._commit_part = emit(schedule, storage, ctx, scratch)
        self.commit = self._commit_part.calls
        self.outputs = [storage.before_updates(v) for v in schedule.outputs]
        forks = [function for function, _ in self.body if isinstance(function, Fork)]
        self.forks = [part for fork in forks for part in fork.parts()]
        calls = [*self.body, *self.commit, *(call for fork in forks for call in fork.calls())]
        self._loops = [function for function, _ in calls if isinstance(function, Turns)]
        self.calls = len(calls) + sum(len(turns.instructions) for turns in self._loops)
        self.nbytes = storage.nbytes + sum(pool.total for pool in scratch)
        #: for each feed: (array bound now, the plan's own array, places to patch)
        self._bound = [storage.arrays[v] for v in fed]
        self._own = list(self._bound)
        self._patches = [ctx.patches.get(i, []) for i in range(len(fed))]
        patched = {id(bound) for places in self._patches for bound, _, _ in places}
        if not any(id(args) in patched for _, args in self.commit):
            self._commit_part.freeze()
        self._limit = one_thread() if self.forks else limit((*self.body, *self.commit))

    def run(self, arrays: Sequence[np.ndarray]) -> list[Any]:
        """Values of the outputs. ``arrays`` are C-contiguous and of the plan's shapes and dtypes."""
        self._preparation.refresh()
        bound = self._bound
        for i, array in enumerate(arrays):
            if bound[i] is not array:
                self._bind(i, array)
        if self._limit is None:
            self._run_all()
        else:
            depth = self._limit.depth()
            try:
                with self._limit:
                    self._run_all()
            except BaseException:
                self._limit.leave(depth)
                raise
        return [a.copy() if a.ndim else a[()] for a in self.outputs]

    def _run_all(self) -> None:
        self._run_body()
        if self.commit:
            self._commit()

    def _commit(self) -> None:
        try:
            self._commit_part.run()
        finally:
            for variable in self._changed:
                variable.version += 1

    def _run_body(self) -> None:
        if trace.active is not None:
            self._run_traced(trace.active)
            return
        for function, args in self.body:
            function(*args)

    def _run_traced(self, record: trace.Trace) -> None:
        record.blas |= self._limit is None and not alone() and multiplications((*self.body, *self.commit))[1] > 0
        started = trace.now()
        for function, args in self.body:
            if isinstance(function, Fork):
                record.serial("calls", started)
                function()
                started = trace.now()
            else:
                function(*args)
        record.serial("calls", started)

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
