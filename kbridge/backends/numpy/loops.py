"""The contract's loops: rnn, map_fn and foldl, on the NumPy backend's sub-graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..loop_states import Kind, pairs, settle
from .graph import SERIALS, Placeholder, Tensor, ancestors, make
from .ops.broadcasting import broadcast_like
from .ops.choosing import where
from .ops.common import as_tensor, cast
from .ops.elementwise import binary
from .ops.filling import zeros_like
from .ops.joining import concatenate
from .ops.scan import HAS_STEPS, Loop, Step
from .ops.shapes import expand_dims, permute
from .ops.slicing import reverse


def _like(shape: Sequence, tensor: Tensor) -> Placeholder:
    return Placeholder(tuple(shape), tensor.dtype)


class LoopPrimitives:
    """rnn, map_fn and foldl."""

    def rnn(self, step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, input_length=None):
        if inputs.ndim < 3:
            raise ValueError(f"rnn takes inputs of shape (samples, time, ...), got {inputs.shape}.")
        steps = permute(make(HAS_STEPS, [inputs]), (1, 0, *range(2, inputs.ndim)))
        masks = None
        if mask is not None:
            masks = cast(as_tensor(mask), "bool")
            if masks.ndim == inputs.ndim - 1 and masks.ndim == 2:
                masks = expand_dims(masks, 2)
            masks = permute(masks, (1, 0, *range(2, masks.ndim)))
        if go_backwards:
            steps = reverse(steps, 0)
            masks = None if masks is None else reverse(masks, 0)
        constants = list(constants or [])
        states = [as_tensor(s) for s in initial_states]

        def step(x, mask_t, previous, states):
            output, new_states = step_function(x, [*states, *constants])
            output, new_states = as_tensor(output), [as_tensor(n, s.dtype) for s, n in pairs("K.rnn", states, new_states)]
            if mask_t is not None:
                new_states = [where(_spread(mask_t, new), new, old) for new, old in zip(new_states, states)]
                if previous is None:
                    previous = zeros_like(output)
                output = where(_spread(mask_t, output), output, previous)
            return output, list(new_states)

        if unroll:
            return self._unrolled(step, steps, masks, states)
        return self._looped(step, steps, masks, states)

    @staticmethod
    def _unrolled(step, steps, masks, states):
        if steps.shape[0] is None:
            raise ValueError(f"rnn: unroll needs a known number of time steps, but the input has shape {steps.shape} (time first).")

        def turn(t, states):
            return step(steps[t], None if masks is None else masks[t], outputs[-1] if outputs else None, states)

        def widen(state, new, kind):
            return broadcast_like(cast(state, kind[1]), new)

        outputs: list[Tensor] = []
        states, output, new_states = settle("K.rnn", states, lambda states: turn(0, states), _kind, widen)
        # lengths that only a call knows; of turns that only tell shapes nothing is computed
        for _ in range(_rounds(states, new_states)):
            states = [broadcast_like(s, binary("equal", s, n)) for s, n in zip(states, new_states)]
            output, new_states = turn(0, states)
        for t in range(steps.shape[0]):
            if t:
                output, new_states = turn(t, states)
            outputs.append(output)
            states = [cast(n, s.dtype) for n, s in zip(new_states, states)]
        stacked = concatenate([expand_dims(o, 1) for o in outputs], 1)
        return outputs[-1], stacked, states

    @staticmethod
    def _looped(step, steps, masks, states):
        x = _like(steps.shape[1:], steps)
        elements, sequences = [x], [steps]
        if masks is None:
            loop = _loop("K.rnn", elements, sequences, states, lambda states: step(x, None, None, states))
            finals = loop.finals()
        else:
            mask = _like(masks.shape[1:], masks)
            elements.append(mask)
            sequences.append(masks)
            # the previous output is one more state; its first value is what the first step would keep
            inner = [_like(s.shape, s) for s in states]
            tried = []

            def trial(states):
                tried.append(step(x, mask, None, states))
                return tried[-1]

            wide, output, _ = settle("K.rnn", inner, trial, _kind, _stand_in)
            same = bool(wide) and wide[0].dtype == output.dtype and len(wide[0].shape) == len(output.shape) and all(
                None in (m, n) or m == n for m, n in zip(wide[0].shape, output.shape)
            )  # fmt: skip
            first = states[0] if same else _zeros_of(tried[0][0], elements, sequences, inner, states)

            def turn(carried):
                output, new_states = step(x, mask, carried[-1], carried[:-1])
                return output, [*new_states, output]

            loop = _loop("K.rnn", elements, sequences, [*states, first], turn)
            finals = loop.finals()[:-1]
        (stacked,) = loop.outputs()
        outputs = permute(stacked, (1, 0, *range(2, stacked.ndim)))
        (output,) = loop.step.outputs
        # most steps' output is a state too: then the last one has a gradient that takes no others' zeros
        last = next((final for final, new in zip(loop.finals(), loop.step.new_states) if new is output), None)
        return stacked[-1] if last is None else last, outputs, finals

    def map_fn(self, fn, elems, name=None):
        elems = as_tensor(elems)
        x = _like(elems.shape[1:], elems)
        return _loop("K.map_fn", [x], [elems], [], lambda _: (as_tensor(fn(x)), [])).outputs()[0]

    def foldl(self, fn, elems, initializer=None, name=None):
        elems = as_tensor(elems)
        if initializer is None:
            initializer, elems = elems[0], elems[1:]
        start = as_tensor(initializer, elems.dtype)
        x = _like(elems.shape[1:], elems)
        loop = _loop("K.foldl", [x], [elems], [start], lambda carried: (None, [as_tensor(fn(carried[0], x))]))
        return loop.finals()[0]


def _kind(tensor: Tensor) -> Kind:
    return tensor.shape, tensor.dtype.name


def _stand_in(state: Tensor, new: Tensor, kind: Kind) -> Placeholder:
    return Placeholder(kind[0], np.dtype(kind[1]))


def _rounds(states: Sequence[Tensor], new_states: Sequence[Tensor]) -> int:
    """How often states must be broadcast to what a turn makes of them, until all have the lengths that only a call knows."""
    if all(None not in s.shape for s in states):
        return 0
    # where the lengths of each come from: from states, and from tensors whose lengths come from no others
    own = set(states)
    direct = [
        {t for t in ancestors([n], own) if t in own or (None in t.shape and all(None not in i.shape for i in t.inputs))} for n in new_states
    ]
    rounds, reached = 1, direct
    while True:
        further = [found.union(*(r for s, r in zip(states, reached) if s in found)) for found in direct]
        if further == reached:
            return rounds
        rounds, reached = rounds + 1, further


def _loop(what: str, elements: list, sequences: list, initial: Sequence[Tensor], turn: Callable) -> Loop:
    """The loop of ``turn(states) -> (output or None, new states)``; ``what`` names it in errors."""
    since = 0

    def watched(states):
        nonlocal since
        since = next(SERIALS)
        output, new_states = turn(states)
        return output, [as_tensor(n, s.dtype) for s, n in pairs(what, states, new_states)]

    states, output, new_states = settle(what, [_like(s.shape, s) for s in initial], watched, _kind, _stand_in)
    step = Step(elements, states, [] if output is None else [output], [cast(n, s.dtype) for n, s in zip(new_states, states)], since)
    return Loop(step, sequences, [cast(i, s.dtype) for i, s in zip(initial, states)])


def _spread(mask: Tensor, like: Tensor) -> Tensor:
    """A (samples, 1) or (samples,) mask with as many axes as ``like``."""
    for axis in range(mask.ndim, like.ndim):
        mask = expand_dims(mask, axis)
    return mask


def _zeros_of(probe: Tensor, elements: Sequence, sequences: Sequence, inner: Sequence, states: Sequence) -> Tensor:
    """Zeros in the shape of a step's output, from outside the loop: one turn on the first element."""
    step = Step(elements, inner, [zeros_like(probe)], inner, next(SERIALS))
    return Loop(step, [s[:1] for s in sequences], states).outputs()[0][0]
