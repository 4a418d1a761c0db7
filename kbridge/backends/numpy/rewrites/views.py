"""Rewrites of reshapes, permutations, repetitions, padding and joins that do nothing, or that follow each other."""

from __future__ import annotations

from typing import Any

from .table import rewrite


@rewrite("reshape", "broadcast_to", "broadcast_like")
def same_shape(value: Any) -> Any:
    """To the shape that is there."""
    return value.inputs[0] if value.inputs[0].shape == value.shape else None


@rewrite("reshape")
def reshape_of_reshape(value: Any) -> Any:
    """Only the last of reshapes that follow each other counts."""
    x = value.inputs[0]
    return value.planner.value(value.op, (x.inputs[0],), value.shape) if x.op.name == "reshape" else None


@rewrite("permute")
def axes_in_their_order(value: Any) -> Any:
    """A permutation that moves no axis."""
    return value.inputs[0] if value.attrs == tuple(range(len(value.attrs))) else None


@rewrite("permute")
def permute_of_permute(value: Any) -> Any:
    """Two permutations are one."""
    x = value.inputs[0]
    return value.planner.value(value.op, (x.inputs[0],), tuple(x.attrs[a] for a in value.attrs)) if x.op.permutes else None


@rewrite("pad")
def no_padding(value: Any) -> Any:
    """Nothing round the input."""
    return value.inputs[0] if not any(map(any, value.attrs)) else None


@rewrite("concatenate")
def join_of_one(value: Any) -> Any:
    """One tensor, joined with no other."""
    return value.inputs[0] if len(value.inputs) == 1 else None
