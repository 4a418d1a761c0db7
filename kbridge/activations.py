"""Activation functions of tensors, and ``get`` to find one by name."""

from __future__ import annotations

from . import backend as K
from .utils.generic_utils import get_from_module


def softmax(x):
    """exp(x) / sum(exp(x)) over the last axis, for tensors with at least 2 axes."""
    if K.ndim(x) < 2:
        raise ValueError(f"softmax needs a tensor with at least 2 axes, got shape {K.int_shape(x)}.")
    return K.softmax(x)


def elu(x, alpha=1.0):
    """x above 0, alpha * (exp(x) - 1) below (Clevert et al., 2015)."""
    return K.elu(x, alpha)


def softplus(x):
    """log(1 + exp(x))."""
    return K.softplus(x)


def softsign(x):
    """x / (1 + abs(x))."""
    return K.softsign(x)


def relu(x, alpha=0.0, max_value=None):
    """max(x, 0), with slope ``alpha`` below 0 and a cap at ``max_value``."""
    return K.relu(x, alpha=alpha, max_value=max_value)


def tanh(x):
    """Hyperbolic tangent."""
    return K.tanh(x)


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return K.sigmoid(x)


def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""
    return K.hard_sigmoid(x)


def linear(x):
    """x itself."""
    return x


def get(identifier):
    """The activation called ``identifier``; None is ``linear``, functions and layers are returned as they are."""
    if identifier is None:
        return linear
    return get_from_module(identifier, globals(), "activation function")
