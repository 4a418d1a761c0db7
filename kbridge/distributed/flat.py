"""Many arrays in one flat buffer, so that one exchange is enough for a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Flat:
    """A buffer that is made for the shapes that come, and used again while they stay.

    It is float32, or float64 where a result is that or a whole number. The first ``head`` arrays are one part of it, the others,
    the gradients, another, which is filled up with zeros until ``pieces`` equal parts can be made of it.
    """

    def __init__(self, head: int, pieces: int = 1):
        self.arrays_in_head, self._pieces = head, pieces
        self._kept: dict = {}
        self._parts: list[tuple[int, int, tuple, np.dtype]] = []
        self.buffer = np.zeros(0, np.float32)
        self._first = 0

    def fill(self, arrays: Sequence, factor: float) -> None:
        """Put ``factor`` times each of ``arrays`` into the buffer, zeros where it is 0 (though there be NaN)."""
        self._fit([np.asarray(a) for a in arrays])
        if factor == 0.0:
            self.buffer.fill(0.0)
            return
        for (start, stop, shape, _), array in zip(self._parts, arrays):
            np.multiply(array, factor, out=self.buffer[start:stop].reshape(shape), casting="unsafe")

    @property
    def head(self) -> np.ndarray:
        """The part of the first arrays."""
        return self.buffer[: self._first]

    @property
    def tail(self) -> np.ndarray:
        """The part of the others, in equal pieces."""
        return self.buffer[self._first :]

    def views(self, first: int = 0, last: int | None = None) -> list[np.ndarray]:
        """The arrays from ``first`` to ``last``; floats are parts of the buffer and hold until the next ``fill``."""
        found = []
        for start, stop, shape, dtype in self._parts[first:last]:
            view = self.buffer[start:stop].reshape(shape)
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
            first = parts[self.arrays_in_head][0] if self.arrays_in_head < len(parts) else start
            start += -(start - first) % self._pieces
            self._kept = {key: (np.zeros(start, np.float64 if wide else np.float32), parts, first)}
        self.buffer, self._parts, self._first = self._kept[key]
