"""The base of layers that run a step over the time axis of their input: masks, states, their order and shapes."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..budget import spend_state, spend_work
from ..engine.node import static_shape, to_list
from ..engine.topology import Layer

#: options of Keras 2 that every such layer has, with the value False unless they are given
OPTIONS = ("return_state", "time_major", "zero_output_for_mask", "mask_as_it_came", "zeros_before_mask")


def sequence_shape(input_shape) -> tuple:
    """The shape of the sequence, alone or before those of initial states and constants."""
    return tuple(input_shape[0] if input_shape and isinstance(input_shape[0], (list, tuple)) else input_shape)


class Recurrence(Layer):
    """The base of layers that apply ``step(x, states) -> (output, new states)`` at each step of (samples, time, ...).

    A subclass defines ``state_shapes`` and ``step_output_shape``, both without the samples, and may override ``get_initial_states``,
    ``get_constants`` and ``preprocess_input``. ``Recurrent`` names the arguments that most of these layers have.

    A call takes ``initial_state``, a list of tensors in place of zeros; in a model they are inputs of the layer.
    """

    supports_masking = True
    return_sequences = False
    go_backwards = False
    unroll = False
    return_state = False
    time_major = False
    zero_output_for_mask = False
    mask_as_it_came = False
    zeros_before_mask = False

    def __call__(self, x, mask=None, initial_state=None, *, training=None):
        if initial_state is not None:
            x = [to_list(x)[0], *to_list(initial_state)]
        return super().__call__(x, mask, training=training)

    # ------------------------------------------------------------------ what a subclass tells

    def state_shapes(self, input_shape) -> list[tuple]:
        """Return the shape of each state without the samples, as a list of tuples, for a sequence of ``input_shape``."""
        raise NotImplementedError(f"{type(self).__name__} must define state_shapes(input_shape).")

    def step_output_shape(self, input_shape) -> tuple:
        """Return the shape of one step's output without the samples, for a sequence of ``input_shape``; here it is that of the first state."""
        return self.state_shapes(input_shape)[0]

    def step(self, x, states):
        """Compute one time step.

        Args:
            x: the input of the step, (samples, ...).
            states: a list of the states before the step, and behind them what ``get_constants`` gave.

        Returns:
            The output, and a list of the new states.
        """
        raise NotImplementedError(f"{type(self).__name__} must define step(x, states).")

    def get_constants(self, x):
        """Return a list of tensors that each step gets behind its states, for the whole input ``x``."""
        return []

    def get_initial_states(self, x):
        """Return the states before the first step, a list of tensors, for the whole input ``x``."""
        raise NotImplementedError(f"{type(self).__name__} must define get_initial_states(x).")

    def preprocess_input(self, x):
        """Return the tensor that the steps run over, computed for all steps of ``x`` at once."""
        return x

    # ------------------------------------------------------------------ shapes and masks

    def assert_input_compatibility(self, input):
        """The first input is the sequence; the others are the initial states, and constants where the layer takes them."""
        sequence, *more = to_list(input)
        super().assert_input_compatibility(sequence)
        if not more or not self.built:
            return
        wanted = self.state_shapes(static_shape(sequence))
        states, _ = self._told_apart(more)
        if states and len(states) != len(wanted):
            raise ValueError(f"{type(self).__name__} {self.name} needs {len(wanted)} initial states, got {len(states)}.")
        for state, shape in zip(states, wanted):
            given = static_shape(state)
            if len(given) != len(shape) + 1 or any(n not in (None, m) and m is not None for n, m in zip(given[1:], shape)):
                expected = ", ".join(map(str, ("samples", *shape)))
                raise ValueError(f"{type(self).__name__} {self.name} needs initial states of shape ({expected}), got {tuple(given)}.")

    def _told_apart(self, more: list) -> tuple[list, list]:
        """Initial states and constants among the inputs behind the sequence."""
        return more, []

    def get_output_shape_for(self, input_shape):
        shape = sequence_shape(input_shape)
        samples = shape[1 if self.time_major else 0]
        output = self.step_output_shape(shape)
        result = (*shape[:2], *output) if self.return_sequences else (samples, *output)
        return [result, *((samples, *state) for state in self.state_shapes(shape))] if self.return_state else result

    def compute_mask(self, input, mask):  # type: ignore[override]  # Keras 1's name of the argument
        output = self._output_mask(to_list(mask)[0])
        if not self.return_state:
            return output
        return [output] + [None] * len(self.state_shapes(static_shape(to_list(input)[0])))

    def _output_mask(self, mask):
        if not self.return_sequences or mask is None:
            return None
        # the outputs come in the order in which they were computed
        return K.reverse(mask, 1) if self.go_backwards and not self.mask_as_it_came else mask

    # ------------------------------------------------------------------ the loop

    def call(self, x, mask=None):
        """Run the steps over the input.

        Args:
            x: the sequence, or a list of it, the initial states, and constants where the layer takes them.
            mask: (samples, time), False where a step is skipped, or None.

        Returns:
            The output of the last step or of all, with ``return_state`` a list of it and the states.
        """
        x, *more = to_list(x)
        mask = to_list(mask)[0]
        given, constants = self._told_apart(more)
        if self.time_major:
            x = _axes_turned(x)
            mask = None if mask is None else _axes_turned(mask)
        shape = K.int_shape(x)
        if self.unroll and shape[1] is None:
            raise ValueError(
                f"{type(self).__name__} {self.name}: unroll=True needs a known number of time steps, but the input has shape "
                f"{shape}. Give input_length (or input_shape) to the first layer."
            )
        if self.unroll:
            spend_work(10 * shape[1], f"the unrolled layer {self.name!r}")
        initial = given or (self.states if self.stateful else self.get_initial_states(x))
        # with zeros as initial states the outputs start with zeros anyway
        blank = self.zeros_before_mask and mask is not None and bool(given or self.stateful)
        step = self.step
        if blank:
            initial, step = [self._blank_output(initial), *initial], _keeping_output(step)
        last, outputs, states = K.rnn(
            step,
            self.preprocess_input(x),
            initial,
            go_backwards=self.go_backwards,
            mask=mask,
            constants=self.get_constants(x) + constants,
            unroll=self.unroll,
            input_length=shape[1],
        )
        states = states[1:] if blank else states
        if self.stateful:
            self.add_update([K.update(old, new) for old, new in zip(self.states, states, strict=True)], x)
        output = self._sequences(outputs, mask) if self.return_sequences else self._last(last, mask)
        return [output, *states] if self.return_state else output

    def _blank_output(self, initial: list):
        """Zeros in the shape of an output, for the initial states at hand."""
        return K.zeros_like(initial[0])

    def _sequences(self, outputs, mask):
        if self.zero_output_for_mask and mask is not None:
            outputs = zeroed(outputs, mask, self.go_backwards)
        return _axes_turned(outputs) if self.time_major else outputs

    def _last(self, last, mask):
        """The output of the last step, where that is masked and masked outputs are 0."""
        if not self.zero_output_for_mask or mask is None:
            return last
        kept = K.cast(mask[:, 0 if self.go_backwards else -1], K.dtype(last))
        return last * K.reshape(kept, (-1, *[1] * (K.ndim(last) - 1)))

    # ------------------------------------------------------------------ states that are kept

    def _make_states(self, input_shape) -> None:
        """States for a layer that is being built for ``input_shape``."""
        if self.stateful:
            self.reset_states()
        else:
            self.states = [None] * len(self.state_shapes(sequence_shape(input_shape)))

    def reset_states(self, states=None):
        """Set the states of a stateful layer.

        Args:
            states: a list of arrays (samples, ...), one for each state; None for zeros.

        Raises:
            RuntimeError: the layer isn't stateful.
            ValueError: the batch size isn't known, or the arrays have other shapes than the states.
        """
        owner = f"{type(self).__name__} {self.name}"
        if not self.stateful:
            raise RuntimeError(f"{owner} is not stateful, so it has no states to reset.")
        given = self.input_spec[0].shape
        batch = given[1 if self.time_major else 0]
        if batch is None:
            raise ValueError(
                f"{owner} is stateful, so it needs a known batch size. Give the first layer a batch_input_shape such as (32, "
                f"{', '.join(map(str, given[1:]))}), or Input a batch_shape."
            )
        shapes = [(batch, *shape) for shape in self.state_shapes(given)]
        if any(None in shape for shape in shapes):
            raise ValueError(
                f"{owner} is stateful, so all of its batch_input_shape must be known. Its states would have the shapes {shapes}."
            )
        new = getattr(self, "states", [None])[0] is None
        if new:
            # before memory is asked for: a file may name any size
            for shape in shapes:
                spend_state(shape)
        values = [np.zeros(shape) for shape in shapes] if states is None else [np.asarray(state) for state in to_list(states)]
        if [value.shape for value in values] != shapes:
            raise ValueError(f"{owner} has states of the shapes {shapes}, got arrays of {[value.shape for value in values]}.")
        if not new:
            K.batch_set_value(list(zip(self.states, values, strict=True)))
            return
        self.states = [K.variable(value) for value in values]

    def given_options(self) -> dict[str, bool]:
        """Return the options of Keras 2 that are used, for a config."""
        return {name: True for name in OPTIONS if getattr(self, name)}


def zeroed(outputs, mask, backwards: bool):
    """The outputs of all steps, in the order of the steps, with 0 where ``mask`` skips one."""
    kept = K.reverse(mask, 1) if backwards else mask
    kept = K.reshape(kept, (-1, K.shape(kept)[1], *[1] * (K.ndim(outputs) - 2)))
    return outputs * K.cast(kept, K.dtype(outputs))


def _axes_turned(x):
    """``x`` with its first two axes exchanged."""
    return K.permute_dimensions(x, (1, 0, *range(2, K.ndim(x))))


def _keeping_output(step):
    """``step`` with its output as the first state, which masked steps repeat."""

    def with_output(x, states):
        output, new = step(x, states[1:])
        return output, [output, *new]

    return with_output
