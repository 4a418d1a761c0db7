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
    """The hyperbolic tangent of x."""
    return K.tanh(x)


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return K.sigmoid(x)


def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""
    return K.hard_sigmoid(x)


def relu6_sigmoid(x):
    """clip(x / 6 + 0.5, 0, 1) (Howard et al., 2019), which Keras 3 calls hard_sigmoid."""
    return K.relu6(x + 3.0) / 6.0


def leaky_relu(x, negative_slope=0.2):
    """x above 0, negative_slope * x below."""
    return K.leaky_relu(x, negative_slope)


def relu6(x):
    """min(max(x, 0), 6)."""
    return K.relu6(x)


def selu(x):
    """Scaled elu of x that keeps mean 0 and variance 1 (Klambauer et al., 2017, arXiv 1706.02515)."""
    return K.selu(x)


def celu(x, alpha=1.0):
    """x above 0, alpha * (exp(x / alpha) - 1) below (Barron, 2017)."""
    return K.celu(x, alpha)


def gelu(x, approximate=False):
    """x times the share of a standard normal distribution below x (arXiv 1606.08415); with ``approximate`` computed by a tanh."""
    return K.gelu(x, approximate)


def silu(x):
    """x * sigmoid(x) (Ramachandran et al., 2017)."""
    return K.silu(x)


def hard_silu(x):
    """x * clip(x + 3, 0, 6) / 6 (Howard et al., 2019)."""
    return K.hard_silu(x)


def mish(x):
    """x * tanh(softplus(x)) (Misra, 2019)."""
    return K.mish(x)


def exponential(x):
    """exp(x)."""
    return K.exp(x)


def log_sigmoid(x):
    """log(sigmoid(x))."""
    return K.log_sigmoid(x)


def log_softmax(x, axis=-1):
    """log(softmax(x)) over ``axis``."""
    return K.log_softmax(x, axis)


def hard_tanh(x):
    """clip(x, -1, 1)."""
    return K.hard_tanh(x)


def hard_shrink(x, threshold=0.5):
    """x where abs(x) > threshold, else 0."""
    return K.hard_shrink(x, threshold)


def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by ``threshold``."""
    return K.soft_shrink(x, threshold)


def tanh_shrink(x):
    """x - tanh(x)."""
    return K.tanh_shrink(x)


def squareplus(x, b=4):
    """(x + sqrt(x ** 2 + b)) / 2 (Barron, 2021)."""
    return K.squareplus(x, b)


def sparse_plus(x):
    """0 below -1, x above 1, (x + 1) ** 2 / 4 between."""
    return 0.25 * K.square(K.clip(x + 1.0, 0.0, 2.0)) + K.relu(x - 1.0)


def sparse_sigmoid(x):
    """clip((x + 1) / 2, 0, 1)."""
    return K.clip(0.5 * (x + 1.0), 0.0, 1.0)


def sparsemax(x, axis=-1):
    """The nearest point to x of the probability simplex along ``axis`` (Martins and Astudillo, 2016)."""
    return K.sparsemax(x, axis)


def glu(x, axis=-1):
    """The first half of x along ``axis`` times the sigmoid of the second half (Dauphin et al., 2017)."""
    return K.glu(x, axis)


def threshold(x, threshold, default_value):
    """x where x is above ``threshold``, else ``default_value``."""
    return K.threshold(x, threshold, default_value)


#: other names that files of Keras 2 and 3 use
swish, hard_swish = silu, hard_silu


def linear(x):
    """x itself."""
    return x


def get(identifier):
    """Return an activation.

    Args:
        identifier: a name of this module, a function of tensors or a layer, which are returned as they are, or None for ``linear``.

    Raises:
        ValueError: an unknown name.
    """
    if identifier is None:
        return linear
    return get_from_module(identifier, globals(), "activation function")
