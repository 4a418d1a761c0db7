"""Emission: the calls of a plan, from its schedule and storage. The third of the three passes that make a plan."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np

from ..ops.conv import product
from .ahead import Ahead
from .beside import Beside
from .blocks import Chain, stays
from .branches import Branches, has_forks
from .cuts import OWN, mean_of_deviations
from .emitter import Emitter
from .evaluation import shaped
from .placing import PlanStorage, Storage, TurnStorage
from .recorder import Recorder
from .regions import Region
from .schedule import Item, Order, Schedule, Total, Turn
from .shares import Shares
from .stages import in_stages
from .storage import Pool
from .strips import Strips
from .together import Commit
from .turns import Turns
from .values import Value
from .workers import Fork, Gate, GatedFork


class Emission:
    """Appends the calls of an order's items to ``ctx``."""

    def __init__(self, order: Order, storage: Storage, ctx: Emitter, scratch: list[Pool]):
        self.order, self.storage, self.ctx = order, storage, ctx
        #: for each lane, storage of what calls need while they run
        self.scratch = scratch

    def walk(self, items: Iterable[Item]) -> None:
        """The calls of the items in their order."""
        for item in items:
            if isinstance(item, Value):
                if item.scan is not None:
                    self._loop(item)
                elif not item.op.view:
                    self._call(item)
                elif item in self.storage.copied:
                    self._copy(item)
            elif isinstance(item, Chain):
                self._chain(item)
            elif isinstance(item, Region):
                self._region(item)
            elif isinstance(item, Branches):
                self._branches(item)
            elif isinstance(item, Strips):
                self._strips(item)
            elif isinstance(item, Beside):
                self._beside(item)
            elif isinstance(item, Ahead):
                self._ahead(item)
            else:
                self._add_up(item)

    # arrays, which a lane cuts

    def result(self, value: Value) -> np.ndarray:
        """Where a value is written to."""
        return self.storage.arrays[value]

    def operand(self, value: Value, reader: Value, position: int) -> np.ndarray:
        """Input ``position`` of ``reader``."""
        return self.storage.arrays[value]

    # items

    def _call(self, value: Value) -> None:
        arrays = self.storage.arrays
        inputs = [self.operand(v, value, i) if v in arrays else shaped(v) for i, v in enumerate(value.inputs)]
        value.op.emit(self.ctx, value.attrs, self.result(value), *inputs)
        self.ctx.release_scratch()

    def _copy(self, value: Value) -> None:
        """A view that has storage of its own."""
        out, source = self.result(value), self.operand(value.operands()[0], value, 0)
        if value in self.order.layouts.copied:
            source = self.ctx.view(source, lambda a: value.op.view_of(value.attrs, value.shape, a))
        self.ctx.copy(out.reshape(source.shape), source)

    def _chain(self, chain: Chain) -> None:
        chain.emit(self.ctx, self.storage.arrays, self.storage.blocks[chain][0])

    def _loop(self, value: Value) -> None:
        turn = self.order.turns.get(value)
        if turn is None or not turn.scan.length:
            return
        storage = self.storage.turns[value]
        self._before(storage)
        self._turns(turn, storage, self.ctx, Emission(turn, storage, Recorder(self.ctx, storage.stand_ins), self.scratch))
        self._after(storage)

    def _before(self, storage: TurnStorage) -> None:
        for place, start in storage.starts:
            self.ctx.call(np.copyto, place, self.storage.arrays[start])
        for total in storage.sums.values():
            self.ctx.call(total.fill, 0)

    def _after(self, storage: TurnStorage) -> None:
        for target, array in storage.copies:
            self.ctx.call(np.copyto, target, array)

    @staticmethod
    def _turns(turn: Turn, storage: TurnStorage, ctx: Emitter, emission: Emission) -> None:
        turns, params = Emission._program(turn, storage, emission)
        ctx.call(turns, *params)

    @staticmethod
    def _program(turn: Turn, storage: TurnStorage, emission: Emission) -> tuple[Turns, list[np.ndarray]]:
        recorder: Any = emission.ctx
        emission.walk(turn.items)
        for new, place in storage.late:
            recorder.call(np.copyto, emission.cut(place, 0), emission.cut(storage.arrays[new], 0))
        return recorder.program(turn.scan.length)

    def cut(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The part of an array that is computed here: all of it."""
        return array

    def _add_up(self, item: Total) -> None:
        assert isinstance(self.storage, TurnStorage)
        total, value = self.storage.sums[item.value], self.storage.arrays[item.value]
        self.ctx.call(np.add, self.cut(total, 0), self.cut(value, 0), self.cut(total, 0))

    def _region(self, region: Region) -> None:
        loop = region.loop
        turn, storage = (None, None) if loop is None else (self.order.turns[loop], self.storage.turns[loop])
        if storage is not None:
            self._before(storage)
        lanes = []
        for number in range(region.lanes):
            lane = self.ctx.lane(self.scratch[number])
            if turn is None or storage is None:
                LaneEmission(region, number, self.order, self.storage, lane, self.scratch).walk(region.items)
            else:
                recorder = Recorder(lane, storage.stand_ins)
                self._turns(turn, storage, lane, LaneEmission(region, number, turn, storage, recorder, self.scratch))
            lanes.append(lane.instructions)
        self.ctx.call(Fork(region.name, lanes, region.samples))
        if storage is not None:
            self._after(storage)
        summed = region.summed()
        for value in summed:
            mean = mean_of_deviations(value)
            if mean is not None and OWN in region.cuts[value].needs:
                self._join(region, mean, value)
                summed = [v for v in summed if v is not mean and v is not value]
        for value in summed:
            self._sum_up(region, value)

    def _branches(self, branches: Branches) -> None:
        lanes = []
        for number, items in enumerate(branches.lanes):
            lane = self.ctx.lane(self.scratch[number])
            Emission(self.order, self.storage, lane, self.scratch).walk(items)
            lanes.append(lane.instructions)
        self.ctx.call(Fork(branches.name, lanes, len(lanes)))

    def shares(self, shares: Shares) -> list[list]:
        """The calls of each lane."""
        found = []
        for number, items in enumerate(shares.lanes):
            lane = self.ctx.lane(self.scratch[number])
            emission = Emission(self.order, self.storage, lane, self.scratch)
            emission.walk(items)
            for chain in shares.cut:
                if part := shares.part(chain, number):
                    chain.emit(lane, self.storage.arrays, self.storage.blocks[chain][number], part)
            found.append(lane.instructions)
        return found

    def _strips(self, strips: Strips) -> None:
        value, lanes = strips.value, []
        for number, (attrs, result, parts, is_dense) in enumerate(strips.parts):
            lane = self.ctx.lane(self.scratch[number])
            inputs = [self.operand(v, value, i) for i, v in enumerate(value.inputs)]
            inputs = [a if index is None else self.ctx.view(a, itemgetter(index)) for a, index in zip(inputs, parts)]
            target = self.result(value)[result]
            # most ops write to arrays that lie densely
            dense = target if target.flags.c_contiguous or not is_dense else lane.scratch(target.shape, target.dtype)
            value.op.emit(lane, attrs, dense, *inputs)
            if dense is not target:
                lane.call(np.copyto, target, dense)
            lane.release_scratch()
            lanes.append(lane.instructions)
        self.ctx.call(Fork(strips.name, lanes, len(lanes)))

    def _beside(self, beside: Beside) -> None:
        turn, storage = self.order.turns[beside.loop], self.storage.turns[beside.loop]
        self.walk(beside.before)
        if storage.copies or not self.storage.copied.isdisjoint(beside.views):
            # the results of a turn aren't where the products read them before the loop's end
            self.walk([beside.loop, *beside.views, *beside.products])
            return
        self._before(storage)
        first = self.ctx.lane(self.scratch[0])
        turns, params = self._program(turn, storage, Emission(turn, storage, Recorder(first, storage.stand_ins), self.scratch))
        gates = [Gate() for _ in beside.lanes]
        others = [self.ctx.lane(pool) for pool in self.scratch[1:]][: len(gates)]
        parts, late = list(beside.parts()), beside.late()
        places: dict[Value, np.ndarray] = {}
        for part in parts:
            first.call(turns.part(*part), *params)
            for gate, lane, products in zip(gates, others, beside.lanes):
                now = [v for v in products if part != parts[-1] or v not in late]
                if now:
                    first.call(gate.open)
                    lane.call(gate.wait)
                for v in now:
                    begun = v in places
                    self._part_of_product(beside, v, part, lane, places.setdefault(v, self.storage.arrays[v]), begun)
        own = {v: self.ctx.scratch(v.shape, v.dtype) for v in beside.products if v in late and beside.summed(v)}
        for v in beside.products:
            if v in late:
                self._part_of_product(beside, v, parts[-1], first, own.get(v, self.storage.arrays[v]), False)
        self.ctx.call(GatedFork(beside.name, [lane.instructions for lane in (first, *others)], 1 + len(others), gates))
        for v, share in own.items():
            out = self.storage.arrays[v]
            self.ctx.call(np.add, out, share, out)
        self.ctx.release_scratch()

    def _ahead(self, ahead: Ahead) -> None:
        turn, storage = self.order.turns[ahead.loop], self.storage.turns[ahead.loop]
        if not self.storage.copied.isdisjoint(ahead.values):
            self.walk(ahead.items)
            return
        self._before(storage)
        gate, first, second = Gate(), self.ctx.lane(self.scratch[0]), self.ctx.lane(self.scratch[1])
        turns, params = self._program(turn, storage, Emission(turn, storage, Recorder(second, storage.stand_ins), self.scratch))
        for part in ahead.parts():
            for v in ahead.values:
                if not v.op.view:
                    self._rows_of(v, ahead.rows(part, v.shape[0]), first)
            first.call(gate.open)
            second.call(gate.wait)
            second.call(turns.part(*part), *params)
        self.ctx.call(GatedFork(ahead.name, [first.instructions, second.instructions], 2, [gate]))
        self._after(storage)

    def _rows_of(self, value: Value, rows: slice, lane: Emitter) -> None:
        """Some rows of a value whose first operand has the same."""
        left, other = (self.storage.arrays[v] for v in value.inputs)
        value.op.emit(lane, value.attrs, self.storage.arrays[value][rows], lane.view(left, itemgetter(rows)), other)
        lane.release_scratch()

    def _part_of_product(self, beside: Beside, value: Value, part: tuple[int, int], lane: Emitter, place: np.ndarray, begun: bool) -> None:
        """The rows of these turns, or their share of a sum that is at ``place``; ``begun``: other shares are there already."""
        if not beside.summed(value):
            self._rows_of(value, beside.rows(part, value.shape[0]), lane)
            return
        target = lane.scratch(value.shape, value.dtype) if begun else place
        arrays = [self.storage.arrays[v] for v in value.operands()]
        rows = beside.rows(part, len(arrays[-1]))
        last = lane.view(arrays[-1], itemgetter(rows))
        if value.op.name == "matmul":
            lane.call(product(target.dtype), lane.view(arrays[0], itemgetter((slice(None), rows))), last, target)
        else:
            summed = last.ndim - target.ndim
            lane.reduce_sum(last, tuple(range(summed)), target.reshape([1] * summed + list(target.shape)))
        if begun:
            lane.call(np.add, place, target, place)
        lane.release_scratch()

    def _sum_up(self, region: Region, value: Value) -> None:
        """Add the lanes' sums, in the order of the lanes."""
        total, mean = self.storage.arrays[value], value.op.name == "mean"
        parts = [region.part(lane, region.samples) for lane in range(region.lanes)]
        shares = [self.ctx.scalar((part.stop - part.start) / region.samples, value.dtype) for part in parts]
        if mean:
            self.ctx.call(np.multiply, total, shares[0], total)
        for partial, share in zip(self.storage.partial[value], shares[1:]):
            if mean:
                self.ctx.call(np.multiply, partial, share, partial)
            self.ctx.call(np.add, total, partial, total)

    def _join(self, region: Region, mean: Value, deviations: Value) -> None:
        """Put the lanes' means together, and their sums of squared deviations, each of which is around the lane's own mean (Chan, Golub and LeVeque, 1979)."""
        arrays, partial, dtype = self.storage.arrays, self.storage.partial, mean.dtype
        total, squares = arrays[mean], arrays[deviations]
        each = deviations.inputs[0].size // deviations.size // region.samples
        for lane, (other, more) in enumerate(zip(partial[mean], partial[deviations]), 1):
            part = region.part(lane, region.samples)
            share = (part.stop - part.start) / part.stop
            self.ctx.call(np.subtract, other, total, other)
            self.ctx.call(np.add, squares, more, squares)
            self.ctx.call(np.square, other, more)
            self.ctx.call(np.multiply, more, self.ctx.scalar(share * part.start * each, dtype), more)
            self.ctx.call(np.add, squares, more, squares)
            self.ctx.call(np.multiply, other, self.ctx.scalar(share, dtype), other)
            self.ctx.call(np.add, total, other, total)


class LaneEmission(Emission):
    """Appends the calls of one lane of a region: those of the part of each array that is the lane's."""

    def __init__(self, region: Region, lane: int, order: Order, storage: Storage, ctx: Emitter, scratch: list[Pool]):
        super().__init__(order, storage, ctx, scratch)
        self.region, self.lane = region, lane

    def cut(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The lane's part of an array."""
        index = (*[slice(None)] * axis, self.region.part(self.lane, array.shape[axis]))
        return self.ctx.view(array, lambda a: a[index])

    def result(self, value: Value) -> np.ndarray:
        axis = self.region.cuts[value].axis
        if axis is None:
            return self.storage.partial[value][self.lane - 1] if self.lane else self.storage.arrays[value]
        return self.cut(self.storage.arrays[value], axis)

    def operand(self, value: Value, reader: Value, position: int) -> np.ndarray:
        need, array = self.region.cuts[reader].needs[position], self.storage.arrays[value]
        if need == OWN:
            return self.result(value)
        return array if need is None else self.cut(array, need)

    def _chain(self, chain: Chain) -> None:
        local = self.storage.blocks[chain][self.lane]
        arrays = {}
        for reader in chain.values:
            for position, v in enumerate(reader.inputs):
                if v not in local:
                    arrays[v] = self.operand(v, reader, position)
            if reader not in local:
                arrays[reader] = self.result(reader)
        chain.emit(self.ctx, arrays, local)


def emit(schedule: Schedule, storage: PlanStorage, ctx: Emitter, scratch: list[Pool]) -> tuple[list, Commit]:
    """The instructions of a plan's body, and its commit part."""
    emission = Emission(schedule, storage, ctx, scratch)
    if has_forks(schedule.body):
        apart: set[int] = set()
        for item in schedule.body:
            start = len(ctx.instructions)
            emission.walk([item])
            if stays(item):
                apart.update(range(start, len(ctx.instructions)))
        ctx.instructions = in_stages(ctx.instructions, apart)
    else:
        emission.walk(schedule.body)
    for value, array in storage.snapshots.items():
        ctx.call(np.copyto, array, storage.arrays[value])
    body, ctx.instructions = ctx.instructions, []
    lanes, parts = [], 1
    for item in schedule.commit:
        if isinstance(item, Shares):
            lanes, parts = emission.shares(item), item.parts
        else:
            emission.walk([item])
    first, ctx.instructions = ctx.instructions, []
    for variable, value in schedule.saved:
        ctx.call(np.copyto, variable.value, storage.before_updates(value), "unsafe")
    for variable, places, values in schedule.rows:
        # whole rows as one element each: NumPy's loop over their elements takes half as long again
        table, new = variable.value, storage.arrays[values]
        row = np.dtype((np.void, table[:1].nbytes))
        ctx.call(np.ndarray.put, table.view().reshape(-1).view(row), storage.arrays[places], new.reshape(-1).view(row))
    return body, Commit(first, lanes, ctx.instructions, parts)
