"""Indices and labels out of range, and the entries of a loss that don't count and may hold anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np


def out_of_range(what: str, value: int, count: int) -> ValueError:
    """The error for an index that isn't in [0, count)."""
    allowed = f"0 to {count - 1}" if count else "none at all"
    return ValueError(f"{what} is out of range: got {value}, allowed are {allowed}. [differences: index-range]")


def checked(what: str) -> Callable[[np.ndarray, Any], np.ndarray]:
    """A function that gives whole numbers back if all are in [0, count); ``what`` names them in its ValueError."""

    def check(indices: np.ndarray, count: Any) -> np.ndarray:
        # as unsigned numbers, negative ones are larger than any other
        numbers = indices.view(f"u{indices.itemsize}") if indices.dtype.kind == "i" else indices
        if numbers.size and numbers.max() >= count:
            wrong = indices[(indices < 0) | (indices >= count)]
            raise out_of_range(what, int(wrong.flat[0]), int(count))
        return indices

    return check


class Counted(NamedTuple):
    """The facts that are known of the labels ``y_true`` while a loss or metric of them is made."""

    y_true: Any
    #: for each sample, or each of its steps: 0 where it doesn't count. None: all do
    weights: Any
    mask: Any


_now = threading.local()


@contextmanager
def counting(y_true: Any, weights: Any, mask: Any) -> Iterator[None]:
    """Let labels of weight 0 and masked ones be anything in what is made meanwhile from ``y_true``."""
    before = counted()
    _now.value = Counted(y_true, weights, mask)
    try:
        yield
    finally:
        _now.value = before


def counted() -> Counted | None:
    """Return the ``Counted`` that ``counting`` was told, inside of it."""
    return getattr(_now, "value", None)
