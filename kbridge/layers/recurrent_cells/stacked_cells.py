"""Several cells as one."""

from __future__ import annotations

from ...engine.entries import numbering
from ...engine.topology import Layer
from ..recurrence import sequence_shape
from ..wrappers.wrapper import Wrapper
from .any_cell import masks_of, output_shape, run_cell
from .cell import Cell
from .plain_cells import as_cell, cell_entry, cell_from
from .states import flat_shapes


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
        self.cells = [as_cell(cell, "StackedRNNCells") for cell in cells]
        self.uses_learning_phase = any(cell.uses_learning_phase for cell in self.cells)
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

    @property
    def mask_count(self):
        return sum(map(masks_of, self.cells))

    def dropout_masks(self, x):
        return [mask for cell in self.cells if isinstance(cell, Cell) for mask in cell.dropout_masks(x)]

    def get_config(self):
        with numbering(self):
            return {**Layer.get_config(self), "cells": [cell_entry(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes of cells by name, for those of a program's own.
        """
        config = dict(config)
        return cls([cell_from(cell, custom_objects) for cell in config.pop("cells")], **config)
