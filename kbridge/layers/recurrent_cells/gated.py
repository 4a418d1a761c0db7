"""The base of the three cells: products of the input and of the state for all gates at once, and dropout."""

from __future__ import annotations

from ... import backend as K
from ...errors import whole_number
from ..configured import Configured
from ..recurrence import sequence_shape
from .cell import Cell
from .states import zeros_for


class _Gated(Cell, Configured):
    """The base of the three cells: ``gates`` products of the input and of the state, side by side in one matrix each."""

    use_bias: bool

    gates = 1

    def _take(self, units: int, dropout: float, recurrent_dropout: float, **arguments) -> None:
        owner = type(self).__name__
        self.units = whole_number(units, owner, "units", 1)
        for name, level in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= level < 1:
                raise ValueError(f"{owner}: {name} must be at least 0 and below 1, got {level!r}.")
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout
        self.uses_learning_phase = bool(dropout or recurrent_dropout)
        if arguments.get("implementation", 2) not in (0, 1, 2):
            raise ValueError(f"{owner}: implementation must be 1 or 2, got {arguments['implementation']!r}.")
        self.take(**arguments)

    @property
    def state_size(self):
        """The length of the state."""
        return self.units

    @property
    def output_size(self) -> int:
        """The length of the output."""
        return self.units

    @property
    def _bias_shape(self) -> tuple:
        return (self.gates * self.units,)

    def build(self, input_shape):
        self.input_dim = self.known(sequence_shape(input_shape), -1, "number of features")
        size = self.gates * self.units
        self.kernel = self.weight("kernel", (self.input_dim, size))
        self.recurrent_kernel = self.weight("recurrent_kernel", (self.units, size), kind="recurrent")
        self.bias = self._make_bias() if self.use_bias else None
        self.built = True

    def _make_bias(self):
        return self.weight("bias", self._bias_shape)

    def run(self, x, states, dropout_masks):
        half = len(dropout_masks) // 2 if self.dropout and self.recurrent_dropout else len(dropout_masks) if self.dropout else 0
        return self._step(x, states, dropout_masks[:half], dropout_masks[half:])

    def _step(self, x, states, for_inputs, for_states):
        raise NotImplementedError(f"{type(self).__name__} must define a step.")

    @property
    def _decisions(self) -> int:
        # one decision for each gate with implementation 1, else one for all
        return self.gates if getattr(self, "implementation", 2) == 1 else 1

    @property
    def mask_count(self):
        return self._decisions * (bool(self.dropout) + bool(self.recurrent_dropout))

    def dropout_masks(self, x):
        masks = []
        for level, size in ((self.dropout, self.input_dim), (self.recurrent_dropout, self.units)):
            if level:
                ones = zeros_for(x, (size,)) + 1.0
                masks += [K.in_train_phase(K.dropout(ones, level), ones) for _ in range(self._decisions)]
        return masks

    def _product(self, value, masks, matrix):
        """``value`` times ``matrix``, with a mask for all gates, one for each, or none."""
        if len(masks) < 2:
            return K.dot(value * masks[0] if masks else value, matrix)
        parts = K.split(matrix, len(masks))
        return K.concatenate([K.dot(value * mask, part) for mask, part in zip(masks, parts)], axis=-1)
