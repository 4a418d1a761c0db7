"""Where: one of two tensors, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .broadcasting import broadcast, sum_to
from .common import BOOL, as_tensor, as_tensors, cast, is_float
from .ufuncs import is_fixed


class Where(Op):
    """Choose by a condition."""

    name = "where"
    elementwise = True

    def infer(self, attrs, condition, x, y):
        shape = broadcast(x.shape, y.shape, "values of where")
        return broadcast(condition.shape, shape, "condition and values of where"), x.dtype

    def gradient(self, node, g):
        condition, x, y = node.inputs
        if not is_float(node.dtype):
            return [None] * 3
        zero = as_tensor(0, g.dtype)
        return [None, sum_to(where(condition, g, zero), x), sum_to(where(condition, zero, g), y)]

    def emit(self, ctx, attrs, out, condition, x, y):
        # By bits: NumPy's own masked copies are ten times as slow on mixed conditions.
        bits = np.dtype(f"int{8 * out.itemsize}")
        x, y, result = ctx.view(x, lambda a: a.view(bits)), ctx.view(y, lambda a: a.view(bits)), out.view(bits)
        mask = ctx.scratch(condition.shape, bits)
        ctx.call(np.copyto, mask, condition)
        if _is_zero(x):
            ctx.call(np.subtract, mask, ctx.scalar(1, bits), mask)
            ctx.call(np.bitwise_and, y, mask, result)
            return
        ctx.call(np.negative, mask, mask)
        if _is_zero(y):
            ctx.call(np.bitwise_and, x, mask, result)
            return
        ctx.call(np.bitwise_xor, x, y, result)
        ctx.call(np.bitwise_and, result, mask, result)
        ctx.call(np.bitwise_xor, result, y, result)


def _is_zero(array: np.ndarray) -> bool:
    """Whether this is the constant 0."""
    return array.ndim == 0 and is_fixed(array) and not array.any()


WHERE = Where()


def where(condition: Any, x: Any, y: Any) -> Tensor:
    """``x`` where ``condition`` holds, else ``y``."""
    x, y = as_tensors(x, y)
    return make(WHERE, (cast(condition, BOOL), x, y))
