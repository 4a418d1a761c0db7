"""Products of matrices, convolutions, pooling and resizing as operations of Keras 3."""

from __future__ import annotations

from ....backends import settings
from ..context import data_format
from .recorder import emits, meeting


@emits("dot")
def _dot(r, shadow, x, y):
    return r.op("Dot", *meeting(r, shadow, x, y))


@emits("batch_matmul")
def _batch_matmul(r, shadow, x, y):
    return r.op("Matmul", *meeting(r, shadow, x, y))


@emits("einsum")
def _einsum(r, shadow, equation, operands):
    return r.op("Einsum", *meeting(r, shadow, *operands), subscripts=equation.replace(" ", ""))


@emits("pool2d", "pool3d")
def _pool(r, shadow, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
    config = {"pool_size": list(pool_size), "strides": list(strides), "padding": border_mode}
    ordering = data_format(settings.resolve_dim_ordering(dim_ordering))
    return r.op("MaxPool" if pool_mode == "max" else "AveragePool", x, **config, data_format=ordering)


@emits("conv2d", "conv3d")
def _conv(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation, **_):
    if settings.resolve_dim_ordering(dim_ordering) == "th" or border_mode == "full":
        raise r.refuse("convolution with channels first")
    config = {"strides": list(strides), "padding": border_mode, "data_format": "channels_last", "dilation_rate": list(filter_dilation)}
    return r.op("Conv", x, r.as_type(kernel, x.dtype), **config)


@emits("depthwise_conv2d")
def _depthwise(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation):
    if settings.resolve_dim_ordering(dim_ordering) == "th":
        raise r.refuse("convolution with channels first")
    if len(set(strides)) > 1:
        raise r.refuse(f"depthwise convolution with strides {tuple(strides)}")
    # Keras 3 can't read a list here
    config = {"strides": strides[0], "padding": border_mode, "data_format": "channels_last", "dilation_rate": list(filter_dilation)}
    return r.op("DepthwiseConv", x, r.as_type(kernel, x.dtype), **config)


@emits("resize")
def _resize(r, shadow, x, size, interpolation="bilinear", dim_ordering="default", antialias=False, half_pixel_centers=True):
    ordering = data_format(settings.resolve_dim_ordering(dim_ordering))
    plain = (
        half_pixel_centers
        and interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        and all(isinstance(n, int) for n in size)
    )
    if not plain:
        raise r.refuse(f"resizing by {interpolation}" + ("" if half_pixel_centers else " with half_pixel_centers=False"))
    return r.op("Resize", x, size=list(size), interpolation=interpolation, antialias=bool(antialias), data_format=ordering)
