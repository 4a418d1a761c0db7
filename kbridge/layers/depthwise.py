"""Depthwise convolutions over time and images, and the separable one over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import backend as K
from ..engine.topology import InputSpec
from ..utils.np_utils import conv_output_length
from .configured import ORDERINGS, Configured, lengths

__all__ = ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D"]

PADDINGS = ("valid", "same", "causal")


class _Depthwise(Configured):
    """The base of depthwise convolutions over ``spatial`` axes."""

    bias: Any
    use_bias: bool
    depth_multiplier: int
    data_format: str

    spatial = 2
    paddings: tuple[str, ...] = PADDINGS[:2]

    def _window(self, kernel_size, strides, padding, dilation_rate) -> None:
        owner = type(self).__name__
        if padding not in self.paddings:
            raise ValueError(f"{owner} {self.name}: padding must be one of {', '.join(map(repr, self.paddings))}, got {padding!r}.")
        self.padding = padding
        self.kernel_size = lengths(kernel_size, self.spatial, owner, "kernel_size")
        self.strides = lengths(strides, self.spatial, owner, "strides")
        self.dilation_rate = lengths(dilation_rate, self.spatial, owner, "dilation_rate")
        if not isinstance(self.depth_multiplier, int) or self.depth_multiplier < 1:
            raise ValueError(f"{owner} {self.name}: depth_multiplier must be a whole number above 0, got {self.depth_multiplier!r}.")
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def first_spatial(self) -> int:
        """The first spatial axis."""
        return 2 if self.data_format == "channels_first" else 1

    @property
    def channel_axis(self) -> int:
        """The axis of the channels."""
        return 1 if self.data_format == "channels_first" else self.spatial + 1

    def _depthwise(self, x, kernel):
        """The convolution by a kernel (*size, channels, multiplier); channels last for one spatial axis."""
        if self.spatial == 1:
            border = self.padding
            if border == "causal":
                before = (self.kernel_size[0] - 1) * self.dilation_rate[0]
                x, border = K.pad(x, [(0, 0), (before, 0), (0, 0)]), "valid"
            return K.depthwise_conv1d(x, kernel, self.strides[0], border, self.dilation_rate[0])
        if self.data_format == "channels_first":
            kernel = K.permute_dimensions(kernel, (3, 2, 0, 1))
        return K.depthwise_conv2d(
            x, kernel, strides=self.strides, border_mode=self.padding, dim_ordering=ORDERINGS[self.data_format],
            filter_dilation=self.dilation_rate,
        )  # fmt: skip

    def _lengths(self, input_shape) -> list:
        mode = "same" if self.padding == "causal" else self.padding
        known = input_shape[self.first_spatial : self.first_spatial + self.spatial]
        return [
            conv_output_length(n, (k - 1) * d + 1, mode, s) for n, k, s, d in zip(known, self.kernel_size, self.strides, self.dilation_rate)
        ]

    def _with(self, spatial: list, channels: int | None, samples) -> tuple:
        if self.data_format == "channels_first":
            return (samples, channels, *spatial)
        return (samples, *spatial, channels)

    def _biased(self, y, size: int):
        if not self.use_bias:
            return y
        shape = [1] * (self.spatial + 2)
        shape[self.channel_axis] = size
        return y + (self.bias if self.channel_axis == self.spatial + 1 else K.reshape(self.bias, shape))


class DepthwiseConv2D(_Depthwise):
    """Convolve each channel of images with kernels of its own: ``depth_multiplier`` outputs a channel.

    Args:
        kernel_size: rows and columns of a kernel, a pair or one number for both.
        strides: the steps between windows, as ``kernel_size``.
        padding: 'valid' or 'same'.
        depth_multiplier: how many kernels each channel has.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        dilation_rate: the distance of neighbouring values of a kernel, as ``kernel_size``; may be above 1 together with strides.
        activation: the name of an activation or a function of tensors; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernels start.
        bias_initializer: how the bias starts.
        depthwise_regularizer: a penalty on the kernels.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output.
        depthwise_constraint: a function that is applied to the kernels after each update.
        bias_constraint: a function that is applied to the bias after each update.

    Input shape:
        (samples, rows, columns, channels), or (samples, channels, rows, columns) with channels first.

    Output shape:
        The same axes, with channels * depth_multiplier channels: output c * depth_multiplier + m is of channel c.

    Raises:
        ValueError: another padding, or sizes that aren't whole numbers above 0.

    References:
        Howard et al. (2017), MobileNets, arXiv 1704.04861.

    Example:
        >>> from kbridge.layers import DepthwiseConv2D
        >>> from kbridge.models import Sequential
        >>> Sequential([DepthwiseConv2D(3, depth_multiplier=2, data_format="channels_last", input_shape=(8, 8, 3))]).output_shape
        (None, 6, 6, 6)
    """

    activation: Callable
    use_bias: bool
    depth_multiplier: int

    def __init__(
        self,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=(1, 1),
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.take(
            depth_multiplier=depth_multiplier, data_format=data_format, activation=activation, use_bias=use_bias,
            depthwise_initializer=depthwise_initializer, bias_initializer=bias_initializer, depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer, depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
        )  # fmt: skip
        self._window(kernel_size, strides, padding, dilation_rate)

    def build(self, input_shape):
        channels = self.known(input_shape, self.channel_axis, "number of channels")
        self.expects(self.spatial + 2, {self.channel_axis: channels})
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self.weight("depthwise_kernel", shape, kind="depthwise")
        self.bias = self.weight("bias", (channels * self.depth_multiplier,)) if self.use_bias else None
        self.built = True

    def call(self, x, mask=None):
        """Return activation(convolution of each channel, plus bias)."""
        kernel = self.depthwise_kernel
        results = K.int_shape(kernel)[-2] * self.depth_multiplier
        return self.activation(self._biased(self._depthwise(x, kernel), results))

    def get_output_shape_for(self, input_shape):
        channels = input_shape[self.channel_axis]
        results = None if channels is None else channels * self.depth_multiplier
        return self._with(self._lengths(input_shape), results, input_shape[0])


class DepthwiseConv1D(DepthwiseConv2D):
    """``DepthwiseConv2D`` over time.

    The other arguments are those of ``DepthwiseConv2D``.

    Args:
        kernel_size: the number of time steps of a kernel.
        strides: the number of steps between windows.
        dilation_rate: the distance of neighbouring values of a kernel.

    Input shape:
        (samples, steps, channels), or (samples, channels, steps) with channels first.

    Output shape:
        The same axes, with channels * depth_multiplier channels.
    """

    activation: Callable
    depth_multiplier: int
    data_format: str

    spatial = 1

    def __init__(self, kernel_size, strides=1, dilation_rate=1, **kwargs):
        super().__init__(kernel_size, strides=strides, dilation_rate=dilation_rate, **kwargs)

    def call(self, x, mask=None):
        """Return activation(convolution of each channel, plus bias)."""
        if self.data_format == "channels_last":
            return super().call(x)
        results = K.int_shape(self.depthwise_kernel)[-2] * self.depth_multiplier
        y = self._depthwise(K.permute_dimensions(x, (0, 2, 1)), self.depthwise_kernel)
        return self.activation(self._biased(K.permute_dimensions(y, (0, 2, 1)), results))


class SeparableConv1D(_Depthwise):
    """A depthwise convolution over time, then one of width 1 that mixes the channels.

    The other arguments are those of ``DepthwiseConv2D``.

    Args:
        filters: the number of channels of the output.
        kernel_size: the number of time steps of a kernel.
        strides: the number of steps between windows.
        padding: 'valid', 'same' or 'causal' (zeros before the first step only).
        data_format: 'channels_last' (also for None) or 'channels_first'.
        dilation_rate: the distance of neighbouring values of a kernel.
        pointwise_initializer: how the kernel of width 1 starts.
        pointwise_regularizer: a penalty on the kernel of width 1.
        pointwise_constraint: a function that is applied to the kernel of width 1 after each update.

    Input shape:
        (samples, steps, channels), or (samples, channels, steps) with channels first.

    Output shape:
        (samples, new steps, filters), or (samples, filters, new steps).
    """

    activation: Callable
    use_bias: bool
    depth_multiplier: int
    filters: int
    data_format: str

    spatial = 1
    paddings: tuple[str, ...] = PADDINGS

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(filters, int) or filters < 1:
            raise ValueError(f"SeparableConv1D {self.name}: filters must be a whole number above 0, got {filters!r}.")
        self.take(
            filters=filters, data_format=data_format or "channels_last", depth_multiplier=depth_multiplier, activation=activation,
            use_bias=use_bias, depthwise_initializer=depthwise_initializer, pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer, depthwise_regularizer=depthwise_regularizer, pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer, depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        self._window(kernel_size, strides, padding, dilation_rate)

    def build(self, input_shape):
        channels = self.known(input_shape, self.channel_axis, "number of channels")
        self.expects(3, {self.channel_axis: channels})
        self.depthwise_kernel = self.weight("depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), kind="depthwise")
        self.pointwise_kernel = self.weight("pointwise_kernel", (1, channels * self.depth_multiplier, self.filters), kind="pointwise")
        self.bias = self.weight("bias", (self.filters,)) if self.use_bias else None
        self.built = True

    def call(self, x, mask=None):
        """Return activation(both convolutions of x, plus bias)."""
        first = self.data_format == "channels_first"
        x = K.permute_dimensions(x, (0, 2, 1)) if first else x
        y = K.dot(self._depthwise(x, self.depthwise_kernel), K.squeeze(self.pointwise_kernel, 0))
        y = y + self.bias if self.use_bias else y
        return self.activation(K.permute_dimensions(y, (0, 2, 1)) if first else y)

    def get_output_shape_for(self, input_shape):
        return self._with(self._lengths(input_shape), self.filters, input_shape[0])
