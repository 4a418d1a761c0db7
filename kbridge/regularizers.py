"""Regularizers: scalar penalties on weights or outputs, added to the training loss."""

from __future__ import annotations

# a star import brings it in Keras 1, too
import warnings  # noqa: F401

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

    Example:
        >>> from kbridge.layers import Dense
        >>> from kbridge.regularizers import l2
        >>> layer = Dense(4, W_regularizer=l2(0.01))
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = K.cast_to_floatx(l1)
        self.l2 = K.cast_to_floatx(l2)

    def __call__(self, x):
        penalty = 0.0
        if self.l1:
            penalty = penalty + K.sum(self.l1 * K.abs(x))
        if self.l2:
            penalty = penalty + K.sum(self.l2 * K.square(x))
        return penalty

    def get_config(self):
        return {"name": type(self).__name__, "l1": float(self.l1), "l2": float(self.l2)}


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
            raise ValueError(f"EigenvalueRegularizer is for matrices, got a tensor of shape {K.int_shape(x)}.")
        gram = K.dot(K.transpose(x), x)
        size = K.int_shape(gram)[0]
        vector = K.dot(gram, K.ones((size, 1)))
        for _ in range(8):
            vector = K.dot(gram, vector)
        top = K.sum(K.dot(K.transpose(K.dot(gram, vector)), vector)) / K.sum(K.dot(K.transpose(vector), vector))
        return top**0.5 * self.k

    def get_config(self):
        return {"name": type(self).__name__, "k": self.k}


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
