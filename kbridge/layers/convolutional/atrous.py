"""Convolutions over time and of images whose kernels have holes."""

from __future__ import annotations

from ...errors import whole_number
from ..spatial import sizes
from .conv1d import Convolution1D
from .conv2d import Convolution2D


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


AtrousConv1D = AtrousConvolution1D
AtrousConv2D = AtrousConvolution2D
