"""Convolution of images."""

from __future__ import annotations

from .base import _Convolution


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


Conv2D = Convolution2D
