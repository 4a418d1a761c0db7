"""Indices that not every backend reads by itself: boolean arrays, ``x[mask]``, and lists of slices, ``x[[slice(2), 0]]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def as_key(key: Any) -> Any:
    """A list that holds a slice, None or Ellipsis as the tuple that NumPy took it for when Keras 1 was written."""
    if isinstance(key, list) and any(part is None or part is Ellipsis or isinstance(part, slice) for part in key):
        return tuple(key)
    return key


def without_masks(key: Any, shape: Sequence[int | None]) -> Any:
    """``key`` with each boolean array as the vectors of whole numbers that select the same of a tensor of ``shape``.

    IndexError where a mask has other lengths than the axes that it is for.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    if not any(_is_mask(p) for p in parts):
        return key
    found: list = []
    for n, part in enumerate(parts):
        if not _is_mask(part):
            found.append(part)
            continue
        before, after = parts[:n], parts[n:]
        first = len(shape) - _axes(after) if any(p is Ellipsis for p in before) else _axes(before)
        lengths = tuple(shape[first : first + part.ndim])
        if len(lengths) != part.ndim or any(m is not None and m != n for m, n in zip(lengths, part.shape)):
            raise IndexError(
                f"A boolean index of shape {part.shape} can't select from axes of lengths {lengths} (tensor of shape {tuple(shape)})."
            )
        found += np.nonzero(part)
    return tuple(found)


def _is_mask(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == bool and part.ndim > 0


def _axes(parts: Sequence) -> int:
    """How many axes of a tensor the parts of an index are for."""
    return sum(p.ndim if _is_mask(p) else p is not None and p is not Ellipsis for p in parts)
