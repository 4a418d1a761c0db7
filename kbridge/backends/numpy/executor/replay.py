"""Loops whose turns are parts of the plan by themselves, one by one; and which loops these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..graph import Op
from ..ops.elementwise import BINARY
from ..ops.joining import CONCATENATE
from ..ops.shapes import EXPAND
from ..ops.slicing import SLICE, WHOLE
from .scan import Scan, length_of
from .values import KnownInRun, Value

if TYPE_CHECKING:
    from .lowering import Lowering

#: loops over constants of at most this many turns are computed while planning
FOLDED_TURNS = 64


class _Uneven(Op):
    """The arrays of different shapes that the turns of a ``Replay`` made: the loop of the gradient reads them one by one."""

    name = "loop_uneven"

    def infer(self, attrs, *turns):
        return (len(turns), *turns[0].shape), turns[0].dtype

    def emit(self, ctx, attrs, out, *turns):
        raise ValueError(f"A loop's output has a different shape in each turn, {[t.shape for t in turns]}, so it can't be stacked.")


UNEVEN = _Uneven()


class Replay:
    """A loop whose turns differ in more than values (a size that depends on a state): each is a part of the plan by itself."""

    draws = False

    def __init__(self, planner: Lowering, value: Value):
        self.planner = planner
        step = value.attrs.step
        sequences, states, captured = value.attrs.split(value.inputs)
        length = length_of(sequences)
        turns = range(length)
        self.outputs: list[list[Value]] = []
        self._kinds: list[tuple] = []
        states, self.states = list(states), states
        if not length:
            empty = Scan(planner, value)
            self._kinds = [(v.shape, v.dtype) for v in empty._outputs]
        for t in reversed(turns) if value.attrs.backwards else turns:
            known = dict(zip(step.captured, captured)) | dict(zip(step.states, states))
            for tensor, sequence in zip(step.elements, sequences):
                known[tensor] = planner.value(SLICE, (sequence,), (t, *[WHOLE] * (len(sequence.shape) - 1)))
            results = planner.inline([*step.outputs, *step.new_states], known, step.orders)
            self.outputs.append(results[: len(step.outputs)])
            states = [self._like(new, old) for new, old in zip(results[len(step.outputs) :], states)]
        self.states = states
        if value.attrs.backwards:
            self.outputs.reverse()

    def _like(self, new: Value, old: Value) -> Value:
        if new.shape != old.shape and len(self.outputs) > 1:
            raise ValueError(f"A loop's state has shape {old.shape} before a turn and {new.shape} after it. [differences: loop-states]")
        return new

    def stacked(self, i: int) -> Value:
        planner = self.planner
        if not self.outputs:
            shape, dtype = self._kinds[i]
            return planner.constant(np.zeros((0, *shape), dtype))
        turns = [turn[i] for turn in self.outputs]
        if len({v.shape for v in turns}) > 1:
            return planner.value(UNEVEN, tuple(turns), None)
        return planner.value(CONCATENATE, tuple(planner.value(EXPAND, (v,), 0) for v in turns), 0)

    def final(self, k: int) -> Value:
        return self.states[k]

    def total(self, i: int) -> Value:
        if not self.outputs:
            shape, dtype = self._kinds[i]
            return self.planner.constant(np.zeros(shape, dtype))
        total = self.outputs[0][i]
        for turn in self.outputs[1:]:
            total = self.planner.value(BINARY["add"], (total, turn[i]), None)
        return total

    def operands(self) -> list[Value]:
        """Nothing: the results are values by themselves."""
        return []


def lowered_loop(planner: Lowering, value: Value) -> Scan | Replay:
    """The turn of the loop ``value``."""
    if all(v.const is not None for v in value.inputs) and value.inputs[0].shape[0] <= FOLDED_TURNS:
        return Replay(planner, value)
    if any(v.op.name == "loop_uneven" for v in value.inputs):
        return Replay(planner, value)
    try:
        return Scan(planner, value)
    except KnownInRun:
        return Replay(planner, value)
