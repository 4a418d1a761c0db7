"""NumPy's clip as a ufunc, and what bounds it takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def clip_ufunc() -> Callable:
    """NumPy's clip as a ufunc: a tenth of the call overhead of maximum and minimum, and keeps NaN."""
    for module in ("_core", "core"):
        clip = getattr(getattr(getattr(np, module, None), "umath", None), "clip", None)
        if clip is not None:
            return clip
    return lambda x, low, high, out: np.clip(x, low, high, out=out)


CLIP = clip_ufunc()


def limits(dtype: np.dtype) -> tuple:
    """The bounds of what has none."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    info = np.iinfo(dtype)
    return info.min, info.max


def is_fixed(array: np.ndarray) -> bool:
    """Whether this is a constant: neither it nor what it is a view of can be written to."""
    return not array.flags.writeable and (array.base is None or not array.base.flags.writeable)


def maximum(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """NumPy's, which takes ``out`` by keyword only. For two arrays of numbers that lie densely it is four times as fast as clip."""
    np.maximum(x, y, out=out)


def minimum(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """The same of NumPy's minimum."""
    np.minimum(x, y, out=out)
