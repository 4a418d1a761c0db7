"""Convolution of volumes."""

from __future__ import annotations

from .base import _Convolution


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


Conv3D = Convolution3D
