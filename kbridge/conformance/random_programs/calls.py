"""The functions that a step may call: how ``K`` is asked for each, its NumPy reference, and how far its arguments are from a kink.

References are those of the op specs where it has the function. Parts of a key (``at``) are numbers, None, ``...``, index tensors,
``("slice", start, stop, step)`` and ``("array", nested list)``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import TABLE


class Unsafe(Exception):
    """Arguments at a kink, or a result that is too large or no number."""


#: the smallest distance from a kink
MARGIN = 2e-3
LARGEST = 40.0

OPERATORS: dict[str, Callable] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "neg": operator.neg,
}  # fmt: skip


def key_of(parts: tuple) -> tuple:
    """The key that parts stand for."""

    def one(part: Any) -> Any:
        if isinstance(part, tuple) and part[0] == "slice":
            return slice(*part[1:])
        return np.array(part[1]) if isinstance(part, tuple) and part[0] == "array" else part

    return tuple(one(p) for p in parts)


def build(K: Any, call: str, args: list, kwargs: dict) -> Any:
    """The step's tensor on a backend."""
    if call in OPERATORS:
        return OPERATORS[call](*args)
    if call == "at":
        return args[0][key_of(tuple(args[1:]))]
    if call == "size":
        return K.cast(K.shape(args[0])[args[1]], "int32")
    if call == "as_float":
        return K.cast(args[0], K.floatx())
    if call == "repeated_to":
        return K.repeat_elements(args[0], args[1], args[2])
    return getattr(K, call)(*args, **kwargs)


def refer(call: str, args: list, kwargs: dict, phase: int = 1) -> np.ndarray:
    """The step's value in NumPy; Unsafe near a kink."""
    margin = MARGINS.get(call)
    if margin is not None and margin(*args, **kwargs) < MARGIN:
        raise Unsafe(call)
    with np.errstate(all="ignore"):
        value = np.asarray(_refer(call, args, kwargs, phase))
    if value.dtype.kind == "f" and value.size and not (np.abs(value) < LARGEST).all():
        raise Unsafe(call)
    return value


def _refer(call: str, args: list, kwargs: dict, phase: int) -> Any:
    if call in OPERATORS:
        return OPERATORS[call](*args)
    if call == "at":
        return args[0][key_of(tuple(args[1:]))]
    if call == "size":
        return np.int32(args[0].shape[args[1]])
    if call == "as_float":
        return args[0].astype("float64")
    if call == "repeated_to":
        return np.repeat(args[0], int(args[1]), args[2])
    if call == "in_train_phase":
        return np.broadcast_arrays(*args)[0 if phase else 1]
    reference = TABLE[call].reference
    assert reference is not None
    return reference(*args, **kwargs)


# ---------------------------------------------------------------------- distances from kinks


def _zero(x, *args, **kwargs):
    return _least(np.abs(x))


def _least(x) -> float:
    return float(np.min(x)) if np.size(x) else np.inf


def _apart(x, y, *args):
    return _least(np.abs(np.subtract(x, y)))


def _bounds(x, low, high):
    return min([_apart(x, b) for b in (low, high) if b is not None] + [_apart(low, high) if None not in (low, high) else np.inf])


def _relu(x, alpha=0.0, max_value=None):
    return min(_zero(x), np.inf if max_value is None else _apart(x, max_value), np.inf if max_value is None else _zero(max_value))


def _gaps(x, axis=None, keepdims=False):
    """Between the elements that a maximum is taken of; all pairs that can meet, so a bit too careful."""
    if axis is None:
        x, axis = np.reshape(x, -1), (0,)
    axes = [a % np.ndim(x) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    rows = np.sort(moved.reshape(*moved.shape[: np.ndim(x) - len(axes)], -1), axis=-1)
    return _least(np.diff(rows, axis=-1)) if rows.shape[-1] > 1 else np.inf


def _all_gaps(x, *args, **kwargs):
    return _gaps(x)


def _spread(x, axis=None, keepdims=False):
    return _least(np.std(x, axis=tuple(axis) if isinstance(axis, list) else axis)) - 0.05


def _norm(x, axis):
    return _least(np.sqrt(np.sum(np.square(x), axis=axis))) - 0.1


def _halves(x):
    return min(_least(np.abs(x - np.rint(x) + 0.5)), _least(np.abs(x - np.rint(x) - 0.5)))


MARGINS: dict[str, Callable[..., float]] = {
    "relu": _relu, "abs": _zero, "sign": _zero, "elu": _zero, "softsign": _zero, "round": _halves, "clip": _bounds,
    "hard_sigmoid": lambda x: _least(np.abs(np.abs(x) - 2.5)),
    "maximum": _apart, "minimum": _apart, "max": _gaps, "min": _gaps, "argmax": _gaps, "argmin": _gaps,
    "greater": _apart, "lesser": _apart, "greater_equal": _apart, "lesser_equal": _apart,
    "sqrt": lambda x: _least(x) - 0.05, "log": lambda x: _least(x) - 0.05,
    "div": lambda x, y: _zero(y) - 0.2, "std": _spread, "l2_normalize": _norm, "pool2d": _all_gaps,
}  # fmt: skip
