"""Loops in a plan: one turn, lowered once, whatever the number of turns.

The turn is lowered beside the rest of the plan, with values of its own for elements and states. What doesn't depend on these
isn't part of the turn but of the plan round it, and is computed once. A loop's results are values of the plan:

- ``STORED``: a value of the turn, of all turns (``attrs`` is the value). An output, or what the loop of the gradient reads.
- ``LAST``: a value of the turn as the last turn leaves it.
- ``SUMMED``: the sum over all turns.

The gradient of weights is a product x.T @ g in each turn: the sum is made of all x and all g, in one product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...loop_states import settle
from ..graph import Op
from ..ops.broadcasting import BROADCAST_TO
from ..ops.elementwise import BINARY
from ..ops.filling import FILL
from ..ops.linalg import MATMUL
from ..ops.reductions import REDUCTIONS
from ..ops.shapes import PERMUTE, RESHAPE
from ..ops.slicing import SLICE, WHOLE
from .values import TURN, Value

if TYPE_CHECKING:
    from .lowering import Lowering

#: elements that are copied in less time than it takes to call NumPy
SMALL = 4096


class _Result(Op):
    def __init__(self, result: str):
        self.name = f"loop_{result}"
        self.result = result


STORED, LAST, SUMMED = _Result("stored"), _Result("last"), _Result("summed")


class Scan:
    """One turn of a loop."""

    def __init__(self, planner: Lowering, value: Value):
        self.planner = planner
        self.value = value
        self.loop = loop = value.attrs
        self.step = loop.step
        self.backwards = loop.backwards
        self.draws = loop.step.draws
        self.sequences, initial, self._captured = loop.split(value.inputs)
        self.length = length_of(self.sequences)
        #: elements (value of the turn, sequence) and values of the turn that states have
        self.elements: list[tuple[Value, Value]] = []
        self.states: list[Value] = []
        self.body: list[Value] = []
        self.new_states: list[Value] = []
        self._outputs: list[Value] = []
        self._inside: set[Value] = set()
        self.initial = self._settled(initial)
        self._results: dict[tuple[Op, Value], Value] = {}
        #: the results that the plan reads
        self._requested: set[Value] = set()
        self._live: list[Value] | None = None
        self._read: list[Value] | None = None

    # ------------------------------------------------------------------ lowering

    def _settled(self, initial: Sequence[Value]) -> list[Value]:
        """The initial states, broadcast where a turn makes more of them; the turn is lowered for these."""

        def turn(states):
            return None, self._lower(states)

        def widen(state, new, kind):
            return self.planner.value(BROADCAST_TO, (state,), kind[0])

        return settle("A loop", initial, turn, lambda v: (v.shape, v.dtype.name), widen)[0]

    def _lower(self, initial: Sequence[Value]) -> list[Value]:
        planner, step = self.planner, self.step
        self.elements, self.states = [], [self._leaf(v.shape, v.dtype) for v in initial]
        known: dict[Any, Value] = dict(zip(step.captured, self._captured))
        known.update(zip(step.states, self.states))
        known.update((t, self._element(s)) for t, s in zip(step.elements, self.sequences))
        outside, planner.order = planner.order, []
        results: list[Value] = []
        try:
            results = planner.inline([*step.outputs, *step.new_states], known, step.orders)
        finally:
            made, planner.order = planner.order, outside
            planner.kept += made
            inside = {leaf for leaf, _ in self.elements} | set(self.states)
            self.body = []
            for v in made:
                if _depends(v, inside):
                    inside.add(v)
                    self.body.append(v)
                else:
                    planner.order.append(v)
            self._inside = inside
        self._outputs, self.new_states = results[: len(step.outputs)], results[len(step.outputs) :]
        return self.new_states

    def _leaf(self, shape: Sequence[int], dtype: np.dtype) -> Value:
        leaf = Value(self.planner, TURN, (), None, tuple(shape), dtype)
        self.planner.kept.append(leaf)
        return leaf

    def _element(self, sequence: Value) -> Value:
        """Return the part of a sequence that a turn reads; where all elements are equal, that one element."""
        shape = sequence.shape[1:]
        if sequence.op.broadcasts and sequence.inputs[0].shape == shape:
            return sequence.inputs[0]
        leaf = self._leaf(shape, sequence.dtype)
        if sequence.op.fills:
            return self.planner.value(FILL, (leaf,), sequence.attrs)
        self.elements.append((leaf, sequence))
        return leaf

    # ------------------------------------------------------------------ results

    def stacked(self, i: int) -> Value:
        """All turns of output i."""
        return self._every(self._outputs[i])

    def final(self, k: int) -> Value:
        """State k after the last turn."""
        return self._last(self.new_states[k]) if self.length else self.initial[k]

    def total(self, i: int) -> Value:
        """The sum of output i over all turns."""
        return self._total(self._outputs[i])

    def _every(self, v: Value) -> Value:
        planner = self.planner
        if v not in self._inside:
            return planner.value(BROADCAST_TO, (v,), (self.length, *v.shape))
        for leaf, sequence in self.elements:
            if leaf is v:
                return sequence
        if v.op.view:
            return _lifted(planner, v, self._every(v.inputs[0]), self.length)
        return self._result(STORED, v, (self.length, *v.shape))

    def last(self, v: Value) -> Value | None:
        """A value of the turn as the last turn leaves it; None for what a state was before that."""
        return None if v.op.of_turn else self._last(v)

    def _last(self, v: Value) -> Value:
        if v not in self._inside:
            return v
        if v.op.of_turn:
            index = (0 if self.backwards else self.length - 1, *[WHOLE] * len(v.shape))
            return self.planner.value(SLICE, (self._every(v),), index)
        if v.op.view:
            return self.planner.value(v.op, (self._last(v.inputs[0]), *v.inputs[1:]), v.attrs)
        return self._result(LAST, v, v.shape)

    def _total(self, v: Value) -> Value:
        planner = self.planner
        if not self.length or v.zeros:
            return planner.value(FILL, (v,), (0, v.dtype.name))
        if v not in self._inside:
            return planner.value(BINARY["multiply"], (v, planner.constant(np.array(self.length, v.dtype))), None)
        if v.op.of_turn:
            return planner.value(REDUCTIONS["sum"], (self._every(v),), ((0,), False))
        if not self._is_joint(v):
            return self._result(SUMMED, v, v.shape)
        if v.op.name == "add":
            return planner.value(v.op, tuple(self._total(x) for x in v.inputs), None)
        if v.op.name == "sum_to":
            (x, like), rank = v.inputs, len(v.inputs[0].shape) - len(v.shape)
            rows = planner.value(RESHAPE, (self._every(x),), (self.length * _rows(x, like), *x.shape[rank:]))
            return planner.value(REDUCTIONS["sum"], (rows,), ((0,), False))
        turned, right = v.inputs
        left = turned.inputs[0]
        if left not in self._inside:
            return planner.value(MATMUL, (turned, self._total(right)), None)
        if right not in self._inside:
            total = self._total(left)
            return planner.value(MATMUL, (planner.value(PERMUTE, (total,), (1, 0)), right), None)
        every = [planner.value(RESHAPE, (self._every(x),), (-1, x.shape[1])) for x in (left, right)]
        return planner.value(MATMUL, (planner.value(PERMUTE, (every[0],), (1, 0)), every[1]), None)

    def _is_joint(self, v: Value) -> bool:
        """Whether the sum of ``v`` over the turns is better made after the loop, from what its terms are made of.

        What they are made of must be stored for that, which has to cost less than to add up the terms.
        """
        if v.op.name == "add":
            return all(x.shape == v.shape and x in self._inside for x in v.inputs) and all(map(self._is_joint, v.inputs))
        if v.op.name == "sum_to":
            x, like = v.inputs
            return x.shape[len(x.shape) - len(like.shape) :] == like.shape and 0 not in x.shape
        if v.op.name == "matmul" and len(v.shape) == 2 and v.inputs[0].op.permutes:
            return v.inputs[0].inputs[0].size + v.inputs[1].size <= max(2 * v.size, SMALL)
        return False

    def _result(self, op: Op, v: Value, shape: tuple[int, ...]) -> Value:
        found = self._results.get((op, v))
        if found is None:
            found = Value(self.planner, op, (self.value,), v, shape, v.dtype)
            self._results[op, v] = found
            self.planner.order.append(found)
        return found

    # ------------------------------------------------------------------ what is needed

    def request(self, result: Value) -> None:
        """The plan reads this result."""
        if result not in self._requested:
            self._requested.add(result)
            self._live = self._read = None

    @property
    def requested(self) -> set[Value]:
        return self._requested

    def live(self) -> list[Value]:
        """The values of the body that the requested results need, and the elements and states among them, in order."""
        if self._live is None:
            needed = {r.attrs for r in self._requested}
            size = -1
            while size != len(needed):
                size = len(needed)
                needed.update(n for s, n in zip(self.states, self.new_states) if s in needed)
                mark(reversed(self.body), needed)
            self._live = [v for v in (*(leaf for leaf, _ in self.elements), *self.states, *self.body) if v in needed]
        return self._live

    def operands(self) -> list[Value]:
        """Return the values that the loop reads from the plan round it."""
        if self._read is None:
            everything = [*self.states, *(leaf for leaf, _ in self.elements), *self.body]
            self._read = self._outside(self.live() if self._requested else everything)
        return self._read

    def _outside(self, live: Iterable[Value]) -> list[Value]:
        chosen = set(live)
        read: dict[Value, None] = {}
        for leaf, sequence in self.elements:
            if leaf in chosen:
                read[sequence] = None
        for leaf, start, new in zip(self.states, self.initial, self.new_states):
            if leaf in chosen:
                read[start] = None
                if new not in self._inside:
                    read[new] = None
        for v in self.body:
            if v in chosen:
                read.update((i, None) for i in v.operands() if i not in self._inside)
        return list(read)


def mark(values: Iterable[Value], needed: set[Value]) -> None:
    """Add to ``needed`` what those of ``values`` need that are in it; results come before what they are made of."""
    for v in values:
        if v in needed:
            if v.op.result:
                v.inputs[0].scan.request(v)
            needed.update(v.operands())


def _depends(v: Value, inside: set[Value]) -> bool:
    if v.scan is not None and v.scan.draws:
        return True
    return not v.op.pure or any(i in inside for i in v.operands())


def length_of(sequences: Sequence[Value]) -> int:
    lengths = {s.shape[0] for s in sequences}
    if len(lengths) > 1:
        raise ValueError(f"All sequences of a loop must have the same length, got the shapes (time first) {[s.shape for s in sequences]}.")
    return lengths.pop()


def _rows(x: Value, like: Value) -> int:
    rank = len(x.shape) - len(like.shape)
    return prod(x.shape[:rank])


def _lifted(planner: Lowering, v: Value, every: Value, length: int) -> Value:
    """The view ``v`` of all turns, given its input of all turns."""
    if v.op.name == "slice":
        return planner.value(SLICE, (every,), (WHOLE, *v.attrs))
    if v.op.permutes:
        return planner.value(PERMUTE, (every,), (0, *(a + 1 for a in v.attrs)))
    if v.op.name in ("expand_dims", "squeeze"):
        return planner.value(v.op, (every,), v.attrs + 1)
    shape = every.shape[1:]
    if v.op.broadcasts:
        aligned = planner.value(RESHAPE, (every,), (length, *[1] * (len(v.shape) - len(shape)), *shape))
        return planner.value(BROADCAST_TO, (aligned,), (length, *v.shape))
    return planner.value(RESHAPE, (every,), (length, *v.shape))
