"""The base of layers that move pixels: a rotation, a translation, a zoom."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import backend as K
from .base import _RandomImage
from .sampling import FILLS, sampled


class _Moved(_RandomImage):
    """A change of places: a matrix for each picture from the result's places to those of the picture that came in, about its middle."""

    fill_value: float
    fill_mode: str
    interpolation: str

    def _checked(self, fill_mode: str, interpolation: str) -> None:
        owner = type(self).__name__
        for name, value, allowed in (("fill_mode", fill_mode, FILLS), ("interpolation", interpolation, ("nearest", "bilinear"))):
            if value not in allowed:
                raise ValueError(f"{owner}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")

    def changed(self, x):
        channels_first = self._first() == 2
        x = K.permute_dimensions(x, (0, 2, 3, 1)) if channels_first else x
        height, width = K.int_shape(x)[1:3]
        if height is None or width is None:
            raise ValueError(f"{type(self).__name__} {self.name} needs pictures of a known size, got shape {K.int_shape(x)}.")
        dtype = K.dtype(x)
        row = K.constant((np.arange(height) - (height - 1) / 2)[None, :, None] + np.zeros((1, 1, width)), dtype=dtype)
        column = K.constant((np.arange(width) - (width - 1) / 2)[None, None, :] + np.zeros((1, height, 1)), dtype=dtype)
        (a, b, r), (c, d, s) = self.places(x, height, width)

        def wide(n: Any) -> Any:
            return K.expand_dims(n, -1) if K.is_tensor(n) else n

        rows = wide(a) * row + wide(b) * column + wide(r) + (height - 1) / 2
        columns = wide(c) * row + wide(d) * column + wide(s) + (width - 1) / 2
        moved = sampled(x, rows, columns, self.fill_mode, self.interpolation, self.fill_value)
        return K.permute_dimensions(moved, (0, 3, 1, 2)) if channels_first else moved

    def places(self, x: Any, height: int, width: int) -> tuple[tuple, tuple]:
        """Return the factors of (row, column, 1) for the rows, and for the columns, of the places: each is a number or (samples, 1).

        Args:
            x: the pictures.
            height: their rows.
            width: their columns.
        """
        raise NotImplementedError
