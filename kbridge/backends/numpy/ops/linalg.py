"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from .common import as_tensors
from .panels import multiply, panels_of
from .shapes import expand_dims, permute, reshape, shape_of
from .small_products import cut_of, multiply_parts

#: elements of a second matrix, and multiplications, from which on a product may be turned round
LEAST_TURNED, LEAST_WORK = 1 << 15, 1 << 19
#: attribute of a product whose second matrix comes in panels, which only plans have (``executor/fusion.py``)
IN_PANELS = "in panels"


def better_turned(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether x @ y takes less time as (y.T @ x.T).T, with a copy of the result.

    If ``y`` lies transposed, BLAS takes 0.3 ns for each of its elements to copy it into an order of its own, and hardly anything in a product that is
    turned round. Where ``x`` and the result are small, that is more than what the same costs for these two. With 4 to 32 rows it takes 0.3 to 0.9 of the time.
    """
    (rows, inner), columns = x.shape, y.shape[1]
    transposed = y.strides[0] == y.itemsize and y.strides[1] >= inner * y.itemsize
    if x.dtype != np.float32 or not transposed or min(rows, columns) < 2 or rows * y.size < LEAST_WORK:
        return False
    return y.size >= LEAST_TURNED and 10 * y.size >= 19 * rows * (inner + columns)


class MatMul(Op):
    """(n, k) with (k, m), or the same with one batch axis in front of both. ``attrs`` is ``IN_PANELS`` where the second matrix comes so, else None."""

    name = "matmul"

    def infer(self, attrs, x, y):
        if None not in (x.shape[-1], y.shape[-2]) and x.shape[-1] != y.shape[-2]:
            raise ValueError(f"dot: shapes {x.shape} and {y.shape} don't fit: {x.shape[-1]} is not {y.shape[-2]}.")
        batch = x.shape[:-2]
        if batch and None not in (batch[0], y.shape[0]) and batch[0] != y.shape[0]:
            raise ValueError(f"batch_dot: shapes {x.shape} and {y.shape} have different batch sizes.")
        if batch and batch[0] is None:
            batch = y.shape[:1]
        return (*batch, x.shape[-2], y.shape[-1]), x.dtype

    def gradient(self, node, g):
        x, y = node.inputs
        return [make(MATMUL, (g, swap_last(y))), make(MATMUL, (swap_last(x), g))]

    def emit(self, ctx, attrs, out, x, y):
        if attrs == IN_PANELS:
            multiply(ctx, x if x.strides[1] == x.itemsize else ctx.contiguous(x), y, out)
        elif x.ndim == 2 and x.strides[1] == x.itemsize and (panels := panels_of(ctx, y, len(x))) is not None:
            multiply(ctx, x, panels, out)
        elif out.ndim == 2 and (cut := cut_of(x, y, ctx.alone)) is not None:
            multiply_parts(ctx, cut, x, y, out)
        elif out.ndim == 2 and better_turned(x, y):
            result = ctx.scratch(out.shape[::-1], out.dtype)
            ctx.call(np.dot, *(ctx.view(a, np.transpose) for a in (y, x)), result)
            ctx.copy(out, result.T)
        elif out.ndim == 2 and out.dtype.kind == "f" and out.dtype.itemsize >= 4:
            # with one row and some columns of a larger matrix dot would copy these
            some = x.shape[0] == 1 and y.strides[1] == y.itemsize and not y.flags.c_contiguous
            ctx.call(np.matmul if some else np.dot, x, y, out)
        else:
            ctx.call(np.matmul, x, y, out)


MATMUL = MatMul()


def swap_last(x: Tensor) -> Tensor:
    """The last two axes exchanged."""
    return permute(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _length(x: Tensor, axis: int) -> Any:
    return x.shape[axis] if x.shape[axis] is not None else shape_of(x)[axis]


def dot(x: Any, y: Any) -> Tensor:
    """The last axis of ``x`` with the last but one of ``y``, through one matrix product."""
    x, y = as_tensors(x, y)
    if not x.ndim or not y.ndim:
        return x * y
    if x.ndim == y.ndim == 2:
        return make(MATMUL, (x, y))
    rest_x = [_length(x, a) for a in range(x.ndim - 1)]
    rest_y = [_length(y, a) for a in range(y.ndim) if a != y.ndim - 2] if y.ndim > 1 else []
    left = x if x.ndim == 2 else reshape(x, (-1, _length(x, x.ndim - 1)))
    if y.ndim == 1:
        right = expand_dims(y, 1)
    elif y.ndim == 2:
        right = y
    else:
        right = reshape(permute(y, (y.ndim - 2, *(a for a in range(y.ndim) if a != y.ndim - 2))), (_length(y, y.ndim - 2), -1))
    return reshape(make(MATMUL, (left, right)), [*rest_x, *rest_y])


def batch_matmul(x: Any, y: Any) -> Tensor:
    """(batch, n, k) with (batch, k, m)."""
    x, y = as_tensors(x, y)
    if x.ndim != 3 or y.ndim != 3:
        raise ValueError(f"batch_matmul takes two tensors with 3 axes, got shapes {x.shape} and {y.shape}.")
    return make(MATMUL, (x, y))


IMPLEMENTATIONS["dot"] = dot
