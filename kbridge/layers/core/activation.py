"""An activation function as a layer; those with arguments of their own are in ``activation_layers.py`` and ``advanced_activations.py``."""

from __future__ import annotations

from ... import activations
from ...engine.topology import Layer


class Activation(Layer):
    """Apply an activation function to each value of the input.

    Args:
        activation: the name of an activation (``kbridge.activations``) or a function of tensors.

    Input shape:
        Any; for 'softmax' at least 2 axes.

    Output shape:
        The input's.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Activation
        >>> from kbridge.models import Sequential
        >>> Sequential([Activation("relu", input_shape=(2,))]).predict(np.array([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, activation, **kwargs):
        self.activation = activations.get(activation)
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        """Return the activation of the input."""
        return self.activation(x)

    def get_config(self):
        return {**super().get_config(), "activation": getattr(self.activation, "__name__", type(self.activation).__name__)}
