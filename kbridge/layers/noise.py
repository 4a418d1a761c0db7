"""Noise that is added or multiplied in training only."""

from __future__ import annotations

import math

from .. import backend as K
from ..engine.topology import Layer
from .core.dropout import Dropout

__all__ = ["AlphaDropout", "GaussianDropout", "GaussianNoise", "K", "Layer"]


class GaussianNoise(Layer):
    """Add normal noise of mean 0 in training; in prediction the input stays as it is.

    Args:
        sigma: the standard deviation of the noise.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True
    uses_learning_phase = True

    def __init__(self, sigma, **kwargs):
        self.sigma = sigma
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        """Return the input, with noise added in the training phase."""
        return K.in_train_phase(lambda: x + K.random_normal(_shape(x), 0.0, self.sigma, dtype=K.dtype(x)), x)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}


class GaussianDropout(Layer):
    """Multiply by normal noise of mean 1 and standard deviation sqrt(p / (1 - p)) in training.

    Args:
        p: the fraction that ``Dropout`` with the same effect would drop, at least 0 and below 1.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: ``p`` is below 0 or at least 1.

    References:
        Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting.
    """

    supports_masking = True
    uses_learning_phase = True

    def __init__(self, p, **kwargs):
        if not 0 <= p < 1:
            raise ValueError(f"GaussianDropout: p must be at least 0 and below 1, got {p!r}.")
        self.p = p
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        """Return the input, multiplied by noise in the training phase."""
        if not self.p:
            return x
        std = math.sqrt(self.p / (1.0 - self.p))
        return K.in_train_phase(lambda: x * K.random_normal(_shape(x), 1.0, std, dtype=K.dtype(x)), x)

    def get_config(self):
        return {**super().get_config(), "p": self.p}


class AlphaDropout(Dropout):
    """Dropout for self-normalizing networks (Klambauer et al., 2017, arXiv 1706.02515): what is dropped becomes the lower limit of selu,
    and the result is scaled and moved so that mean and variance stay.

    With a = -1.7580993408473766 and q = 1 - rate the kept x and the dropped a become s * x + t and s * a + t with
    s = (q * (1 + rate * a ** 2)) ** -0.5 and t = -s * rate * a.

    Args:
        rate: the fraction to drop, at least 0 and below 1.
        noise_shape: shares decisions along axes of length 1, None for an axis as long as the input's.
        seed: makes the draws repeatable.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(rate, noise_shape, seed, **kwargs)
        self.rate = rate

    def call(self, x, mask=None):
        """Return the input, with a fraction of it replaced in the training phase."""
        if not self.rate:
            return x
        kept, low = 1.0 - self.rate, -1.7580993408473766
        scale = (kept * (1 + self.rate * low**2)) ** -0.5

        def dropped():
            # 1 where kept: dropout scales what it keeps up
            ones = K.dropout(K.ones_like(x), self.rate, self._noise_shape(x), seed=self.seed) * kept
            return scale * (x * ones + low * (1.0 - ones)) - scale * self.rate * low

        return K.in_train_phase(dropped, x)

    def get_config(self):
        config = super().get_config()
        del config["p"]
        return {**config, "rate": self.rate}


def _shape(x) -> list:
    """The lengths of a tensor, those unknown before a run as tensors."""
    dynamic = K.shape(x)
    return [dynamic[i] if n is None else n for i, n in enumerate(K.int_shape(x))]
