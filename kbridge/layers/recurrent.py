"""Recurrent layers: SimpleRNN, GRU and LSTM, and their base for cells of one's own."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.topology import InputSpec, Layer
from ..errors import one_length, whole_number
from .dense import config_of
from .recurrence import Recurrence, sequence_shape

__all__ = [
    "GRU",
    "LSTM",
    "InputSpec",
    "K",
    "Layer",
    "Recurrent",
    "SimpleRNN",
    "activations",
    "initializations",
    "np",
    "regularizers",
    "time_distributed_dense",
]

#: activations of gates that don't look at the axis, so that several gates go through one call
_BY_ELEMENT = (activations.sigmoid, activations.hard_sigmoid, activations.tanh, activations.linear)

CONSUME_LESS = ("cpu", "mem", "gpu")


def time_distributed_dense(x, w, b=None, dropout=None, input_dim=None, output_dim=None, timesteps=None):
    """Return x w + b at each time step, with one dropout decision for all steps.

    Args:
        x: the input, (samples, time, input_dim).
        w: the matrix, (input_dim, output_dim).
        b: the bias, (output_dim,), or None.
        dropout: the fraction of the features to drop in training, or None.
        input_dim: accepted for programs of Keras 1, and not needed.
        output_dim: accepted for programs of Keras 1, and not needed.
        timesteps: accepted for programs of Keras 1, and not needed.
    """
    if dropout is not None and 0.0 < dropout < 1.0:
        keep = K.in_train_phase(K.dropout(K.ones_like(x[:, 0, :]), dropout), K.ones_like(x[:, 0, :]))
        x = x * K.expand_dims(keep, 1)
    x = K.dot(x, w)
    return x if b is None else x + b


class Recurrent(Recurrence):
    """The base of recurrent layers, and of a program's own ones.

    A subclass defines ``step(x, states) -> (output, new states)``, and may override ``get_initial_states``, ``get_constants`` (tensors that each
    step gets behind its states) and ``preprocess_input``. A call takes ``initial_state``, a list of tensors (samples, output_dim).

    Args:
        weights: arrays that the weights start with.
        return_sequences: whether the outputs of all steps are returned, or that of the last one.
        go_backwards: whether the steps run from the last to the first; the outputs come in the order in which they are computed.
        stateful: whether a batch goes on from the states of the batch before; it needs a full ``batch_input_shape``.
        unroll: whether the steps are written out instead of a loop, for short sequences of known length.
        consume_less: how the products with the inputs are made: 'cpu' all steps at once, 'mem' step by step, 'gpu' with all gates in one matrix.
        input_dim: the number of features, in place of ``input_shape``.
        input_length: the number of time steps beside ``input_dim``; None if it differs.
        return_state: whether the states after the last step come as further outputs. This and the next ones are options of Keras 2, stored only
            where they are used.
        time_major: whether input and sequences are (time, samples, ...).
        zero_output_for_mask: whether the outputs of masked steps are 0, not those of the step before.
        mask_as_it_came: whether with ``go_backwards`` and ``return_sequences`` the mask is handed on in the order of the inputs, as Keras 2 does,
            not in that of the outputs.
        zeros_before_mask: whether outputs before the first unmasked step are 0, as in tf.keras and Keras 3, not the first initial state.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, output_dim), with ``return_sequences`` (samples, time, output_dim).

    Raises:
        ValueError: another ``consume_less``, or an unknown length where one is needed.
    """

    dropout_U: float
    dropout_W: float
    output_dim: int

    supports_masking = True

    def __init__(
        self,
        weights=None,
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        consume_less="cpu",
        input_dim=None,
        input_length=None,
        return_state=False,
        time_major=False,
        zero_output_for_mask=False,
        mask_as_it_came=False,
        zeros_before_mask=False,
        **kwargs,
    ):
        if consume_less not in CONSUME_LESS:
            raise ValueError(f"{type(self).__name__}: consume_less must be 'cpu', 'mem' or 'gpu', got {consume_less!r}.")
        self.return_sequences = return_sequences
        self.initial_weights = weights
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.consume_less = consume_less
        self.return_state = return_state
        self.time_major = time_major
        self.zero_output_for_mask = zero_output_for_mask
        self.mask_as_it_came = mask_as_it_came
        self.zeros_before_mask = zeros_before_mask
        self.input_spec = [InputSpec(ndim=3)]
        self.input_dim = one_length(input_dim, type(self).__name__, "input_dim", 1)
        self.input_length = one_length(input_length, type(self).__name__, "input_length")
        if self.input_dim and "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (self.input_length, self.input_dim)
        super().__init__(**kwargs)

    def state_shapes(self, input_shape):
        return [(self.output_dim,)] * len(self.states)

    def step_output_shape(self, input_shape):
        return (self.output_dim,)

    def get_initial_states(self, x):
        """Return zeros (samples, output_dim) for each state, for the input ``x``."""
        zeros = K.sum(K.zeros_like(x), axis=(1, 2))
        return [K.tile(K.expand_dims(zeros), [1, self.output_dim]) for _ in self.states]

    def _build_states(self, input_shape, count: int) -> None:
        input_shape = sequence_shape(input_shape)
        self.input_spec = [InputSpec(shape=input_shape)]
        self.input_dim = input_shape[2]
        if self.input_dim is None:
            raise ValueError(f"{type(self).__name__} {self.name}: the number of features must be known, got shape {tuple(input_shape)}.")
        self.states = [None] * count
        self._make_states(input_shape)

    def _add(self, part: str, shape, initializer, regularizer):
        constraint = getattr(self, f"{part[0]}_constraint", None)
        weight = self.add_weight(shape, initializer=initializer, name=f"{self.name}_{part}", regularizer=regularizer, constraint=constraint)
        setattr(self, part, weight)
        return weight

    def _dropout_constants(self, x, count: int) -> list:
        """Masks for states and for inputs: (B_U, B_W), each ``count`` of them (one alone for 1)."""

        def masks(level, size):
            if not 0.0 < level < 1.0:
                return [K.cast_to_floatx(1.0)] * count
            ones = K.tile(K.expand_dims(K.sum(K.zeros_like(x), axis=(1, 2)) + 1.0), [1, size])
            return [K.in_train_phase(K.dropout(ones, level), ones) for _ in range(count)]

        for_states = masks(self.dropout_U, self.output_dim)
        # 'cpu' drops inputs when it preprocesses them
        for_inputs = masks(self.dropout_W if self.consume_less != "cpu" else 0.0, self.input_dim)
        return [for_states[0], for_inputs[0]] if count == 1 else [for_states, for_inputs]

    def get_config(self):
        config = {
            "return_sequences": self.return_sequences,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "consume_less": self.consume_less,
        }
        if not self.stateful:  # batch_input_shape says both then
            config.update(input_dim=self.input_dim, input_length=self.input_length)
        return {**super().get_config(), **config, **self.given_options()}


class _Cell(Recurrent):
    """The base of the three layers: their common arguments, and gates with weights W, U and b each."""

    #: options of Keras 2 that every cell takes, stored only where they are given
    OPTIONS = ("W_constraint", "U_constraint", "b_constraint", "activity_regularizer")

    def __init__(self, bias=True, W_constraint=None, U_constraint=None, b_constraint=None, activity_regularizer=None, **kwargs):
        self.bias = bias
        self.W_constraint = constraints.get(W_constraint)
        self.U_constraint = constraints.get(U_constraint)
        self.b_constraint = constraints.get(b_constraint)
        super().__init__(**kwargs)
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def _setup(self, output_dim, init, inner_init, activation, W_regularizer, U_regularizer, b_regularizer, dropout_W, dropout_U):
        owner = type(self).__name__
        self.output_dim = whole_number(output_dim, owner, "output_dim", 1)
        self.init = initializations.get(init)
        self.inner_init = initializations.get(inner_init)
        self.activation = activations.get(activation)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.U_regularizer = regularizers.get(U_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        for name, level in (("dropout_W", dropout_W), ("dropout_U", dropout_U)):
            if not 0 <= level < 1:
                raise ValueError(f"{owner}: {name} must be at least 0 and below 1, got {level!r}.")
        self.dropout_W = dropout_W
        self.dropout_U = dropout_U
        self.uses_learning_phase = bool(dropout_W or dropout_U)

    def _add_gate(self, gate: str, bias="zero") -> None:
        """W, U and b of one gate ('' for the only one, '_i' ...)."""
        self._add(f"W{gate}", (self.input_dim, self.output_dim), self.init, self.W_regularizer)
        self._add(f"U{gate}", (self.output_dim, self.output_dim), self.inner_init, self._regularizer_of_U())
        self._add_bias(f"b{gate}", self.output_dim, bias)

    def _add_bias(self, part: str, size: int, initializer="zero") -> None:
        """A bias; without one, zeros that aren't the layer's weights."""
        if self.bias:
            self._add(part, (size,), initializer, self.b_regularizer)
        else:
            setattr(self, part, K.zeros((size,)))

    def _add_joined(self, gates: int, bias) -> None:
        """W, U and b of all gates side by side."""
        self._add("W", (self.input_dim, gates * self.output_dim), self.init, self.W_regularizer)
        self._add("U", (self.output_dim, gates * self.output_dim), self.inner_init, self._regularizer_of_U())
        self._add_bias("b", gates * self.output_dim, bias)

    def _regularizer_of_U(self):
        """Return the regularizer that Keras 1.2.2 applied to the recurrent weights of GRU and LSTM, since a model must give its numbers: with
        ``consume_less='gpu'`` ``U_regularizer``, with 'cpu' and 'mem' ``W_regularizer``.
        """
        if self.consume_less == "gpu" or getattr(self, "reset_after", False):
            return self.U_regularizer
        same = config_of(self.U_regularizer) == config_of(self.W_regularizer)
        if not same and not getattr(self, "_told", False):
            self._told = True
            warnings.warn(
                f"{type(self).__name__} {self.name}: as in Keras 1.2.2, with consume_less={self.consume_less!r} W_regularizer applies to the "
                f"recurrent weights U too, and U_regularizer has no effect; with consume_less='gpu' each applies to its own. "
                f"[differences: recurrent-penalties]",
                stacklevel=6,
            )
        return self.W_regularizer

    def _projected(self, x, gates: str):
        """The inputs of all gates for all steps, side by side along the last axis."""
        if not self.dropout_W:
            W, b = ([getattr(self, f"{part}_{g}") for g in gates] for part in "Wb")
            return K.dot(x, K.concatenate(W, axis=1)) + K.concatenate(b, axis=0)
        parts = [time_distributed_dense(x, getattr(self, f"W_{g}"), getattr(self, f"b_{g}"), self.dropout_W) for g in gates]
        return K.concatenate(parts, axis=2)

    def _gate_inputs(self, x, gates: str, B_W) -> list:
        """The input of each gate at one step, in the modes 'cpu' and 'mem'."""
        if self.consume_less == "cpu":
            return K.split(x, len(gates))
        return [K.dot(x * B_W[i], getattr(self, f"W_{g}")) + getattr(self, f"b_{g}") for i, g in enumerate(gates)]

    def get_config(self):
        config = {
            "output_dim": self.output_dim,
            "init": self.init.__name__,
            "inner_init": self.inner_init.__name__,
            "activation": self.activation.__name__,
            "W_regularizer": config_of(self.W_regularizer),
            "U_regularizer": config_of(self.U_regularizer),
            "b_regularizer": config_of(self.b_regularizer),
            "dropout_W": self.dropout_W,
            "dropout_U": self.dropout_U,
        }
        config.update({name: config_of(getattr(self, name)) for name in self.OPTIONS if getattr(self, name) is not None})
        if not self.bias:
            config["bias"] = False
        return {**super().get_config(), **config}


class SimpleRNN(_Cell):
    """A fully connected recurrence: h' = activation(x W + h U + b).

    The other arguments are those of ``Recurrent``.

    Args:
        output_dim: the length of the output and of the state h.
        init: how W starts: the name of an initialization or a function of a shape.
        inner_init: how U starts.
        activation: the name of an activation or a function of tensors.
        W_regularizer: a penalty on W, the weights of the input.
        U_regularizer: a penalty on U, the weights of the state.
        b_regularizer: a penalty on b.
        dropout_W: the fraction of the inputs to drop in training, the same ones at all steps, at least 0 and below 1.
        dropout_U: the fraction of the state to drop in training, the same at all steps, at least 0 and below 1.
        bias: whether b is added; True if left out. This and the next ones are options of Keras 2, stored only where they are used.
        W_constraint: a function that is applied to W after each update.
        U_constraint: a function that is applied to U after each update.
        b_constraint: a function that is applied to b after each update.
        activity_regularizer: a penalty on the output.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, output_dim), with ``return_sequences`` (samples, time, output_dim).

    Raises:
        ValueError: ``output_dim`` isn't a whole number above 0, or a dropout outside of [0, 1).

    References:
        Gal and Ghahramani (2016), A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, arXiv 1512.05287 (for the dropout).
    """

    U: Any
    W: Any
    b: Any

    def __init__(
        self,
        output_dim,
        init="glorot_uniform",
        inner_init="orthogonal",
        activation="tanh",
        W_regularizer=None,
        U_regularizer=None,
        b_regularizer=None,
        dropout_W=0.0,
        dropout_U=0.0,
        **kwargs,
    ):
        self._setup(output_dim, init, inner_init, activation, W_regularizer, U_regularizer, b_regularizer, dropout_W, dropout_U)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self._build_states(input_shape, 1)
        self._add_gate("")
        self.built = True

    def _regularizer_of_U(self):
        return self.U_regularizer

    def preprocess_input(self, x):
        return time_distributed_dense(x, self.W, self.b, self.dropout_W) if self.consume_less == "cpu" else x

    def step(self, x, states):
        previous, B_U, B_W = states[:3]  # those of a subclass come after them
        h = x if self.consume_less == "cpu" else K.dot(x * B_W, self.W) + self.b
        output = self.activation(h + K.dot(previous * B_U, self.U))
        return output, [output]

    def get_constants(self, x):
        return self._dropout_constants(x, 1)


class GRU(_Cell):
    """Gated recurrent unit: h' = z h + (1 - z) candidate, with an update gate z and a reset gate r.

    The other arguments are those of ``SimpleRNN``; W, U and b stand for those of all gates.

    Args:
        inner_activation: the activation of the gates.
        reset_after: whether the reset gate is applied after the product with U, which has a bias of its own then, as cuDNN computes and Keras 2 does
            by default. Such a layer keeps the weights of all gates in one matrix: W, U, b and b_U.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, output_dim), with ``return_sequences`` (samples, time, output_dim).

    References:
        Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv 1406.1078.

    Example:
        >>> from kbridge.layers import GRU
        >>> from kbridge.models import Sequential
        >>> Sequential([GRU(4, input_shape=(5, 3))]).output_shape
        (None, 4)
    """

    U: Any
    U_h: Any
    U_r: Any
    U_z: Any
    W: Any
    b: Any
    b_U: Any

    def __init__(
        self,
        output_dim,
        init="glorot_uniform",
        inner_init="orthogonal",
        activation="tanh",
        inner_activation="hard_sigmoid",
        W_regularizer=None,
        U_regularizer=None,
        b_regularizer=None,
        dropout_W=0.0,
        dropout_U=0.0,
        reset_after=False,
        **kwargs,
    ):
        self.reset_after = bool(reset_after)
        self._setup(output_dim, init, inner_init, activation, W_regularizer, U_regularizer, b_regularizer, dropout_W, dropout_U)
        self.inner_activation = activations.get(inner_activation)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self._build_states(input_shape, 1)
        if self.reset_after or self.consume_less == "gpu":
            self._add_joined(3, "zero")
            if self.reset_after:
                self._add_bias("b_U", 3 * self.output_dim)
        else:
            for gate in ("_z", "_r", "_h"):
                self._add_gate(gate)
        self.built = True

    def preprocess_input(self, x):
        if self.consume_less != "cpu":
            return x
        if not self.reset_after:
            return self._projected(x, "zrh")
        bias = self._bias_of_inputs()
        if not self.dropout_W:
            return K.dot(x, self.W) + bias
        weights = zip(K.split(self.W, 3), K.split(bias, 3))
        return K.concatenate([time_distributed_dense(x, W, b, self.dropout_W) for W, b in weights], axis=2)

    def _bias_of_inputs(self):
        """Return b, with b_U where that is only added to the same: for z and r. So a step adds it to the candidate alone."""
        gates = 2 * self.output_dim
        return K.concatenate([self.b[:gates] + self.b_U[:gates], self.b[gates:]], axis=0)

    def _step_reset_after(self, x, h, B_U, B_W):
        """Return a step with z, r and candidate from products with whole matrices: x W + b beside h U + b_U."""

        def by_gates(value, masks, matrix):
            if all(mask is masks[0] for mask in masks) or self.consume_less == "gpu":
                return K.dot(value * masks[0], matrix)
            return K.concatenate([K.dot(value * mask, part) for mask, part in zip(masks, K.split(matrix, 3))], axis=1)

        x = x if self.consume_less == "cpu" else by_gates(x, B_W, self.W) + self._bias_of_inputs()
        from_state, gates = by_gates(h, B_U, self.U), 2 * self.output_dim
        if self.inner_activation in _BY_ELEMENT:
            z, r = K.split(self.inner_activation(x[:, :gates] + from_state[:, :gates]), 2)
        else:
            (x_z, x_r, _), (h_z, h_r, _) = K.split(x, 3), K.split(from_state, 3)
            z, r = self.inner_activation(x_z + h_z), self.inner_activation(x_r + h_r)
        candidate = self.activation(x[:, gates:] + r * (from_state[:, gates:] + self.b_U[gates:]))
        # z * h + (1 - z) * candidate with a call less here, and two in the gradient
        h = candidate + z * (h - candidate)
        return h, [h]

    def step(self, x, states):
        h, B_U, B_W = states[:3]  # those of a subclass come after them
        if self.reset_after:
            return self._step_reset_after(x, h, B_U, B_W)
        if self.consume_less == "gpu":
            joined = K.dot(x * B_W[0], self.W) + self.b
            x_z, x_r, x_h = K.split(joined, 3)
            h_z, h_r = K.split(K.dot(h * B_U[0], self.U[:, : 2 * self.output_dim]), 2)
            U_h = self.U[:, 2 * self.output_dim :]
        else:
            x_z, x_r, x_h = self._gate_inputs(x, "zrh", B_W)
            h_z, h_r = K.dot(h * B_U[0], self.U_z), K.dot(h * B_U[1], self.U_r)
            U_h = self.U_h
        z = self.inner_activation(x_z + h_z)
        r = self.inner_activation(x_r + h_r)
        candidate = self.activation(x_h + K.dot(r * h * B_U[0 if self.consume_less == "gpu" else 2], U_h))
        h = z * h + (1 - z) * candidate
        return h, [h]

    def get_constants(self, x):
        return self._dropout_constants(x, 3)

    def get_config(self):
        own = {"inner_activation": self.inner_activation.__name__, **({"reset_after": True} if self.reset_after else {})}
        return {**super().get_config(), **own}


class LSTM(_Cell):
    """Long short-term memory with a forget gate: c' = f c + i activation(...), h' = o activation(c'), with states h and c.

    The other arguments are those of ``SimpleRNN``; W, U and b stand for those of all gates.

    Args:
        forget_bias_init: how the bias of the forget gate starts; Jozefowicz et al. (2015) recommend 'one'.
        inner_activation: the activation of the gates i, f and o.

    Input shape:
        (samples, time, input_dim).

    Output shape:
        (samples, output_dim), with ``return_sequences`` (samples, time, output_dim).

    References:
        Hochreiter and Schmidhuber (1997), Long Short-Term Memory; Gers et al. (2000) for the forget gate.

    Example:
        >>> from kbridge.layers import LSTM
        >>> from kbridge.models import Sequential
        >>> Sequential([LSTM(4, return_sequences=True, input_shape=(5, 3)), LSTM(2)]).output_shape
        (None, 2)
    """

    U: Any
    U_c: Any
    U_f: Any
    U_i: Any
    U_o: Any
    W: Any
    b: Any

    def __init__(
        self,
        output_dim,
        init="glorot_uniform",
        inner_init="orthogonal",
        forget_bias_init="one",
        activation="tanh",
        inner_activation="hard_sigmoid",
        W_regularizer=None,
        U_regularizer=None,
        b_regularizer=None,
        dropout_W=0.0,
        dropout_U=0.0,
        **kwargs,
    ):
        self._setup(output_dim, init, inner_init, activation, W_regularizer, U_regularizer, b_regularizer, dropout_W, dropout_U)
        self.forget_bias_init = initializations.get(forget_bias_init)
        self.inner_activation = activations.get(inner_activation)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self._build_states(input_shape, 2)
        if self.consume_less == "gpu":
            self._add_joined(4, self._joined_bias)
        else:
            for gate in ("_i", "_c", "_f", "_o"):
                self._add_gate(gate, self.forget_bias_init if gate == "_f" else "zero")
        self.built = True

    def _joined_bias(self, shape, name=None):
        zeros = np.zeros((self.output_dim,))
        forget = K.get_value(self.forget_bias_init((self.output_dim,)))
        return K.variable(np.hstack([zeros, forget, zeros, zeros]), name=name)

    def preprocess_input(self, x):
        return self._projected(x, "ifco") if self.consume_less == "cpu" else x

    def step(self, x, states):
        h, c, B_U, B_W = states[:4]  # those of a subclass come after them
        if self.consume_less == "gpu":
            joined = K.dot(x * B_W[0], self.W) + K.dot(h * B_U[0], self.U) + self.b
            z_i, z_f, z_c, z_o = K.split(joined, 4)
        elif self.consume_less == "cpu" and all(mask is B_U[0] for mask in B_U):
            z_i, z_f, z_c, z_o = K.dots(h * B_U[0], [self.U_i, self.U_f, self.U_c, self.U_o], x)
        else:
            x_i, x_f, x_c, x_o = self._gate_inputs(x, "ifco", B_W)
            z_i = x_i + K.dot(h * B_U[0], self.U_i)
            z_f = x_f + K.dot(h * B_U[1], self.U_f)
            z_c = x_c + K.dot(h * B_U[2], self.U_c)
            z_o = x_o + K.dot(h * B_U[3], self.U_o)
        i = self.inner_activation(z_i)
        f = self.inner_activation(z_f)
        c = f * c + i * self.activation(z_c)
        o = self.inner_activation(z_o)
        h = o * self.activation(c)
        return h, [h, c]

    def get_constants(self, x):
        return self._dropout_constants(x, 4)

    def get_config(self):
        config = {"forget_bias_init": self.forget_bias_init.__name__, "inner_activation": self.inner_activation.__name__}
        return {**super().get_config(), **config}
