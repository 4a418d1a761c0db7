"""Masking of time steps."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import Layer


class Masking(Layer):
    """Mask the time steps in which all features equal ``mask_value``.

    Masked steps are set to 0, and layers after this one that support masks skip them.

    Args:
        mask_value: the number that stands for a missing step.

    Input shape:
        (samples, time, features).

    Output shape:
        The input's.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import LSTM, Masking
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Masking(input_shape=(3, 2)), LSTM(4)])
        >>> padded = np.zeros((1, 3, 2))
        >>> padded[:, 0] = 1
        >>> model.predict(padded).shape
        (1, 4)
    """

    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        self.mask_value = mask_value
        super().__init__(**kwargs)

    def compute_mask(self, x, input_mask=None):
        return K.any(K.not_equal(x, self.mask_value), axis=-1)

    def call(self, x, mask=None):
        """Return the input with masked steps set to 0."""
        keep = K.any(K.not_equal(x, self.mask_value), axis=-1, keepdims=True)
        return x * K.cast(keep, K.dtype(x))

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
