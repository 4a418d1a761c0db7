"""Ops of neural networks that are faster or more stable as one kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .common import as_dtype, as_tensor, cast, is_float, normalize_axis
from .reductions import reduce


class Softmax(Op):
    """exp(x - max) / sum over the axis ``attrs``."""

    name = "softmax"

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [node * (g - reduce("sum", g * node, node.attrs, keepdims=True))]

    def emit(self, ctx, attrs, out, x):
        row = ctx.scratch([1 if a == attrs else n for a, n in enumerate(out.shape)], out.dtype)
        if x.shape[attrs]:
            ctx.call(np.maximum.reduce, x, attrs, None, row, True)
        ctx.call(np.subtract, x, row, out)
        ctx.call(np.exp, out, out)
        ctx.reduce_sum(out, (attrs,), row)
        ctx.call(np.divide, out, row, out)


SOFTMAX = Softmax()


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x - max) / sum along ``axis``."""
    x = as_tensor(x)
    if not is_float(x.dtype):
        x = cast(x, as_dtype(None))
    return make(SOFTMAX, (x,), normalize_axis(axis, x.ndim))
