"""Long short-term memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import activations, initializations
from ... import backend as K
from .gates import BY_ELEMENT, _Cell


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

    @property
    def _gates(self) -> str:
        """The order of the gates in what ``preprocess_input`` makes. A subclass' own step gets Keras' order."""
        own = type(self).step is LSTM.step and self.consume_less == "cpu"
        return "ifoc" if own and self.inner_activation in BY_ELEMENT else "ifco"

    def preprocess_input(self, x):
        return self._projected(x, self._gates) if self.consume_less == "cpu" else x

    def step(self, x, states):
        h, c, B_U, B_W = states[:4]  # those of a subclass come after them
        same_masks = all(mask is B_U[0] for mask in B_U)
        if same_masks and self._gates == "ifoc":
            # one product for all gates, and one call for the activation of i, f and o
            z = K.dots(h * B_U[0], [getattr(self, f"U_{g}") for g in self._gates], x, joined=True)
            z_gates, z_c = K.split(z, [3 * self.output_dim, self.output_dim])
            i, f, o = K.split(self.inner_activation(z_gates), 3)
            return self._next(c, i, f, o, z_c)
        if self.consume_less == "gpu":
            joined = K.dot(x * B_W[0], self.W) + K.dot(h * B_U[0], self.U) + self.b
            z_i, z_f, z_c, z_o = K.split(joined, 4)
        elif self.consume_less == "cpu" and same_masks:
            z_i, z_f, z_c, z_o = K.dots(h * B_U[0], [self.U_i, self.U_f, self.U_c, self.U_o], x)
        else:
            gate_inputs = dict(zip(self._gates, self._gate_inputs(x, self._gates, B_W)))
            x_i, x_f, x_c, x_o = (gate_inputs[g] for g in "ifco")
            z_i = x_i + K.dot(h * B_U[0], self.U_i)
            z_f = x_f + K.dot(h * B_U[1], self.U_f)
            z_c = x_c + K.dot(h * B_U[2], self.U_c)
            z_o = x_o + K.dot(h * B_U[3], self.U_o)
        i, f, o = self.inner_activation(z_i), self.inner_activation(z_f), self.inner_activation(z_o)
        return self._next(c, i, f, o, z_c)

    def _next(self, c, i, f, o, z_c):
        """Return the output and the states of a step: ``c`` before it, its gates, and what its candidate is the activation of."""
        c = f * c + i * self.activation(z_c)
        h = o * self.activation(c)
        return h, [h, c]

    def get_constants(self, x):
        return self._dropout_constants(x, 4)

    def get_config(self):
        config = {"forget_bias_init": self.forget_bias_init.__name__, "inner_activation": self.inner_activation.__name__}
        return {**super().get_config(), **config}
