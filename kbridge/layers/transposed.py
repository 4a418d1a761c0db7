"""Transposed convolutions over time, images and volumes, with Keras 2's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import backend as K
from ..engine.topology import InputSpec
from .configured import ORDERINGS, Configured, lengths

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]

PADDINGS = ("valid", "same")


def transposed_length(n, size: int, step: int, padding: str, added: int | None = None, rate: int = 1):
    """Return how long the output of a transposed convolution is for an axis of length ``n`` (a number, a tensor, or None).

    Without ``added`` (an entry of ``output_padding``) it is the shortest that the windows of a convolution with these strides could
    have come from, but at least ``n * step``. With it, it is the length that the windows reach (less ``size // 2`` on both sides for 'same')
    and so many places more.
    """
    if n is None:
        return None
    span = (size - 1) * rate + 1
    if added is None:
        return n * step + (max(span - step, 0) if padding == "valid" else 0)
    return (n - 1) * step + span - (2 * (span // 2) if padding == "same" else 0) + added


class _Transposed(Configured):
    """The base of transposed convolutions over ``spatial`` axes."""

    activation: Callable
    use_bias: bool
    filters: int
    data_format: str
    padding: str

    spatial = 2

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        owner = f"{type(self).__name__} {self.name}"
        if not isinstance(filters, int) or filters < 1:
            raise ValueError(f"{owner}: filters must be a whole number above 0, got {filters!r}.")
        if padding not in PADDINGS:
            raise ValueError(f"{owner}: padding must be one of {', '.join(map(repr, PADDINGS))}, got {padding!r}.")
        self.take(
            filters=filters, padding=padding, data_format=data_format or ("channels_last" if self.spatial == 1 else None),
            activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        self.kernel_size = lengths(kernel_size, self.spatial, owner, "kernel_size")
        self.strides = lengths(strides, self.spatial, owner, "strides")
        self.dilation_rate = lengths(dilation_rate, self.spatial, owner, "dilation_rate")
        self.output_padding = None if output_padding is None else lengths(output_padding, self.spatial, owner, "output_padding", 0)
        for added, step in zip(self.output_padding or (), self.strides):
            if added >= step:
                raise ValueError(
                    f"{owner}: output_padding must be below the strides, got output_padding={output_padding!r} with strides={self.strides}."
                )
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def channel_axis(self) -> int:
        """The axis of the channels."""
        return 1 if self.data_format == "channels_first" else self.spatial + 1

    def build(self, input_shape):
        channels = self.known(input_shape, self.channel_axis, "number of channels")
        self.expects(self.spatial + 2, {self.channel_axis: channels})
        self.kernel = self.weight("kernel", (*self.kernel_size, self.filters, channels))
        self.bias = self.weight("bias", (self.filters,)) if self.use_bias else None
        self.built = True

    def result_lengths(self, places) -> list:
        """Return the lengths of the spatial axes of the output, for those of the input, ``places``."""
        added = self.output_padding or (None,) * self.spatial
        windows = zip(places, self.kernel_size, self.strides, added, self.dilation_rate)
        return [transposed_length(n, k, s, self.padding, a, d) for n, k, s, a, d in windows]

    def call(self, x, mask=None):
        """Return activation(transposed convolution of x with the kernel, plus bias)."""
        first = self.data_format == "channels_first"
        axes = range(2, self.spatial + 2) if first else range(1, self.spatial + 1)
        static, running = K.int_shape(x), K.shape(x)
        places = self.result_lengths([running[a] if static[a] is None else static[a] for a in axes])
        options: dict[str, Any] = {
            "border_mode": self.padding,
            "dim_ordering": ORDERINGS[self.data_format],
            "filter_dilation": self.dilation_rate,
        }
        if self.spatial == 1:
            y = K.permute_dimensions(x, (0, 2, 1)) if first else x
            kernel = K.permute_dimensions(self.kernel, (0, 2, 1))
            y = K.deconv1d(y, kernel, (None, *places, self.filters), self.strides[0], self.padding, self.dilation_rate[0])
            y = K.permute_dimensions(y, (0, 2, 1)) if first else y
        else:
            n = self.spatial
            kernel = K.permute_dimensions(self.kernel, (n, n + 1, *range(n)) if first else (*range(n), n + 1, n))
            deconv = K.deconv2d if n == 2 else K.deconv3d
            y = deconv(x, kernel, self._with(places, None), strides=self.strides, **options)
        if self.bias is not None:
            y = y + (K.reshape(self.bias, (1, self.filters, *(1,) * self.spatial)) if first else self.bias)
        return self.activation(y)

    def _with(self, places, samples) -> tuple:
        return (samples, self.filters, *places) if self.data_format == "channels_first" else (samples, *places, self.filters)

    def get_output_shape_for(self, input_shape):
        first = 2 if self.data_format == "channels_first" else 1
        return self._with(self.result_lengths(input_shape[first : first + self.spatial]), input_shape[0])


class Conv2DTranspose(_Transposed):
    """The transpose of a convolution of images: each value of the input puts the kernel, times itself, into the output.

    Keras 1 has ``Deconvolution2D`` for it, which is told the output's whole shape; this one finds it from ``output_padding``, and its
    kernel may have holes.

    Args:
        filters: the number of channels of the output.
        kernel_size: rows and columns of the kernel, a pair or one number for both.
        strides: how far apart neighbours of the input put the kernel, as ``kernel_size``.
        padding: 'valid' keeps all that the kernel reaches, 'same' keeps ``strides`` times the input's length, cut at both ends.
        output_padding: a number or a pair below the strides: the output is that much longer than the shortest that fits. None: as
            ``padding`` says.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        dilation_rate: the distance of neighbouring values of the kernel, as ``kernel_size``; may be above 1 together with strides.
        activation: the name of an activation or a function of tensors; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel starts.
        bias_initializer: how the bias starts.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output.
        kernel_constraint: a function that is applied to the kernel after each update.
        bias_constraint: a function that is applied to the bias after each update.

    Input shape:
        (samples, rows, columns, channels), or (samples, channels, rows, columns) with channels first. Rows and columns may be unknown.

    Output shape:
        (samples, new rows, new columns, filters), or (samples, filters, new rows, new columns): with n of one axis, its stride s, and its
        kernel's span k = (size - 1) * dilation + 1, n * s + max(k - s, 0) for 'valid' and n * s for 'same', or with output_padding p
        (n - 1) * s + k + p, less 2 * (k // 2) for 'same'.

    Raises:
        ValueError: another padding, sizes that aren't whole numbers above 0, or an output_padding of a stride or more.

    References:
        Zeiler et al. (2010), Deconvolutional Networks.

    Example:
        >>> from kbridge.models import Sequential
        >>> from kbridge.layers import Conv2DTranspose
        >>> layer = Conv2DTranspose(4, 3, strides=2, padding="same", data_format="channels_last", input_shape=(5, 5, 2))
        >>> Sequential([layer]).output_shape
        (None, 10, 10, 4)
    """


class Conv1DTranspose(_Transposed):
    """``Conv2DTranspose`` over time, with one number for each size.

    The other arguments are those of ``Conv2DTranspose``.

    Input shape:
        (samples, steps, channels), or (samples, channels, steps) with ``data_format='channels_first'``.

    Output shape:
        (samples, new steps, filters), or (samples, filters, new steps).
    """

    spatial = 1


class Conv3DTranspose(_Transposed):
    """``Conv2DTranspose`` of volumes, with three numbers for each size.

    The other arguments are those of ``Conv2DTranspose``.

    Input shape:
        (samples, dim1, dim2, dim3, channels), or (samples, channels, dim1, dim2, dim3) with channels first.

    Output shape:
        The same axes with ``filters`` channels and the lengths of ``Conv2DTranspose``.
    """

    spatial = 3
