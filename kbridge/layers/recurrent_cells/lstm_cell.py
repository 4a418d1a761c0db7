"""The step of ``LSTM``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ... import backend as K
from .gated import _Gated


class LSTMCell(_Gated):
    """The step of an LSTM with a forget gate: states h and c.

    The other arguments are those of ``SimpleRNNCell``; W, U and b hold all gates side by side, in the order i, f, c, o.

    Args:
        recurrent_activation: the activation of the gates i, f and o.
        unit_forget_bias: whether the forget gate's bias starts with 1 (Jozefowicz et al., 2015).
        implementation: 1 draws the dropout for each gate by itself, 2 once for all.

    Input shape:
        (samples, features), and the states h and c (samples, units).

    Output shape:
        (samples, units), and the new states.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    References:
        Hochreiter and Schmidhuber (1997), Long Short-Term Memory.
    """

    activation: Callable
    recurrent_activation: Callable
    unit_forget_bias: bool

    gates = 4

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        **kwargs,
    ):
        self._take(
            units, dropout, recurrent_dropout, activation=activation, recurrent_activation=recurrent_activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias, kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint, implementation=implementation,
        )  # fmt: skip
        super().__init__(**kwargs)

    @property
    def state_size(self):
        """The lengths of the states h and c."""
        return [self.units, self.units]

    def _make_bias(self):
        return self.weight("bias", self._bias_shape) if not self.unit_forget_bias else unit_forget_bias(self, self.units)

    def _step(self, x, states, for_inputs, for_states):
        h, c = states
        z = self._product(x, for_inputs, self.kernel) + self._product(h, for_states, self.recurrent_kernel)
        i, f, candidate, o = K.split(z if self.bias is None else z + self.bias, 4)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(candidate)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


def unit_forget_bias(layer, size: int):
    """The bias of an LSTM's gates i, f, c, o with ones for f, ``size`` numbers a gate, and else as ``bias_initializer`` says."""

    def ones_for_forgetting(shape, name=None):
        start = K.get_value(layer.bias_initializer((size,)))
        rest = K.get_value(layer.bias_initializer((2 * size,)))
        return K.variable(np.hstack([start, np.ones(size), rest]), name=name)

    return layer.add_weight(
        (4 * size,), ones_for_forgetting, f"{layer.name}_bias", regularizer=layer.bias_regularizer, constraint=layer.bias_constraint
    )
