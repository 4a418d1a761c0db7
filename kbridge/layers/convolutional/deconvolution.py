"""Transposed convolution of images, with Keras 1's arguments; those of Keras 2 are in ``transposed.py``."""

from __future__ import annotations

from ... import backend as K
from ...utils.np_utils import conv_output_length
from ..padding import deconvolved
from ..spatial import ordering_hint
from ..transposed import transposed_length
from .conv2d import Convolution2D


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
            raise ValueError(
                f"Deconvolution2D: output_shape must have 4 entries (the first, the samples, may be None), got {output_shape!r}."
            )
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
                    f"Deconvolution2D {self.name}: either its output_shape or its input's shape must be known, got "
                    f"{self.output_shape_} and {tuple(input_shape)}."
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
                    f"Deconvolution2D {self.name}: an output_shape of {self.output_shape_} needs an input of length {have} along axis "
                    f"{axis}, got shape {tuple(input_shape)}.{ordering_hint(self, self.spatial)}"
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


Deconv2D = Deconvolution2D
