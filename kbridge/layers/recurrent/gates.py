"""The base of SimpleRNN, GRU and LSTM: their common arguments, and gates with weights W, U and b each."""

from __future__ import annotations

import warnings

from ... import activations, constraints, initializations, regularizers
from ... import backend as K
from ...errors import whole_number
from ..dense import config_of
from .base import Recurrent, time_distributed_dense

#: activations of gates that don't look at the axis, so that several gates go through one call
BY_ELEMENT = (activations.sigmoid, activations.hard_sigmoid, activations.tanh, activations.linear)


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
                f"{type(self).__name__} {self.name}: with consume_less={self.consume_less!r}, as in Keras 1.2.2, W_regularizer "
                "applies to the recurrent weights U too, and U_regularizer has no effect. With consume_less='gpu' each applies "
                "to its own weights. [differences: recurrent-penalties]",
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
