"""a * x + b * y in one pass over memory: what optimizers do with the moments of their gradients, and with their steps. Also where x is a matrix product."""

from __future__ import annotations

import numpy as np

from ..blas import address, arguments, arguments_of_product, axpby, gemm, leading
from ..graph import Op

#: elements up to which a call is so short that other threads can wait for it
SHORT = 1 << 16


class ScaledSum(Op):
    """a * x + b * y of ``x``, ``a``, ``y``, ``b``: tensors of one shape, and numbers."""

    name = "scaled_sum"
    inplace = True
    elementwise = True

    def infer(self, attrs, x, a, y, b):
        return x.shape, x.dtype

    def emit(self, ctx, attrs, out, x, a, y, b):
        function = axpby(out.dtype, out.size > SHORT)
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


class ProductSum(Op):
    """a * (x @ y) + b * z of ``x``, ``y``, ``a``, ``z``, ``b``: the product is added to z where that lies, and takes no storage of its own."""

    name = "product_sum"
    inplace = True

    def infer(self, attrs, x, y, a, z, b):
        return z.shape, z.dtype

    def emit(self, ctx, attrs, out, x, y, a, z, b):
        function = gemm(out.dtype)
        stay = not any(ctx.moves(array) for array in (a, b, out))
        if function is None or not stay or leading(x) is None or leading(y) is None:
            product = ctx.scratch(out.shape, out.dtype)
            ctx.call(np.dot, x, y, product)
            SCALED_SUM.emit(ctx, None, out, product, a, z, b)
            return
        if not _same(out, z):
            ctx.call(np.copyto, out, z)
        ctx.call(function, *arguments_of_product(a, x, y, b, out, lambda array: ctx.view(array, address)))


SCALED_SUM, PRODUCT_SUM = ScaledSum(), ProductSum()
