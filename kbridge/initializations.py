"""Initial values of weights, as functions of a shape, drawn from NumPy's global random state.

``np.random.seed(n)`` before a model is built gives the same weights on every backend.
"""

from __future__ import annotations

import numpy as np

from . import backend as K
from .budget import will_be_set
from .utils.generic_utils import get_from_module


def get_fans(shape, dim_ordering="th"):
    """Return (fan in, fan out) of a weight: how many inputs and outputs it connects.

    For kernels of 2-D and 3-D convolutions they are the channels times the window's size; for other shapes with more or fewer than 2 axes
    sqrt(size) each.

    Args:
        shape: the weight's shape.
        dim_ordering: 'th' for kernels (filters, channels, ...), 'tf' for (..., channels, filters).
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) in (4, 5):
        if dim_ordering == "th":
            receptive = np.prod(shape[2:])
            return shape[1] * receptive, shape[0] * receptive
        if dim_ordering == "tf":
            receptive = np.prod(shape[:2])
            return shape[-2] * receptive, shape[-1] * receptive
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Allowed: 'th', 'tf'.")
    fan = np.sqrt(np.prod(shape))
    return fan, fan


def uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    """Return a variable with values drawn uniformly from [-scale, scale).

    Args:
        shape: its lengths.
        scale: the limit of the values.
        name: its name.
        dim_ordering: accepted, and not used.
    """
    return zero(shape, name) if will_be_set() else K.random_uniform_variable(shape, -scale, scale, name=name)


def normal(shape, scale=0.05, name=None, dim_ordering="th"):
    """Return a variable with values drawn from a normal distribution of mean 0.

    Args:
        shape: its lengths.
        scale: the standard deviation.
        name: its name.
        dim_ordering: accepted, and not used.
    """
    return zero(shape, name) if will_be_set() else K.random_normal_variable(shape, 0.0, scale, name=name)


def lecun_uniform(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, drawn uniformly with the limit sqrt(3 / fan_in); ``dim_ordering`` as for ``get_fans`` (LeCun et al., 1998)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, np.sqrt(3.0 / fan_in), name=name)


def glorot_normal(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, drawn from a normal distribution with the variance 2 / (fan_in + fan_out); ``dim_ordering`` as for ``get_fans``
    (Glorot and Bengio, 2010).
    """
    fan_in, fan_out = get_fans(shape, dim_ordering)
    return normal(shape, np.sqrt(2.0 / (fan_in + fan_out)), name=name)


def glorot_uniform(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, drawn uniformly with the limit sqrt(6 / (fan_in + fan_out)); ``dim_ordering`` as for ``get_fans`` (Glorot and Bengio, 2010)."""
    fan_in, fan_out = get_fans(shape, dim_ordering)
    return uniform(shape, np.sqrt(6.0 / (fan_in + fan_out)), name=name)


def he_normal(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, drawn from a normal distribution with the variance 2 / fan_in; ``dim_ordering`` as for ``get_fans`` (He et al., 2015)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return normal(shape, np.sqrt(2.0 / fan_in), name=name)


def he_uniform(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, drawn uniformly with the limit sqrt(6 / fan_in); ``dim_ordering`` as for ``get_fans`` (He et al., 2015)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, np.sqrt(6.0 / fan_in), name=name)


def orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    """Return a variable with a random orthogonal matrix times ``scale``; axes after the first are taken as one.

    Args:
        shape: its lengths, at least 2.
        scale: the factor.
        name: its name.
        dim_ordering: accepted, and not used.

    Raises:
        ValueError: fewer than 2 axes.

    References:
        Saxe et al. (2013), arXiv 1312.6120.
    """
    if len(shape) < 2:
        raise ValueError(f"Orthogonal initialization needs at least 2 axes, got shape {tuple(shape)}.")
    if will_be_set():
        return zero(shape, name)
    flat = (shape[0], int(np.prod(shape[1:])))
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    q = u if u.shape == flat else v
    return K.variable(scale * q.reshape(shape), name=name)


def identity(shape, scale=1, name=None, dim_ordering="th"):
    """Return a variable with ``scale`` times the identity matrix.

    Args:
        shape: its lengths, two equal ones.
        scale: the factor.
        name: its name.
        dim_ordering: accepted, and not used.

    Raises:
        ValueError: the shape isn't that of a square matrix.
    """
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"Identity matrix initialization can only be used for 2D square matrices, got shape {tuple(shape)}.")
    return K.variable(scale * np.identity(shape[0]), name=name)


def zero(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, full of 0; ``dim_ordering`` is not used."""
    return K.zeros(shape, name=name)


def one(shape, name=None, dim_ordering="th"):
    """Return a variable of ``shape``, called ``name``, full of 1; ``dim_ordering`` is not used."""
    return K.ones(shape, name=name)


def get(identifier, **kwargs):
    """Return the initialization with a name; functions are returned as they are.

    Args:
        identifier: a name of this module, or a function of a shape.
        kwargs: arguments that are bound to it, such as ``dim_ordering``.

    Example:
        >>> from kbridge import initializations
        >>> from kbridge import backend as K
        >>> K.int_shape(initializations.get("he_normal")((3, 4)))
        (3, 4)
    """
    found = get_from_module(identifier, globals(), "initialization")
    if not kwargs:
        return found

    def initialization(shape, **more):
        return found(shape, **{**kwargs, **more})

    initialization.__name__ = getattr(found, "__name__", "initialization")
    return initialization
