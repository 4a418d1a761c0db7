"""Sequences, images and volumes with their edges cut off."""

from __future__ import annotations

from ...errors import whole_number
from ..spatial import ordering_hint
from .base import _Resizing


class _Cropping(_Resizing):
    """Cut (before, after) off each spatial axis."""

    def __init__(self, cropping, dim_ordering="default", **kwargs):
        self._cuts = tuple(tuple(whole_number(c, type(self).__name__, "cropping", 0) for c in pair) for pair in cropping)
        if len(self._cuts) != self.spatial or any(len(pair) != 2 for pair in self._cuts):
            raise ValueError(f"{type(self).__name__}: cropping needs {self.spatial} pairs (before, after), got {cropping!r}.")
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        shape = self._resized(input_shape, lambda i, n: n - sum(self._cuts[i]))
        if any(n is not None and n < 0 for n in shape[1:]):
            raise ValueError(
                f"{type(self).__name__} {self.name}: cropping {self._cuts} removes more than an input of shape "
                f"{tuple(input_shape)} has.{ordering_hint(self, self.spatial)} [differences: cropping-beyond-the-input]"
            )
        return shape

    def call(self, x, mask=None):
        """Return the input without what is cut off."""
        index: list = [slice(None)] * (self.spatial + 2)
        for axis, (before, after) in zip(self._axes, self._cuts):
            index[axis] = slice(before, -after or None)
        return x[tuple(index)]


class Cropping1D(_Cropping):
    """Cut time steps off both ends.

    Args:
        cropping: how many, (before, after).
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, time - before - after, features).

    Raises:
        ValueError: more is cut off than there is.
    """

    spatial = 1

    def __init__(self, cropping=(1, 1), dim_ordering="tf", **kwargs):
        self.cropping = tuple(cropping)
        super().__init__([cropping], dim_ordering, **kwargs)

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping2D(_Cropping):
    """Cut rows and columns off images.

    Args:
        cropping: how many, ((top, bottom), (left, right)).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.

    Raises:
        ValueError: more is cut off than there is.

    Example:
        >>> from kbridge.layers import Cropping2D
        >>> from kbridge.models import Sequential
        >>> Sequential([Cropping2D(((1, 1), (0, 2)), dim_ordering="tf", input_shape=(6, 6, 1))]).output_shape
        (None, 4, 4, 1)
    """

    def __init__(self, cropping=((0, 0), (0, 0)), dim_ordering="default", **kwargs):
        super().__init__(cropping, dim_ordering, **kwargs)
        self.cropping = self._cuts

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping3D(_Cropping):
    """Cut values off both ends of the three spatial axes of volumes.

    Args:
        cropping: how many, a pair (before, after) for each axis.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with shorter spatial axes.

    Raises:
        ValueError: more is cut off than there is.
    """

    spatial = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), dim_ordering="default", **kwargs):
        super().__init__(cropping, dim_ordering, **kwargs)
        self.cropping = self._cuts

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}
