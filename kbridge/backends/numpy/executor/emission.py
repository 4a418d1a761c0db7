"""Emission: the calls of a plan, from its schedule and storage. The third of the three passes that make a plan."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .blocks import Chain
from .emitter import Emitter
from .evaluation import shaped
from .placing import PlanStorage, Storage, TurnStorage
from .recorder import Recorder
from .schedule import Item, Order, Schedule, Total, Turn
from .values import Value


class Emission:
    """Appends the calls of an order's items to ``ctx``."""

    def __init__(self, order: Order, storage: Storage, ctx: Emitter):
        self.order, self.storage, self.ctx = order, storage, ctx

    def walk(self, items: Iterable[Item]) -> None:
        """The calls of the items in their order."""
        ctx, arrays = self.ctx, self.storage.arrays
        for item in items:
            if isinstance(item, Value):
                if item.scan is not None:
                    self._loop(item)
                elif not item.op.view:
                    inputs = [arrays[v] if v in arrays else shaped(v) for v in item.inputs]
                    item.op.emit(ctx, item.attrs, arrays[item], *inputs)
                    ctx.release_scratch()
                elif item in self.storage.copied:
                    self._copy(item)
            elif isinstance(item, Chain):
                item.emit(ctx, arrays, self.storage.blocks[item])
            else:
                self._add_up(item)

    def _copy(self, value: Value) -> None:
        """A view that has storage of its own."""
        out, source = self.storage.arrays[value], self.storage.arrays[value.operands()[0]]
        if value in self.order.layouts.copied:
            source = self.ctx.view(source, lambda a: value.op.view_of(value.attrs, value.shape, a))
        self.ctx.call(np.copyto, out.reshape(source.shape), source)

    def _loop(self, value: Value) -> None:
        turn = self.order.turns.get(value)
        if turn is not None and turn.scan.length:
            emit_turns(turn, self.storage.turns[value], self.ctx, self.storage)

    def _add_up(self, item: Total) -> None:
        assert isinstance(self.storage, TurnStorage)
        total = self.storage.sums[item.value]
        self.ctx.call(np.add, total, self.storage.arrays[item.value], total)


def emit_turns(turn: Turn, storage: TurnStorage, ctx: Emitter, outer: Storage) -> None:
    """A loop: what comes before its turns, these as one call, and what comes after."""
    for place, start in storage.starts:
        ctx.call(np.copyto, place, outer.arrays[start])
    for total in storage.sums.values():
        ctx.call(total.fill, 0)
    recorder = Recorder(ctx, storage.stand_ins)
    Emission(turn, storage, recorder).walk(turn.items)
    for new, place in storage.late:
        recorder.call(np.copyto, place, storage.arrays[new])
    turns, params = recorder.program(turn.scan.length)
    ctx.call(turns, *params)
    for target, array in storage.copies:
        ctx.call(np.copyto, target, array)


def emit(schedule: Schedule, storage: PlanStorage, ctx: Emitter) -> tuple[list, list]:
    """The instructions of a plan: (body, commit part)."""
    emission = Emission(schedule, storage, ctx)
    emission.walk(schedule.body)
    for value, array in storage.snapshots.items():
        ctx.call(np.copyto, array, storage.arrays[value])
    body, ctx.instructions = ctx.instructions, []
    emission.walk(schedule.commit)
    for variable, value in schedule.saved:
        ctx.call(np.copyto, variable.value, storage.before_updates(value), "unsafe")
    return body, ctx.instructions
