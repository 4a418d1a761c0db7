"""Loops over the first axis of sequences, as sub-graphs of one turn.

A ``Step`` is one turn of a loop: a small graph from tensors that stand for the elements of the sequences and for the states to
new outputs and states. A ``Loop`` puts it on sequences. In the graph it is one node, with a node for each of its results: an
output of all turns (``Stacked``) or their sum (``Total``), a state after the last turn (``Final``).

The gradient of a loop is another loop, in the other direction, over what this one computed in each turn. So it is an ordinary
part of the graph, with a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..gradients import pullback
from ..graph import SERIALS, Leaf, Op, Placeholder, Tensor, ancestors, make
from .broadcasting import broadcast_like, sum_to
from .common import is_float
from .filling import zeros_like
from .shapes import expand_dims


class Step:
    """One turn of a loop, built once.

    ``elements`` and ``states`` are the tensors that stand for what a turn is given (most often placeholders), ``outputs`` and
    ``new_states`` what it makes of them. ``inside`` is what depends on these, ``captured`` what the step reads from outside:
    weights, constants. Random tensors with a ``serial`` from ``since`` on were made by the step and are drawn anew in each turn
    (``draws``); those from before are captured like any other.
    """

    def __init__(
        self,
        elements: Sequence[Tensor],
        states: Sequence[Tensor],
        outputs: Sequence[Tensor],
        new_states: Sequence[Tensor],
        since: int,
    ):
        self.elements = list(elements)
        self.states = list(states)
        self.outputs = list(outputs)
        self.new_states = list(new_states)
        self.draws = False
        #: see ``Lowering.inline``
        self.orders: dict[Any, list[Tensor]] = {}
        own = {*self.elements, *self.states}
        order = ancestors([*self.outputs, *self.new_states], own)
        inside = set(own)
        for t in order:
            if t in own:
                continue
            drawn = t.serial >= since and draws(t)
            self.draws = self.draws or drawn
            if drawn or any(i in inside for i in t.inputs):
                inside.add(t)
        read = [i for t in order if t in inside and t not in own for i in t.inputs]
        self.inside = inside
        self.captured = list(dict.fromkeys(t for t in [*read, *self.outputs, *self.new_states] if t not in inside))

    def output(self, tensor: Tensor) -> int:
        """The place of ``tensor``, a part of the step, among the outputs; it becomes one if it isn't yet."""
        for i, t in enumerate(self.outputs):
            if t is tensor:
                return i
        self.outputs.append(tensor)
        self.inside.add(tensor)
        return len(self.outputs) - 1


def draws(tensor: Tensor) -> bool:
    """Whether each evaluation of this node may give another value."""
    if isinstance(tensor.op, LoopOp):
        return tensor.attrs.step.draws
    return not tensor.op.pure and not isinstance(tensor.op, Leaf)


class Loop:
    """A Step on sequences of one length (time first). ``backwards``: from the last element to the first, results in place."""

    def __init__(self, step: Step, sequences: Sequence[Tensor], initial: Sequence[Tensor], backwards: bool = False):
        self.step = step
        self.backwards = backwards
        self.node = make(LOOP, [*sequences, *initial, *step.captured], self)

    def outputs(self) -> list[Tensor]:
        """For each output of the step, all turns stacked (time first)."""
        return [make(STACKED, [self.node], i) for i in range(len(self.step.outputs))]

    def finals(self) -> list[Tensor]:
        """The states after the last turn."""
        return [make(FINAL, [self.node], k) for k in range(len(self.step.new_states))]

    def stacked(self, tensor: Tensor) -> Tensor:
        """All turns of ``tensor``, a part of the step."""
        return make(STACKED, [self.node], self.step.output(tensor))

    def total(self, tensor: Tensor) -> Tensor:
        """The sum over the turns of ``tensor``, a part of the step."""
        return make(TOTAL, [self.node], self.step.output(tensor))

    def split(self, inputs: Sequence[Any]) -> tuple[Sequence, Sequence, Sequence]:
        """The node's inputs, or planner values for them, as sequences, initial states and what is captured."""
        n, m = len(self.step.elements), len(self.step.states)
        return inputs[:n], inputs[n : n + m], inputs[n + m :]


class Cotangents:
    """The gradients that a loop's results received, by (op of the result, index). The gradients of a loop for all of them are one loop."""

    def __init__(self, parts: dict[tuple[Op, int], Tensor]):
        self.parts = parts

    def __add__(self, other: Cotangents) -> Cotangents:
        return Cotangents({
            key: self.parts[key] + other.parts[key] if key in self.parts and key in other.parts else found
            for key, found in (*self.parts.items(), *other.parts.items())
        })  # fmt: skip


class _Forward:
    """The tensors that a gradient reads from the turn that it belongs to: the step's own tensors, and results of loops inside of it."""

    def __init__(self, step: Step):
        self.inside = step.inside
        self.outside = set(step.captured)

    def __contains__(self, tensor: object) -> bool:
        return tensor in self.outside or self.holds(tensor)

    def holds(self, tensor: Any) -> bool:
        return tensor in self.inside or (isinstance(tensor.op, LoopResult) and tensor.inputs[0] in self.inside)


def loop_gradient(loop: Loop, given: Cotangents) -> list[Tensor | None]:
    """The gradients with respect to the inputs of a loop's node."""
    step, node = loop.step, loop.node
    sequences, initial, captured = loop.split(node.inputs)
    outputs, finals = _by_result(loop, given)

    of_output = {i: Placeholder(step.outputs[i].shape, step.outputs[i].dtype) for i in outputs}
    of_state = {k: Placeholder(t.shape, t.dtype) for k, t in enumerate(step.new_states) if is_float(t.dtype)}
    grads = _turn_gradient(step, of_output, of_state, finals)
    n, m = len(sequences), len(initial)

    forward = _Forward(step)
    order = ancestors([g for g in grads if g is not None], forward)
    read = [t for t in order if forward.holds(t)]
    own = dict(zip(step.elements, sequences))
    elements = [*read, *of_output.values()]
    over = [own[t] if t in own else loop.stacked(t) for t in read] + list(outputs.values())
    if not elements:
        # turns that read nothing of the others: a sequence that tells their number
        elements, over = [Placeholder(step.elements[0].shape, step.elements[0].dtype)], [sequences[0]]
    wanted = dict.fromkeys(g for g in (*grads[:n], *grads[n + m :]) if g is not None)
    new_states = [zeros_like(c) if (d := grads[n + k]) is None else d for k, c in of_state.items()]
    starts = [finals[k] if k in finals else zeros_like(make(FINAL, [node], k)) for k in of_state]
    turn = Step(elements, list(of_state.values()), list(wanted), new_states, next(SERIALS))
    back = Loop(turn, over, starts, not loop.backwards)
    after = back.finals()
    places = {k: at for at, k in enumerate(of_state)}
    return [
        *(None if g is None else back.stacked(g) for g in grads[:n]),
        *(sum_to(after[places[k]], x) if k in places else None for k, x in enumerate(initial)),
        *(None if g is None else back.total(g) for g in grads[n + m :]),
    ]


def _by_result(loop: Loop, given: Cotangents) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """Cotangents of outputs (all turns stacked) and of final states, by index."""
    outputs: dict[int, Tensor] = {}
    finals: dict[int, Tensor] = {}
    for (op, i), g in given.parts.items():
        if op.name == "loop_final":
            finals[i] = g
            continue
        if op.name == "loop_total":
            g = broadcast_like(expand_dims(g, 0), make(STACKED, [loop.node], i))
        outputs[i] = outputs[i] + g if i in outputs else g
    return outputs, finals


def _turn_gradient(step: Step, of_output: dict, of_state: dict, finals: Iterable[int]) -> list[Tensor | None]:
    """The gradients of one turn for elements, states and what is captured. Drops from ``of_state`` the states whose cotangent
    would be 0 in all turns."""
    while True:
        seeds = [(step.outputs[i], c) for i, c in of_output.items()] + [(step.new_states[k], c) for k, c in of_state.items()]
        grads = pullback(seeds, [*step.elements, *step.states, *step.captured], independent=True)
        idle = [k for k in of_state if grads[len(step.elements) + k] is None and k not in finals]
        if not idle:
            return grads
        for k in idle:
            del of_state[k]


class LoopOp(Op):
    """A loop; ``attrs`` is the ``Loop``. Its value is that of its results."""

    name = "loop"
    loops = True

    def infer(self, attrs, *inputs):
        return (), np.dtype("float32")

    def gradient(self, node, g):
        return loop_gradient(node.attrs, g)

    def lowered(self, value):
        value.planner.add_loop(value)


class LoopResult(Op):
    """A result of a loop, its only input; ``attrs`` is the index of the output or state."""

    def infer(self, attrs, loop):
        # a plan's value is replaced at once by what its loop, which knows all shapes, has for it
        return self.kind(loop.attrs, attrs) if isinstance(loop, Tensor) else ((), np.dtype("float32"))

    def kind(self, loop: Loop, i: int) -> tuple:
        """Static shape and dtype."""
        raise NotImplementedError

    def gradient(self, node, g):
        return [Cotangents({(self, node.attrs): g})]


class Stacked(LoopResult):
    name = "loop_outputs"

    def kind(self, loop, i):
        output = loop.step.outputs[i]
        return (loop.node.inputs[0].shape[0], *output.shape), output.dtype

    def lowered(self, value):
        return value.inputs[0].scan.stacked(value.attrs)


class Final(LoopResult):
    name = "loop_final"

    def kind(self, loop, i):
        state = loop.step.new_states[i]
        return state.shape, state.dtype

    def lowered(self, value):
        return value.inputs[0].scan.final(value.attrs)


class Total(LoopResult):
    name = "loop_total"

    def kind(self, loop, i):
        output = loop.step.outputs[i]
        return output.shape, output.dtype

    def lowered(self, value):
        return value.inputs[0].scan.total(value.attrs)


class HasSteps(Op):
    """(samples, time, ...) as it is; a length of 0, known now or when a function runs, is a ValueError."""

    name = "has_steps"

    def infer(self, attrs, x):
        if x.shape[1] == 0:
            raise ValueError(f"K.rnn needs at least one time step, got inputs of shape {tuple(x.shape)}.")
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [g]

    def lowered(self, value):
        return value.inputs[0]


LOOP, STACKED, FINAL, TOTAL, HAS_STEPS = LoopOp(), Stacked(), Final(), Total(), HasSteps()
