"""Reductions. Those over all axes of a scalar are the scalar."""

from __future__ import annotations

from typing import Any

import numpy as np
import theano.tensor as T
from theano.tensor.basic import Max, Min

from .elementwise import cast
from .products import product
from .shapes import axes_of, axis_of, size
from .tensors import as_float, as_tensor


def _keep(y, ndim: int, axes: tuple[int, ...]):
    """``y`` with axes of length 1 where it was reduced."""
    rest = iter(range(y.ndim))
    return y.dimshuffle(["x" if a in axes else next(rest) for a in range(ndim)])


def sum(x, axis=None, keepdims=False):
    x = as_tensor(x)
    if x.dtype == "bool":
        x = T.cast(x, "int32")
    axes = axes_of(axis, x.ndim)
    return T.sum(x, axis=axes, dtype=x.dtype, keepdims=keepdims) if axes else x


def prod(x, axis=None, keepdims=False):
    x = as_tensor(x)
    if x.dtype == "bool":
        x = T.cast(x, "int32")
    axes = axes_of(axis, x.ndim)
    return product(x, axes, keepdims) if axes else x


def mean(x, axis=None, keepdims=False):
    x = as_float(x)
    axes = axes_of(axis, x.ndim)
    if not axes:
        return x
    count = 1
    for a in axes:
        count = count * size(x, a)
    wide = T.cast(x, "float32") if x.dtype == "float16" else x
    total = T.sum(wide, axis=axes, dtype=wide.dtype, keepdims=keepdims)
    divisor = np.array(count, wide.dtype) if isinstance(count, int) else T.cast(count, wide.dtype)
    return T.cast(T.true_div(total, divisor), x.dtype)


class _SharedTies:
    """The gradient of an extreme, split evenly between equal values."""

    axis: Any

    def L_op(self, inputs, outputs, gradients):
        (x,), (y,), (g,) = inputs, outputs, gradients
        axes = axes_of(self.axis, x.ndim)
        hits = T.cast(T.eq(x, _keep(y, x.ndim, axes)), g.dtype)
        count = T.sum(hits, axis=axes, keepdims=True, dtype=g.dtype)
        return [hits * (_keep(g, x.ndim, axes) / count)]


class MaxSharedTies(_SharedTies, Max):
    """Theano's Max, which has no gradient of its own."""


class MinSharedTies(_SharedTies, Min):
    """Theano's Min, likewise."""


def _extreme(op, x, axis, keepdims):
    x = as_tensor(x)
    axes = axes_of(axis, x.ndim)
    if not axes:
        return x
    y = op(axes)(x)
    return _keep(y, x.ndim, axes) if keepdims else y


def max(x, axis=None, keepdims=False):
    return _extreme(MaxSharedTies, x, axis, keepdims)


def min(x, axis=None, keepdims=False):
    return _extreme(MinSharedTies, x, axis, keepdims)


def any(x, axis=None, keepdims=False):
    x = cast(x, "bool")
    axes = axes_of(axis, x.ndim)
    return T.any(x, axis=axes, keepdims=keepdims) if axes else x


def all(x, axis=None, keepdims=False):
    x = cast(x, "bool")
    axes = axes_of(axis, x.ndim)
    return T.all(x, axis=axes, keepdims=keepdims) if axes else x


def argmax(x, axis=-1):
    x = as_tensor(x)
    if x.dtype == "bool":
        x = T.cast(x, "int8")
    return T.argmax(x, axis=axis_of(axis, x.ndim))


def argmin(x, axis=-1):
    """Of unsigned integers through int64: they have no negative."""
    x = as_tensor(x)
    if not x.dtype.startswith("float"):
        x = T.cast(x, "int64")
    return T.argmax(-x, axis=axis_of(axis, x.ndim))


def cumsum(x, axis=0):
    """NumPy adds up small integers in int64, Theano doesn't expect that."""
    x = as_tensor(x)
    axis = axis_of(axis, x.ndim)
    if x.dtype.startswith("float"):
        return T.cumsum(x, axis=axis)
    dtype = "int32" if x.dtype == "bool" else x.dtype
    return T.cast(T.cumsum(T.cast(x, "int64"), axis=axis), dtype)


def softmax(x, axis=-1):
    """exp(x - max) / sum."""
    x = as_float(x)
    axis = axis_of(axis, x.ndim)
    if x.ndim == 2 and axis == 1 and x.dtype != "float16":
        return T.nnet.softmax(x)
    top = Max((axis,))(x)
    e = T.exp(x - _constant(_keep(top, x.ndim, (axis,))))
    return e / T.sum(e, axis=axis, keepdims=True, dtype=x.dtype)


def _constant(x):
    from theano.gradient import disconnected_grad

    return disconnected_grad(x)
