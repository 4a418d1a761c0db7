"""The step of ``SimpleRNN``."""

from __future__ import annotations

from collections.abc import Callable

from .gated import _Gated


class SimpleRNNCell(_Gated):
    """The step of ``SimpleRNN``: h' = activation(x W + h U + b).

    Args:
        units: the length of the output and of the state h.
        activation: the name of an activation or a function of tensors.
        use_bias: whether b is added.
        kernel_initializer: how W starts.
        recurrent_initializer: how U starts.
        bias_initializer: how b starts.
        kernel_regularizer: a penalty on W.
        recurrent_regularizer: a penalty on U.
        bias_regularizer: a penalty on b.
        kernel_constraint: a function that is applied to W after each update.
        recurrent_constraint: a function that is applied to U after each update.
        bias_constraint: a function that is applied to b after each update.
        dropout: the fraction of the inputs to drop in training, the same at all steps.
        recurrent_dropout: the fraction of the state to drop in training, the same at all steps.

    Input shape:
        (samples, features), and the state (samples, units).

    Output shape:
        (samples, units), and the new state.

    Raises:
        ValueError: ``units`` isn't a whole number above 0, or a dropout outside of [0, 1).

    Example:
        >>> from kbridge.layers import RNN, Input, SimpleRNNCell
        >>> RNN(SimpleRNNCell(4))(Input((5, 3)))._keras_shape
        (None, 4)
    """

    activation: Callable

    def __init__(
        self,
        units,
        activation="tanh",
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
        **kwargs,
    ):
        self._take(
            units, dropout, recurrent_dropout, activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        super().__init__(**kwargs)

    def _step(self, x, states, for_inputs, for_states):
        z = self._product(x, for_inputs, self.kernel) + self._product(states[0], for_states, self.recurrent_kernel)
        output = self.activation(z if self.bias is None else z + self.bias)
        return output, [output]
