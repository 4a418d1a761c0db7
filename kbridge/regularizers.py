"""Regularizers: scalar penalties on weights or outputs, added to the training loss."""

from __future__ import annotations

# a star import brings it in Keras 1, too
import warnings  # noqa: F401

import numpy as np

from . import backend as K
from .utils.generic_utils import get_from_module


class Regularizer:
    """The base of regularizers: callables that turn a tensor into a scalar penalty. This one gives 0."""

    def __call__(self, x):
        return 0.0

    def get_config(self):
        """Return the class's name as 'name', and its arguments, as a dict."""
        return {"name": type(self).__name__}

    def set_param(self, p):
        """Take the weight ``p``, as programs of Keras 1.0 do before they put the regularizer into a layer's ``regularizers``."""
        self.p = p

    def set_layer(self, layer):
        """Take the layer ``layer``, as programs of Keras 1.0 do with an activity regularizer."""
        self.layer = layer


class L1L2Regularizer(Regularizer):
    """l1 * sum(abs(x)) + l2 * sum(x ** 2).

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.
        per_sample: whether the penalty is divided by the length of the first axis, as tf.keras does with that of a layer's
            outputs; stored where it is.

    Example:
        >>> from kbridge.layers import Dense
        >>> from kbridge.regularizers import l2
        >>> layer = Dense(4, W_regularizer=l2(0.01))
    """

    def __init__(self, l1=0.0, l2=0.0, per_sample=False):
        self.l1 = K.cast_to_floatx(l1)
        self.l2 = K.cast_to_floatx(l2)
        self.per_sample = bool(per_sample)

    def __call__(self, x):
        penalty = 0.0
        if self.l1:
            penalty = penalty + K.sum(self.l1 * K.abs(x))
        if self.l2:
            penalty = penalty + K.sum(self.l2 * K.square(x))
        if self.per_sample and (self.l1 or self.l2):
            penalty = penalty / K.cast(K.shape(x)[0], K.floatx())
        return penalty

    def get_config(self):
        config = {"name": type(self).__name__, "l1": float(self.l1), "l2": float(self.l2)}
        return {**config, "per_sample": True} if self.per_sample else config


class EigenvalueRegularizer(Regularizer):
    """``k`` times the root of the largest eigenvalue of x^T x, estimated by 9 steps of the power method.

    It is for matrices. Keras 1.2.2 took square ones and lost ``k`` when saving; here it is kept.

    Args:
        k: the factor.
    """

    def __init__(self, k=0.0):
        self.k = k

    def __call__(self, x):
        if K.ndim(x) != 2:
            raise ValueError(f"EigenvalueRegularizer only works for matrices, got a tensor of shape {K.int_shape(x)}.")
        gram = K.dot(K.transpose(x), x)
        size = K.int_shape(gram)[0]
        vector = K.dot(gram, K.ones((size, 1)))
        for _ in range(8):
            vector = K.dot(gram, vector)
        top = K.sum(K.dot(K.transpose(K.dot(gram, vector)), vector)) / K.sum(K.dot(K.transpose(vector), vector))
        return top**0.5 * self.k

    def get_config(self):
        return {"name": type(self).__name__, "k": self.k}


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean over pairs of rows (or columns) of a matrix of the absolute cosine of the angle between them.

    Args:
        factor: the factor.
        mode: 'rows' or 'columns'.

    Raises:
        ValueError: another mode, or a weight that isn't a matrix.
    """

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: mode must be 'rows' or 'columns', got {mode!r}.")
        self.factor, self.mode = float(factor), mode

    def __call__(self, x):
        if K.ndim(x) != 2:
            raise ValueError(f"OrthogonalRegularizer only works for matrices, got a tensor of shape {K.int_shape(x)}.")
        rows = K.l2_normalize(x if self.mode == "rows" else K.transpose(x), axis=1)
        size = K.int_shape(rows)[0]
        others = K.constant(1.0 - np.eye(size), dtype=K.dtype(rows))
        cosines = K.abs(K.dot(rows, K.transpose(rows))) * others
        return K.sum(cosines) * (self.factor / max(size * (size - 1), 1))

    def get_config(self):
        return {"name": type(self).__name__, "factor": self.factor, "mode": self.mode}


WeightRegularizer = L1L2Regularizer
ActivityRegularizer = L1L2Regularizer


def l1(l=0.01):  # noqa: E741 (Keras 1's name)
    """Return the regularizer l * sum(abs(x))."""
    return L1L2Regularizer(l1=l)


def l2(l=0.01):  # noqa: E741
    """Return the regularizer l * sum(x ** 2)."""
    return L1L2Regularizer(l2=l)


def l1l2(l1=0.01, l2=0.01):
    """Return the regularizer l1 * sum(abs(x)) + l2 * sum(x ** 2)."""
    return L1L2Regularizer(l1=l1, l2=l2)


# Keras 2's names
L1, L2, L1L2, l1_l2 = l1, l2, L1L2Regularizer, l1l2
orthogonal_regularizer = OrthogonalRegularizer

activity_l1 = l1
activity_l2 = l2
activity_l1l2 = l1l2


def get(identifier, kwargs=None):
    """Return a regularizer.

    Args:
        identifier: a name, a config {'name': ..., arguments}, an object, which is returned as it is, or None.
        kwargs: arguments for one that is given by its name, a dict.
    """
    return get_from_module(identifier, globals(), "regularizer", instantiate=True, kwargs=kwargs)
