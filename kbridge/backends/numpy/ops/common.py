"""Helpers of all op families: conversion to tensors and dtypes, dtype promotion, axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import settings
from ..graph import Constant, Op, Tensor, make
from ..operators import IMPLEMENTATIONS

BOOL = np.dtype("bool")
INT32 = np.dtype("int32")
INT64 = np.dtype("int64")


def as_dtype(dtype: Any) -> np.dtype:
    """A NumPy dtype; None is floatx."""
    return np.dtype(settings.floatx() if dtype is None else dtype)


def is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f"


def constant(value: Any, dtype: Any = None, name: str | None = None) -> Constant:
    """A constant; arrays keep their dtype, Python floats get floatx and ints int32."""
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
        kind = np.asarray(value).dtype.kind
        dtype = {"f": settings.floatx(), "i": "int32", "u": "int32", "b": "bool"}.get(kind)
        if dtype is None:
            raise TypeError(f"Can't make a tensor of {value!r}.")
    return Constant(np.array(value, dtype=dtype), name)


def as_tensor(x: Any, like: np.dtype | None = None) -> Tensor:
    """``x`` itself if it is a tensor, else a constant: numbers and arrays take the dtype ``like``,
    except floats that meet integers or booleans (floatx)."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(v, Tensor) for v in x):
        return IMPLEMENTATIONS["stack"]([as_tensor(v, like) for v in x])
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Expected a tensor, an array or a number, got {x!r} of type {type(x).__name__}.")
    if like is None:
        return constant(x)
    if array.dtype.kind == "f" and like.kind != "f":
        return constant(array, settings.floatx())
    if like.kind == "b" and array.dtype.kind != "b":
        return constant(array, "int32")
    return constant(array, like)


def promote(*dtypes: np.dtype) -> np.dtype:
    """The dtype of tensors that meet: floats win over integers, integers over booleans, wide over narrow."""
    first = dtypes[0]
    if first.kind in "fiub" and all([d is first for d in dtypes]):
        return first
    for kinds in ("f", "iu"):
        chosen = [d for d in dtypes if d.kind in kinds]
        if chosen:
            return np.result_type(*chosen)
    return BOOL


class Cast(Op):
    """Change the dtype; ``attrs`` is the dtype's name."""

    name = "cast"
    elementwise = True

    def infer(self, attrs, x):
        return x.shape, np.dtype(attrs)

    def gradient(self, node, g):
        x = node.inputs[0]
        return [cast(g, x.dtype) if is_float(x.dtype) and is_float(node.dtype) else None]

    def emit(self, ctx, attrs, out, x):
        if out.dtype == BOOL:
            ctx.call(np.not_equal, x, ctx.scalar(0, x.dtype), out)
        else:
            ctx.call(np.copyto, out, x, "unsafe")


CAST = Cast()


def cast(x: Any, dtype: Any) -> Tensor:
    """``x`` in another dtype; itself if it has it already."""
    x = as_tensor(x)
    dtype = np.dtype(dtype)
    return x if x.dtype == dtype else make(CAST, (x,), dtype.name)


def as_tensors(*xs: Any, dtype: np.dtype | None = None) -> list[Tensor]:
    """``xs`` as tensors of one dtype (``dtype``, or what they promote to)."""
    known = [x.dtype for x in xs if isinstance(x, Tensor)]
    if dtype is None and len(known) == len(xs) and all([d is known[0] for d in known]):
        return list(xs)
    like = promote(*known) if known else None
    tensors = [as_tensor(x, like) for x in xs]
    common = dtype or promote(*(t.dtype for t in tensors))
    return [cast(t, common) for t in tensors]


def normalize_axis(axis: int, ndim: int) -> int:
    """``axis`` counted from the front. ValueError outside the tensor."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"Axis {axis} is out of range for a tensor with {ndim} axes.")
    return axis % ndim


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """A sorted tuple of axes; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, (int, np.integer)):
        axis = (int(axis),)
    return tuple(sorted({normalize_axis(int(a), ndim) for a in axis}))
