"""The base of cells."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ...engine.node import single, to_list
from ...engine.topology import Layer
from ..recurrence import sequence_shape
from .states import flat, flat_shapes, zeros_for


class Cell(Layer):
    """The base of cells. A cell is one step of a recurrence: ``call(inputs, states)`` returns (output, new states).

    ``state_size`` is a number for one state (samples, number), or a list of them; ``output_size`` is the length of the output. Called on
    tensors of a model, a cell is a layer with several inputs: ``cell(x, [h, c])`` returns (output, new states).
    """

    output_size: Any
    state_size: Any

    def __call__(self, x, states=None, dropout_masks=()):  # type: ignore[override]  # a step has states
        tensors = to_list(x) + ([] if states is None else to_list(states))
        if not all(K.is_keras_tensor(tensor) for tensor in tensors):
            if not self.built:
                self.build_once(single([K.int_shape(tensor) for tensor in to_list(x)]))
            return self.call(x, states, dropout_masks)
        output, *new = super().__call__(tensors)
        return output, new

    def call(self, inputs, states=None, dropout_masks=(), mask=None):  # type: ignore[override]  # a step has states
        """Compute one step.

        Args:
            inputs: (samples, ...); in a model a list of it and the states.
            states: a list of the states before the step; None if ``inputs`` holds them.
            dropout_masks: what ``dropout_masks`` gave for the sequence.
            mask: accepted, and not used.

        Returns:
            The output and a list of the new states; one flat list of all in a model.
        """
        if states is None:
            output, new = self.run(inputs[0], list(inputs[1:]), [])
            return [output, *new]
        return self.run(inputs, flat(states), list(dropout_masks))

    def run(self, x, states: list, dropout_masks: list) -> tuple:
        """Return (output, list of new states) for the input ``x``, a list ``states`` and a list ``dropout_masks``."""
        raise NotImplementedError(f"{type(self).__name__} must define run(x, states, dropout_masks).")

    def get_output_shape_for(self, input_shape):
        samples = sequence_shape(input_shape)[0]
        return [(samples, self.output_size), *((samples, *shape) for shape in flat_shapes(self.state_size))]

    def compute_mask(self, input, mask=None):
        return [None] * (1 + len(flat_shapes(self.state_size)))

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Return a list of zeros, one tensor for each state.

        Args:
            inputs: a tensor (samples, ...) that tells the number of samples.
            batch_size: the number of samples, where ``inputs`` is None.
            dtype: the dtype of the zeros; floatx if left out.
        """
        shapes = flat_shapes(self.state_size)
        if inputs is not None:
            return [zeros_for(inputs, shape) for shape in shapes]
        return [K.zeros((batch_size or 1, *shape), dtype=dtype) for shape in shapes]

    @property
    def mask_count(self) -> int:
        """How many tensors ``dropout_masks`` gives."""
        return 0

    def dropout_masks(self, x) -> list:
        """Return the tensors that inputs and states are multiplied by at each step, drawn once for all steps of ``x`` (samples, ...)."""
        return []
