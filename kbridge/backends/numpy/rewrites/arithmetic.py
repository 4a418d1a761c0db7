"""Rewrites of arithmetic with numbers that change nothing.

A gradient that doesn't exist is full of zeros that stand for nothing (``Value.zeros``): times anything they stay so. Any other 0 makes NaN of NaN
and infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.elementwise import BINARY
from ..ops.shapes import RESHAPE
from .table import rewrite

#: elements of zeros that are kept as a constant
FEW = 1 << 12


@rewrite(*BINARY, "where")
def broadcasts_by_itself(value: Any) -> Any:
    """Elementwise calls broadcast by themselves: they need no broadcast view if the result keeps its shape."""
    for i, v in enumerate(value.inputs):
        if v.op.broadcasts:
            shorter = (*value.inputs[:i], v.inputs[0], *value.inputs[i + 1 :])
            if value.op.infer(value.attrs, *shorter)[0] == value.shape:
                return value.planner.value(value.op, shorter, value.attrs)
    return None


@rewrite("add", known=True)
def nothing_added(value: Any) -> Any:
    """x + 0 is x, where no broadcasting would be lost."""
    x, y = value.inputs
    for this, other in ((x, y), (y, x)):
        if this.is_constant(0) and other.shape == value.shape:
            return other
    return None


@rewrite("multiply", known=True)
def times_one(value: Any) -> Any:
    """x * 1 is x; what stands for nothing stays so."""
    x, y = value.inputs
    for this, other in ((x, y), (y, x)):
        if this.is_constant(1) and other.shape == value.shape:
            return other
        if this.zeros and this.shape == value.shape:
            return this
    return None


@rewrite("subtract", known=True)
def nothing_taken_away(value: Any) -> Any:
    """x - 0 is x."""
    x, y = value.inputs
    return x if y.is_constant(0) and x.shape == value.shape else None


@rewrite("divide", known=True)
def divided_by_one(value: Any) -> Any:
    """x / 1 is x; nothing divided is nothing."""
    x, y = value.inputs
    return x if (y.is_constant(1) or x.zeros) and x.shape == value.shape else None


@rewrite("negative", known=True)
def nothing_negated(value: Any) -> Any:
    """-0 for the zeros of what doesn't exist."""
    return value.inputs[0] if value.inputs[0].zeros else None


@rewrite("cast")
def same_dtype(value: Any) -> Any:
    """A cast to the dtype that is there."""
    return value.inputs[0] if value.inputs[0].dtype == value.dtype else None


@rewrite("sum_to")
def nothing_broadcast(value: Any) -> Any:
    """The sum over no axes."""
    x, like = value.inputs
    return x if x.shape == like.shape else None


@rewrite("sum_to", known=True)
def sum_of_nothing(value: Any) -> Any:
    """The zeros of what doesn't exist, summed."""
    x, like = value.inputs
    return value.planner.value(x.op, (like,), x.attrs) if x.zeros and x.shape != like.shape else None


@rewrite("sum", known=True)
def sum_of_zeros(value: Any) -> Any:
    """Zeros that count as numbers, summed: the first states of a loop."""
    x = value.inputs[0]
    if not x.op.fills or x.attrs[0] != 0 or x.zeros or value.size > FEW:
        return None
    return value.planner.constant(np.zeros(value.shape, value.dtype))


@rewrite("sum_to")
def sum_of_permuted(value: Any) -> Any:
    """The order of axes that are all summed doesn't matter."""
    x, like = value.inputs
    kept = len(like.shape)
    summed = len(x.shape) - kept
    if not x.op.permutes or x.shape[summed:] != like.shape or x.attrs[summed:] != tuple(range(summed, len(x.shape))):
        return None
    return value.planner.value(value.op, (x.inputs[0], like), value.attrs)


@rewrite("sum", "mean")
def sum_of_one(value: Any) -> Any:
    """A sum over axes of length 1 is a reshape."""
    x = value.inputs[0]
    if any(x.shape[a] != 1 for a in value.attrs[0]):
        return None
    return x if x.shape == value.shape else value.planner.value(RESHAPE, (x,), value.shape)
