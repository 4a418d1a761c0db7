"""Sums, products, extremes, logic and random tensors."""

from __future__ import annotations

import numpy as np

from .. import settings
from .quiet import tf
from .tensors import as_float, as_tensor, axes_of


def _countable(x):
    x = as_tensor(x)
    return tf.cast(x, tf.int32) if x.dtype == tf.bool else x


def _nan_through(reduced, x, axis, keepdims):
    """``reduced``, but NaN where there is one among the elements, which TensorFlow's extremes pass over."""
    if not x.dtype.is_floating:
        return reduced
    found = tf.reduce_any(tf.math.is_nan(x), axis=axis, keepdims=keepdims)
    return tf.where(found, tf.constant(np.nan, x.dtype), reduced)


def _seed(seed):
    # NumPy's global state decides where no seed is given: np.random.seed makes a run repeatable
    return int(np.random.randint(0, 2**31 - 1)) if seed is None else int(seed)


def _sizes(shape):
    if isinstance(shape, (list, tuple)):
        return [tf.cast(n, tf.int32) if isinstance(n, tf.Tensor) else int(n) for n in shape]
    return shape


class ReductionPrimitives:
    """Reductions over axes, and draws."""

    def sum(self, x, axis=None, keepdims=False):
        return tf.reduce_sum(_countable(x), axes_of(axis), keepdims)

    def prod(self, x, axis=None, keepdims=False):
        return tf.reduce_prod(_countable(x), axes_of(axis), keepdims)

    def mean(self, x, axis=None, keepdims=False):
        return tf.reduce_mean(as_float(x), axes_of(axis), keepdims)

    def max(self, x, axis=None, keepdims=False):
        x = _countable(x)
        return _nan_through(tf.reduce_max(x, axes_of(axis), keepdims), x, axes_of(axis), keepdims)

    def min(self, x, axis=None, keepdims=False):
        x = _countable(x)
        return _nan_through(tf.reduce_min(x, axes_of(axis), keepdims), x, axes_of(axis), keepdims)

    def any(self, x, axis=None, keepdims=False):
        return tf.reduce_any(tf.cast(as_tensor(x), tf.bool), axes_of(axis), keepdims)

    def all(self, x, axis=None, keepdims=False):
        return tf.reduce_all(tf.cast(as_tensor(x), tf.bool), axes_of(axis), keepdims)

    def argmax(self, x, axis=-1):
        return tf.argmax(_countable(x), axis)

    def argmin(self, x, axis=-1):
        return tf.argmin(_countable(x), axis)

    def cumsum(self, x, axis=0):
        return tf.cumsum(as_tensor(x), axis)

    def random_uniform(self, shape, low=0.0, high=1.0, dtype=None, seed=None):
        return tf.random.uniform(_sizes(shape), low, high, dtype or settings.floatx(), _seed(seed))

    def random_normal(self, shape, mean=0.0, std=1.0, dtype=None, seed=None):
        return tf.random.normal(_sizes(shape), mean, std, dtype or settings.floatx(), _seed(seed))
