"""Noise that is added or multiplied in training only."""

from __future__ import annotations

import math

from .. import backend as K
from ..engine.topology import Layer

__all__ = ["GaussianDropout", "GaussianNoise", "K", "Layer"]


class GaussianNoise(Layer):
    """Add normal noise of mean 0 and standard deviation ``sigma`` in training."""

    supports_masking = True
    uses_learning_phase = True

    def __init__(self, sigma, **kwargs):
        self.sigma = sigma
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        return K.in_train_phase(lambda: x + K.random_normal(_shape(x), 0.0, self.sigma, dtype=K.dtype(x)), x)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}


class GaussianDropout(Layer):
    """Multiply by normal noise of mean 1 and standard deviation sqrt(p / (1 - p)) in training (Srivastava et al., 2014)."""

    supports_masking = True
    uses_learning_phase = True

    def __init__(self, p, **kwargs):
        if not 0 <= p < 1:
            raise ValueError(f"GaussianDropout: p must be at least 0 and below 1, got {p!r}.")
        self.p = p
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        if not self.p:
            return x
        std = math.sqrt(self.p / (1.0 - self.p))
        return K.in_train_phase(lambda: x * K.random_normal(_shape(x), 1.0, std, dtype=K.dtype(x)), x)

    def get_config(self):
        return {**super().get_config(), "p": self.p}


def _shape(x) -> list:
    """The lengths of a tensor, those unknown before a run as tensors."""
    dynamic = K.shape(x)
    return [dynamic[i] if n is None else n for i, n in enumerate(K.int_shape(x))]
