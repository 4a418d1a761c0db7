"""Loops as while loops of the graph."""

from __future__ import annotations

from .quiet import tf
from .tensors import as_tensor


def _spread(mask, like):
    """A (samples, 1) or (samples,) mask with as many axes as ``like``."""
    while mask.shape.rank < like.shape.rank:
        mask = tf.expand_dims(mask, -1)
    return mask


def _same_shape(a, b) -> bool:
    return a.shape.rank == b.shape.rank and a.shape.is_compatible_with(b.shape)


class LoopPrimitives:
    """rnn, map_fn and foldl."""

    def rnn(
        self, step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, input_length=None
    ):
        inputs = as_tensor(inputs)
        if inputs.shape.rank < 3:
            raise ValueError(f"rnn takes inputs of shape (samples, time, ...), got {inputs.shape}.")
        steps = tf.transpose(inputs, [1, 0, *range(2, inputs.shape.rank)])
        masks = None
        if mask is not None:
            masks = tf.cast(as_tensor(mask), tf.bool)
            if masks.shape.rank == 2:
                masks = tf.expand_dims(masks, 2)
            masks = tf.transpose(masks, [1, 0, *range(2, masks.shape.rank)])
        if go_backwards:
            steps = tf.reverse(steps, [0])
            masks = None if masks is None else tf.reverse(masks, [0])
        constants = list(constants or [])
        states = [as_tensor(s) for s in initial_states]

        def step(x, keep, previous, states):
            output, new_states = step_function(x, [*states, *constants])
            if keep is not None:
                new_states = [tf.where(_spread(keep, n), n, o) for n, o in zip(new_states, states)]
                previous = tf.zeros_like(output) if previous is None else previous
                output = tf.where(_spread(keep, output), output, previous)
            return output, list(new_states)

        if unroll:
            return _unrolled(step, steps, masks, states)
        return _looped(step, steps, masks, states)

    def map_fn(self, fn, elems, name=None):
        elems = as_tensor(elems)
        probe = as_tensor(fn(elems[0]))
        return tf.map_fn(lambda e: as_tensor(fn(e)), elems, fn_output_signature=tf.TensorSpec(probe.shape, probe.dtype))

    def foldl(self, fn, elems, initializer=None, name=None):
        elems = as_tensor(elems)
        start = None if initializer is None else as_tensor(initializer, elems.dtype)
        return tf.foldl(fn, elems, initializer=start)


def _unrolled(step, steps, masks, states):
    if steps.shape[0] is None:
        raise ValueError(f"rnn: unroll needs a known number of time steps, the input has shape {steps.shape} (time first).")
    outputs: list = []
    for t in range(steps.shape[0]):
        output, states = step(steps[t], None if masks is None else masks[t], outputs[-1] if outputs else None, states)
        outputs.append(output)
    return outputs[-1], tf.stack(outputs, 1), states


def _looped(step, steps, masks, states):
    # a first step outside of the loop tells the shape and dtype of the outputs
    probe, _ = step(steps[0], None, None, states)
    time = tf.shape(steps)[0]
    array = tf.TensorArray(probe.dtype, size=time, element_shape=probe.shape)
    carried: list = []
    if masks is not None:
        fits = bool(states) and _same_shape(states[0], probe)
        carried = [states[0] if fits else tf.zeros_like(probe)]

    def body(t, array, carried, *states):
        output, new_states = step(steps[t], None if masks is None else masks[t], carried[0] if carried else None, list(states))
        for new, old in zip(new_states, states):
            new.set_shape(new.shape.merge_with(old.shape) if new.shape.is_compatible_with(old.shape) else new.shape)
        return (t + 1, array.write(t, output), [output] if carried else [], *new_states)

    def general(x):
        return tf.TensorShape([None] * x.shape.rank) if None in x.shape.as_list() else x.shape

    invariants = (tf.TensorShape([]), None, [general(c) for c in carried], *[general(s) for s in states])
    variables = (tf.constant(0), array, carried, *states)
    flat = tf.while_loop(
        lambda t, *_: t < time,
        body,
        variables,
        shape_invariants=(invariants[0], tf.TensorShape(None), *invariants[2:]),
    )
    outputs = flat[1].stack()
    outputs.set_shape([steps.shape[0], *probe.shape.as_list()])
    last = outputs[-1]
    finals = list(flat[3:])
    for final, start in zip(finals, states):
        final.set_shape(start.shape)
    return last, tf.transpose(outputs, [1, 0, *range(2, outputs.shape.rank)]), finals
