"""A penalty on a layer's output as a layer."""

from __future__ import annotations

from ... import regularizers
from ...engine.topology import Layer


class ActivityRegularization(Layer):
    """Pass the input on, and add l1 * sum(abs(x)) + l2 * sum(x ** 2) to the training loss.

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.
        per_sample: whether what is added is divided by the number of samples, as in tf.keras; stored where it is.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, per_sample=False, **kwargs):
        self.l1 = l1
        self.l2 = l2
        super().__init__(**kwargs)
        self.activity_regularizer = regularizers.L1L2Regularizer(l1=l1, l2=l2, per_sample=per_sample)

    def get_config(self):
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        return {**config, "per_sample": True} if self.activity_regularizer.per_sample else config
