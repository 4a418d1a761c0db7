"""Loops as while loops of the graph."""

from __future__ import annotations

import contextlib
import re

from ..loop_states import Kind, pairs, promoted, settle
from .loop_gradient import Copies, Loop, empty_stacks, pushed, tied
from .loop_rules import Unknown, row_by_row
from .loop_turns import Turn
from .quiet import tf
from .tensors import as_tensor, dims


def _spread(mask, like):
    """A (samples, 1) or (samples,) mask with as many axes as ``like``."""
    while mask.shape.rank < like.shape.rank:
        mask = tf.expand_dims(mask, -1)
    return mask


def _same_shape(a, b) -> bool:
    return a.shape.rank == b.shape.rank and a.shape.is_compatible_with(b.shape)


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
        (start,), _, _ = settle("K.foldl", [start], lambda states: (None, [as_tensor(fn(states[0], one))]), _kind, _widen)
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
    outputs: list = []
    for x, keep in zip(tf.unstack(steps), [None] * count if masks is None else tf.unstack(masks)):
        if outputs:
            output, new_states = step(x, keep, outputs[-1], states)
        else:
            states, output, new_states = _settled(step, x, keep, states)
        outputs.append(output)
        states = [tf.cast(n, s.dtype) for n, s in zip(new_states, states)]
    return outputs[-1], tf.stack(outputs, 1), states


def _looped(step, steps, masks, states):
    outer = tf.compat.v1.get_default_graph()
    count = len(outer.get_operations())
    # a first step outside of the loop, which never runs, tells shapes and dtypes
    states, probe, _ = _settled(step, steps[0], None if masks is None else masks[0], states)
    equal, steps, states = _with_equal_rows(steps, states, outer.get_operations()[count:])
    shapes = [s.shape for s in states]
    time = tf.shape(steps)[0]
    read_step, read_mask = _reader(steps), _reader(masks)
    array = tf.TensorArray(probe.dtype, size=time, element_shape=probe.shape)
    carried: list = []
    if masks is not None:
        fits = bool(states) and _same_shape(states[0], probe)
        carried = [states[0] if fits else tf.zeros_like(probe)]

    #: which state is the output
    same: list[int] = []
    #: a turn, and the graph of the loop's body, if its gradient is made here
    turns: list[tuple] = []

    def body(t, array, carried, states, stacks):
        x, keep = read_step(t), read_mask(t)
        output, new_states = step(x, keep, carried[0] if carried else None, states)
        same[:] = [i for i, (new, state) in enumerate(zip(new_states, states)) if new is output and new.dtype == state.dtype]
        output.set_shape(probe.shape)
        new_states = [tf.cast(n, s.dtype) for n, s in zip(new_states, states)]
        for state, shape in zip(new_states, shapes):
            state.set_shape(shape)
        graph = tf.compat.v1.get_default_graph()
        if equal and hasattr(outer, "_kbridge_loops"):
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
    # a tensor of its own, since layers note on their outputs which these are
    return tf.identity(last), tf.transpose(outputs, [1, 0, *range(2, outputs.shape.rank)]), finals


def _with_equal_rows(steps, states, operations):
    """(whether all have as many samples, ``steps``, ``states``).

    Where only a run knows how many these have, one sample is broadcast to several, as a step of ``operations`` that treat samples one by one
    would do.
    """
    axes = [(steps, 1), *((s, 0) for s in states if s.shape.rank)]
    known = [dims(tensor)[axis] is not None for tensor, axis in axes]
    if any(known) or not row_by_row(operations):
        return all(known), steps, states
    rows = tf.shape(steps)[1]
    for state, axis in axes[1:]:
        rows = tf.where(tf.equal(rows, 1), tf.shape(state)[axis], rows)

    def spread(tensor, axis):
        lengths = [rows if i == axis else tf.shape(tensor)[i] if n is None else n for i, n in enumerate(dims(tensor))]
        wide = tf.broadcast_to(tensor, tf.stack(lengths))
        wide.set_shape(tensor.shape)
        return wide

    return True, spread(steps, 1), [spread(s, 0) if s.shape.rank else s for s in states]


def _reader(steps):
    """A function that gives the slice of a time step. A slice of the tensor itself would have a gradient of the
    whole tensor's size at each step."""
    if steps is None:
        return lambda t: None
    return tf.TensorArray(steps.dtype, size=tf.shape(steps)[0], element_shape=steps.shape[1:]).unstack(steps).read


def _settled(step, x, keep, states):
    """(states as the loop carries them, output, new states) of a first step."""
    return settle("K.rnn", states, lambda states: step(x, keep, None, states), _kind, _widen)


def _kind(tensor) -> Kind:
    return tuple(tensor.shape.as_list()), tensor.dtype.name


def _widen(state, new, kind: Kind):
    """A state of ``kind``; ``new`` has its shape."""
    wide = tf.cast(state, kind[1])
    if wide.shape.as_list() != list(kind[0]):
        wide = tf.broadcast_to(wide, tf.shape(new))
        wide.set_shape(kind[0])
    return wide


def _promoted(*tensors):
    """``tensors`` in the dtype that a loop carries them in."""
    dtype = promoted(*(t.dtype.name for t in tensors))
    return [tf.cast(t, dtype) for t in tensors]


def _common(a, b):
    """The shape that both have: None where they differ."""
    return tf.TensorShape([m if m == n else None for m, n in zip(a.as_list(), b.as_list())])
