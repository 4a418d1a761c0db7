"""Many arrays in one flat buffer, so that one exchange is enough for a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Flat:
    """A buffer that is made for the shapes that come, and used again while they stay.

    It is float32, or float64 where a result is that or a whole number.
    """

    def __init__(self):
        self._kept: dict = {}
        self._buffer = np.zeros(0, np.float32)
        self._parts: list[tuple[int, int, tuple, np.dtype]] = []

    def fill(self, arrays: Sequence, factor: float) -> np.ndarray:
        """Put ``factor`` times each of ``arrays`` into the buffer, zeros where it is 0 (though there be NaN); returns it."""
        self._fit([np.asarray(a) for a in arrays])
        if factor == 0.0:
            self._buffer.fill(0.0)
            return self._buffer
        for (start, stop, shape, _), array in zip(self._parts, arrays):
            np.multiply(array, factor, out=self._buffer[start:stop].reshape(shape), casting="unsafe")
        return self._buffer

    def views(self) -> list[np.ndarray]:
        """The arrays in the buffer; floats are parts of it and hold until the next ``fill``."""
        found = []
        for start, stop, shape, dtype in self._parts:
            view = self._buffer[start:stop].reshape(shape)
            if dtype.kind in "biu":
                view = np.rint(view).astype(dtype)
            found.append(view)
        return found

    def _fit(self, arrays: list[np.ndarray]) -> None:
        key = tuple((a.shape, a.dtype.char) for a in arrays)
        if key not in self._kept:
            wide = any(a.dtype.kind in "biu" or a.dtype == np.float64 for a in arrays)
            parts, start = [], 0
            for a in arrays:
                parts.append((start, start + a.size, a.shape, a.dtype))
                start += a.size
            self._kept = {key: (np.zeros(start, np.float64 if wide else np.float32), parts)}
        self._buffer, self._parts = self._kept[key]
