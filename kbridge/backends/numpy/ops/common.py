"""Helpers of all op families: conversion to tensors, dtype promotion, broadcasting, gradients' shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import settings
from ..graph import Constant, Op, Shape, Tensor, make

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
        from .shapes import concatenate, expand_dims

        return concatenate([expand_dims(as_tensor(v, like), 0) for v in x], 0)
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
    for kinds in ("f", "iu"):
        chosen = [d for d in dtypes if d.kind in kinds]
        if chosen:
            return np.result_type(*chosen)
    return BOOL


def as_tensors(*xs: Any, dtype: np.dtype | None = None) -> list[Tensor]:
    """``xs`` as tensors of one dtype (``dtype``, or what they promote to)."""
    from .elementwise import cast

    known = [x.dtype for x in xs if isinstance(x, Tensor)]
    like = promote(*known) if known else None
    tensors = [as_tensor(x, like) for x in xs]
    common = dtype or promote(*(t.dtype for t in tensors))
    return [cast(t, common) for t in tensors]


def broadcast(a: Shape, b: Shape, what: str = "operands") -> Shape:
    """The shape of an elementwise result. An unknown length is taken to fit the other one."""
    if a == b or not b:
        return a
    result: list[int | None] = []
    for i in range(1, max(len(a), len(b)) + 1):
        m = a[-i] if i <= len(a) else 1
        n = b[-i] if i <= len(b) else 1
        if m is not None and n is not None and m != n and 1 not in (m, n):
            raise ValueError(f"The {what} have shapes {a} and {b}, which don't fit together: axis -{i} is {m} and {n} long.")
        if m == 1:
            result.append(n)
        elif n == 1 or n is None:
            result.append(m)
        else:
            result.append(n)
    return tuple(reversed(result))


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


class SumTo(Op):
    """Sum a gradient over the axes along which its operand was broadcast (``like`` gives the shape)."""

    name = "sum_to"
    shape_only = (1,)

    def infer(self, attrs, x, like):
        return like.shape, x.dtype

    def gradient(self, node, g):
        from .shapes import broadcast_like

        return [broadcast_like(g, node.inputs[0]), None]

    def simplify(self, value):
        x, like = value.inputs
        return x if x.shape == like.shape else None

    def emit(self, ctx, attrs, out, x, like):
        extra = x.ndim - like.ndim
        axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(like.shape) if n == 1 and x.shape[i + extra] != 1)
        ctx.reduce_sum(x, axes, out.reshape([1] * extra + list(out.shape)) if extra else out)


SUM_TO = SumTo()


def sum_to(g: Tensor, like: Tensor) -> Tensor:
    """``g`` summed to the shape of ``like``; ``g`` itself where the shapes are known to agree."""
    if g.shape == like.shape and None not in g.shape:
        return g
    return make(SUM_TO, (g, like))
