"""Tensors of one number in the shape of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make


class Fill(Op):
    """0 or 1 (``attrs``: the number, the dtype's name, and "value" for a 0 that counts as a number) in the shape of the input."""

    name = "fill_like"
    fills = True
    shape_only = (0,)

    def infer(self, attrs, x):
        return x.shape, np.dtype(attrs[1])

    def emit(self, ctx, attrs, out, x):
        ctx.call(np.copyto, out, ctx.scalar(attrs[0], out.dtype))


FILL = Fill()


def zeros(x: Tensor, dtype: Any = None) -> Tensor:
    """Zeros in the shape of ``x``, as values: times NaN they are NaN."""
    return make(FILL, (x,), (0, np.dtype(dtype or x.dtype).name, "value"))


def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Zeros in the shape of ``x`` that stand for nothing at all: times anything they are 0."""
    return make(FILL, (x,), (0, np.dtype(dtype or x.dtype).name))


def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Ones in the shape of ``x``."""
    return make(FILL, (x,), (1, np.dtype(dtype or x.dtype).name))
