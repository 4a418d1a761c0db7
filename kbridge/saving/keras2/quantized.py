"""Weights of 8 bits, which Keras 3 stores with a number for each column or row that they are to be divided by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cudnn import Rearranged


def unquantized(arrays: Sequence[Any], wanted: int) -> list[Any]:
    """``arrays`` with a kernel or embeddings of 8 bits and their scales as the numbers that they stand for."""
    found = list(arrays)
    if len(found) == wanted + 1 and getattr(found[0], "dtype", None) == np.int8 and len(found[0].shape) == 2 and len(found[-1].shape) == 1:
        whole, scales = found[0], found.pop()
        along_rows = wanted == 1 and scales.shape == whole.shape[:1]  # embeddings; a kernel has a scale for each column
        if along_rows or scales.shape == whole.shape[1:]:
            found[0] = Rearranged(whole, whole.shape, lambda value: value / (scales.read()[:, np.newaxis] if along_rows else scales.read()))
    return found
