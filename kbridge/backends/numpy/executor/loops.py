"""Emission of loops: the storage of what a loop keeps, and the calls of one turn.

The turn is emitted as any plan is, for arrays that stand for those of one turn: a stand-in has the layout of the element, state
or result that it stands for, and memory of its own that nothing is ever written to. A call's argument that lies in the memory of
a stand-in is then known to move, and how.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .emission import Emission
from .lowering import TURN, Value
from .program import Buffer, Emitter
from .scan import LAST, STORED, SUMMED, Scan
from .threads import multiplications
from .turns import Moving, Parameter, Turns, View


class StandIn(NamedTuple):
    """Memory that stands for a moving array's: it begins at ``address``; the array itself at ``origin``."""

    address: int
    end: int
    origin: int
    memory: np.ndarray
    #: the array that it moves in, and how (see ``View``)
    source: np.ndarray
    first: int
    step: int
    ring: bool


class Recorder(Emitter):
    """Collects the calls of a turn."""

    def __init__(self, outer: Emitter):
        super().__init__(outer.pool)
        self.outer = outer
        self.fed = outer.fed
        self._scalars = outer._scalars
        self._addresses: list[int] = []
        self._stand_ins: dict[int, StandIn] = {}

    def call(self, function: Callable, *args: Any) -> None:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ndarray):
            # a method of an array, which may move
            function, args = getattr(np.ndarray, function.__name__), (owner, *args)
        self.instructions.append((function, list(args)))

    def stand_in(self, source: np.ndarray, like: np.ndarray, first: int, step: int, ring: bool = False) -> np.ndarray:
        """An array of the layout of ``like`` that moves in ``source``."""
        reach = [(n - 1) * s for n, s in zip(like.shape, like.strides)] if like.size else []
        low = sum(min(r, 0) for r in reach)
        memory = np.empty(sum(map(abs, reach)) + like.itemsize, np.uint8)
        array = np.ndarray(like.shape, like.dtype, memory, -low, like.strides if like.size else None)
        address = _address(memory)
        insort(self._addresses, address)
        self._stand_ins[address] = StandIn(address, address + memory.nbytes, address - low, memory, source, first, step, ring)
        return array

    def find(self, array: Any) -> StandIn | None:
        """The stand-in that ``array`` is a view of."""
        if not isinstance(array, np.ndarray) or not array.size:
            return None
        address = _address(array)
        at = bisect_right(self._addresses, address)
        found = self._stand_ins[self._addresses[at - 1]] if at else None
        return found if found is not None and address < found.end else None

    def moves(self, array: Any) -> bool:
        return self.find(array) is not None or self.outer.moves(array)

    def program(self, length: int) -> tuple[Turns, list[np.ndarray]]:
        """The turns, and the arrays that they are called with."""
        params: list[np.ndarray] = []
        places: dict[int, int] = {}
        views: dict[View, int] = {}

        def parameter(array: np.ndarray) -> int:
            if id(array) not in places:
                places[id(array)] = len(params)
                params.append(array)
            return places[id(array)]

        def argument(arg: Any) -> Any:
            found = self.find(arg)
            if found is not None:
                offset = found.first + _address(arg) - found.origin
                view = View(parameter(found.source), offset, found.step, found.ring, arg.shape, arg.strides, arg.dtype)
                return Moving(views.setdefault(view, len(views)))
            return Parameter(parameter(arg)) if isinstance(arg, np.ndarray) and self.outer.moves(arg) else arg

        instructions = [(function, [argument(a) for a in args]) for function, args in self.instructions]
        large, total = multiplications(self.instructions)
        return Turns(length, instructions, list(views), (large * length, total * length)), params


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def emit_loop(outer: Emission, value: Value) -> None:
    """Emit a loop and give its requested results their arrays."""
    if isinstance(value.scan, Scan):
        _Body(outer, value.scan).emit()


class _Body(Emission):
    """The emission of a turn inside of another emission."""

    def __init__(self, outer: Emission, scan: Scan):
        self.recorder = Recorder(outer.ctx)
        super().__init__(self.recorder, outer.blocks)
        self.outer = outer
        self.scan = scan
        self.values = [v for v in scan.live() if v.op is not TURN]
        self.live = set(scan.live())
        self.stored, self.last, self.summed = ({r.attrs: r for r in scan.requested if r.op is op} for op in (STORED, LAST, SUMMED))
        #: buffers that only the loop uses; arrays of results that lie elsewhere than the plan wants them
        self.own: list[Buffer] = []
        self.copies: list[tuple[np.ndarray, np.ndarray]] = []
        #: where a value lies after the last turn
        self.after: dict[Value, tuple[np.ndarray, Buffer | None]] = {}

    def emit(self) -> None:
        scan, outer = self.scan, self.outer
        if not scan.length:
            for result in self.stored.values():
                self._place(result)
            return
        self.arrays.update((v, outer.arrays[v]) for v in scan.operands())
        self._count_reads()
        for leaf, sequence in scan.elements:
            if leaf in self.live:
                self.arrays[leaf] = self._over(outer.arrays[sequence])
        late = self._place_states()
        self._place_results()
        for v in self.values:
            self._emit_next(v)
            if v in self.summed:
                self._emit_run()
                total = outer.arrays[self.summed[v]]
                self.ctx.call(np.add, total, self.arrays[v], total)
                self._consume([v])
        self._emit_run()
        for new, place in late:
            self.ctx.call(np.copyto, place, self.arrays[new])
        turns, params = self.recorder.program(scan.length)
        outer.ctx.call(turns, *params)
        for target, array in self.copies:
            outer.ctx.call(np.copyto, target, array)
        for buffer in {id(b): b for b in (*self.own, *self.buffers.values()) if b.users}.values():
            # a buffer that had several users in turn is named by each of them
            buffer.users = 0
            outer.ctx.pool.give(buffer)

    def _count_reads(self) -> None:
        self.count(self.values)
        kept = [*self.stored, *self.last, *self.summed]
        kept += [new for leaf, new in zip(self.scan.states, self.scan.new_states) if leaf in self.live]
        for v in kept:
            self.pending[v] = self.pending.get(v, 0) + 1

    # ------------------------------------------------------------------ storage

    def _over(self, stack: np.ndarray) -> np.ndarray:
        """What stands for the element of ``stack`` in each turn."""
        step = stack.strides[0]
        first, step = ((self.scan.length - 1) * step, -step) if self.scan.backwards else (0, step)
        return self.recorder.stand_in(stack, stack[0, ...], first, step)

    def _take(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Buffer]:
        buffer = self.ctx.pool.take(prod(shape) * dtype.itemsize)
        return buffer.array(shape, dtype), buffer

    def _place(self, result: Value) -> np.ndarray:
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
            self.copies.append((target, array))
            array = target
        elif buffer is not None:
            buffer.users += 1
            self.outer.buffers[result] = buffer
        self.outer.arrays[result] = array

    def _place_states(self) -> list[tuple[Value, np.ndarray]]:
        """Storage for the states. Returns the new states that must be copied there after each turn."""
        scan, late = self.scan, []
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
                self.arrays[leaf] = self.recorder.stand_in(ring, begin, 0, step, True)
                place = self.recorder.stand_in(ring, begin, step, -step, True)
                self._owned(buffer, new if fits else None, ring[scan.length % 2, ...])
            self.outer.ctx.call(np.copyto, begin, self.outer.arrays[start])
            if fits:
                self.targets[new] = place
            else:
                late.append((new, place))
        return late

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
                self.targets[v] = self._over(self._place(result))
        for v, result in self.last.items():
            if v in self.after:
                array, buffer = self.after[v]
                self._lies_in(result, array, buffer)
            elif v in self.stored:
                stack = self.outer.arrays[self.stored[v]]
                self._lies_in(result, stack[0 if self.scan.backwards else -1, ...], self.outer.buffers.get(self.stored[v]))
            else:
                self.targets[v] = self._place(result)
        for result in self.summed.values():
            self.outer.ctx.call(self._place(result).fill, 0)
