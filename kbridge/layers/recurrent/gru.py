"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any

from ... import activations
from ... import backend as K
from .base import time_distributed_dense
from .gates import BY_ELEMENT, _Cell


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
        if self.inner_activation in BY_ELEMENT:
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
