"""Helpers of Keras 0.x for variables, which programs of that time import; they work on every backend."""

from __future__ import annotations

import numpy as np

from .. import backend as K


def floatX(X) -> np.ndarray:
    """``X`` as an array of floatx."""
    return np.asarray(X, dtype=K.floatx())


def sharedX(X, dtype=None, name=None):
    """A variable with the value ``X``."""
    return K.variable(np.asarray(X, dtype=dtype or K.floatx()), dtype=dtype or K.floatx(), name=name)


def shared_zeros(shape, dtype=None, name=None):
    """A variable of zeros."""
    return sharedX(np.zeros(shape), dtype=dtype, name=name)


def shared_scalar(val=0.0, dtype=None, name=None):
    """A variable that holds one number."""
    return sharedX(val, dtype=dtype, name=name)


def shared_ones(shape, dtype=None, name=None):
    """A variable of ones."""
    return sharedX(np.ones(shape), dtype=dtype, name=name)


def alloc_zeros_matrix(*dims):
    """A tensor of zeros with axes of the lengths ``dims``."""
    return K.zeros(tuple(int(n) for n in dims))


def ndim_tensor(ndim):
    """A placeholder with ``ndim`` axes."""
    return K.placeholder(ndim=ndim)
