"""A penalty on a layer's output as a layer."""

from __future__ import annotations

from ... import regularizers
from ...engine.topology import Layer


class ActivityRegularization(Layer):
    """Pass the input on, and add l1 * sum(abs(x)) + l2 * sum(x ** 2) to the training loss.

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        self.l1 = l1
        self.l2 = l2
        super().__init__(**kwargs)
        self.activity_regularizer = regularizers.L1L2Regularizer(l1=l1, l2=l2)

    def get_config(self):
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
