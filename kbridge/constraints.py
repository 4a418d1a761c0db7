"""Constraints: functions that map a weight to one that fulfils them, applied after each update."""

from __future__ import annotations

from . import backend as K
from .utils.generic_utils import get_from_module


class Constraint:
    """The base: no constraint."""

    def __call__(self, p):
        return p

    def get_config(self):
        return {"name": type(self).__name__}


def _norms(p, axis):
    return K.sqrt(K.sum(K.square(p), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Norms along ``axis`` (an int or several) of at most ``m`` (Srivastava et al., 2014)."""

    def __init__(self, m=2, axis=0):
        self.m = m
        self.axis = axis

    def __call__(self, p):
        norms = _norms(p, self.axis)
        return p * (K.clip(norms, 0, self.m) / (K.epsilon() + norms))

    def get_config(self):
        return {"name": type(self).__name__, "m": self.m, "axis": self.axis}


class NonNeg(Constraint):
    """No negative values."""

    def __call__(self, p):
        return p * K.cast(K.greater_equal(p, 0.0), K.dtype(p))


class UnitNorm(Constraint):
    """Norms of 1 along ``axis``."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, p):
        return p / (K.epsilon() + _norms(p, self.axis))

    def get_config(self):
        return {"name": type(self).__name__, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Norms along ``axis`` between ``low`` and ``high``; ``rate`` (0 to 1) is how far they are moved there."""

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


def get(identifier, kwargs=None):
    """The constraint called ``identifier`` (or the one of a config); None and objects are returned as they are."""
    return get_from_module(identifier, globals(), "constraint", instantiate=True, kwargs=kwargs)
