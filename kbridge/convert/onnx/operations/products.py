"""Products of matrices, convolutions and pooling as operators of ONNX."""

from __future__ import annotations

import numpy as np

from .... import backend as K
from ....backends import settings
from ...recording import Recorded
from .recorder import emits


@emits("dot")
def _dot(r, shadow, x, y):
    dtype = K.dtype(shadow)
    rank_x, rank_y = (len(v.shape) if isinstance(v, Recorded) else np.ndim(v) for v in (x, y))
    if rank_y <= 2:
        return r.g.op("MatMul", r.name(x, dtype), r.name(y, dtype))
    left, right = "abcdefgh"[:rank_x], "nopqrstu"[:rank_y]
    right = right[:-2] + left[-1] + right[-1]
    return r.g.op("Einsum", r.name(x, dtype), r.name(y, dtype), equation=f"{left},{right}->{left[:-1]}{right[:-2]}{right[-1]}")


@emits("batch_matmul")
def _batch_matmul(r, shadow, x, y):
    return r.g.op("MatMul", r.name(x, K.dtype(shadow)), r.name(y, K.dtype(shadow)))


@emits("einsum")
def _einsum(r, shadow, equation, operands):
    return r.g.op("Einsum", *(r.name(x, K.dtype(shadow)) for x in operands), equation=equation.replace(" ", ""))


def _first(r, x, ordering: str) -> tuple[str, bool]:
    """A picture with channels first, and whether it was so."""
    first = settings.resolve_dim_ordering(ordering) == "th"
    rank = len(x.shape)
    return (r.name(x) if first else r.g.transpose(r.name(x), 0, rank - 1, *range(1, rank - 1))), first


def _back(r, found: str, first: bool, rank: int) -> str:
    return found if first else r.g.transpose(found, 0, *range(2, rank), 1)


@emits("pool2d", "pool3d")
def _pool(r, shadow, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
    found, first = _first(r, x, dim_ordering)
    pads = {"auto_pad": "SAME_UPPER"} if border_mode == "same" else {}
    more = {} if pool_mode == "max" else {"count_include_pad": 0}
    op = "MaxPool" if pool_mode == "max" else "AveragePool"
    return _back(r, r.g.op(op, found, kernel_shape=list(pool_size), strides=list(strides), **pads, **more), first, len(x.shape))


def _convolved(r, x, kernel, strides, border_mode, dim_ordering, dilation, group=1):
    found, first = _first(r, x, dim_ordering)
    if border_mode == "full":
        raise r.refuse("full convolution")
    pads = {"auto_pad": "SAME_UPPER"} if border_mode == "same" else {}
    made = r.g.op("Conv", found, kernel, strides=list(strides), dilations=list(dilation), group=group, **pads)
    return _back(r, made, first, len(x.shape))


@emits("conv2d", "conv3d")
def _conv(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation, **_):
    rank = len(x.shape)
    weights = r.name(kernel, x.dtype)
    if settings.resolve_dim_ordering(dim_ordering) == "tf":
        weights = r.g.transpose(weights, rank - 1, rank - 2, *range(rank - 2))
    return _convolved(r, x, weights, strides, border_mode, dim_ordering, filter_dilation)


@emits("depthwise_conv2d")
def _depthwise(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation):
    rows, columns, channels, multiplier = kernel.shape
    if settings.resolve_dim_ordering(dim_ordering) == "th":
        raise r.refuse("depthwise convolution with channels first")
    weights = r.g.reshape(r.g.transpose(r.name(kernel, x.dtype), 2, 3, 0, 1), channels * multiplier, 1, rows, columns)
    return _convolved(r, x, weights, strides, border_mode, dim_ordering, filter_dilation, channels)
