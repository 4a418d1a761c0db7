"""LSTMs whose products are convolutions, over one and three spatial axes. ``ConvLSTM2D`` is Keras 1's."""

from __future__ import annotations

from collections.abc import Callable

from .. import backend as K
from ..engine.topology import InputSpec
from ..errors import whole_number
from ..utils.np_utils import conv_output_length
from .configured import ORDERINGS, Configured, lengths
from .recurrence import Recurrence, sequence_shape
from .recurrent_cells.lstm_cell import unit_forget_bias
from .recurrent_cells.states import zeros_for

__all__ = ["ConvLSTM1D", "ConvLSTM3D"]


class _ConvLSTM(Recurrence, Configured):
    """LSTM on (samples, time, and ``spatial`` axes with channels): i, f, c and o side by side along the filters of one kernel each."""

    activation: Callable
    recurrent_activation: Callable
    unit_forget_bias: bool
    use_bias: bool
    dropout: float
    recurrent_dropout: float
    data_format: str
    padding: str

    spatial = 1
    #: Keras 2 and 3 do both
    mask_as_it_came = True
    zeros_before_mask = True

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        activation="tanh",
        recurrent_activation="hard_sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        unroll=False,
        **kwargs,
    ):
        owner = type(self).__name__
        self.filters = whole_number(filters, owner, "filters", 1)
        if padding not in ("valid", "same"):
            raise ValueError(f"{owner}: padding must be 'valid' or 'same', got {padding!r}.")
        for name, level in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= level < 1:
                raise ValueError(f"{owner}: {name} must be at least 0 and below 1, got {level!r}.")
        self.kernel_size = lengths(kernel_size, self.spatial, owner, "kernel_size")
        self.strides = lengths(strides, self.spatial, owner, "strides")
        self.dilation_rate = lengths(dilation_rate, self.spatial, owner, "dilation_rate")
        self.take(
            padding=padding, data_format=data_format, activation=activation, recurrent_activation=recurrent_activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias, kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint, return_sequences=bool(return_sequences),
            return_state=bool(return_state), go_backwards=bool(go_backwards), stateful=bool(stateful), dropout=dropout,
            recurrent_dropout=recurrent_dropout, unroll=bool(unroll),
        )  # fmt: skip
        self.uses_learning_phase = bool(dropout or recurrent_dropout)
        super().__init__(**kwargs)
        self.input_spec = [InputSpec(ndim=self.spatial + 3)]

    # ------------------------------------------------------------------ shapes

    @property
    def _first(self) -> bool:
        return self.data_format == "channels_first"

    @property
    def channel_axis(self) -> int:
        """The axis of the channels in one step's tensors."""
        return 1 if self._first else self.spatial + 1

    def state_shapes(self, input_shape):
        frame = sequence_shape(input_shape)[2:]
        known = frame[1:] if self._first else frame[:-1]
        sizes = [
            conv_output_length(n, (k - 1) * d + 1, self.padding, s)
            for n, k, s, d in zip(known, self.kernel_size, self.strides, self.dilation_rate)
        ]
        if any(n is not None and n < 1 for n in sizes):
            raise ValueError(
                f"{type(self).__name__} {self.name}: windows of {self.kernel_size} don't fit into frames of shape {tuple(frame)} "
                f"(dilation_rate={self.dilation_rate}, padding={self.padding!r})."
            )
        return [(self.filters, *sizes) if self._first else (*sizes, self.filters)] * 2

    # ------------------------------------------------------------------ weights and states

    def build(self, input_shape):
        shape = sequence_shape(input_shape)
        self.state_shapes(shape)
        channels = self.known(shape, 2 if self._first else self.spatial + 2, "number of channels")
        self.kernel = self.weight("kernel", (*self.kernel_size, channels, 4 * self.filters))
        self.recurrent_kernel = self.weight("recurrent_kernel", (*self.kernel_size, self.filters, 4 * self.filters), kind="recurrent")
        self.bias = None
        if self.use_bias:
            self.bias = unit_forget_bias(self, self.filters) if self.unit_forget_bias else self.weight("bias", (4 * self.filters,))
        if self.stateful:
            self.input_spec = [InputSpec(shape=shape)]
        else:
            self.expects(self.spatial + 3, {2 if self._first else self.spatial + 2: channels})
        self._make_states(shape)
        self.built = True

    def get_initial_states(self, x):
        shape = self.state_shapes(K.int_shape(x))[0]
        if None not in shape:
            return [zeros_for(x, shape)] * 2
        frame = K.sum(K.zeros_like(x), axis=1)
        zeros = self._convolved(frame, self.kernel, self.strides, self.padding, self.dilation_rate)
        return [K.split(zeros, 4, self.channel_axis)[0]] * 2

    # ------------------------------------------------------------------ computation

    def _convolved(self, x, kernel, strides, padding, dilation):
        """The convolution of frames (samples, ...) with a kernel (*size, channels, filters)."""
        if self.spatial == 1:
            x = K.permute_dimensions(x, (0, 2, 1)) if self._first else x
            y = K.conv1d(x, kernel, strides[0], padding, filter_dilation=dilation[0])
            return K.permute_dimensions(y, (0, 2, 1)) if self._first else y
        if self._first:
            kernel = K.permute_dimensions(kernel, (4, 3, 0, 1, 2))
        return K.conv3d(x, kernel, strides, padding, ORDERINGS[self.data_format], filter_dilation=dilation)

    def preprocess_input(self, x):
        """Return the convolution of all frames of ``x`` at once, with the bias."""
        shape = K.int_shape(x)
        time = K.shape(x)[1] if shape[1] is None else shape[1]
        frames = K.reshape(x, (-1, *(K.shape(x)[a] if shape[a] is None else shape[a] for a in range(2, len(shape)))))

        def product(frames, kernel):
            return self._convolved(frames, kernel, self.strides, self.padding, self.dilation_rate)

        if self.dropout:
            # one decision for all steps, for each gate
            ones = K.ones_like(x[:, :1])
            parts = []
            for kernel in K.split(self.kernel, 4):
                kept = x * K.in_train_phase(K.dropout(ones, self.dropout), ones)
                parts.append(product(K.reshape(kept, K.shape(frames)), kernel))
            y = K.concatenate(parts, axis=self.channel_axis)
        else:
            y = product(frames, self.kernel)
        if self.bias is not None:
            aligned = [1] * (self.spatial + 2)
            aligned[self.channel_axis] = 4 * self.filters
            y = y + K.reshape(self.bias, aligned)
        known = K.int_shape(y)
        return K.reshape(y, (-1, time, *(K.shape(y)[a] if known[a] is None else known[a] for a in range(1, len(known)))))

    def get_constants(self, x):
        if not self.recurrent_dropout:
            return []
        ones = self.get_initial_states(x)[0] + 1.0
        return [K.in_train_phase(K.dropout(ones, self.recurrent_dropout), ones) for _ in range(4)]

    def step(self, x, states):
        """Compute one time step from ``x``, the convolved input, and ``states``: h, c and perhaps dropout masks."""
        h, c, *masks = states
        once = (1,) * self.spatial
        # the states keep their size whatever the input's padding, strides and dilation
        if masks:
            parts = zip(masks, K.split(self.recurrent_kernel, 4))
            from_state = K.concatenate(
                [self._convolved(h * mask, kernel, once, "same", once) for mask, kernel in parts], axis=self.channel_axis
            )
        else:
            from_state = self._convolved(h, self.recurrent_kernel, once, "same", once)
        i, f, candidate, o = K.split(x + from_state, 4, self.channel_axis)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(candidate)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


_ARGUMENTS = """
    Args:
        filters: channels of the output and of both states.
        kernel_size: {size}.
        strides: of the windows over the input; as ``kernel_size``.
        padding: 'valid' or 'same'; the state is always convolved with 'same'.
        data_format: 'channels_last', 'channels_first' or None for what keras.json says.
        dilation_rate: of the windows over the input; as ``kernel_size``.
        activation: of the candidate and of the output; a name or function.
        recurrent_activation: of the gates.
        use_bias: whether a bias is added.
        unit_forget_bias: whether the forget gate's bias starts with 1 (Jozefowicz et al., 2015).
        kernel_initializer: how the kernel of the input starts, for all gates side by side in the order i, f, c, o.
        recurrent_initializer: how the kernel of the state starts.
        bias_initializer: how the bias starts.
        kernel_regularizer: a penalty on the kernel of the input.
        recurrent_regularizer: a penalty on the kernel of the state.
        bias_regularizer: a penalty on the bias.
        kernel_constraint: a function that is applied to the kernel of the input after each update.
        recurrent_constraint: a function that is applied to the kernel of the state after each update.
        bias_constraint: a function that is applied to the bias after each update.
        activity_regularizer: a penalty on the results.
        return_sequences: whether the outputs of all steps are returned, or that of the last one.
        return_state: whether the states h and c after the last step come as further results.
        go_backwards: whether the steps run from the last to the first.
        stateful: whether a batch goes on from the states of the batch before; needs a known batch_input_shape.
        dropout: the fraction of the inputs to drop in training, the same at all steps.
        recurrent_dropout: the fraction of the states to drop in training, the same at all steps.
        unroll: whether the steps are written out instead of a loop, for short sequences of known length.

    Input shape:
        (samples, time, {axes}, channels), or (samples, time, channels, {axes}) with channels first; behind it, in a list or as
        ``initial_state`` of a call, perhaps the states h and c.

    Output shape:
        (samples, {axes}, filters), with ``return_sequences`` (samples, time, {axes}, filters), or with the filters first; with
        ``return_state`` a list of it and of the states.

    Raises:
        ValueError: sizes that aren't whole numbers above 0, another padding, windows that don't fit, or a dropout outside of [0, 1).

    References:
        Shi et al. (2015), Convolutional LSTM Network, arXiv 1506.04214; without peepholes.
"""


class ConvLSTM1D(_ConvLSTM):
    __doc__ = "LSTM on sequences of series, whose products are convolutions.\n" + _ARGUMENTS.format(size="an int", axes="length")


class ConvLSTM3D(_ConvLSTM):
    __doc__ = "LSTM on sequences of volumes, whose products are convolutions.\n" + _ARGUMENTS.format(
        size="an int or three, one for each spatial axis", axes="dim1, dim2, dim3"
    )
    spatial = 3
