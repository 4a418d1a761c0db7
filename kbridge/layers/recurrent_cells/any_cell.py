"""Functions that run any cell, a user's own too."""

from __future__ import annotations

from .cell import Cell
from .states import flat, flat_shapes, is_shape, packed


def output_shape(cell) -> tuple:
    """The shape of a cell's output, without the samples: ``output_size``, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        return flat_shapes(cell.state_size)[0]
    if isinstance(size, (list, tuple)):
        if not all(isinstance(n, int) for n in size):
            raise ValueError(f"The cell {cell.name!r} has output_size={size!r}, which must be the length or shape of its only output here.")
        return tuple(size)
    return tuple(size.as_list()) if is_shape(size) else (int(size),)


def masks_of(cell) -> int:
    """How many dropout masks a cell takes."""
    return cell.mask_count if isinstance(cell, Cell) else 0


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
            f"The cell {cell.name!r} has {len(states)} states (state_size={cell.state_size!r}), but its call returned "
            f"{len(new)} new states."
        )
    return output, new
