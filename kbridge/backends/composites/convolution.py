"""Convolutions that follow from the primitive ones."""

from .. import settings
from ._base import Family


class Convolution(Family):
    def conv1d(self, x, kernel, stride=1, border_mode="valid", image_shape=None, filter_shape=None, filter_dilation=1):
        """x (samples, time, channels) with kernel (length, channels, filters)."""
        return self._over_time(self.conv2d, x, kernel, (), stride, border_mode, filter_dilation)

    def deconv1d(self, x, kernel, output_shape, stride=1, border_mode="valid", filter_dilation=1):
        """Transposed ``conv1d``: x (samples, time, channels in), kernel (length, channels in, filters out), and the full shape of
        the result."""
        samples, time, filters = (output_shape[i] for i in range(3))
        return self._over_time(self.deconv2d, x, kernel, [(samples, time, 1, filters)], stride, border_mode, filter_dilation)

    def depthwise_conv1d(self, x, kernel, stride=1, border_mode="valid", filter_dilation=1):
        """x (samples, time, channels) with kernel (length, channels, multiplier)."""
        return self._over_time(self.depthwise_conv2d, x, kernel, (), stride, border_mode, filter_dilation)

    def _over_time(self, conv, x, kernel, more, stride, border_mode, dilation):
        """A convolution of images, on images of one column; ``more``: what it takes behind the kernel."""
        y = conv(
            self.expand_dims(x, 2),
            self.expand_dims(kernel, 1),
            *more,
            strides=(stride, 1),
            border_mode=border_mode,
            dim_ordering="tf",
            filter_dilation=(dilation, 1),
        )
        return self.squeeze(y, 2)

    def grouped_conv(self, x, kernel, groups, strides, border_mode="valid", dim_ordering="default", filter_dilation=None):
        """``conv1d``, ``conv2d`` or ``conv3d`` (by the number of axes) of ``groups`` parts of the channels, each with its share of
        the filters (Krizhevsky et al., 2012). The kernel has the channels of one group; 1-D input has its channels last.

        As many groups as channels are a depthwise convolution, where there is one.
        """
        axes = self.ndim(x) - 2
        th = axes > 1 and settings.resolve_dim_ordering(dim_ordering) == "th"
        dilation = tuple(filter_dilation or (1,) * axes)
        options = {"border_mode": border_mode, "dim_ordering": "th" if th else "tf"}
        channels, shape = self.int_shape(x)[1 if th else -1], self.int_shape(kernel)
        filters = shape[0] if th else shape[-1]
        if channels is None or channels % groups or filters % groups:
            raise ValueError(f"grouped_conv: {groups} groups don't divide {channels} channels and {filters} filters.")
        if groups > 1 and groups == channels and axes < 3:
            each = filters // groups
            if th:
                own = self.permute_dimensions(self.reshape(kernel, (groups, each, *shape[2:])), (1, 0, *range(2, axes + 2)))
            else:
                own = self.reshape(kernel, (*shape[:axes], groups, each))
            if axes == 1:
                return self.depthwise_conv1d(x, own, strides[0], border_mode, dilation[0])
            return self.depthwise_conv2d(x, own, strides=tuple(strides), filter_dilation=dilation, **options)
        parts = zip(self.split(x, groups, 1 if th else -1), self.split(kernel, groups, 0 if th else -1))
        if axes == 1:
            results = [self.conv1d(a, k, strides[0], border_mode, filter_dilation=dilation[0]) for a, k in parts]
        else:
            conv = self.conv2d if axes == 2 else self.conv3d
            results = [conv(a, k, strides=tuple(strides), filter_dilation=dilation, **options) for a, k in parts]
        return results[0] if groups == 1 else self.concatenate(results, axis=1 if th else -1)

    def atrous_conv2d(self, x, kernel, rate=1, border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None):
        """``conv2d`` whose kernel has ``rate - 1`` holes between its values."""
        rates = (rate, rate) if isinstance(rate, int) else tuple(rate)
        return self.conv2d(x, kernel, border_mode=border_mode, dim_ordering=dim_ordering, filter_dilation=rates)

    def separable_conv2d(
        self, x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1)
    ):
        """``depthwise_conv2d``, then a 1x1 ``conv2d`` with ``pointwise_kernel``."""
        dim_ordering = settings.resolve_dim_ordering(dim_ordering)
        options = {"strides": strides, "border_mode": border_mode, "dim_ordering": dim_ordering, "filter_dilation": filter_dilation}
        y = self.depthwise_conv2d(x, depthwise_kernel, **options)
        return self.conv2d(y, pointwise_kernel, border_mode="valid", dim_ordering=dim_ordering)
