"""The step of ``GRU``."""

from __future__ import annotations

from collections.abc import Callable

from ... import backend as K
from .gated import _Gated


class GRUCell(_Gated):
    """The step of a gated recurrent unit: update gate z, reset gate r, candidate h.

    The other arguments are those of ``SimpleRNNCell``; W, U and b hold all gates side by side, in the order z, r, h.

    Args:
        recurrent_activation: the activation of the gates z and r.
        implementation: 1 draws the dropout for each gate by itself, 2 once for all.
        reset_after: whether the reset gate is applied after the product with U, which has a bias of its own then: b has the shape (2, 3 units).

    Input shape:
        (samples, features), and the state (samples, units).

    Output shape:
        (samples, units), and the new state.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    References:
        Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv 1406.1078.
    """

    activation: Callable
    recurrent_activation: Callable

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        reset_after=True,
        **kwargs,
    ):
        self.reset_after = bool(reset_after)
        self._take(
            units, dropout, recurrent_dropout, activation=activation, recurrent_activation=recurrent_activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
            implementation=implementation,
        )  # fmt: skip
        super().__init__(**kwargs)

    @property
    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _step(self, x, states, for_inputs, for_states):
        h = states[0]
        from_input = self._product(x, for_inputs, self.kernel)
        if self.bias is not None:
            from_input = from_input + (self.bias[0] if self.reset_after else self.bias)
        x_z, x_r, x_h = K.split(from_input, 3)
        if self.reset_after:
            from_state = self._product(h, for_states, self.recurrent_kernel)
            h_z, h_r, h_h = K.split(from_state if self.bias is None else from_state + self.bias[1], 3)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + r * h_h)
        else:
            gates, last = self.recurrent_kernel[:, : 2 * self.units], self.recurrent_kernel[:, 2 * self.units :]
            h_z, h_r = K.split(self._product(h, for_states[:2], gates), 2)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + self._product(r * h, for_states[-1:], last))
        h = z * h + (1 - z) * candidate
        return h, [h]
