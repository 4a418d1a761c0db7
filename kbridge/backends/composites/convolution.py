"""Convolutions that follow from the primitive ones."""

from .. import settings
from ._base import Family


class Convolution(Family):
    def conv1d(self, x, kernel, stride=1, border_mode="valid", image_shape=None, filter_shape=None, filter_dilation=1):
        """Cross-correlation over time.

        Args:
            x: the input, (samples, time, channels).
            kernel: (length, channels, filters).
            stride: the number of steps between windows.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel.
        """
        return self._over_time(self.conv2d, x, kernel, (), stride, border_mode, filter_dilation)

    def deconv1d(self, x, kernel, output_shape, stride=1, border_mode="valid", filter_dilation=1):
        """Transposed ``conv1d``.

        Args:
            x: the input, (samples, time, channels in).
            kernel: (length, channels in, filters out).
            output_shape: the full shape of the result; its batch entry may be None.
            stride: the number of steps between windows of the result.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            filter_dilation: the distance of neighbouring values of the kernel.
        """
        samples, time, filters = (output_shape[i] for i in range(3))
        return self._over_time(self.deconv2d, x, kernel, [(samples, time, 1, filters)], stride, border_mode, filter_dilation)

    def depthwise_conv1d(self, x, kernel, stride=1, border_mode="valid", filter_dilation=1):
        """Cross-correlation over time of each channel with kernels of its own.

        Args:
            x: the input, (samples, time, channels).
            kernel: (length, channels, multiplier).
            stride: the number of steps between windows.
            border_mode: 'valid' or 'same'.
            filter_dilation: the distance of neighbouring values of the kernel.
        """
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
        """``conv1d``, ``conv2d`` or ``conv3d`` (by the number of axes) of parts of the channels, each with its share of the filters.

        As many groups as channels are a depthwise convolution, where there is one (Krizhevsky et al., 2012).

        Args:
            x: the input; over time it has its channels last.
            kernel: a kernel with the channels of one group.
            groups: the number of parts.
            strides: the steps between windows, a tuple.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, a tuple; 1 each if left out.
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
        """``conv2d`` whose kernel has ``rate`` - 1 holes between its values.

        Args:
            x: the input, as for ``conv2d``.
            kernel: as for ``conv2d``.
            rate: the distance of neighbouring values of the kernel.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
        """
        rates = (rate, rate) if isinstance(rate, int) else tuple(rate)
        return self.conv2d(x, kernel, border_mode=border_mode, dim_ordering=dim_ordering, filter_dilation=rates)

    def separable_conv2d(
        self, x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1)
    ):
        """``depthwise_conv2d``, then a 1 x 1 ``conv2d`` that mixes the channels.

        Args:
            x: the input, as for ``conv2d``.
            depthwise_kernel: as the kernel of ``depthwise_conv2d``.
            pointwise_kernel: as the kernel of ``conv2d``, with 1 row and 1 column.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """
        dim_ordering = settings.resolve_dim_ordering(dim_ordering)
        options = {"strides": strides, "border_mode": border_mode, "dim_ordering": dim_ordering, "filter_dilation": filter_dilation}
        y = self.depthwise_conv2d(x, depthwise_kernel, **options)
        return self.conv2d(y, pointwise_kernel, border_mode="valid", dim_ordering=dim_ordering)
