"""Separable convolution of images, with Keras 1's arguments; that over time is in ``depthwise.py``."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ... import constraints, regularizers
from ...engine.input_spec import built_for
from ...errors import whole_number
from ..dense import config_of
from ..spatial import check_border_mode
from .base import _Convolution


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


SeparableConv2D = SeparableConvolution2D
