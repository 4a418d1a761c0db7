"""Products of matrices."""

from __future__ import annotations

import theano.sparse
import theano.tensor as T

from .shapes import reshape, size
from .static import int_shape, set_shape
from .tensors import as_tensor, as_tensors, is_sparse


def dot(x, y):
    """The last axis of ``x`` with the last but one of ``y``; ``x`` may be sparse."""
    if is_sparse(x) or is_sparse(y):
        return _sparse_dot(x, y)
    x, y = as_tensors(x, y)
    _check(x, y, x.ndim - 1, max(y.ndim - 2, 0))
    if x.dtype == "float16":  # there is no float16 product in C
        return T.cast(dot(T.cast(x, "float32"), T.cast(y, "float32")), "float16")
    if x.ndim <= 2 and y.ndim <= 2:
        return T.dot(x, y)
    left = x if x.ndim <= 2 else reshape(x, (-1 if int_shape(x)[-1] else _count(x), size(x, x.ndim - 1)))
    order = (y.ndim - 2, *range(y.ndim - 2), y.ndim - 1)
    right = y if y.ndim <= 2 else T.transpose(y, order)
    rest = [size(right, i) for i in range(1, y.ndim)] if y.ndim > 1 else []
    if y.ndim > 2:
        right = reshape(right, (size(right, 0), _product(rest)))
    product = T.dot(left, right)
    return reshape(product, [*(size(x, i) for i in range(x.ndim - 1)), *rest])


def _count(x):
    return _product([size(x, i) for i in range(x.ndim - 1)])


def _product(sizes):
    total = 1
    for n in sizes:
        total = total * n
    return total


def _check(x, y, axis_x, axis_y):
    m, n = int_shape(x)[axis_x], int_shape(y)[axis_y]
    if m is not None and n is not None and m != n:
        raise ValueError(f"dot: the shapes {int_shape(x)} and {int_shape(y)} don't fit: {m} against {n}.")


def _sparse_dot(x, y):
    """Dense result. Only the dense factor has a gradient of every shape, so the sparse one is data."""
    other = as_tensor(y if is_sparse(x) else x)
    sparse = x if is_sparse(x) else y
    if other.dtype != sparse.dtype:
        other = T.cast(other, sparse.dtype)
    y_out = theano.sparse.structured_dot(x, other) if sparse is x else theano.sparse.structured_dot(other, y)
    shape_x, shape_y = (int_shape(x), int_shape(other)) if sparse is x else (int_shape(other), int_shape(y))
    return set_shape(y_out, (shape_x[0], shape_y[-1]))


def batch_matmul(x, y):
    """(batch, n, k) with (batch, k, m)."""
    x, y = as_tensors(x, y)
    _check(x, y, 2, 1)
    if x.dtype in ("float32", "float64"):
        return T.batched_dot(x, y)
    if x.dtype == "float16":
        return T.cast(T.batched_dot(T.cast(x, "float32"), T.cast(y, "float32")), "float16")
    return T.cast(T.batched_dot(T.cast(x, "float64"), T.cast(y, "float64")), x.dtype)
