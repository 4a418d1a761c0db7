"""Recurrent layers on sequences of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.topology import InputSpec, Layer
from ..errors import whole_number
from ..utils.np_utils import conv_output_length
from .configured import lengths
from .dense import config_of
from .padding import Windowed, convolution_padding, padded
from .recurrence import Recurrence, sequence_shape
from .spatial import check_border_mode, check_window, resolve_ordering, sizes, spatial_axes

__all__ = [
    "ConvLSTM2D",
    "ConvRecurrent2D",
    "InputSpec",
    "K",
    "Layer",
    "activations",
    "conv_output_length",
    "initializations",
    "np",
    "regularizers",
]


class ConvRecurrent2D(Recurrence, Windowed):
    """The base of recurrent layers on sequences of images.

    The other arguments are those of ``Recurrent``.

    Args:
        nb_row: the number of rows of a kernel.
        nb_col: the number of columns of a kernel.
        nb_filter: the number of channels of the output.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        border_origin: as in ``Convolution2D``.

    Input shape:
        (samples, time, channels, rows, cols) with 'th', (samples, time, rows, cols, channels) with 'tf'.

    Output shape:
        (samples, nb_filter, new rows, new cols) with 'th', (samples, new rows, new cols, nb_filter) with 'tf', with ``return_sequences`` with the
        time behind the samples.
    """

    W_shape: Any
    conv_step: Any
    subsample: Any
    border_mode: str

    spatial = 2
    dilation_rate: tuple[int, ...] = (1, 1)

    def __init__(
        self,
        weights=None,
        nb_row=None,
        nb_col=None,
        nb_filter=None,
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        dim_ordering=None,
        unroll=False,
        return_state=False,
        zero_output_for_mask=False,
        mask_as_it_came=False,
        zeros_before_mask=False,
        **kwargs,
    ):
        owner = type(self).__name__
        self.initial_weights = weights
        self.nb_row = whole_number(nb_row, owner, "nb_row", 1)
        self.nb_col = whole_number(nb_col, owner, "nb_col", 1)
        self.nb_filter = whole_number(nb_filter, owner, "nb_filter", 1)
        self.return_sequences = return_sequences
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.return_state = return_state
        self.zero_output_for_mask = zero_output_for_mask
        self.mask_as_it_came = mask_as_it_came
        self.zeros_before_mask = zeros_before_mask
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=5)]
        super().__init__(**kwargs)

    def _frame_shape(self, input_shape) -> tuple:
        """The shape of one frame's output for the shape of the whole input."""
        frame = (input_shape[0], *input_shape[2:])
        axes = spatial_axes(self.dim_ordering, 2)
        windows = [(size - 1) * rate + 1 for size, rate in zip((self.nb_row, self.nb_col), self.dilation_rate)]
        check_window(self, frame, axes, tuple(windows), self.border_mode)
        shape = list(frame)
        for axis, size, step in zip(axes, windows, self.subsample):
            shape[axis] = conv_output_length(shape[axis], size, self.border_mode, step)
        shape[1 if self.dim_ordering == "th" else 3] = self.nb_filter
        return tuple(shape)

    def get_initial_states(self, X):
        """Return two tensors of zeros in the shape of an output, for the input ``X``."""
        frame = K.sum(K.zeros_like(X), axis=1)
        zeros = self.conv_step(frame, K.zeros(self.W_shape), border_mode=self.border_mode)
        return [zeros, zeros]

    def state_shapes(self, input_shape):
        return [self._frame_shape(sequence_shape(input_shape))[1:]] * 2

    def get_constants(self, X, train=False):
        """Return no constants; ``X`` is the input, and ``train`` is accepted for programs of Keras 1."""
        return []

    def get_config(self):
        config = {
            "nb_row": self.nb_row,
            "nb_col": self.nb_col,
            "nb_filter": self.nb_filter,
            "return_sequences": self.return_sequences,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "dim_ordering": self.dim_ordering,
        }
        unrolled = {"unroll": True} if self.unroll else {}
        return {**super().get_config(), **config, **unrolled, **self.given_options()}


class ConvLSTM2D(ConvRecurrent2D):
    """An LSTM on sequences of images whose products are convolutions, without peepholes.

    The other arguments are those of ``ConvRecurrent2D``. The state is convolved with 'same' padding and a step of 1.

    Args:
        init: how the kernels W of the input start.
        inner_init: how the kernels U of the state start.
        forget_bias_init: how the bias of the forget gate starts.
        activation: the activation of the candidate and of the output.
        inner_activation: the activation of the gates.
        border_mode: 'valid' or 'same', for the windows over the input.
        subsample: the steps between windows over the input, (rows, cols).
        W_regularizer: a penalty on W.
        U_regularizer: a penalty on U.
        b_regularizer: a penalty on b.
        dropout_W: the fraction of the inputs to drop in training, the same at all steps.
        dropout_U: the fraction of the state to drop in training, the same at all steps.
        bias: whether biases are added. This and the next ones are options of Keras 2, stored only where they are used.
        dilation_rate: the distance of neighbouring values of W in the image, (rows, cols).
        W_constraint: a function that is applied to W after each update.
        U_constraint: a function that is applied to U after each update.
        b_constraint: a function that is applied to b after each update.
        activity_regularizer: a penalty on the output.

    Input shape:
        That of ``ConvRecurrent2D``.

    Output shape:
        That of ``ConvRecurrent2D``.

    References:
        Shi et al. (2015), Convolutional LSTM Network, arXiv 1506.04214.

    Example:
        >>> from kbridge.layers import ConvLSTM2D
        >>> from kbridge.models import Sequential
        >>> Sequential([ConvLSTM2D(4, 3, 3, border_mode="same", dim_ordering="tf", input_shape=(5, 8, 8, 1))]).output_shape
        (None, 8, 8, 4)
    """

    #: options of Keras 2
    OPTIONS = ("W_constraint", "U_constraint", "b_constraint", "activity_regularizer")

    def __init__(
        self,
        nb_filter,
        nb_row,
        nb_col,
        init="glorot_uniform",
        inner_init="orthogonal",
        forget_bias_init="one",
        activation="tanh",
        inner_activation="hard_sigmoid",
        dim_ordering="default",
        border_mode="valid",
        subsample=(1, 1),
        W_regularizer=None,
        U_regularizer=None,
        b_regularizer=None,
        dropout_W=0.0,
        dropout_U=0.0,
        bias=True,
        dilation_rate=(1, 1),
        W_constraint=None,
        U_constraint=None,
        b_constraint=None,
        activity_regularizer=None,
        **kwargs,
    ):
        self.bias = bool(bias)
        self.dilation_rate = lengths(dilation_rate, 2, "ConvLSTM2D", "dilation_rate")
        self.W_constraint = constraints.get(W_constraint)
        self.U_constraint = constraints.get(U_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.init = initializations.get(init)
        self.inner_init = initializations.get(inner_init)
        self.forget_bias_init = initializations.get(forget_bias_init)
        self.activation = activations.get(activation)
        self.inner_activation = activations.get(inner_activation)
        self.border_mode = check_border_mode(self, border_mode)
        self.subsample = sizes(subsample, 2, "ConvLSTM2D", "subsample")
        self.W_regularizer = regularizers.get(W_regularizer)
        self.U_regularizer = regularizers.get(U_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.dropout_W = dropout_W
        self.dropout_U = dropout_U
        self.uses_learning_phase = bool(dropout_W or dropout_U)
        super().__init__(nb_filter=nb_filter, nb_row=nb_row, nb_col=nb_col, dim_ordering=dim_ordering, **kwargs)
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def build(self, input_shape):
        input_shape = sequence_shape(input_shape)
        self._frame_shape(input_shape)  # a kernel that doesn't fit is an error here, with the layer's name
        self.input_spec = [InputSpec(shape=input_shape)]
        channels = input_shape[2 if self.dim_ordering == "th" else 4]
        if self.dim_ordering == "th":
            self.W_shape = (self.nb_filter, channels, self.nb_row, self.nb_col)
            self.U_shape = (self.nb_filter, self.nb_filter, self.nb_row, self.nb_col)
        else:
            self.W_shape = (self.nb_row, self.nb_col, channels, self.nb_filter)
            self.U_shape = (self.nb_row, self.nb_col, self.nb_filter, self.nb_filter)
        for gate in "icfo":
            self._add("W", gate, self.W_shape, self.init)
            self._add("U", gate, self.U_shape, self.inner_init)
            if self.bias:
                self._add("b", gate, (self.nb_filter,), self.forget_bias_init if gate == "f" else "zero")
            else:
                setattr(self, f"b_{gate}", None)
        self._make_states(input_shape)
        self.built = True

    def _add(self, part: str, gate: str, shape: tuple, initializer) -> None:
        name = f"{part}_{gate}"
        penalties = {kind: getattr(self, f"{part}_{kind}") for kind in ("regularizer", "constraint")}
        setattr(self, name, self.add_weight(shape, initializer, f"{self.name}_{name}", **penalties))

    def theano_padding(self):
        return [convolution_padding((n - 1) * rate + 1) for n, rate in zip((self.nb_row, self.nb_col), self.dilation_rate)]

    def window_steps(self):
        return self.subsample

    @property
    def depends_on_origin(self):
        # the state is convolved with 'same' padding whatever that of the input is
        return super().depends_on_origin or self.nb_row % 2 == 0 or self.nb_col % 2 == 0

    def conv_step(self, x, W, b=None, border_mode="valid"):
        """Convolve one frame of the input.

        Args:
            x: the frame, (samples, ...).
            W: the kernel.
            b: the bias, (nb_filter,), or None.
            border_mode: 'valid' or 'same'.
        """
        x, border_mode = self.padded_input(x, border_mode)
        output = K.conv2d(
            x, W, strides=self.subsample, border_mode=border_mode, dim_ordering=self.dim_ordering, filter_dilation=self.dilation_rate
        )
        if b is not None:
            shape = (1, self.nb_filter, 1, 1) if self.dim_ordering == "th" else (1, 1, 1, self.nb_filter)
            output = output + K.reshape(b, shape)
        return output

    def conv_step_hidden(self, x, W, border_mode="valid"):
        """Convolve the state with a step of 1.

        Args:
            x: the state, (samples, ...).
            W: the kernel.
            border_mode: 'valid' or 'same'.
        """
        if border_mode == "same" and self.border_origin == "theano":
            # without the dilation of the windows over the input
            x, border_mode = padded(x, [convolution_padding(size) for size in (self.nb_row, self.nb_col)], self.dim_ordering), "valid"
        return K.conv2d(x, W, strides=(1, 1), border_mode=border_mode, dim_ordering=self.dim_ordering)

    def step(self, x, states):
        h, c, B_U, B_W = states[:4]  # those of a subclass come after them

        def gate(g, i):
            from_input = self.conv_step(x * B_W[i], getattr(self, f"W_{g}"), getattr(self, f"b_{g}"), self.border_mode)
            return from_input + self.conv_step_hidden(h * B_U[i], getattr(self, f"U_{g}"), "same")

        i, f = self.inner_activation(gate("i", 0)), self.inner_activation(gate("f", 1))
        c = f * c + i * self.activation(gate("c", 2))
        o = self.inner_activation(gate("o", 3))
        h = o * self.activation(c)
        return h, [h, c]

    def get_constants(self, x, train=False):
        """Return the dropout masks of states and inputs for the input ``x``; ``train`` is accepted for programs of Keras 1."""

        def masks(level, kernel):
            if not 0.0 < level < 1.0:
                return [K.cast_to_floatx(1.0)] * 4
            ones = kernel(K.sum(K.zeros_like(x), axis=1)) + 1.0
            return [K.in_train_phase(K.dropout(ones, level), ones) for _ in range(4)]

        hidden = masks(self.dropout_U, lambda frame: self.conv_step(frame, K.zeros(self.W_shape), border_mode=self.border_mode))
        return [hidden, masks(self.dropout_W, lambda frame: frame)]

    def get_config(self):
        config = {
            "init": self.init.__name__,
            "inner_init": self.inner_init.__name__,
            "forget_bias_init": self.forget_bias_init.__name__,
            "activation": self.activation.__name__,
            "border_mode": self.border_mode,
            "inner_activation": self.inner_activation.__name__,
        }
        config = {**super().get_config(), **config}
        # Keras 1.2.2 lost these when saving and can read them back, so they are written where they matter
        optional = {
            "subsample": (self.subsample, (1, 1)),
            "W_regularizer": (config_of(self.W_regularizer), None),
            "U_regularizer": (config_of(self.U_regularizer), None),
            "b_regularizer": (config_of(self.b_regularizer), None),
            "dropout_W": (self.dropout_W, 0.0),
            "dropout_U": (self.dropout_U, 0.0),
            "bias": (self.bias, True),
            "dilation_rate": (self.dilation_rate, (1, 1)),
            **{name: (config_of(getattr(self, name)), None) for name in self.OPTIONS},
        }
        return {**config, **{key: value for key, (value, default) in optional.items() if value != default}}
