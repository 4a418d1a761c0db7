"""Placing the values of a loop's turn: stand-ins for what moves, storage for states and results.

States that nobody asks for go to and fro between two places, or stay in one. Those of which all turns are stored lie in one
array for all turns, where the next turn reads them.
"""

from __future__ import annotations

from math import prod

import numpy as np

from .placing import Placing, TurnStorage
from .schedule import Turn
from .stand_ins import StandIns
from .storage import Buffer
from .values import Value


def place_turn(outer: Placing, turn: Turn) -> TurnStorage:
    """Storage for the loop's requested results, in the plan round it, and for its turn."""
    placing = _TurnPlacing(outer, turn)
    placing.place()
    return placing.turn_storage


class _TurnPlacing(Placing):
    """The turn's values inside of another placing."""

    def __init__(self, outer: Placing, turn: Turn):
        self.turn_storage = storage = TurnStorage(StandIns())
        super().__init__(turn, storage, outer.pool, outer.blocks, outer.fed, outer.place_turn)
        self.outer = outer
        self.region = outer.region
        self.turn = turn
        self.scan = scan = turn.scan
        self.live = set(scan.live())
        self.values = [v for v in scan.live() if not v.op.of_turn]
        self.stored, self.last, self.summed = (
            {r.attrs: r for r in scan.requested if r.op.result == kind} for kind in ("stored", "last", "summed")
        )
        #: buffers that only the loop uses
        self.own: list[Buffer] = []
        #: where a value lies after the last turn
        self.after: dict[Value, tuple[np.ndarray, Buffer | None]] = {}

    def place(self) -> None:
        """All of it; what the loop alone uses is given back at the end."""
        scan, outer = self.scan, self.outer
        if not scan.length:
            for result in self.stored.values():
                self._place_result(result)
            return
        self.arrays.update((v, outer.lies(v)) for v in scan.operands())
        for leaf, sequence in scan.elements:
            if leaf in self.live:
                self.arrays[leaf] = self._over(outer.arrays[sequence])
        self._place_states()
        self._place_results()
        self.walk(self.turn.items)
        if self.region is not None:
            self.leave_region()
        for buffer in {id(b): b for b in (*self.own, *self.buffers.values()) if b.users}.values():
            # a buffer that had several users in turn is named by each of them
            buffer.users = 0
            self.pool.give(buffer)

    def _over(self, stack: np.ndarray) -> np.ndarray:
        """Return the array that stands for the element of ``stack`` in each turn."""
        step = stack.strides[0]
        first, step = ((self.scan.length - 1) * step, -step) if self.scan.backwards else (0, step)
        return self.turn_storage.stand_ins.add(stack, stack[0, ...], first, step)

    def _take(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Buffer]:
        buffer = self.pool.take(prod(shape) * dtype.itemsize)
        return buffer.array(shape, dtype), buffer

    def _place_result(self, result: Value) -> np.ndarray:
        """Storage for a result in the plan."""
        array = self.outer.targets.get(result)
        if array is None:
            array, buffer = self._take(result.shape, result.dtype)
            self._lies_in(result, array, buffer)
        self.outer.arrays[result] = array
        return array

    def _lies_in(self, result: Value, array: np.ndarray, buffer: Buffer | None) -> None:
        """``result`` is this part of the loop's storage."""
        target = self.outer.targets.get(result)
        if target is not None:
            self.turn_storage.copies.append((target, array))
            array = target
        elif buffer is not None:
            buffer.users += 1
            self.outer.buffers[result] = buffer
        self.outer.arrays[result] = array

    def _place_states(self) -> None:
        """Storage for the states."""
        scan = self.scan
        body = set(self.values)
        for leaf, start, new in zip(scan.states, scan.initial, scan.new_states):
            if leaf not in self.live:
                continue
            fits = new in body and not new.op.view and new not in self.targets
            if leaf in self.stored or (fits and new in self.stored):
                begin, place = self._history(leaf, new if fits else None)
            elif fits and self._in_place(leaf, new):
                begin, buffer = self._take(leaf.shape, leaf.dtype)
                place = self.arrays[leaf] = begin
                self._owned(buffer, new, begin)
            else:
                ring, buffer = self._take((2, *leaf.shape), leaf.dtype)
                begin, step = ring[0, ...], ring.strides[0]
                self.arrays[leaf] = self.turn_storage.stand_ins.add(ring, begin, 0, step, True)
                place = self.turn_storage.stand_ins.add(ring, begin, step, -step, True)
                self._owned(buffer, new if fits else None, ring[scan.length % 2, ...])
            self.turn_storage.starts.append((begin, start))
            if fits:
                self.targets[new] = place
            else:
                self.turn_storage.late.append((new, place))

    def _owned(self, buffer: Buffer, new: Value | None, end: np.ndarray) -> None:
        """A state's storage, in which its last value is at ``end``."""
        buffer.users += 1
        if new is not None and new in self.last:
            buffer.users -= 1
            self.after[new] = end, buffer
        else:
            self.own.append(buffer)

    def _history(self, leaf: Value, new: Value | None) -> tuple[np.ndarray, np.ndarray]:
        """Storage for all values of a state. Returns the first of them and what stands for the new one."""
        scan = self.scan
        every, buffer = self._take((scan.length + 1, *leaf.shape), leaf.dtype)
        # in the order of the sequences: backwards the states come from the end
        before, after = (every[1:], every[:-1]) if scan.backwards else (every[:-1], every[1:])
        begin, end = (every[-1, ...], every[0, ...]) if scan.backwards else (every[0, ...], every[-1, ...])
        for v, array in ((leaf, before), (new, after)):
            if v is not None and v in self.stored:
                self._lies_in(self.stored[v], array, buffer)
        if new is not None and new in self.last:
            self.after[new] = end, buffer
        elif not buffer.users:
            buffer.users += 1
            self.own.append(buffer)
        self.arrays[leaf] = self._over(before)
        return begin, self._over(after)

    def _in_place(self, leaf: Value, new: Value) -> bool:
        """Whether a state may be overwritten by the new one, which alone reads it: a running sum, say."""
        read = [v for v in self.values for i in v.operands() if i is leaf]
        others = leaf in self.scan.new_states or new in self.stored
        return new.op.inplace and read == [new] and not others

    def _place_results(self) -> None:
        for v, result in self.stored.items():
            if result not in self.outer.arrays:
                self.targets[v] = self._over(self._place_result(result))
        for v, result in self.last.items():
            if v in self.after:
                array, buffer = self.after[v]
                self._lies_in(result, array, buffer)
            elif v in self.stored:
                stack = self.outer.arrays[self.stored[v]]
                self._lies_in(result, stack[0 if self.scan.backwards else -1, ...], self.outer.buffers.get(self.stored[v]))
            else:
                self.targets[v] = self._place_result(result)
        for v, result in self.summed.items():
            self.turn_storage.sums[v] = self._place_result(result)
