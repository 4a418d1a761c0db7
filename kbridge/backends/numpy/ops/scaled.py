"""a * x + b * y in one pass over memory: what optimizers do with the moments of their gradients, and with their steps."""

from __future__ import annotations

import numpy as np

from ..blas import arguments, axpby
from ..graph import Op


class ScaledSum(Op):
    """a * x + b * y of ``x``, ``a``, ``y``, ``b``: tensors of one shape, and numbers."""

    name = "scaled_sum"
    inplace = True
    elementwise = True

    def infer(self, attrs, x, a, y, b):
        return x.shape, x.dtype

    def emit(self, ctx, attrs, out, x, a, y, b):
        function = axpby(out.dtype)
        dense = all(array.flags.c_contiguous and not ctx.moves(array) for array in (x, a, y, b, out))
        if function is None or not dense or not out.size:
            self._without(ctx, out, x, a, y, b)
            return
        if _same(out, x):
            x, a, y, b = y, b, x, a
        elif not _same(out, y):
            ctx.call(np.copyto, out, y)
        ctx.call(function, *arguments(a, x, b, out))

    def _without(self, ctx, out, x, a, y, b):
        product = ctx.scratch(out.shape, out.dtype)
        ctx.call(np.multiply, x, a, product)
        ctx.call(np.multiply, y, b, out)
        ctx.call(np.add, product, out, out)


def _same(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two arrays of one shape lie at the same place."""
    return x.__array_interface__["data"][0] == y.__array_interface__["data"][0]


SCALED_SUM = ScaledSum()
