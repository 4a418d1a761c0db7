"""Convolutions over time, images and volumes; upsampling, padding and cropping."""

from __future__ import annotations

import functools
from typing import Any

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.layer import built_for
from ..engine.topology import InputSpec, Layer
from ..errors import one_length, whole_number
from ..utils.np_utils import conv_input_length, conv_output_length
from .dense import Affine, config_of
from .padding import Windowed, convolution_padding, deconvolved
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from .resizing import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from .spatial import check_border_mode, check_window, ordering_hint, resolve_ordering, sizes, spatial_axes, turned
from .transposed import transposed_length

BORDER_MODES = ("valid", "same", "full")


class _Convolution(Affine, Windowed):
    """The base of all convolutions: a kernel W and a bias b over ``spatial`` axes.

    ``kernel_size``, ``steps`` and ``rates`` are tuples over those axes.
    """

    spatial = 2
    rates: tuple[int, ...] | None = None
    #: whether the kernel may be that of groups of channels
    takes_groups = False
    #: whether the kernel may have holes, where it takes no groups
    takes_rates = False

    def __init__(self, *arguments, groups=1, dilation_rate=None, **kwargs):
        """``groups``: parts of the channels, each with its share of the filters; ``dilation_rate``: holes in the kernel, as the
        Atrous layers have. Options of Keras 2, stored only where they are used."""
        owner = type(self).__name__
        self.groups = whole_number(groups, owner, "groups", 1)
        if self.groups > 1 and not self.takes_groups or dilation_rate is not None and not (self.takes_groups or self.takes_rates):
            raise ValueError(f"{owner} takes no {'groups' if self.groups > 1 else 'dilation_rate'}.")
        if dilation_rate is not None and self.rates is None:
            rates = sizes(dilation_rate, self.spatial, owner, "dilation_rate")
            self.rates = rates if max(rates) > 1 else None
        super().__init__(*arguments, **kwargs)
        if self.nb_filter % self.groups:
            raise ValueError(f"{owner} {self.name}: {self.groups} groups don't divide nb_filter={self.nb_filter}.")

    def _setup(self, nb_filter, kernel_size, steps, border_mode, dim_ordering) -> None:
        owner = type(self).__name__
        self.nb_filter = whole_number(nb_filter, owner, "nb_filter", 1)
        self.kernel_size = sizes(kernel_size, self.spatial, owner, "the kernel's size")
        self.steps = sizes(steps, self.spatial, owner, "subsample")
        self.border_mode = check_border_mode(
            self, border_mode, (*BORDER_MODES, "causal") if self.spatial == 1 and self.takes_groups else BORDER_MODES
        )
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def _axes(self) -> range:
        return spatial_axes(self.dim_ordering, self.spatial)

    @property
    def window_ordering(self) -> str:
        """The ordering of the kernel, and of what is convolved: over time it is always that with the channels last."""
        return "tf" if self.spatial == 1 else self.dim_ordering

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        if self.dim_ordering == "th":
            return (self.nb_filter, channels, *self.kernel_size)
        return (*self.kernel_size, channels, self.nb_filter)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.dim_ordering == "th" else self.spatial + 1

    def _channels(self, input_shape) -> int:
        axis = self._channel_axis
        if input_shape[axis] is None:
            raise ValueError(
                f"{type(self).__name__} {self.name}: the number of channels (axis {axis}, with dim_ordering "
                f"{self.dim_ordering!r}) must be known, got shape {tuple(input_shape)}.{ordering_hint(self, self.spatial)}"
            )
        return input_shape[axis]

    def _initializer(self):
        init, ordering = self.init, self.window_ordering

        def initialize(shape, name=None):
            try:
                return init(shape, name=name, dim_ordering=ordering)
            except TypeError as error:
                if "dim_ordering" not in str(error):
                    raise
            try:
                return init(shape, name=name)
            except TypeError as error:
                if "name" not in str(error):
                    raise
            return init(shape)

        return initialize

    def build(self, input_shape):
        self.get_output_shape_for(input_shape)  # a kernel that doesn't fit is an error here, with the layer's name
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__} {self.name}: {self.groups} groups don't divide the {channels} channels of {tuple(input_shape)}."
            )
        self.W_shape = self._kernel_shape(channels // self.groups)
        self.W = self.add_weight(
            self.W_shape,
            initializer=self._initializer(),
            name=f"{self.name}_W",
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )
        self.b = self.add_bias((self.nb_filter,)) if self.bias else None
        self.input_spec = [built_for(input_shape, self._channel_axis)]
        self.built = True

    def _window_lengths(self) -> list[int]:
        rates = self.rates or (1,) * self.spatial
        return [k + (k - 1) * (r - 1) for k, r in zip(self.kernel_size, rates)]

    def get_output_shape_for(self, input_shape):
        check_window(self, input_shape, self._axes, self._window_lengths(), self.border_mode)
        shape = list(input_shape)
        for axis, window, step in zip(self._axes, self._window_lengths(), self.steps):
            shape[axis] = conv_output_length(shape[axis], window, "same" if self.border_mode == "causal" else self.border_mode, step)
        shape[1 if self.dim_ordering == "th" else -1] = self.nb_filter
        return tuple(shape)

    def theano_padding(self):
        return [convolution_padding(window) for window in self._window_lengths()]

    def window_steps(self):
        return self.steps

    def _with_bias(self, output):
        if self.bias:
            shape = (
                (1, self.nb_filter, *(1,) * self.spatial) if self.dim_ordering == "th" else (1,) * (self.spatial + 1) + (self.nb_filter,)
            )
            output = output + K.reshape(self.b, shape)
        return self.activation(output)

    def get_config(self):
        config = super().get_config()
        del config["input_dim"]
        config |= {"nb_filter": self.nb_filter, "border_mode": self.border_mode}
        if self.groups > 1:
            config["groups"] = self.groups
        if self.rates is not None and not hasattr(self, "atrous_rate"):
            config["dilation_rate"] = self.rates
        if self.spatial == 1 and self.dim_ordering == "th":
            config["dim_ordering"] = "th"
        return config

    def _convolved(self, x, border_mode: str, strides):
        """The convolution of an input with as many axes as the kernel."""
        rates = (*(self.rates or (1,) * self.spatial), *(1,) * (len(strides) - self.spatial))
        options: dict[str, Any] = {"border_mode": border_mode, "dim_ordering": self.window_ordering, "filter_dilation": rates}
        if self.groups > 1:
            return K.grouped_conv(x, self.W, self.groups, strides, **options)
        conv = K.conv3d if self.spatial == 3 else K.conv2d
        return conv(x, self.W, strides=strides, **options)


class Convolution1D(_Convolution):
    """Convolve sequences with ``nb_filter`` kernels of ``filter_length`` steps each. Kernels are not flipped.

    The other arguments are those of ``Dense`` and ``Convolution2D``. The kernel W has the shape (filter_length, 1, channels, nb_filter).

    Args:
        nb_filter: the number of kernels, which is the number of channels of the output.
        filter_length: the number of time steps that a kernel spans.
        border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it, so that the length stays with a step of 1), 'full' (all
            windows that touch the input) or 'causal' (zeros before the first step only, so that no output sees a later step).
        subsample_length: the number of steps between windows.
        input_length: the number of time steps, where ``input_dim`` stands in place of ``input_shape``; None if it differs from batch to batch.
        dim_ordering: 'tf' for (samples, time, channels), or 'th' for (samples, channels, time), Keras 2's ``data_format='channels_first'``,
            which is stored only then.

    Input shape:
        (samples, time, channels).

    Output shape:
        (samples, new time, nb_filter).

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, or a kernel that doesn't fit into the input.

    Example:
        >>> from kbridge.layers import Convolution1D
        >>> from kbridge.models import Sequential
        >>> Sequential([Convolution1D(4, 3, input_shape=(10, 2))]).output_shape
        (None, 8, 4)
    """

    takes_groups = True

    spatial = 1

    def __init__(
        self,
        nb_filter,
        filter_length,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample_length=1,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        input_length=None,
        dim_ordering="tf",
        **kwargs,
    ):
        self.input_length = one_length(input_length, type(self).__name__, "input_length")
        self._setup(nb_filter, filter_length, subsample_length, border_mode, dim_ordering)
        self.filter_length, self.subsample_length = self.kernel_size[0], self.steps[0]
        self.subsample = (self.subsample_length, 1)
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            input_dim, **kwargs,
        )  # fmt: skip

    def _shape_from_input_dim(self):
        shape = (self.input_length, self.input_dim)
        return shape if self.dim_ordering == "tf" else shape[::-1]

    def _kernel_shape(self, channels):
        return (self.filter_length, 1, channels, self.nb_filter)

    def call(self, x, mask=None):
        """Return activation(convolution of x with W, plus b), (samples, new time, nb_filter)."""
        x = turned(self, x)
        if self.border_mode == "causal":
            # zeros before the first step only, so that no output sees a later step
            x, border_mode = K.pad(x, [(0, 0), (self._window_lengths()[0] - 1, 0), (0, 0)]), "valid"
        else:
            x, border_mode = self.padded_input(x, self.border_mode)
        return self._with_bias(turned(self, K.squeeze(self._convolved(K.expand_dims(x, 2), border_mode, self.subsample), 2)))

    def get_config(self):
        config = {
            "filter_length": self.filter_length,
            "subsample_length": self.subsample_length,
            "input_dim": self.input_dim,
            "input_length": self.input_length,
        }
        return {**super().get_config(), **config}


class AtrousConvolution1D(Convolution1D):
    """``Convolution1D`` whose kernel has holes: ``atrous_rate`` - 1 steps between its values.

    The other arguments are those of ``Convolution1D``.

    Args:
        atrous_rate: the distance of neighbouring values of the kernel in the input.

    Input shape:
        (samples, time, channels).

    Output shape:
        (samples, new time, nb_filter).

    References:
        Yu and Koltun (2016), Multi-Scale Context Aggregation by Dilated Convolutions, arXiv 1511.07122.
    """

    def __init__(
        self,
        nb_filter,
        filter_length,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample_length=1,
        atrous_rate=1,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        self.atrous_rate = whole_number(atrous_rate, "AtrousConvolution1D", "atrous_rate", 1)
        self.rates = (self.atrous_rate,)
        super().__init__(
            nb_filter, filter_length, init, activation, weights, border_mode, subsample_length, W_regularizer, b_regularizer,
            activity_regularizer, W_constraint, b_constraint, bias, **kwargs,
        )  # fmt: skip

    def get_config(self):
        return {**super().get_config(), "atrous_rate": self.atrous_rate}


class Convolution2D(_Convolution):
    """Convolve images with ``nb_filter`` kernels of ``nb_row`` x ``nb_col`` pixels each. Kernels are not flipped.

    The other arguments are those of ``Dense``. The kernel W has the shape (nb_filter, channels, nb_row, nb_col) with 'th' and (nb_row, nb_col,
    channels, nb_filter) with 'tf'.

    Args:
        nb_filter: the number of kernels, which is the number of channels of the output.
        nb_row: the number of rows of a kernel.
        nb_col: the number of columns of a kernel.
        border_mode: 'valid' (windows lie inside the image), 'same' (zeros around it, so that its size stays with steps of 1) or 'full' (all
            windows that touch the image).
        subsample: the steps between windows, (rows, cols).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        groups: into how many parts the channels are divided, each with its share of the filters; 1 if left out. An option of Keras 2, stored
            only where it is used.
        dilation_rate: the distance of neighbouring values of the kernel, a number or one for each spatial axis; 1 if left out. An option of
            Keras 2, stored only where it is used.
        border_origin: whose 'same' padding the layer has, 'tensorflow' (if left out) or 'theano', which put the zeros of even kernels and of
            steps above 1 elsewhere.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        (samples, nb_filter, new rows, new cols) with 'th', (samples, new rows, new cols, nb_filter) with 'tf'.

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, groups that don't divide channels and filters, or a
            kernel that doesn't fit into the image.

    Example:
        >>> from kbridge.layers import Convolution2D
        >>> from kbridge.models import Sequential
        >>> Sequential([Convolution2D(8, 3, 3, dim_ordering="tf", input_shape=(28, 28, 1))]).output_shape
        (None, 26, 26, 8)
    """

    takes_groups = True

    def __init__(
        self,
        nb_filter,
        nb_row,
        nb_col,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample=(1, 1),
        dim_ordering="default",
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        self._setup(nb_filter, (nb_row, nb_col), subsample, border_mode, dim_ordering)
        (self.nb_row, self.nb_col), self.subsample = self.kernel_size, self.steps
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            **kwargs,
        )  # fmt: skip

    def call(self, x, mask=None):
        """Return activation(convolution of x with W, plus b)."""
        x, border_mode = self.padded_input(x, self.border_mode)
        return self._with_bias(self._convolved(x, border_mode, self.subsample))

    def get_config(self):
        config = {"nb_row": self.nb_row, "nb_col": self.nb_col, "subsample": self.subsample, "dim_ordering": self.dim_ordering}
        return {**super().get_config(), **config}


class AtrousConvolution2D(Convolution2D):
    """``Convolution2D`` whose kernel has holes: ``atrous_rate`` - 1 pixels between its values.

    The other arguments are those of ``Convolution2D``.

    Args:
        atrous_rate: the distance of neighbouring values of the kernel in the image, (rows, cols).

    Input shape:
        That of ``Convolution2D``.

    Output shape:
        That of ``Convolution2D``.

    References:
        Yu and Koltun (2016), Multi-Scale Context Aggregation by Dilated Convolutions, arXiv 1511.07122.
    """

    def __init__(
        self,
        nb_filter,
        nb_row,
        nb_col,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample=(1, 1),
        atrous_rate=(1, 1),
        dim_ordering="default",
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        self.atrous_rate = self.rates = sizes(atrous_rate, 2, "AtrousConvolution2D", "atrous_rate")
        super().__init__(
            nb_filter, nb_row, nb_col, init, activation, weights, border_mode, subsample, dim_ordering, W_regularizer,
            b_regularizer, activity_regularizer, W_constraint, b_constraint, bias, **kwargs,
        )  # fmt: skip

    def get_config(self):
        return {**super().get_config(), "atrous_rate": self.atrous_rate}


class Deconvolution2D(Convolution2D):
    """The transpose of a convolution: from small images to larger ones.

    The other arguments are those of ``Convolution2D``. ``Conv2DTranspose`` finds the shape of its output by itself.

    Args:
        output_shape: the whole shape of the output, with the batch axis, whose entry may be None. A spatial entry that is None becomes the shortest
            length that the input could have come from (with 'same' padding the input's length times the step), when the layer is built, or
            with each batch where the input's length is unknown.

    Input shape:
        That of ``Convolution2D``.

    Output shape:
        ``output_shape``, with the number of samples that come in.

    Raises:
        ValueError: ``output_shape`` hasn't 4 entries, or no input of this size can have come from it.

    References:
        Zeiler et al. (2010), Deconvolutional Networks.

    Example:
        >>> from kbridge.layers import Deconvolution2D
        >>> from kbridge.models import Sequential
        >>> Sequential([Deconvolution2D(3, 2, 2, (None, 8, 8, 3), subsample=(2, 2), dim_ordering="tf", input_shape=(4, 4, 5))]).output_shape
        (None, 8, 8, 3)
    """

    takes_groups = False

    def __init__(
        self,
        nb_filter,
        nb_row,
        nb_col,
        output_shape,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample=(1, 1),
        dim_ordering="default",
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        if len(output_shape) != 4:
            raise ValueError(f"Deconvolution2D: output_shape has 4 entries (samples first, may be None), got {output_shape!r}.")
        self.output_shape_ = tuple(output_shape)
        super().__init__(
            nb_filter, nb_row, nb_col, init, activation, weights, border_mode, subsample, dim_ordering, W_regularizer,
            b_regularizer, activity_regularizer, W_constraint, b_constraint, bias, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        shape = list(self.output_shape_)
        for axis, size, step in zip(self._axes, self.kernel_size, self.subsample):
            if shape[axis] is None and input_shape[axis] is None and (self.pads_as_theano or self.border_mode == "full"):
                raise ValueError(
                    f"Deconvolution2D {self.name} must know its output_shape or its input's shape; got {self.output_shape_} "
                    f"and {tuple(input_shape)}."
                )
            if shape[axis] is None:
                shape[axis] = transposed_length(input_shape[axis], size, step, self.border_mode)
        self.output_shape_ = tuple(shape)
        super().build(input_shape)

    def _check_lengths(self, input_shape) -> None:
        """ValueError unless the output's shape, which is the same for all inputs, comes from such an input."""
        for axis, size, step in zip(self._axes, self.kernel_size, self.subsample):
            if self.output_shape_[axis] is None or input_shape[axis] is None or self.pads_as_theano:
                continue
            have = conv_output_length(self.output_shape_[axis], size, self.border_mode, step)
            if input_shape[axis] != have:
                raise ValueError(
                    f"Deconvolution2D {self.name}: an output_shape of {self.output_shape_} comes from an input that is {have} long along "
                    f"axis {axis}, got shape {tuple(input_shape)}.{ordering_hint(self, self.spatial)}"
                )

    def get_output_shape_for(self, input_shape):
        self._check_lengths(input_shape)
        rows, cols = self.output_shape_[2:] if self.dim_ordering == "th" else self.output_shape_[1:3]
        if self.dim_ordering == "th":
            return (input_shape[0], self.nb_filter, rows, cols)
        return (input_shape[0], rows, cols, self.nb_filter)

    def call(self, x, mask=None):
        """Return activation(transposed convolution of x with W, plus b)."""
        output_shape = list(self.get_output_shape_for(K.int_shape(x)))
        for axis, size, step in zip(self._axes, self.kernel_size, self.subsample):
            if output_shape[axis] is None:
                output_shape[axis] = transposed_length(K.shape(x)[axis], size, step, self.border_mode)
        if self.pads_as_theano:
            return self._with_bias(deconvolved(x, self.W, output_shape, self.kernel_size, self.subsample, self.dim_ordering))
        output = K.deconv2d(
            x,
            self.W,
            output_shape,
            strides=self.subsample,
            border_mode=self.border_mode,
            dim_ordering=self.dim_ordering,
        )
        return self._with_bias(output)

    def get_config(self):
        return {**super().get_config(), "output_shape": self.output_shape_}


class SeparableConvolution2D(_Convolution):
    """Convolve each channel with ``depth_multiplier`` kernels of its own, then mix the channels by a 1 x 1 convolution.

    The other arguments are those of ``Convolution2D``; 'full' padding and ``groups`` aren't there.

    Args:
        depth_multiplier: how many kernels each channel has.
        depthwise_regularizer: a penalty on the kernels of the channels.
        pointwise_regularizer: a penalty on the 1 x 1 kernel.
        depthwise_constraint: a function that is applied to the kernels of the channels after each update.
        pointwise_constraint: a function that is applied to the 1 x 1 kernel after each update.

    Input shape:
        That of ``Convolution2D``.

    Output shape:
        That of ``Convolution2D``.

    References:
        Chollet (2016), Xception, arXiv 1610.02357.

    Example:
        >>> from kbridge.layers import SeparableConvolution2D
        >>> from kbridge.models import Sequential
        >>> Sequential([SeparableConvolution2D(8, 3, 3, border_mode="same", dim_ordering="tf", input_shape=(9, 9, 4))]).output_shape
        (None, 9, 9, 8)
    """

    depthwise_kernel: Any
    pointwise_kernel: Any

    takes_rates = True

    def __init__(
        self,
        nb_filter,
        nb_row,
        nb_col,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample=(1, 1),
        depth_multiplier=1,
        dim_ordering="default",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        self._setup(nb_filter, (nb_row, nb_col), subsample, border_mode, dim_ordering)
        check_border_mode(self, border_mode)
        (self.nb_row, self.nb_col), self.subsample = self.kernel_size, self.steps
        self.depth_multiplier = whole_number(depth_multiplier, "SeparableConvolution2D", "depth_multiplier", 1)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        super().__init__(init, activation, weights, None, b_regularizer, activity_regularizer, None, b_constraint, bias, **kwargs)

    def build(self, input_shape):
        self.get_output_shape_for(input_shape)  # a kernel that doesn't fit is an error here, with the layer's name
        channels = self._channels(input_shape)
        between = channels * self.depth_multiplier
        if self.dim_ordering == "th":
            depthwise = (self.depth_multiplier, channels, self.nb_row, self.nb_col)
            pointwise = (self.nb_filter, between, 1, 1)
        else:
            depthwise = (self.nb_row, self.nb_col, channels, self.depth_multiplier)
            pointwise = (1, 1, between, self.nb_filter)
        for part, shape in (("depthwise", depthwise), ("pointwise", pointwise)):
            kernel = self.add_weight(
                shape,
                initializer=self._initializer(),
                name=f"{self.name}_{part}_kernel",
                regularizer=getattr(self, f"{part}_regularizer"),
                constraint=getattr(self, f"{part}_constraint"),
            )
            setattr(self, f"{part}_kernel", kernel)
        self.b = self.add_bias((self.nb_filter,)) if self.bias else None
        self.input_spec = [built_for(input_shape, self._channel_axis)]
        self.built = True

    def call(self, x, mask=None):
        """Return activation(both convolutions of x, plus b)."""
        x, border_mode = self.padded_input(x, self.border_mode)
        output = K.separable_conv2d(
            x,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.subsample,
            border_mode=border_mode,
            dim_ordering=self.dim_ordering,
            filter_dilation=tuple(self.rates or (1, 1)),
        )
        return self._with_bias(output)

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k not in ("W_regularizer", "W_constraint")}
        return {
            **config,
            "nb_row": self.nb_row,
            "nb_col": self.nb_col,
            "subsample": self.subsample,
            "depth_multiplier": self.depth_multiplier,
            "dim_ordering": self.dim_ordering,
            "depthwise_regularizer": config_of(self.depthwise_regularizer),
            "pointwise_regularizer": config_of(self.pointwise_regularizer),
            "depthwise_constraint": config_of(self.depthwise_constraint),
            "pointwise_constraint": config_of(self.pointwise_constraint),
        }


class Convolution3D(_Convolution):
    """Convolve volumes with ``nb_filter`` kernels of ``kernel_dim1`` x ``kernel_dim2`` x ``kernel_dim3`` each. Kernels are not flipped.

    The other arguments are those of ``Convolution2D``, with three spatial axes.

    Args:
        kernel_dim1: the length of a kernel along the first spatial axis.
        kernel_dim2: the length of a kernel along the second spatial axis.
        kernel_dim3: the length of a kernel along the third spatial axis.
        subsample: the steps between windows along the three axes.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with ``nb_filter`` channels and the lengths that ``border_mode`` and ``subsample`` leave.

    Example:
        >>> from kbridge.layers import Convolution3D
        >>> from kbridge.models import Sequential
        >>> Sequential([Convolution3D(2, 3, 3, 3, dim_ordering="tf", input_shape=(8, 8, 8, 1))]).output_shape
        (None, 6, 6, 6, 2)
    """

    takes_groups = True

    spatial = 3

    def __init__(
        self,
        nb_filter,
        kernel_dim1,
        kernel_dim2,
        kernel_dim3,
        init="glorot_uniform",
        activation=None,
        weights=None,
        border_mode="valid",
        subsample=(1, 1, 1),
        dim_ordering="default",
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        **kwargs,
    ):
        self._setup(nb_filter, (kernel_dim1, kernel_dim2, kernel_dim3), subsample, border_mode, dim_ordering)
        (self.kernel_dim1, self.kernel_dim2, self.kernel_dim3), self.subsample = self.kernel_size, self.steps
        super().__init__(
            init, activation, weights, W_regularizer, b_regularizer, activity_regularizer, W_constraint, b_constraint, bias,
            **kwargs,
        )  # fmt: skip

    def call(self, x, mask=None):
        """Return activation(convolution of x with W, plus b)."""
        x, border_mode = self.padded_input(x, self.border_mode)
        return self._with_bias(self._convolved(x, border_mode, self.subsample))

    def get_config(self):
        config = {
            "kernel_dim1": self.kernel_dim1,
            "kernel_dim2": self.kernel_dim2,
            "kernel_dim3": self.kernel_dim3,
            "subsample": self.subsample,
            "dim_ordering": self.dim_ordering,
        }
        return {**super().get_config(), **config}


Conv1D = Convolution1D
Conv2D = Convolution2D
Conv3D = Convolution3D
Deconv2D = Deconvolution2D
AtrousConv1D = AtrousConvolution1D
AtrousConv2D = AtrousConvolution2D
SeparableConv2D = SeparableConvolution2D

__all__ = [
    "AtrousConv1D",
    "AtrousConv2D",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Deconv2D",
    "Deconvolution2D",
    "InputSpec",
    "K",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv2D",
    "SeparableConvolution2D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "activations",
    "constraints",
    "conv_input_length",
    "conv_output_length",
    "functools",
    "initializations",
    "regularizers",
]
