"""Constraints: functions that map a weight to one that fulfils them, applied after each update."""

from __future__ import annotations

from . import backend as K
from .utils.generic_utils import get_from_module


class Constraint:
    """The base of constraints: callables that map a weight to one that fulfils them. This one changes nothing."""

    def __call__(self, p):
        return p

    def get_config(self):
        """Return the class's name as 'name', and its arguments, as a dict."""
        return {"name": type(self).__name__}


def _norms(p, axis):
    return K.sqrt(K.sum(K.square(p), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Keep norms at most ``m``.

    Args:
        m: the largest norm.
        axis: the axis of the vectors whose norms are meant, or several; 0 for the incoming weights of each unit of a Dense layer.

    References:
        Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting.

    Example:
        >>> from kbridge.constraints import maxnorm
        >>> from kbridge.layers import Dense
        >>> layer = Dense(4, W_constraint=maxnorm(2))
    """

    def __init__(self, m=2, axis=0):
        self.m = m
        self.axis = axis

    def __call__(self, p):
        norms = _norms(p, self.axis)
        return p * (K.clip(norms, 0, self.m) / (K.epsilon() + norms))

    def get_config(self):
        return {"name": type(self).__name__, "m": self.m, "axis": self.axis}


class NonNeg(Constraint):
    """Set negative values to 0."""

    def __call__(self, p):
        return p * K.cast(K.greater_equal(p, 0.0), K.dtype(p))


class UnitNorm(Constraint):
    """Bring norms to 1.

    Args:
        axis: the axis of the vectors whose norms are meant, or several.
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, p):
        return p / (K.epsilon() + _norms(p, self.axis))

    def get_config(self):
        return {"name": type(self).__name__, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Bring norms between ``low`` and ``high``.

    Args:
        low: the least norm.
        high: the largest norm.
        rate: how far norms are moved there at each update, from 0 to 1.
        axis: the axis of the vectors whose norms are meant, or several.
    """

    def __init__(self, low=0.0, high=1.0, rate=1.0, axis=0):
        self.low = low
        self.high = high
        self.rate = rate
        self.axis = axis

    def __call__(self, p):
        norms = _norms(p, self.axis)
        desired = self.rate * K.clip(norms, self.low, self.high) + (1 - self.rate) * norms
        return p * (desired / (K.epsilon() + norms))

    def get_config(self):
        return {"name": type(self).__name__, "low": self.low, "high": self.high, "rate": self.rate, "axis": self.axis}


maxnorm = MaxNorm
nonneg = NonNeg
unitnorm = UnitNorm
# Keras 2's names
max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm


def get(identifier, kwargs=None):
    """Return a constraint.

    Args:
        identifier: a name, a config {'name': ..., arguments}, an object, which is returned as it is, or None.
        kwargs: arguments for one that is given by its name, a dict.
    """
    return get_from_module(identifier, globals(), "constraint", instantiate=True, kwargs=kwargs)
