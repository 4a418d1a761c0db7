"""Locally connected layers: convolutions whose kernels differ from place to place."""

from __future__ import annotations

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.topology import InputSpec, Layer
from ..utils.np_utils import conv_output_length
from .convolutional.base import _Convolution
from .convolutional.conv1d import Convolution1D
from .convolutional.conv2d import Convolution2D
from .padding import padded
from .spatial import check_border_mode, turned

__all__ = [
    "InputSpec",
    "K",
    "Layer",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "activations",
    "constraints",
    "conv_output_length",
    "initializations",
    "regularizers",
]


def _patches_times_kernels(patches, kernels):
    """(samples, places, size) with (places, size, filters): (samples, places, filters)."""
    product = K.batch_matmul(K.permute_dimensions(patches, (1, 0, 2)), kernels)
    return K.permute_dimensions(product, (1, 0, 2))


class _LocallyConnected(_Convolution):
    """The base of both locally connected layers."""

    implementation = 1

    def _implemented(self, implementation: int, border_mode: str) -> None:
        if implementation not in (1, 2, 3):
            raise ValueError(f"{type(self).__name__}: implementation must be 1, 2 or 3, got {implementation!r}.")
        check_border_mode(self, border_mode, ("valid",) if implementation == 1 else ("valid", "same"))
        self.implementation = implementation

    def outside(self) -> list[tuple[int, int]]:
        """For each spatial axis, the places before and after it that windows reach: in Keras 2 they don't depend on its length."""
        return [(0, 0)] * self.spatial if self.border_mode == "valid" else self.theano_padding()

    def surrounded(self, x):
        """``x`` with zeros where windows reach outside."""
        return x if self.border_mode == "valid" else padded(x, self.outside(), self.dim_ordering)

    def get_config(self):
        config = super().get_config()
        return config if self.implementation == 1 else {**config, "implementation": self.implementation}


class LocallyConnected1D(_LocallyConnected, Convolution1D):
    """``Convolution1D`` with a kernel and a bias of its own for each output step.

    The other arguments are those of ``Convolution1D``.

    Args:
        border_mode: 'valid', or with ``implementation`` 2 and 3 'same' too.
        implementation: 1, 2 or 3: the layout in which files of Keras 2 hold the kernels; all compute the same. It is stored only where it isn't 1.

    Input shape:
        (samples, time, channels), with a known number of time steps.

    Output shape:
        (samples, new time, nb_filter).

    Raises:
        ValueError: another ``implementation`` or ``border_mode``, or an unknown number of time steps.

    Example:
        >>> from kbridge.layers import LocallyConnected1D
        >>> from kbridge.models import Sequential
        >>> Sequential([LocallyConnected1D(4, 3, input_shape=(10, 2))]).output_shape
        (None, 8, 4)
    """

    takes_groups = False

    def __init__(self, nb_filter, filter_length, init="glorot_uniform", activation=None, weights=None, border_mode="valid", subsample_length=1, W_regularizer=None, b_regularizer=None, activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True, input_dim=None, input_length=None, implementation=1, **kwargs):  # fmt: skip  # noqa: E501
        self._implemented(implementation, border_mode)
        super().__init__(
            nb_filter, filter_length, init, activation, weights, border_mode, subsample_length, W_regularizer, b_regularizer,
            activity_regularizer, W_constraint, b_constraint, bias, input_dim, input_length, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        length, channels = input_shape[self._axes[0]], input_shape[self._channel_axis]
        if length is None:
            raise ValueError(f"LocallyConnected1D {self.name} must know the number of time steps, got shape {tuple(input_shape)}.")
        self.places = self.get_output_shape_for(input_shape)[self._axes[0]]
        self.W = self.add_kernel((self.places, self.filter_length * channels, self.nb_filter))
        self.b = self.add_bias((self.places, self.nb_filter)) if self.bias else None
        self.input_spec = [InputSpec(shape=input_shape)]
        self.built = True

    def call(self, x, mask=None):
        """Return activation(each window of x times its own kernel, plus its own bias)."""
        step = self.subsample_length
        x = turned(self, self.surrounded(x))
        parts = [x[:, k : k + (self.places - 1) * step + 1 : step, :] for k in range(self.filter_length)]
        patches = K.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]
        patches = K.reshape(patches, (-1, self.places, K.int_shape(self.W)[1]))
        output = _patches_times_kernels(patches, self.W)
        output = turned(self, output)
        if self.bias:
            # with the features first Keras 2 reads the stored (places, filters) as (filters, places), as the layer of images does
            output = output + K.reshape(
                self.b, (1, self.nb_filter, self.places) if self.dim_ordering == "th" else (1, self.places, self.nb_filter)
            )
        return self.activation(output)


class LocallyConnected2D(_LocallyConnected, Convolution2D):
    """``Convolution2D`` with a kernel and a bias of its own for each output position.

    The other arguments are those of ``Convolution2D``.

    Args:
        border_mode: 'valid', or with ``implementation`` 2 and 3 'same' too.
        implementation: 1, 2 or 3: the layout in which files of Keras 2 hold the kernels; all compute the same. It is stored only where it isn't 1.

    Input shape:
        That of ``Convolution2D``, with known rows and columns.

    Output shape:
        That of ``Convolution2D``.

    Raises:
        ValueError: another ``implementation`` or ``border_mode``, or an image of unknown size.
    """

    takes_groups = False

    def __init__(self, nb_filter, nb_row, nb_col, init="glorot_uniform", activation=None, weights=None, border_mode="valid", subsample=(1, 1), dim_ordering="default", W_regularizer=None, b_regularizer=None, activity_regularizer=None, W_constraint=None, b_constraint=None, bias=True, implementation=1, **kwargs):  # fmt: skip  # noqa: E501
        self._implemented(implementation, border_mode)
        super().__init__(
            nb_filter, nb_row, nb_col, init, activation, weights, border_mode, subsample, dim_ordering, W_regularizer,
            b_regularizer, activity_regularizer, W_constraint, b_constraint, bias, **kwargs,
        )  # fmt: skip

    def build(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(f"LocallyConnected2D {self.name} must know its input's shape, got {tuple(input_shape)}.")
        output_shape = self.get_output_shape_for(input_shape)
        self.output_row, self.output_col = (output_shape[a] for a in self._axes)
        size = self.nb_row * self.nb_col * self._channels(input_shape)
        self.W = self.add_kernel((self.output_row * self.output_col, size, self.nb_filter))
        self.b = self.add_bias((self.output_row, self.output_col, self.nb_filter)) if self.bias else None
        self.input_spec = [InputSpec(shape=input_shape)]
        self.built = True

    def call(self, x, mask=None):
        """Return activation(each window of x times its own kernel, plus its own bias)."""
        x = self.surrounded(x)
        rows, cols = self.output_row, self.output_col
        step_r, step_c = self.subsample
        first = self.dim_ordering == "th"
        channel_axis = 1 if first else 3
        parts = []
        for r in range(self.nb_row):
            for c in range(self.nb_col):
                spans = (slice(r, r + (rows - 1) * step_r + 1, step_r), slice(c, c + (cols - 1) * step_c + 1, step_c))
                part = x[:, :, spans[0], spans[1]] if first else x[:, spans[0], spans[1], :]
                parts.append(K.expand_dims(part, channel_axis + 1 if first else channel_axis))
        # Keras 1 stored the values of a patch channel by channel ('th') or position by position ('tf')
        patches = K.concatenate(parts, axis=channel_axis + 1 if first else channel_axis)
        if first:
            patches = K.permute_dimensions(patches, (0, 3, 4, 1, 2))
        size = K.int_shape(self.W)[1]
        output = _patches_times_kernels(K.reshape(patches, (-1, rows * cols, size)), self.W)
        output = K.reshape(output, (-1, rows, cols, self.nb_filter))
        if first:
            output = K.permute_dimensions(output, (0, 3, 1, 2))
        if self.bias:
            # Keras 1 read the stored (rows, cols, filters) as (filters, rows, cols) with 'th', and files rely on it
            output = output + K.reshape(self.b, (1, self.nb_filter, rows, cols) if first else (1, rows, cols, self.nb_filter))
        return self.activation(output)
