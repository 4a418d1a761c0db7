"""Loops over the first axis of sequences, as sub-graphs that the planner replays.

A ``Step`` is one turn of a loop: a small graph from placeholders (the elements of the sequences and
the states) to new outputs and states. A plan knows the number of turns, so it inlines the step once
for each: forward and backward passes share all intermediate results, storage is assigned for the whole
loop at once, and any step function runs as fast as its NumPy calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...loop_states import settle
from ..graph import Leaf, Op, Placeholder, Tensor, ancestors, make
from .common import SUM_TO, is_float
from .indexing import WHOLE
from .shapes import BROADCAST_TO, CONCATENATE, EXPAND

#: elements that are copied in less time than it takes to call NumPy
SMALL = 4096


class Step:
    """One turn of a loop, built once.

    ``elements`` and ``states`` are the placeholders; ``outputs`` and ``new_states`` what they become.
    ``captured`` are the tensors from outside that the step reads: weights, constants. Random tensors with a ``serial`` from
    ``since`` on were made by the step and are drawn anew in each turn; those from before are captured like any other.
    """

    def __init__(
        self,
        elements: Sequence[Placeholder],
        states: Sequence[Placeholder],
        outputs: Sequence[Tensor],
        new_states: Sequence[Tensor],
        since: int,
    ):
        self.elements = list(elements)
        self.states = list(states)
        self.outputs = list(outputs)
        self.new_states = list(new_states)
        own = {*self.elements, *self.states}
        order = ancestors([*self.outputs, *self.new_states])
        inside: set[Tensor] = set()
        for t in order:
            own_draw = t.serial >= since and not t.op.pure and not isinstance(t.op, Leaf)
            if t in own or own_draw or any(i in inside for i in t.inputs):
                inside.add(t)
        read = [i for t in order if t in inside for i in t.inputs]
        self.captured = list(dict.fromkeys(t for t in [*read, *self.outputs, *self.new_states] if t not in inside))
        self._gradient: Gradient | None = None

    def gradient(self) -> Gradient:
        """The gradient of one turn, built when first asked for."""
        if self._gradient is None:
            self._gradient = Gradient(self)
        return self._gradient


class Gradient:
    """The gradient graph of a Step, from cotangents of its outputs and new states."""

    def __init__(self, step: Step):
        from ..gradients import pullback

        self.output_cotangents = [Placeholder(t.shape, t.dtype) for t in step.outputs]
        self.state_cotangents = [Placeholder(t.shape, t.dtype) for t in step.new_states]
        seeds = [
            (t, c)
            for t, c in zip([*step.outputs, *step.new_states], [*self.output_cotangents, *self.state_cotangents])
            if is_float(t.dtype)
        ]
        grads = pullback(seeds, [*step.elements, *step.states, *step.captured], independent=True)
        n, m = len(step.elements), len(step.states)
        self.elements, self.states, self.captured = grads[:n], grads[n : n + m], grads[n + m :]


class Loop:
    """A Step on sequences of one length; shared by the nodes of its results, so that it is replayed once.

    The inputs of each such node are the sequences (time first), the initial states and what the step
    captured.
    """

    def __init__(self, step: Step, sequences: Sequence[Tensor], initial: Sequence[Tensor]):
        self.step = step
        self.sequences = list(sequences)
        self.inputs = [*sequences, *initial, *step.captured]

    def outputs(self) -> list[Tensor]:
        """For each output of the step, all turns stacked (time first)."""
        return [make(STACKED, self.inputs, (self, i)) for i in range(len(self.step.outputs))]

    def finals(self) -> list[Tensor]:
        """The states after the last turn."""
        return [make(FINAL, self.inputs, (self, i)) for i in range(len(self.step.new_states))]

    def split(self, inputs: Sequence[Any]) -> tuple[Sequence, Sequence, Sequence]:
        n, m = len(self.step.elements), len(self.step.states)
        return inputs[:n], inputs[n : n + m], inputs[n + m :]

    def replay(self, planner: Any, inputs: Sequence[Any]) -> Turns:
        """The values of all turns for these planner values; made once in a plan."""
        key = (self, tuple(map(id, inputs)))
        if key not in planner.loops:
            planner.loops[key] = Turns(self, planner, inputs)
        return planner.loops[key]


class Turns:
    """A Loop inlined into a plan."""

    def __init__(self, loop: Loop, planner: Any, inputs: Sequence[Any]):
        step = loop.step
        self.loop, self.planner = loop, planner
        sequences, states, captured = loop.split(inputs)
        states = self._widened(sequences, states, captured)
        self.length = sequences[0].shape[0]
        self.known: list[dict[Tensor, Any]] = []
        self.outputs: list[list] = []
        for t in range(self.length):
            known = self._known(t, sequences, states, captured)
            results = planner.inline([*step.outputs, *step.new_states], known)
            self.known.append(known)
            self.outputs.append(results[: len(step.outputs)])
            states = results[len(step.outputs) :]
        self.states = states

    def _known(self, t: int, sequences: Sequence, states: Sequence, captured: Sequence) -> dict[Tensor, Any]:
        from .indexing import SLICE

        step = self.loop.step
        known = dict(zip(step.captured, captured)) | dict(zip(step.states, states))
        for placeholder, sequence in zip(step.elements, sequences):
            index = (t, *[WHOLE] * (len(sequence.shape) - 1))
            known[placeholder] = self.planner.value(SLICE, (sequence,), index)
        return known

    def _widened(self, sequences: Sequence, states: Sequence, captured: Sequence) -> Sequence:
        """The initial states, broadcast to the shapes that turns give them where those are known only now."""
        step = self.loop.step
        if not sequences[0].shape[0]:
            return states

        def turn(states):
            return None, self.planner.inline(step.new_states, self._known(0, sequences, states, captured))

        def widen(state, new, kind):
            return self.planner.value(BROADCAST_TO, (state,), kind[0])

        return settle("A loop", states, turn, lambda v: (v.shape, v.dtype.name), widen)[0]

    def backward(self, output_cotangents: Sequence, state_cotangents: Sequence) -> tuple[list, list, list]:
        """Gradients for sequences (a list over time each), initial states and captured tensors.

        Cotangents of stacked outputs and final states are planner values or None.
        """
        from .indexing import SLICE

        gradient, planner, step = self.loop.step.gradient(), self.planner, self.loop.step
        elements: list[list] = [[None] * self.length for _ in step.elements]
        captured: list[list] = [[] for _ in step.captured]
        states = list(state_cotangents)
        for t in reversed(range(self.length)):
            # a copy: another result of the loop may come with other cotangents
            known = dict(self.known[t])
            for placeholder, c, output in zip(gradient.output_cotangents, output_cotangents, self.outputs[t]):
                index = (t, *[WHOLE] * len(output.shape))
                known[placeholder] = _zeros(planner, output) if c is None else planner.value(SLICE, (c,), index)
            for placeholder, c, tensor in zip(gradient.state_cotangents, states, step.new_states):
                known[placeholder] = _zeros(planner, known[tensor]) if c is None else c
            wanted = [g for g in (*gradient.elements, *gradient.states, *gradient.captured) if g is not None]
            found = dict(zip(wanted, planner.inline(wanted, known)))
            for k, g in enumerate(gradient.elements):
                elements[k][t] = None if g is None else found[g]
            states = [None if g is None else found[g] for g in gradient.states]
            for k, g in enumerate(gradient.captured):
                if g is not None:
                    captured[k].append(found[g])
        return elements, states, [_total(planner, terms) for terms in captured]


def _zeros(planner: Any, like: Any) -> Any:
    from .elementwise import FILL

    return planner.value(FILL, (like,), (0, like.dtype.name))


def _stack(planner: Any, values: Sequence) -> Any:
    return planner.value(CONCATENATE, tuple(planner.value(EXPAND, (v,), 0) for v in values), 0)


class HasSteps(Op):
    """(samples, time, ...) as it is; a length of 0, known now or when a function runs, is a ValueError."""

    name = "has_steps"

    def infer(self, attrs, x):
        if x.shape[1] == 0:
            raise ValueError(f"K.rnn needs at least one time step, got inputs of shape {tuple(x.shape)}.")
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [g]

    def simplify(self, value):
        return value.inputs[0]


def _total(planner: Any, terms: Sequence) -> Any:
    """The sum of what each turn adds to one gradient; None of nothing.

    The gradient of weights is a product x.T @ g in each turn. Their sum is one product of all x and all g, stacked, where
    copying those costs less than adding up gradients.
    """
    from .elementwise import BINARY
    from .linalg import MATMUL
    from .shapes import PERMUTE

    if not terms:
        return None
    products = all(v.op is MATMUL and v.inputs[0].op is PERMUTE and v.inputs[0].attrs == (1, 0) for v in terms)
    if products and len(terms) > 1:
        pairs = [(v.inputs[0].inputs[0], v.inputs[1]) for v in terms]
        copied = pairs[0][0].size + pairs[0][1].size
        if copied <= max(2 * terms[0].size, SMALL):
            left, right = (planner.value(CONCATENATE, side, 0) for side in zip(*pairs))
            return planner.value(MATMUL, (planner.value(PERMUTE, (left,), (1, 0)), right), None)
    return reduce(lambda total, term: planner.value(BINARY["add"], (total, term), None), terms)


class LoopResult(Op):
    """A result of a loop: ``attrs`` is (loop, index). Planning replaces it by what the turns computed."""

    def gradient(self, node, g):
        loop, i = node.attrs
        return [
            make(LOOP_GRADIENT, (*node.inputs, g), (loop, self.name, i, k)) if is_float(x.dtype) else None
            for k, x in enumerate(node.inputs)
        ]


class Stacked(LoopResult):
    name = "loop_outputs"

    def infer(self, attrs, *inputs):
        loop, i = attrs
        output = loop.step.outputs[i]
        return (inputs[0].shape[0], *output.shape), output.dtype

    def simplify(self, value):
        loop, i = value.attrs
        turns = loop.replay(value.planner, value.inputs)
        if not turns.length:
            return value.planner.constant(np.zeros([n or 0 for n in value.shape], value.dtype))
        return _stack(value.planner, [outputs[i] for outputs in turns.outputs])


class Final(LoopResult):
    name = "loop_final"

    def infer(self, attrs, *inputs):
        loop, i = attrs
        state = loop.step.new_states[i]
        return state.shape, state.dtype

    def simplify(self, value):
        loop, i = value.attrs
        return loop.replay(value.planner, value.inputs).states[i]


class LoopGradient(Op):
    """The gradient of result ``(kind, i)`` of a loop with respect to input k; ``attrs``: loop, kind, i, k."""

    name = "loop_gradient"

    def infer(self, attrs, *inputs):
        x = inputs[attrs[3]]
        return x.shape, x.dtype

    def gradient(self, node, g):
        raise NotImplementedError(
            "The second derivative of K.rnn is not available on the numpy backend; use unroll=True, which has it."
        )

    def simplify(self, value):
        loop, kind, i, k = value.attrs
        planner, *inputs, g = value.planner, *value.inputs
        key = (loop, kind, i, tuple(map(id, value.inputs)))
        if key not in planner.loops:
            turns = loop.replay(planner, inputs)
            outputs = [g if kind == STACKED.name and j == i else None for j in range(len(loop.step.outputs))]
            states = [g if kind == FINAL.name and j == i else None for j in range(len(loop.step.new_states))]
            planner.loops[key] = turns.backward(outputs, states)
        elements, states, captured = planner.loops[key]
        n, m = len(loop.step.elements), len(loop.step.states)
        x = inputs[k]
        if k >= n:
            found = states[k - n] if k < n + m else captured[k - n - m]
            return _zeros(planner, x) if found is None else planner.value(SUM_TO, (found, x), None)
        if not elements[k] or elements[k][0] is None:
            return _zeros(planner, x)
        return _stack(planner, elements[k])


STACKED, FINAL, LOOP_GRADIENT, HAS_STEPS = Stacked(), Final(), LoopGradient(), HasSteps()
