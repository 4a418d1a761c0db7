"""The contract's convolution and pooling primitives: layouts and border modes for the NumPy ops."""

from __future__ import annotations

from .. import settings
from ..deconvolution import check_deconvolution, spans_of
from .graph import Tensor
from .ops.common import as_tensor, as_tensors
from .ops.conv import conv, conv_transposed
from .ops.depthwise import depthwise
from .ops.pool import pool
from .ops.shapes import broadcast_to, permute, repeat_elements, reshape, shape_of
from .ops.windows import window


def _channels_last(x: Tensor) -> Tensor:
    return permute(x, (0, *range(2, x.ndim), 1))


def _channels_first(x: Tensor) -> Tensor:
    return permute(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def _kernel_from_th(kernel: Tensor) -> Tensor:
    """(filters, c, *size) to (*size, c, filters)."""
    return permute(kernel, (*range(2, kernel.ndim), 1, 0))


class ConvolutionPrimitives:
    """conv2d, conv3d, deconv2d, deconv3d, depthwise_conv2d, pool2d and pool3d."""

    def conv2d(self, x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None, filter_dilation=(1, 1)):  # fmt: skip  # noqa: E501
        return self._conv("conv2d", x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def conv3d(self, x, kernel, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", volume_shape=None, filter_shape=None, filter_dilation=(1, 1, 1)):  # fmt: skip  # noqa: E501
        return self._conv("conv3d", x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def _conv(self, what, x, kernel, strides, border_mode, dim_ordering, dilation):
        x, kernel = as_tensors(x, kernel)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        if first:
            x, kernel = _channels_last(x), _kernel_from_th(kernel)
        windows = window(kernel.shape[:-2], strides, dilation, border_mode, what)
        y = conv(x, kernel, windows)
        return _channels_first(y) if first else y

    def deconv2d(self, x, kernel, output_shape, strides=(1, 1), border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None, filter_dilation=(1, 1)):  # fmt: skip  # noqa: E501
        return self._deconv("deconv2d", x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)

    def deconv3d(self, x, kernel, output_shape, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1, 1)):  # fmt: skip  # noqa: E501
        return self._deconv("deconv3d", x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)

    def _deconv(self, what, x, kernel, output_shape, strides, border_mode, dim_ordering, dilation):
        x, kernel = as_tensors(x, kernel)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        if isinstance(output_shape, Tensor):
            output_shape = [output_shape[i] for i in range(x.ndim)]
        batch, *rest = output_shape
        if first:
            x, kernel = _channels_last(x), _kernel_from_th(kernel)
            rest = [*rest[1:], rest[0]]
        # as the transpose of a convolution: its kernel goes from the filters out to the channels in
        kernel = permute(kernel, (*range(kernel.ndim - 2), kernel.ndim - 1, kernel.ndim - 2))
        windows = window(kernel.shape[:-2], strides, dilation, border_mode, what)
        spans = spans_of(kernel.shape[:-2], dilation)
        check_deconvolution(what, x.shape, kernel.shape[-1], kernel.shape[-2], spans, strides, border_mode, [batch, *rest])
        like = broadcast_to(as_tensor(0, x.dtype), [x.shape[0] if x.shape[0] is not None else shape_of(x)[0], *rest])
        like.shape = (x.shape[0], *(n if isinstance(n, int) else None for n in rest))
        y = conv_transposed(x, kernel, like, windows)
        return _channels_first(y) if first else y

    def depthwise_conv2d(self, x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1)):
        x, kernel = as_tensors(x, kernel)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        if first:
            x, kernel = _channels_last(x), permute(kernel, (2, 3, 1, 0))
        windows = window(kernel.shape[:2], strides, filter_dilation, border_mode, "depthwise_conv2d")
        rows, columns, channels, multiplier = kernel.shape
        if x.shape[-1] not in (None, channels):
            raise ValueError(f"depthwise_conv2d: the kernel takes {channels} channels, but the input has {x.shape[-1]}.")
        if multiplier != 1:
            # each channel stands beside itself, once for each of its kernels
            x = repeat_elements(x, multiplier, x.ndim - 1)
        y = depthwise(x, reshape(kernel, (rows, columns, channels * multiplier)), windows)
        return _channels_first(y) if first else y

    def pool2d(self, x, pool_size, strides=(1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return self._pool("pool2d", x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    def pool3d(self, x, pool_size, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return self._pool("pool3d", x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    def _pool(self, what, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
        axis = 2 if settings.resolve_dim_ordering(dim_ordering) == "th" else 1
        return pool(as_tensor(x), window(pool_size, strides, (1,) * len(pool_size), border_mode, what), axis, pool_mode)
