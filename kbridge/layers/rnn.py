"""``RNN``: the layer that runs a cell over a sequence."""

from __future__ import annotations

import inspect
from typing import Any

from .. import backend as K
from .. import regularizers
from ..engine.entries import numbering
from ..engine.layer_arguments import is_kbridges
from ..engine.node import to_list
from ..engine.topology import InputSpec, Layer
from .dense import config_of
from .recurrence import OPTIONS, Recurrence, sequence_shape
from .recurrent_cells.any_cell import output_shape, run_cell
from .recurrent_cells.plain_cells import as_cell, cell_entry, cell_from, plain
from .recurrent_cells.stacked_cells import StackedRNNCells
from .recurrent_cells.states import flat, flat_shapes, zeros_for
from .wrappers.wrapper import Wrapper

__all__ = ["RNN"]


class RNN(Recurrence, Wrapper):
    """Run a cell, or several one above the other, over the steps of a sequence.

    A cell is a layer with ``call(inputs, states)``, which returns (output, new states), with ``state_size`` (a number, or a list of
    them for several states) and perhaps ``output_size`` and ``get_initial_state(inputs, batch_size, dtype)``. Another object that has
    these does too; as in Keras 2 it isn't built, and has no weights that are trained. To load a model with a cell of
    your own, name its class in ``custom_objects``. Where the batch size isn't known, ``get_initial_state`` is asked for the states of one
    sample, which all samples start with.

    Args:
        cell: a cell, or a list of them, which becomes a ``StackedRNNCells``.
        return_sequences: whether the outputs of all steps are returned, or that of the last one.
        return_state: whether the states after the last step come as further outputs, in a flat list.
        go_backwards: whether the steps run from the last to the first.
        stateful: whether a batch goes on from the states of the batch before; it needs a known batch size.
        unroll: whether the steps are written out instead of a loop, for short sequences of known length.
        time_major: whether input and sequences are (time, samples, ...).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those of the step before.
        num_constants: how many of the inputs behind the sequence are the cell's ``constants``, the last ones; a call with ``constants`` sets it.
        activity_regularizer: a penalty on what comes out.

    Input shape:
        (samples, time, ...); behind it, in a list or as ``initial_state`` and ``constants`` of a call, a tensor for each state and those
        that the cell gets as ``constants``.

    Output shape:
        (samples, output_size), with ``return_sequences`` (samples, time, output_size); with ``return_state`` a list of it and of the states.

    Raises:
        TypeError: something else than a cell.
        ValueError: an unknown length where one is needed, or initial states of another number or shape.

    Example:
        >>> from kbridge.layers import RNN, Input, LSTMCell
        >>> RNN(LSTMCell(4), return_sequences=True)(Input((5, 3)))._keras_shape
        (None, 5, 4)
    """

    #: Keras 2 and 3 do both
    mask_as_it_came = True
    zeros_before_mask = True

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        time_major=False,
        zero_output_for_mask=False,
        num_constants=None,
        activity_regularizer=None,
        **kwargs,
    ):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        super().__init__(as_cell(cell, type(self).__name__), **kwargs)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.time_major = bool(time_major)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.num_constants = int(num_constants or 0)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec = [InputSpec(ndim="3+")]

    @property
    def cell(self) -> Any:
        """The cell that the layer runs."""
        return self.layer

    @property
    def output_dim(self) -> int:
        """The length of the output's last axis."""
        return output_shape(self.cell)[-1]

    def __call__(self, x, mask=None, initial_state=None, constants=None, *, training=None):
        if constants is not None:
            self.num_constants = len(to_list(constants))
            first, *states = to_list(x)
            states = states if initial_state is None else flat(initial_state)
            x, initial_state = [first, *states, *to_list(constants)], None
        return super().__call__(x, mask, None if initial_state is None else flat(initial_state), training=training)

    def _told_apart(self, more):
        first = len(more) - self.num_constants
        return list(more[:first]), list(more[first:])

    def state_shapes(self, input_shape):
        return flat_shapes(self.cell.state_size)

    def step_output_shape(self, input_shape):
        return output_shape(self.cell)

    def build(self, input_shape):  # type: ignore[override]  # that of a wrapper has no need of the shape
        shape = sequence_shape(input_shape)
        batch, rest = shape[1 if self.time_major else 0], shape[2:]
        step = (batch, *rest)
        shapes = [step, *map(tuple, input_shape[-self.num_constants :])] if self.num_constants else step
        self.cell.build_once(shapes)
        known = batch if self._stateful else None
        self.input_spec = [InputSpec(shape=(None, known, *rest) if self.time_major else (known, None, *rest))]
        self._make_states(shape)
        Wrapper.build(self)

    def get_initial_states(self, x):
        cell = plain(self.cell)
        own = getattr(type(cell), "get_initial_state", None)
        if own is None or is_kbridges(type(cell)):
            return [zeros_for(x, shape) for shape in self.state_shapes(None)]
        offered = {"inputs": None, "batch_size": K.int_shape(x)[0] or 1, "dtype": K.floatx()}
        taken = inspect.signature(cell.get_initial_state).parameters
        every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
        return flat(cell.get_initial_state(**{name: value for name, value in offered.items() if every or name in taken}))

    def _blank_output(self, initial):
        return zeros_for(initial[0], self.step_output_shape(None))

    def get_constants(self, x):
        make = getattr(self.cell, "dropout_masks", None)
        masks = make(x) if make is not None and is_kbridges(type(self.cell)) else []
        self._masks = len(masks)
        return masks

    def step(self, x, states):
        count = len(self.state_shapes(None))
        masks = states[count : count + self._masks]
        return run_cell(self.cell, x, list(states[:count]), masks, states[count + self._masks :])

    def get_config(self):
        flags = ("return_sequences", "go_backwards", "unroll")
        config = {**{name: getattr(self, name) for name in flags}, "stateful": self._stateful}
        config.update({name: True for name in OPTIONS if getattr(self, name) and not getattr(type(self), name)})
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = config_of(self.activity_regularizer)
        if self.num_constants:
            config["num_constants"] = self.num_constants
        with numbering(self):
            return {**Layer.get_config(self), **config, "cell": cell_entry(self.cell)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes of cells by name, for those of a program's own.
        """
        config = dict(config)
        return cls(cell_from(config.pop("cell"), custom_objects), **config)
