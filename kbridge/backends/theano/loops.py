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
from .bodies import Body, element_of, number, stand_in, traced
from .elementwise import cast, where, zeros_like
from .shapes import concatenate, expand_dims, permute, reverse, size
from .static import int_shape, set_shape
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
    """(samples, time, 1), or with axes of the state in place of the 1; bool."""
    mask = cast(mask, "bool")
    if mask.ndim == 2:
        return expand_dims(mask, 2)
    if mask.ndim != 3 or mask.type.broadcastable[2] or int_shape(mask)[2] not in (None, 1):
        return mask
    return set_shape(T.addbroadcast(mask, 2), (*int_shape(mask)[:2], 1))


def _spread(mask, like):
    """A (samples, 1) mask with as many axes as ``like``."""
    for axis in range(mask.ndim, like.ndim):
        mask = expand_dims(mask, axis)
    return mask if like.ndim > 1 else mask[:, 0]


def _unrolled(step, steps, masks, states, length):
    if length is None:
        raise ValueError(f"rnn: unroll needs a known number of time steps, but the input has shape {int_shape(steps)} (time first).")

    def at(t):
        return steps[t], None if masks is None else masks[t]

    first = at(0)
    states, output, new_states = settle("K.rnn", states, lambda given: step(*first, None, given), _kind, _like_new)
    outputs = [output]
    states = [cast(n, s.dtype) for n, s in zip(new_states, states)]
    for t in range(1, length):
        output, new_states = step(*at(t), outputs[-1], states)
        outputs.append(output)
        states = [cast(n, s.dtype) for n, s in zip(new_states, states)]
    return outputs[-1], concatenate([expand_dims(o, 1) for o in outputs], 1), states


def _looped(step, steps, masks, states):
    sequences = [steps] if masks is None else [steps, masks]

    def turn(*arguments):
        x, *rest = arguments
        output, new_states = step(x, rest.pop(0) if masks is not None else None, None, rest)
        return [output, *new_states]

    states, body = _settled("K.rnn", turn, sequences, states, skip=1)
    carried = list(states)
    if masks is not None:
        carried.append(_before_first(body, sequences, states))
        body = _keeping_outputs(body, carried[-1])
    output, *new = body.outputs
    body = body._replace(outputs=[_free(output), *(_free(n, like=s) for n, s in zip(new, carried))])
    every = _scan(body, sequences, [None, *carried])
    outputs = set_shape(every[0], (int_shape(steps)[0], *int_shape(output)))
    last = set_shape(outputs[-1], int_shape(output))
    finals = [set_shape(s[-1], int_shape(c)) for s, c in zip(every[1:], carried)]
    return last, _time_first(outputs), finals[: len(states)]


def _before_first(body: Body, sequences: list, states: list):
    """Return the value of outputs before the first unmasked step: the first state, or zeros where it has another shape.
    Only the shape of the first step's output is computed for it."""
    output = body.outputs[0]
    if states and states[0].ndim == output.ndim and states[0].dtype == output.dtype:
        pairs = zip(int_shape(states[0]), int_shape(output))
        if all(None in (m, n) or m == n for m, n in pairs):
            return states[0]
    first, _ = body.applied_to([*(s[0] for s in sequences), *(_free(s) for s in states)])
    return set_shape(zeros_like(first[0]), int_shape(output))


def _keeping_outputs(body: Body, start) -> Body:
    """The body with one more state: the output, which a masked step repeats."""
    previous = stand_in(start.dtype, [False] * start.ndim, int_shape(start))
    output, *new = body.outputs
    kept = where(_spread(body.inputs[1], output), output, previous)
    return body._replace(inputs=[*body.inputs, previous], outputs=[kept, *new, kept])


def _kind(x: Variable) -> Kind:
    return int_shape(x), x.dtype


def _like_new(state, new, kind: Kind):
    return _widened(state, kind, lambda: new)


def _settled(what: str, function: Callable, sequences: list, starts: Sequence, skip: int) -> tuple[list, Body]:
    """The starts of a loop's states, widened to what a turn makes of them, and the body for these. ``skip``: how many
    of the function's results are no states."""
    mark = number()
    body: Body
    current: list = []

    def turn(states):
        nonlocal body, current
        current = states
        inputs = [element_of(s) for s in sequences] + [stand_in(s.dtype, [False] * s.ndim, int_shape(s)) for s in states]
        body = traced(lambda *inner: [as_tensor(r) for r in function(*inner)], inputs, mark)
        return body, body.outputs[skip:]

    def widen(state, new, kind):
        return _widened(state, kind, lambda: _first_turn(body, sequences, current, new))

    states, _, _ = settle(what, starts, turn, _kind, widen)
    return states, body


def _first_turn(body: Body, sequences: list, states: list, new: Variable) -> Variable:
    """Return the value that the first turn makes of a state."""
    wanted = body._replace(outputs=[new], updates=[])
    return wanted.applied_to([*(s[0] for s in sequences), *(_free(s) for s in states)])[0][0]


def _widened(state, kind: Kind, first: Callable):
    """``state`` broadcast to the shape of ``kind``, in its dtype; ``first`` gives a tensor of that shape."""
    shape, dtype = kind
    state = cast(state, dtype)
    for _ in range(len(shape) - state.ndim):
        state = expand_dims(state, 0)
    grown = [m == 1 and n != 1 for m, n in zip(int_shape(state), shape)]
    if not any(grown):
        return set_shape(T.tensor_copy(state), shape)
    found = first() if any(g and n is None for g, n in zip(grown, shape)) else None
    sizes = [
        (found.shape[i] if n is None and found is not None else n) if g else size(state, i) for i, (g, n) in enumerate(zip(grown, shape))
    ]
    return set_shape(T.alloc(mark_ones(state), *sizes), shape)


def _free(x, like=None):
    """``x`` with no axis marked as broadcasting (scan wants one type for all turns), in the dtype of ``like``."""
    if like is not None and x.dtype != like.dtype:
        x = cast(x, like.dtype)
    return set_shape(T.unbroadcast(x, *range(x.ndim)), int_shape(x)) if x.ndim else x


def _scan(body: Body, sequences: list, carried: list) -> list[Variable]:
    """The outputs of all turns. ``carried``: None for an output that isn't carried, else its first value.
    Random states that change in the loop change outside too."""
    found, updates = theano.scan(
        lambda *arguments: body.applied_to(arguments[: len(body.inputs)]),
        sequences=sequences,
        outputs_info=[None if c is None else _free(c) for c in carried],
        non_sequences=body.captured,
        return_list=True,
    )
    for shared, new in updates.items():
        shared.default_update = new
    return found


# ---------------------------------------------------------------------- over elements


def map_fn(fn: Callable, elems: Any, name: str | None = None):
    elems = as_tensor(elems)
    filled = _never_empty(elems)
    mark = number()
    body = traced(lambda x: [as_tensor(fn(x))], [element_of(filled)], mark)
    shape = int_shape(body.outputs[0])
    (found,) = _scan(body._replace(outputs=[_free(body.outputs[0])]), [filled], [None])
    result = found if _is_filled(elems) else found[: elems.shape[0]]
    return set_shape(result, (int_shape(elems)[0], *shape))


def foldl(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None):
    elems = as_tensor(elems)
    if initializer is None:
        initializer, elems = elems[0], elems[1:]
    start = as_tensor(initializer, elems.dtype)
    filled = _never_empty(elems)
    (start,), body = _settled("K.foldl", lambda x, a: [as_tensor(fn(a, x), a.dtype)], [filled], [start], skip=0)
    if int_shape(elems)[0] == 0:
        return start
    body = body._replace(outputs=[_free(body.outputs[0], like=start)])
    (found,) = _scan(body, [filled], [start])
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
