"""The fully connected recurrence."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from .base import time_distributed_dense
from .gates import _Cell


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
