"""NumPy's rules for keys that mix index arrays with numbers, slices, None and Ellipsis: ``x[i, :, None, j, 0]``.

All arrays and numbers of such a key broadcast against each other. The axes of their shape stand in the result where the first of
them stood, if they are neighbours in the key, and in front of all others if anything stands between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

#: stands for the axes of the broadcast index arrays in a layout
ARRAYS = "arrays"


class Selection(NamedTuple):
    """A key with index arrays, in two steps: the slices first, then the arrays."""

    #: for each axis of the tensor a slice; those of the arrays and numbers are whole
    slices: tuple
    #: the axes that arrays and numbers are for
    axes: tuple[int, ...]
    #: those arrays and numbers
    arrays: tuple
    #: the result's axes: an axis of the tensor, None for a new one, ``ARRAYS`` for those of the broadcast arrays
    layout: tuple

    @property
    def others(self) -> list[int]:
        """The tensor's axes that are left."""
        return [axis for axis in range(len(self.slices)) if axis not in self.axes]

    def place(self) -> int | None:
        """The axis that the arrays' axes take the place of, where the tensor can stay as it is; None if its axes must be reordered."""
        first = self.axes[0]
        if self.axes != tuple(range(first, first + len(self.axes))):
            return None
        before = [part for part in self.layout[: self.layout.index(ARRAYS)] if part is not None]
        return first if len(before) == first else None


def spread_key(key: Any, ndim: int) -> list:
    """The parts of ``key``, one for each of a tensor's ``ndim`` axes beside those that are None or Ellipsis.

    Slices are put in where a key says nothing of an axis; an Ellipsis stays behind those that it stands for, as it keeps its
    neighbours apart even where there are none. IndexError for too many parts.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if used > ndim:
        raise IndexError(f"Too many indices ({used}) for a tensor with {ndim} axes.")
    dots = [n for n, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("An index can hold only one Ellipsis.")
    place = dots[0] if dots else len(parts)
    return [*parts[:place], *[slice(None)] * (ndim - used), *parts[place:]]


def selection(key: Any, ndim: int, rank_of: Callable[[Any], int | None]) -> Selection | None:
    """Return the effect of ``key`` on a tensor with ``ndim`` axes; None if it holds no array with an axis.

    ``rank_of`` tells the number of axes of an array or a number (0) among the indices, and None for all else. Masks must have been
    replaced by vectors.
    """
    parts = spread_key(key, ndim)
    return analysed(parts, rank_of) if any(rank_of(part) for part in parts) else None


def analysed(parts: Sequence, rank_of: Callable[[Any], int | None]) -> Selection:
    """Return the effect of a key with at least one array or number; ``parts`` are those of ``spread_key``."""
    slices: list = []
    axes: list[int] = []
    layout: list = []
    groups = 0
    after_array = False
    for part in parts:
        is_array = part is not None and part is not Ellipsis and rank_of(part) is not None
        if is_array:
            if not after_array:
                groups += 1
                if groups == 1:
                    layout.append(ARRAYS)
            axes.append(len(slices))
            slices.append(slice(None))
        elif part is None:
            layout.append(None)
        elif part is not Ellipsis:
            layout.append(len(slices))
            slices.append(part)
        after_array = is_array
    if groups > 1:
        layout.remove(ARRAYS)
        layout.insert(0, ARRAYS)
    arrays = tuple(part for part in parts if part is not None and part is not Ellipsis and rank_of(part) is not None)
    return Selection(tuple(slices), tuple(axes), arrays, tuple(layout))


def selected_shape(layout: Sequence, arrays: Sequence, sliced: Sequence) -> tuple:
    """The result's shape, from that of the broadcast arrays and that of the tensor after its slices."""
    shape: list = []
    for part in layout:
        if part == ARRAYS:
            shape += arrays
        else:
            shape.append(1 if part is None else sliced[part])
    return tuple(shape)
