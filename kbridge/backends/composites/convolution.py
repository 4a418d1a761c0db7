"""Convolutions that follow from the primitive ones."""

from .. import settings
from ._base import Family


class Convolution(Family):
    def conv1d(self, x, kernel, stride=1, border_mode="valid", image_shape=None, filter_shape=None):
        """x (samples, time, channels) with kernel (length, channels, filters)."""
        y = self.conv2d(
            self.expand_dims(x, 2),
            self.expand_dims(kernel, 1),
            strides=(stride, 1),
            border_mode=border_mode,
            dim_ordering="tf",
        )
        return self.squeeze(y, 2)

    def atrous_conv2d(
        self, x, kernel, rate=1, border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None
    ):
        """``conv2d`` whose kernel has ``rate - 1`` holes between its values."""
        rates = (rate, rate) if isinstance(rate, int) else tuple(rate)
        return self.conv2d(x, kernel, border_mode=border_mode, dim_ordering=dim_ordering, filter_dilation=rates)

    def separable_conv2d(
        self, x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode="valid", dim_ordering="default"
    ):
        """``depthwise_conv2d``, then a 1x1 ``conv2d`` with ``pointwise_kernel``."""
        dim_ordering = settings.resolve_dim_ordering(dim_ordering)
        y = self.depthwise_conv2d(x, depthwise_kernel, strides=strides, border_mode=border_mode, dim_ordering=dim_ordering)
        return self.conv2d(y, pointwise_kernel, border_mode="valid", dim_ordering=dim_ordering)
