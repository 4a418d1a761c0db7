"""Batch normalization in training, where the NumPy ops have one for it."""

from __future__ import annotations

from ..interface import Backend
from .ops.batch_norm import normalized
from .ops.common import as_tensor, is_float


class NormalizationPrimitives(Backend):
    """normalize_batch_in_training."""

    def normalize_batch_in_training(self, x, gamma, beta, reduction_axes, epsilon=0.001):
        x = as_tensor(x)
        features = x.shape[-1:]
        axes = sorted(a % x.ndim for a in reduction_axes)
        if x.ndim > 1 and axes == list(range(x.ndim - 1)) and is_float(x.dtype) and x.dtype.itemsize >= 4:
            gamma, beta = as_tensor(gamma, x.dtype), as_tensor(beta, x.dtype)
            if gamma.shape == beta.shape == features and gamma.dtype == beta.dtype == x.dtype:
                return normalized(x, gamma, beta, epsilon)
        return super().normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon)
