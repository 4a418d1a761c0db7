"""Cells: one step of a recurrence, which ``RNN`` runs over a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend as K
from ..engine.entries import layer_entry, numbering
from ..engine.node import single, to_list
from ..engine.registry import layer_from_config
from ..engine.topology import Layer
from ..errors import whole_number
from .configured import Configured
from .recurrence import sequence_shape
from .wrappers import Wrapper

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"]


class Cell(Layer):
    """The base of cells. A cell is one step of a recurrence: ``call(inputs, states)`` returns (output, new states).

    ``state_size`` is a number for one state (samples, number), or a list of them; ``output_size`` is the length of the output. Called on
    tensors of a model, a cell is a layer with several inputs: ``cell(x, [h, c])`` returns (output, new states).
    """

    output_size: Any
    state_size: Any

    def __call__(self, x, states=None, dropout_masks=()):
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

    def dropout_masks(self, x) -> list:
        """Return the tensors that inputs and states are multiplied by at each step, drawn once for all steps of ``x`` (samples, ...)."""
        return []


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
            raise ValueError(f"{owner}: implementation is 1 or 2, got {arguments['implementation']!r}.")
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

    def dropout_masks(self, x):
        # one decision for each gate with implementation 1, else one for all
        count = self.gates if getattr(self, "implementation", 2) == 1 else 1
        masks = []
        for level, size in ((self.dropout, self.input_dim), (self.recurrent_dropout, self.units)):
            if level:
                ones = zeros_for(x, (size,)) + 1.0
                masks += [K.in_train_phase(K.dropout(ones, level), ones) for _ in range(count)]
        return masks

    def _product(self, value, masks, matrix):
        """``value`` times ``matrix``, with a mask for all gates, one for each, or none."""
        if len(masks) < 2:
            return K.dot(value * masks[0] if masks else value, matrix)
        parts = K.split(matrix, len(masks))
        return K.concatenate([K.dot(value * mask, part) for mask, part in zip(masks, parts)], axis=-1)


class SimpleRNNCell(_Gated):
    """The step of ``SimpleRNN``: h' = activation(x W + h U + b).

    Args:
        units: the length of the output and of the state h.
        activation: the name of an activation or a function of tensors.
        use_bias: whether b is added.
        kernel_initializer: how W starts.
        recurrent_initializer: how U starts.
        bias_initializer: how b starts.
        kernel_regularizer: a penalty on W.
        recurrent_regularizer: a penalty on U.
        bias_regularizer: a penalty on b.
        kernel_constraint: a function that is applied to W after each update.
        recurrent_constraint: a function that is applied to U after each update.
        bias_constraint: a function that is applied to b after each update.
        dropout: the fraction of the inputs to drop in training, the same at all steps.
        recurrent_dropout: the fraction of the state to drop in training, the same at all steps.

    Input shape:
        (samples, features), and the state (samples, units).

    Output shape:
        (samples, units), and the new state.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    Example:
        >>> from kbridge.layers import RNN, Input, SimpleRNNCell
        >>> RNN(SimpleRNNCell(4))(Input((5, 3)))._keras_shape
        (None, 4)
    """

    activation: Callable

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        self._take(
            units, dropout, recurrent_dropout, activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        super().__init__(**kwargs)

    def _step(self, x, states, for_inputs, for_states):
        z = self._product(x, for_inputs, self.kernel) + self._product(states[0], for_states, self.recurrent_kernel)
        output = self.activation(z if self.bias is None else z + self.bias)
        return output, [output]


class LSTMCell(_Gated):
    """The step of an LSTM with a forget gate: states h and c.

    The other arguments are those of ``SimpleRNNCell``; W, U and b hold all gates side by side, in the order i, f, c, o.

    Args:
        recurrent_activation: the activation of the gates i, f and o.
        unit_forget_bias: whether the forget gate's bias starts with 1 (Jozefowicz et al., 2015).
        implementation: 1 draws the dropout for each gate by itself, 2 once for all.

    Input shape:
        (samples, features), and the states h and c (samples, units).

    Output shape:
        (samples, units), and the new states.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    References:
        Hochreiter and Schmidhuber (1997), Long Short-Term Memory.
    """

    activation: Callable
    recurrent_activation: Callable
    unit_forget_bias: bool

    gates = 4

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        **kwargs,
    ):
        self._take(
            units, dropout, recurrent_dropout, activation=activation, recurrent_activation=recurrent_activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias, kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint, implementation=implementation,
        )  # fmt: skip
        super().__init__(**kwargs)

    @property
    def state_size(self):
        """The lengths of the states h and c."""
        return [self.units, self.units]

    def _make_bias(self):
        return self.weight("bias", self._bias_shape) if not self.unit_forget_bias else unit_forget_bias(self, self.units)

    def _step(self, x, states, for_inputs, for_states):
        h, c = states
        z = self._product(x, for_inputs, self.kernel) + self._product(h, for_states, self.recurrent_kernel)
        i, f, candidate, o = K.split(z if self.bias is None else z + self.bias, 4)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(candidate)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


class GRUCell(_Gated):
    """The step of a gated recurrent unit: update gate z, reset gate r, candidate h.

    The other arguments are those of ``SimpleRNNCell``; W, U and b hold all gates side by side, in the order z, r, h.

    Args:
        recurrent_activation: the activation of the gates z and r.
        implementation: 1 draws the dropout for each gate by itself, 2 once for all.
        reset_after: whether the reset gate is applied after the product with U, which has a bias of its own then: b has the shape (2, 3 units).

    Input shape:
        (samples, features), and the state (samples, units).

    Output shape:
        (samples, units), and the new state.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    References:
        Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv 1406.1078.
    """

    activation: Callable
    recurrent_activation: Callable

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        reset_after=True,
        **kwargs,
    ):
        self.reset_after = bool(reset_after)
        self._take(
            units, dropout, recurrent_dropout, activation=activation, recurrent_activation=recurrent_activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
            implementation=implementation,
        )  # fmt: skip
        super().__init__(**kwargs)

    @property
    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _step(self, x, states, for_inputs, for_states):
        h = states[0]
        from_input = self._product(x, for_inputs, self.kernel)
        if self.bias is not None:
            from_input = from_input + (self.bias[0] if self.reset_after else self.bias)
        x_z, x_r, x_h = K.split(from_input, 3)
        if self.reset_after:
            from_state = self._product(h, for_states, self.recurrent_kernel)
            h_z, h_r, h_h = K.split(from_state if self.bias is None else from_state + self.bias[1], 3)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + r * h_h)
        else:
            gates, last = self.recurrent_kernel[:, : 2 * self.units], self.recurrent_kernel[:, 2 * self.units :]
            h_z, h_r = K.split(self._product(h, for_states[:2], gates), 2)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + self._product(r * h, for_states[-1:], last))
        h = z * h + (1 - z) * candidate
        return h, [h]


class StackedRNNCells(Cell, Wrapper):
    """Several cells as one: each gets the output of the one before, and has its own states.

    Args:
        cells: a list of cells.

    Input shape:
        That of the first cell, and the states of all cells, one after the other.

    Output shape:
        That of the last cell, and the new states.

    Raises:
        ValueError: no cells.
        TypeError: something else than a cell.

    Example:
        >>> from kbridge.layers import RNN, GRUCell, Input, LSTMCell
        >>> RNN([LSTMCell(4), GRUCell(2)])(Input((5, 3)))._keras_shape
        (None, 2)
    """

    def __init__(self, cells, **kwargs):
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(f"StackedRNNCells takes a list of cells, got {cells!r}.")
        for cell in cells:
            check_cell(cell, "StackedRNNCells")
        self.cells = list(cells)
        self.uses_learning_phase = any(cell.uses_learning_phase for cell in cells)
        Layer.__init__(self, **kwargs)

    @property
    def _inner(self):
        return self.cells

    @property
    def state_size(self):
        """The state sizes of all cells, as a list."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        """The length of the last cell's output."""
        return output_shape(self.cells[-1])[0]

    def build(self, input_shape):  # type: ignore[override]  # that of a wrapper has no need of the shape
        shape = sequence_shape(input_shape)
        for cell in self.cells:
            cell.build_once(shape)
            shape = (shape[0], *output_shape(cell))
        Wrapper.build(self)

    def run(self, x, states, dropout_masks):
        left, new = dropout_masks, []
        for cell in self.cells:
            count = len(flat_shapes(cell.state_size))
            own, states = states[:count], states[count:]
            masks, left = left[: masks_of(cell)], left[masks_of(cell) :]
            x, made = run_cell(cell, x, own, masks)
            new += made
        return x, new

    def dropout_masks(self, x):
        return [mask for cell in self.cells if isinstance(cell, Cell) for mask in cell.dropout_masks(x)]

    def get_config(self):
        with numbering(self):
            return {**Layer.get_config(self), "cells": [layer_entry(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes of cells by name, for those of a program's own.
        """
        config = dict(config)
        return cls([layer_from_config(cell, custom_objects) for cell in config.pop("cells")], **config)


# ---------------------------------------------------------------------- any cell, a user's own too


def check_cell(cell, owner: str) -> None:
    """TypeError for what can't be run as a cell."""
    if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
        raise TypeError(
            f"{owner} runs a cell: a layer with state_size and call(inputs, states), which returns (output, new states); got {cell!r} "
            f"of type {type(cell).__name__}."
        )


def is_shape(size) -> bool:
    """Whether a size is a shape of a program's own making (TensorFlow's ``TensorShape``), not several sizes."""
    return hasattr(size, "as_list")


def flat_shapes(size) -> list[tuple]:
    """The shape of each state, without the samples, for a ``state_size``: numbers, lists of them, lists of lists."""
    if is_shape(size):
        return [tuple(size.as_list())]
    if isinstance(size, (list, tuple)):
        return [shape for item in size for shape in flat_shapes(item)]
    return [(int(size),)]


def output_shape(cell) -> tuple:
    """The shape of a cell's output, without the samples: ``output_size``, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        return flat_shapes(cell.state_size)[0]
    if isinstance(size, (list, tuple)):
        if not all(isinstance(n, int) for n in size):
            raise ValueError(
                f"The cell {cell.name!r} has output_size={size!r}: a cell here has one output, and this is its length or shape."
            )
        return tuple(size)
    return tuple(size.as_list()) if is_shape(size) else (int(size),)


def flat(states) -> list:
    """Nested lists of tensors as one list."""
    return [tensor for item in states for tensor in flat(item)] if isinstance(states, (list, tuple)) else [states]


def packed(states: list, size):
    """A flat list of states nested as ``state_size`` is; a list in any case."""

    def take(size):
        if isinstance(size, (list, tuple)):
            return [take(item) for item in size]
        return states.pop(0)

    states = list(states)
    made = take(size)
    return made if isinstance(made, list) else [made]


def masks_of(cell) -> int:
    """How many dropout masks a cell takes."""
    if isinstance(cell, StackedRNNCells):
        return sum(map(masks_of, cell.cells))
    if not isinstance(cell, _Gated):
        return 0
    count = cell.gates if getattr(cell, "implementation", 2) == 1 else 1
    return count * (bool(cell.dropout) + bool(cell.recurrent_dropout))


def run_cell(cell, x, states: list, masks=(), constants=()) -> tuple:
    """(output, list of new states) of a cell, whether kbridge's or a user's own."""
    if isinstance(cell, Cell):
        output, new = cell.call(x, states, masks)
    else:
        keywords = {"constants": list(constants)} if constants else {}
        output, new = cell.call(x, packed(states, cell.state_size), **keywords)
    new = flat(new)
    if len(new) != len(states):
        raise ValueError(
            f"The cell {cell.name!r} has {len(states)} states (state_size={cell.state_size!r}), its call gave {len(new)} new ones."
        )
    return output, new


def zeros_for(x, shape: tuple):
    """Zeros (samples, *shape) for as many samples as ``x`` (samples, ...) has."""
    zeros = K.sum(K.zeros_like(x), axis=tuple(range(1, K.ndim(x))))
    return K.tile(K.reshape(zeros, (-1, *[1] * len(shape))), [1, *shape])


def unit_forget_bias(layer, size: int):
    """The bias of an LSTM's gates i, f, c, o with ones for f, ``size`` numbers a gate, and else as ``bias_initializer`` says."""

    def ones_for_forgetting(shape, name=None):
        start = K.get_value(layer.bias_initializer((size,)))
        rest = K.get_value(layer.bias_initializer((2 * size,)))
        return K.variable(np.hstack([start, np.ones(size), rest]), name=name)

    return layer.add_weight(
        (4 * size,), ones_for_forgetting, f"{layer.name}_bias", regularizer=layer.bias_regularizer, constraint=layer.bias_constraint
    )
