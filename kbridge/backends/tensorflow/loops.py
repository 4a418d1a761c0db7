"""Loops as while loops of the graph."""

from __future__ import annotations

import contextlib
import re

from ..loop_states import pairs, promoted
from .first_turn import FirstTurn
from .loop_gradient import Copies, Loop, empty_stacks, pushed, tied
from .loop_rows import Leaves
from .loop_rules import Unknown
from .loop_turns import Turn
from .quiet import tf
from .tensors import as_tensor, dims


def _spread(mask, like):
    """A (samples, 1) or (samples,) mask with as many axes as ``like``."""
    while mask.shape.rank < like.shape.rank:
        mask = tf.expand_dims(mask, -1)
    return mask


def _same_kind(a, b) -> bool:
    return a.dtype == b.dtype and a.shape.rank == b.shape.rank and a.shape.is_compatible_with(b.shape)


class LoopPrimitives:
    """rnn, map_fn and foldl."""

    def rnn(self, step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, input_length=None):
        inputs = as_tensor(inputs)
        if inputs.shape.rank < 3:
            raise ValueError(f"rnn takes inputs of shape (samples, time, ...), got {inputs.shape}.")
        steps = tf.transpose(_with_steps(inputs), [1, 0, *range(2, inputs.shape.rank)])
        masks = None
        if mask is not None:
            masks = tf.cast(as_tensor(mask), tf.bool)
            if masks.shape.rank == 2:
                masks = tf.expand_dims(masks, 2)
            # after the check of the length, or a missing first mask could be the error
            with tf.control_dependencies([steps]):
                masks = tf.transpose(masks, [1, 0, *range(2, masks.shape.rank)])
        if go_backwards:
            steps = tf.reverse(steps, [0])
            masks = None if masks is None else tf.reverse(masks, [0])
        constants = list(constants or [])
        states = [as_tensor(s) for s in initial_states]

        def step(x, keep, previous, states):
            output, new_states = step_function(x, [*states, *constants])
            output, new_states = as_tensor(output), [as_tensor(n, o.dtype) for o, n in pairs("K.rnn", states, new_states)]
            if keep is not None:
                new_states = [tf.where(_spread(keep, n), *_promoted(n, o)) for n, o in zip(new_states, states)]
                previous = tf.zeros_like(output) if previous is None else previous
                output = tf.where(_spread(keep, output), output, previous)
            return output, new_states

        if unroll:
            return _unrolled(step, steps, masks, states)
        return _looped(step, steps, masks, states)

    def map_fn(self, fn, elems, name=None):
        elems = as_tensor(elems)
        probe = as_tensor(fn(elems[0]))
        signature = tf.TensorSpec(probe.shape, probe.dtype)
        return tf.map_fn(_as_it_stands(lambda e: as_tensor(fn(e))), elems, fn_output_signature=signature)

    def foldl(self, fn, elems, initializer=None, name=None):
        elems = as_tensor(elems)
        if initializer is None:
            initializer, elems = elems[0], elems[1:]
        start = as_tensor(initializer, elems.dtype)
        if dims(elems)[0] == 0:
            return start
        # an element of ones stands for the first one, which an empty tensor doesn't have
        one = tf.ones_like(tf.reduce_sum(elems, 0) if elems.dtype != tf.bool else tf.reduce_any(elems, 0))

        def step(e, keep, previous, states):
            new = as_tensor(fn(states[0], e))
            return new, [new]

        (start,) = FirstTurn("K.foldl", step, one, None, [start]).wide_states()
        return tf.foldl(_as_it_stands(lambda a, e: tf.cast(as_tensor(fn(a, e)), start.dtype)), elems, initializer=start)


#: TensorFlow would rewrite the source of functions given to map_fn and foldl, into temporary files
_as_it_stands = tf.autograph.experimental.do_not_convert


#: how the error of a length of 0 begins
NO_STEPS = "K.rnn needs at least one time step, got inputs of shape"


def _with_steps(inputs):
    """``inputs``, where a length of 0 is an error: now, or when a function runs."""
    if dims(inputs)[1] == 0:
        raise ValueError(f"{NO_STEPS} {tuple(inputs.shape.as_list())}.")
    if dims(inputs)[1] is not None:
        return inputs
    shape = tf.shape(inputs)
    with tf.control_dependencies([tf.debugging.Assert(shape[1] > 0, [NO_STEPS, shape], summarize=9)]):
        return tf.identity(inputs)


def as_value_error(error: Exception) -> ValueError | None:
    """The error of a length of 0 when a function ran: TensorFlow's graphs have no ValueError of their own. None for others."""
    found = re.search(re.escape(f"[{NO_STEPS}]") + r" \[([\d ]+)\]", str(error))
    return ValueError(f"{NO_STEPS} ({found[1].replace(' ', ', ')}).") if found else None


def _unrolled(step, steps, masks, states):
    count = dims(steps)[0]
    if count is None:
        raise ValueError(f"rnn: unroll needs a known number of time steps, but the input has shape {steps.shape} (time first).")
    turns = list(zip(tf.unstack(steps), [None] * count if masks is None else tf.unstack(masks)))
    first = FirstTurn("K.rnn", step, *turns[0], states)
    states = first.wide_states()
    outputs: list = []
    for x, keep in turns:
        output, new_states = step(x, keep, outputs[-1] if outputs else None, states)
        outputs.append(output)
        states = [tf.cast(n, s.dtype) for n, s in zip(new_states, states)]
    return outputs[-1], tf.stack(outputs, 1), states


def _looped(step, steps, masks, states):
    outer = tf.compat.v1.get_default_graph()
    first = FirstTurn("K.rnn", step, steps[0], None if masks is None else masks[0], states)
    states, probe = first.states, first.output
    fits = masks is not None and bool(states) and _same_kind(states[0], probe)
    of_output = first.in_all_turns(probe) | (first.rows.of(states[0]) if fits else set())
    # a gradient that is made here needs one number of rows for all. Where only a run knows any, and rows are treated one by one,
    # all get as many as the widest, and those that didn't meet the others lose them again after the loop
    known = [dims(steps)[1] is not None, *(dims(s)[0] is not None for s in states if s.shape.rank)]
    unknown = not any(known) and (masks is None or dims(masks)[1] is None)
    ties = hasattr(outer, "_kbridge_loops")
    alike = ties and unknown and first.rows.one_by_one and first.moves()
    everything = first.everything() if alike else Leaves()
    if alike:
        steps, masks = (t if t is None else first.wide(t, everything, axis=1) for t in (steps, masks))
    start, states = states[:1], first.wide_states(everything if alike else None)
    shapes = [s.shape for s in states]
    time = tf.shape(steps)[0]
    read_step, read_mask = _reader(steps), _reader(masks)
    array = tf.TensorArray(probe.dtype, size=time, element_shape=probe.shape)
    carried: list = []
    if masks is not None:
        carried = [first.wide(start[0], everything or of_output) if fits else first.zeros(everything or of_output)]

    #: which state is the output
    same: list[int] = []
    #: a turn, and the graph of the loop's body, if its gradient is made here
    turns: list[tuple] = []

    def body(t, array, carried, states, stacks):
        graph = tf.compat.v1.get_default_graph()
        x, keep = read_step(t), read_mask(t)
        output, new_states = step(x, keep, carried[0] if carried else None, states)
        same[:] = [i for i, (new, state) in enumerate(zip(new_states, states)) if new is output and new.dtype == state.dtype]
        output, *new_states = _own(graph, [output, *new_states], [None, *states])
        new_states = [tf.cast(n, s.dtype) for n, s in zip(new_states, states)]
        output.set_shape(probe.shape)
        for state, shape in zip(new_states, shapes):
            state.set_shape(shape)
        if ties and (alike or all(known)):
            with contextlib.suppress(Unknown):
                turns[:] = [(Turn(graph, [x, keep, carried[0] if carried else None, *states], [output, *new_states]), graph)]
                stacks = pushed(turns[0][0], stacks)
        return t + 1, array.write(t, output), [output] if carried else [], new_states, stacks

    stacks = empty_stacks(probe.dtype)
    _, array, lasts, finals, stacks = tf.while_loop(
        lambda t, *_: t < time,
        body,
        (tf.constant(0), array, carried, states, stacks),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape(None),
            [_common(c.shape, probe.shape) for c in carried],
            shapes,
            [s.shape for s in stacks],
        ),
    )
    listed = array.flow
    if turns:
        turn, graph = turns[0]
        loop = Loop(turn, Copies(graph, outer), stacks, steps)
        listed, *rest = tied(loop, [listed, *lasts, *finals], [*carried, *states])
        lasts, finals = rest[: len(carried)], rest[len(carried) :]
    outputs = tf.raw_ops.TensorListStack(
        input_handle=listed, element_shape=[-1 if n is None else n for n in probe.shape.as_list()], element_dtype=probe.dtype
    )
    outputs.set_shape([dims(steps)[0], *probe.shape.as_list()])
    # not a part of all outputs, which needn't be joined then, nor have a gradient
    last = lasts[0] if lasts else finals[same[0]] if same else outputs[-1]
    outputs = tf.transpose(outputs, [1, 0, *range(2, outputs.shape.rank)])
    if alike:
        last, outputs = (first.narrow(t, of_output, everything) for t in (last, outputs))
        finals = [first.narrow(s, leaves, everything) for s, leaves in zip(finals, first.leaves)]
    # a tensor of its own, since layers note on their outputs which these are
    return tf.identity(last), outputs, finals


def _own(graph, results, befores):
    """``results`` of a turn, without tensors from outside or other states: TensorFlow would take these for what they are before a loop or
    a turn, and give them wrong gradients. A state that stays as it is may be itself (``befores``)."""
    return [t if t is before or t.graph is graph and t.op.type != "Placeholder" else tf.identity(t) for t, before in zip(results, befores)]


def _reader(steps):
    """A function that gives the slice of a time step. A slice of the tensor itself would have a gradient of the
    whole tensor's size at each step."""
    if steps is None:
        return lambda t: None
    return tf.TensorArray(steps.dtype, size=tf.shape(steps)[0], element_shape=steps.shape[1:]).unstack(steps).read


def _promoted(*tensors):
    """``tensors`` in the dtype that a loop carries them in."""
    dtype = promoted(*(t.dtype.name for t in tensors))
    return [tf.cast(t, dtype) for t in tensors]


def _common(a, b):
    """The shape that both have: None where they differ."""
    return tf.TensorShape([m if m == n else None for m, n in zip(a.as_list(), b.as_list())])
