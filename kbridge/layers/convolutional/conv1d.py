"""Convolution over time."""

from __future__ import annotations

from ... import backend as K
from ...errors import one_length
from ..spatial import turned
from .base import _Convolution


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


Conv1D = Convolution1D
