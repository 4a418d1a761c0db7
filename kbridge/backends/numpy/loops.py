"""The contract's loops: rnn, map_fn and foldl, on the NumPy engine's sub-graphs."""

from __future__ import annotations

from collections.abc import Sequence

from .graph import Placeholder, Tensor, make
from .ops.common import as_tensor
from .ops.elementwise import cast, where, zeros_like
from .ops.indexing import reverse
from .ops.scan import HAS_STEPS, Loop, Step
from .ops.shapes import concatenate, expand_dims, permute


def _like(shape: Sequence, tensor: Tensor) -> Placeholder:
    return Placeholder(tuple(shape), tensor.dtype)


class LoopPrimitives:
    """rnn, map_fn and foldl."""

    def rnn(
        self, step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, input_length=None
    ):
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
            raise ValueError(f"rnn: unroll needs a known number of time steps, the input has shape {steps.shape} (time first).")
        outputs: list[Tensor] = []
        for t in range(steps.shape[0]):
            output, states = step(steps[t], None if masks is None else masks[t], outputs[-1] if outputs else None, states)
            outputs.append(output)
        stacked = concatenate([expand_dims(o, 1) for o in outputs], 1)
        return outputs[-1], stacked, states

    @staticmethod
    def _looped(step, steps, masks, states):
        x = _like(steps.shape[1:], steps)
        elements, sequences = [x], [steps]
        if masks is not None:
            elements.append(_like(masks.shape[1:], masks))
            sequences.append(masks)
        inner = [_like(s.shape, s) for s in states]
        if masks is None:
            output, new_states = step(x, None, None, inner)
            loop = Loop(Step(elements, inner, [output], new_states), sequences, states)
            finals = loop.finals()
            (stacked,) = loop.outputs()
        else:
            # the previous output is one more state; its first value is what the first step would keep
            probe, _ = step(x, elements[1], None, inner)
            previous = _like(probe.shape, probe)
            output, new_states = step(x, elements[1], previous, inner)
            same = bool(states) and len(states[0].shape) == len(probe.shape) and all(
                None in (m, n) or m == n for m, n in zip(states[0].shape, probe.shape)
            )  # fmt: skip
            first = states[0] if same else _zeros_of(probe, elements, sequences, inner, states)
            loop = Loop(Step(elements, [*inner, previous], [output], [*new_states, output]), sequences, [*states, first])
            finals = loop.finals()[:-1]
            (stacked,) = loop.outputs()
        outputs = permute(stacked, (1, 0, *range(2, stacked.ndim)))
        return stacked[-1], outputs, finals

    def map_fn(self, fn, elems, name=None):
        elems = as_tensor(elems)
        x = _like(elems.shape[1:], elems)
        loop = Loop(Step([x], [], [as_tensor(fn(x))], []), [elems], [])
        return loop.outputs()[0]

    def foldl(self, fn, elems, initializer=None, name=None):
        elems = as_tensor(elems)
        if initializer is None:
            initializer, elems = elems[0], elems[1:]
        start = as_tensor(initializer, elems.dtype)
        x, accumulator = _like(elems.shape[1:], elems), _like(start.shape, start)
        loop = Loop(Step([x], [accumulator], [], [as_tensor(fn(accumulator, x))]), [elems], [start])
        return loop.finals()[0]


def _spread(mask: Tensor, like: Tensor) -> Tensor:
    """A (samples, 1) or (samples,) mask with as many axes as ``like``."""
    for axis in range(mask.ndim, like.ndim):
        mask = expand_dims(mask, axis)
    return mask


def _zeros_of(probe: Tensor, elements: Sequence, sequences: Sequence, inner: Sequence, states: Sequence) -> Tensor:
    """Zeros in the shape of a step's output, from outside the loop: one turn on the first element."""
    step = Step(elements, inner, [zeros_like(probe)], inner)
    return Loop(step, [s[:1] for s in sequences], states).outputs()[0][0]
