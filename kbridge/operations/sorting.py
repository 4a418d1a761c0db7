"""The largest entries, sorted ones, and where they stood.

The places are found on the host and have no gradient; the values are looked up by them and have theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import operation
from .operands import axes, known, shape_of, tensor
from .parts import take_along_axis


def _places(x: Any, axis: int, descending: bool, count: int | None = None) -> Any:
    """Where the entries of an axis stand in sorted order, equal ones as they come; the first ``count``."""

    def order(array: np.ndarray) -> np.ndarray:
        found = np.argsort(-array.astype("float64") if descending else array, axis=axis, kind="stable")
        return found.take(np.arange(found.shape[axis] if count is None else count), axis=axis).astype("int32")

    def shape(of: tuple) -> tuple:
        return tuple(count if a == axis and count is not None else n for a, n in enumerate(of))

    # what another format has an operator for
    order.sorts = (axis, descending, count)  # type: ignore[attr-defined]
    return K.host_call(order, [x], "int32", shape)


@operation("tf.math.top_k tf.nn.top_k(input|x:x, k, sorted:-, index_type:-)", "keras.ops.top_k(x, k, sorted:-)")
def top_k(x, k=1):
    """(the k largest entries of the last axis, their places)."""
    x = tensor(x)
    places = _places(x, len(shape_of(x)) - 1, True, known(k, "k"))
    return take_along_axis(x, places, -1), places


@operation("tensor.values")
def values_of(x):
    """The entries that ``top_k`` found."""
    return _found(x)[0]


@operation("tensor.indices")
def indices_of(x):
    """The places of the entries that ``top_k`` found."""
    return _found(x)[1]


def _found(x: Any) -> Any:
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        raise ValueError("only what top_k returns has values and indices.")
    return x


@operation("tf.sort(values:x, axis, direction)", "np.sort keras.ops.sort(x|a:x, axis)")
def sort(x, axis=-1, direction="ASCENDING"):
    """Sorted along an axis."""
    x = tensor(x)
    place = axes(axis) % len(shape_of(x))
    return take_along_axis(x, _places(x, place, direction == "DESCENDING"), place)


@operation("tf.argsort(values:x, axis, direction, stable:-)", "np.argsort keras.ops.argsort(x|a:x, axis)")
def argsort(x, axis=-1, direction="ASCENDING"):
    """The places of the entries of an axis in sorted order."""
    x = tensor(x)
    return _places(x, axes(axis) % len(shape_of(x)), direction == "DESCENDING")
