"""rnn, map_fn and foldl, as Theano's scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import theano
import theano.tensor as T
from theano.graph.basic import Apply, Variable
from theano.graph.op import Op

from ..loop_states import Kind, pairs, settle
from .elementwise import cast, where, zeros_like
from .shapes import concatenate, expand_dims, permute, reverse, size
from .static import Shape, int_shape, set_shape
from .tensors import as_tensor, constant, mark_ones


def rnn(
    step_function: Callable,
    inputs: Any,
    initial_states: Sequence,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence | None = None,
    unroll: bool = False,
    input_length: int | None = None,
) -> tuple:
    inputs = as_tensor(inputs)
    if inputs.ndim < 3:
        raise ValueError(f"rnn takes inputs of shape (samples, time, ...), got {int_shape(inputs)}.")
    steps = _time_first(_with_steps(inputs))
    masks = None if mask is None else _time_first(_mask(mask))
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
            previous = zeros_like(output) if previous is None else previous
            output = where(_spread(mask_t, output), output, previous)
        return output, new_states

    if unroll:
        length = int_shape(steps)[0] if int_shape(steps)[0] is not None else input_length
        return _unrolled(step, steps, masks, states, length)
    return _looped(step, steps, masks, states)


class HasSteps(Op):
    """(samples, time, ...) as it is; no time steps are a ValueError when a function runs."""

    __props__ = ()
    view_map = {0: [0]}

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        (x,) = inputs
        if not x.shape[1]:
            raise ValueError(f"{NO_STEPS} {x.shape}.")
        outputs[0][0] = x

    def grad(self, inputs, gradients):
        return gradients

    def infer_shape(self, fgraph, node, shapes):
        return shapes


NO_STEPS = "K.rnn needs at least one time step, got inputs of shape"


def _with_steps(inputs):
    """``inputs``, where a length of 0 is an error: now, or when a function runs."""
    length = int_shape(inputs)[1]
    if length == 0:
        raise ValueError(f"{NO_STEPS} {int_shape(inputs)}.")
    return set_shape(HasSteps()(inputs), int_shape(inputs)) if length is None else inputs


def _time_first(x):
    return permute(x, (1, 0, *range(2, x.ndim)))


def _mask(mask):
    """(samples, time, 1), bool."""
    mask = cast(mask, "bool")
    if mask.ndim == 2:
        return expand_dims(mask, 2)
    return mask if mask.ndim != 3 or mask.type.broadcastable[2] else set_shape(T.addbroadcast(mask, 2), (*int_shape(mask)[:2], 1))


def _spread(mask, like):
    """A (samples, 1) mask with as many axes as ``like``."""
    for axis in range(mask.ndim, like.ndim):
        mask = expand_dims(mask, axis)
    return mask if like.ndim > 1 else mask[:, 0]


def _unrolled(step, steps, masks, states, length):
    if length is None:
        raise ValueError(f"rnn: unroll needs a known number of time steps, the input has shape {int_shape(steps)} (time first).")
    outputs: list = []
    for t in range(length):
        keep = None if masks is None else masks[t]
        if outputs:
            output, new_states = step(steps[t], keep, outputs[-1], states)
        else:
            states, output, new_states = _settled(step, steps[0], keep, states)
        outputs.append(output)
        states = [cast(n, s.dtype) for n, s in zip(new_states, states)]
    return outputs[-1], concatenate([expand_dims(o, 1) for o in outputs], 1), states


def _settled(step, x, keep, states):
    """(states as the loop carries them, output, new states) of a first step."""
    return settle("K.rnn", states, lambda states: step(x, keep, None, states), _kind, _widen)


def _kind(tensor) -> Kind:
    return int_shape(tensor), tensor.dtype


def _widen(state, new, kind: Kind):
    """A state of ``kind``; ``new`` has its shape."""
    wide = cast(state, kind[1])
    if int_shape(wide) != kind[0]:
        wide = T.alloc(mark_ones(wide), *(size(new, i) for i in range(new.ndim)))
    return set_shape(wide, kind[0])


def _looped(step, steps, masks, states):
    states, _, _ = _settled(step, steps[0], None if masks is None else masks[0], states)
    carried = list(states)
    if masks is not None:
        carried.append(_before_first(step, steps, masks, states))
    shapes = [int_shape(s) for s in carried]

    def body(*arguments):
        x, *rest = arguments
        mask_t = rest.pop(0) if masks is not None else None
        inner = [set_shape(s, _inside(shape)) for s, shape in zip(rest, shapes)]
        output, new_states = step(
            set_shape(x, int_shape(steps)[1:]),
            None if mask_t is None else set_shape(mask_t, int_shape(masks)[1:]),
            inner.pop() if masks is not None else None,
            inner,
        )
        known.append(int_shape(output))
        new = [*new_states, output] if masks is not None else new_states
        return [_free(output), *(_free(n, like=s) for n, s in zip(new, carried))]

    known: list[Shape] = []
    every = _scan(body, [steps] if masks is None else [steps, masks], [None, *carried])
    outputs = set_shape(every[0], (int_shape(steps)[0], *known[-1]))
    last = set_shape(outputs[-1], known[-1])
    finals = [set_shape(s[-1], shape) for s, shape in zip(every[1:], map(_inside, shapes))]
    return last, _time_first(outputs), finals[: len(states)]


def _before_first(step, steps, masks, states):
    """What outputs hold before the first unmasked step: the first state, or zeros where it has another shape.
    Only the shape of the first step's output is computed for it."""
    output, _ = step(steps[0], masks[0], None, states)
    if states and states[0].ndim == output.ndim and states[0].dtype == output.dtype:
        pairs = zip(int_shape(states[0]), int_shape(output))
        if all(None in (m, n) or m == n for m, n in pairs):
            return states[0]
    return zeros_like(output)


def _inside(shape: Shape) -> Shape:
    """A state's shape inside the loop. One sample may stand for a batch that the first step broadcasts it to."""
    return (None if shape[0] == 1 else shape[0], *shape[1:]) if shape else shape


def _free(x, like=None):
    """``x`` with no axis marked as broadcasting (scan wants one type for all turns), in the dtype of ``like``."""
    if like is not None and x.dtype != like.dtype:
        x = cast(x, like.dtype)
    return set_shape(T.unbroadcast(x, *range(x.ndim)), int_shape(x)) if x.ndim else x


def _scan(body: Callable, sequences: list, carried: list) -> list[Variable]:
    """The outputs of all turns. ``carried``: None for an output that isn't carried, else its first value.
    Random states that change in the loop change outside too."""
    found, updates = theano.scan(
        body, sequences=sequences, outputs_info=[None if c is None else _free(c) for c in carried], return_list=True
    )
    for shared, new in updates.items():
        shared.default_update = new
    return found


# ---------------------------------------------------------------------- over elements


def map_fn(fn: Callable, elems: Any, name: str | None = None):
    elems = as_tensor(elems)
    known: list[Shape] = []

    def body(x):
        result = as_tensor(fn(set_shape(x, int_shape(elems)[1:])))
        known.append(int_shape(result))
        return _free(result)

    (found,) = _scan(body, [_never_empty(elems)], [None])
    result = found if _is_filled(elems) else found[: elems.shape[0]]
    return set_shape(result, (int_shape(elems)[0], *known[-1]))


def foldl(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None):
    elems = as_tensor(elems)
    if initializer is None:
        initializer, elems = elems[0], elems[1:]
    start = as_tensor(initializer, elems.dtype)
    first = set_shape(T.ones([size(elems, i) for i in range(1, elems.ndim)], elems.dtype), int_shape(elems)[1:])
    (start,), _, _ = settle("K.foldl", [start], lambda states: (None, [as_tensor(fn(states[0], first))]), _kind, _widen)
    if int_shape(elems)[0] == 0:
        return start

    def body(x, accumulated):
        inner = set_shape(accumulated, int_shape(start))
        return _free(as_tensor(fn(inner, set_shape(x, int_shape(elems)[1:]))), like=start)

    (found,) = _scan(body, [_never_empty(elems)], [start])
    final = found[-1]
    if not _is_filled(elems):
        final = where(T.eq(elems.shape[0], 0), start, final)
    return set_shape(final, int_shape(start))


def _is_filled(elems) -> bool:
    return bool(int_shape(elems)[0])


def _never_empty(elems):
    """``elems``, with one element of ones where there is none: scan takes at least one turn. What it computes
    from that is thrown away."""
    if _is_filled(elems):
        return elems
    count = T.cast(T.eq(elems.shape[0], 0), "int64")
    filling = T.alloc(constant(np.array(1), elems.dtype), count, *(size(elems, i) for i in range(1, elems.ndim)))
    return T.concatenate([elems, T.patternbroadcast(filling, elems.type.broadcastable)], axis=0)
