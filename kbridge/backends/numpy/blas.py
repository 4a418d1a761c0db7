"""Calls of NumPy's BLAS library that NumPy has no function for.

``axpby`` is y = a * x + b * y in one pass over memory, where NumPy takes three calls and a temporary array. OpenBLAS, which comes with NumPy's wheels, has it;
with other libraries, plans do without. The library's functions take the addresses of all arguments (the convention of Fortran).
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from functools import cache

import numpy as np

#: prefix and suffix of the library's names, in NumPy's wheels and in other builds
NAMES = ("scipy_{}_64_", "scipy_{}_", "{}_64_", "{}_")
LETTERS = {np.dtype("float32"): "s", np.dtype("float64"): "d"}


class Address(ctypes.c_void_p):
    """The address of an ``array``, which it keeps alive."""

    array: np.ndarray


def address(array: np.ndarray) -> Address:
    """Return the address of the first element of ``array``."""
    found = Address(array.__array_interface__["data"][0])
    found.array = array
    return found


@cache
def library() -> ctypes.PyDLL | None:
    """Return NumPy's own library, with the libraries that it is linked to; None where there is none.

    As a PyDLL: calls so short needn't give other threads a turn.
    """
    core = importlib.util.find_spec("numpy._core._multiarray_umath") or importlib.util.find_spec("numpy.core._multiarray_umath")
    try:
        return ctypes.PyDLL(core.origin)  # type: ignore[union-attr,arg-type]
    except (OSError, AttributeError):
        return None


@cache
def axpby(dtype: np.dtype) -> Callable | None:
    """Return axpby for arrays of ``dtype``, which takes what ``arguments`` returns, or None where the library has none that works."""
    found = library()
    letter = LETTERS.get(dtype)
    if found is None or letter is None:
        return None
    for name in NAMES:
        function = getattr(found, name.format(f"{letter}axpby"), None)
        if function is not None:
            function.argtypes, function.restype = [Address] * 7, None
            return function if _works(function, dtype) else None
    return None


def arguments(a: np.ndarray, x: np.ndarray, b: np.ndarray, y: np.ndarray) -> tuple[Address, ...]:
    """The arguments of axpby: numbers ``a`` and ``b`` as arrays without axes, contiguous ``x`` and ``y`` of one size."""
    one = address(np.array(1, np.int64))
    return address(np.array(x.size, np.int64)), address(a), address(x), one, address(b), address(y), one


def _works(function: Callable, dtype: np.dtype) -> bool:
    """Whether it computes what it should: another library may have another function of this name."""
    x, y = np.arange(40, dtype=dtype), np.ones(40, dtype)
    function(*arguments(np.array(2, dtype), x, np.array(-3, dtype), y))
    return bool((y == 2 * np.arange(40) - 3).all())
