"""Calls of NumPy's BLAS library that NumPy has no function for.

NumPy's own calls go through memory more often than needed, or in an order that the cache doesn't like. ``axpby`` is y = a * x + b * y in one pass over memory, where NumPy takes three calls and a temporary array. ``gemm`` is z = a * x @ y + b * z, a product that
is added where it belongs. ``omatcopy`` copies a transposed matrix tile by tile: 512x128 floats in 9 us, NumPy's copy takes 146. OpenBLAS, which comes with NumPy's
wheels, has all three; with other libraries, plans do without. The library's functions take the addresses of all arguments (the convention of Fortran).
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from functools import cache, lru_cache

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
def library(releases: bool = False) -> ctypes.CDLL | None:
    """Return NumPy's own library, with the libraries that it is linked to; None where there is none.

    ``releases``: whether its calls let other threads of Python run meanwhile. Short ones needn't, and take less time so.
    """
    core = importlib.util.find_spec("numpy._core._multiarray_umath") or importlib.util.find_spec("numpy.core._multiarray_umath")
    try:
        return (ctypes.CDLL if releases else ctypes.PyDLL)(core.origin)  # type: ignore[union-attr,arg-type]
    except (OSError, AttributeError):
        return None


def _function(name: str, dtype: np.dtype, arguments: int, works: Callable, releases: bool) -> Callable | None:
    """The library's function of this name, for arrays of ``dtype``; None where there is none, or where another one has its name."""
    found = library(releases)
    letter = LETTERS.get(dtype)
    if found is None or letter is None:
        return None
    for pattern in NAMES:
        function = getattr(found, pattern.format(letter + name), None)
        if function is not None:
            function.argtypes, function.restype = [Address] * arguments, None
            return function if works(function, dtype) else None
    return None


@cache
def axpby(dtype: np.dtype, large: bool = False) -> Callable | None:
    """Return axpby for arrays of ``dtype``, which takes what ``arguments`` returns, or None where the library has none that works.

    ``large``: for arrays so large that other threads get a turn.
    """
    return _function("axpby", dtype, 7, _adds, large)


def arguments(a: np.ndarray, x: np.ndarray, b: np.ndarray, y: np.ndarray) -> tuple[Address, ...]:
    """The arguments of axpby: numbers ``a`` and ``b`` as arrays without axes, contiguous ``x`` and ``y`` of one size."""
    one = _number(1)
    return _number(x.size), address(a), address(x), one, address(b), address(y), one


def _adds(function: Callable, dtype: np.dtype) -> bool:
    x, y = np.arange(40, dtype=dtype), np.ones(40, dtype)
    function(*arguments(np.array(2, dtype), x, np.array(-3, dtype), y))
    return bool((y == 2 * np.arange(40) - 3).all())


#: the functions that ``gemm`` has returned
_PRODUCTS: list[Callable] = []


@cache
def gemm(dtype: np.dtype) -> Callable | None:
    """Return gemm for arrays of ``dtype``, which takes what ``arguments_of_product`` returns, or None where the library has none that works."""
    found = _function("gemm", dtype, 13, _multiplies, True)
    if found is not None:
        _PRODUCTS.append(found)
    return found


def leading(x: np.ndarray) -> tuple[str, int] | None:
    """How BLAS finds the elements of a matrix: whether its rows ('N') or its columns ('T') lie densely, and the elements from one to the next. None for others."""
    for letter, (rows, columns), n in (("N", x.strides, x.shape[1]), ("T", x.strides[::-1], x.shape[0])):
        if columns == x.itemsize and rows % x.itemsize == 0 and rows >= n * x.itemsize:
            return letter, rows // x.itemsize
    return None


def arguments_of_product(
    a: np.ndarray, x: np.ndarray, y: np.ndarray, b: np.ndarray, z: np.ndarray, placed: Callable[[np.ndarray], Address] = address
) -> tuple[Address, ...]:
    """The arguments of gemm: numbers ``a`` and ``b`` as arrays without axes, matrices that ``leading`` knows, contiguous ``z``.

    ``placed`` makes the addresses of ``x`` and ``y``. For BLAS, which has the columns of matrices one after the other, these are the transposed ones.
    """
    first, second = leading(y), leading(x)
    assert first is not None and second is not None
    (rows, inner), columns = x.shape, y.shape[1]
    letters = [_letter(letter) for letter, _ in (first, second)]
    sizes = map(_number, (columns, rows, inner))
    return (
        *letters,
        *sizes,
        address(a),
        placed(y),
        _number(first[1]),
        placed(x),
        _number(second[1]),
        address(b),
        address(z),
        _number(columns),
    )


def multiplications_of(function: Callable, args: list) -> int:
    """The multiplications of a call of gemm; 0 for any other."""
    return int(np.prod([size.array for size in args[2:5]])) if function in _PRODUCTS else 0


def _multiplies(function: Callable, dtype: np.dtype) -> bool:
    x, y, z = np.arange(6, dtype=dtype).reshape(2, 3), np.arange(12, dtype=dtype).reshape(4, 3).T, np.ones((2, 4), dtype)
    expected = 2 * (x @ y) - 3 * z
    function(*arguments_of_product(np.array(2, dtype), x, y, np.array(-3, dtype), z))
    return bool((z == expected).all())


#: the processors for which OpenBLAS has products of small matrices that don't copy them
SMALL = frozenset((b"SkylakeX", b"Cooperlake", b"SapphireRapids"))


@cache
def small_products() -> bool:
    """Whether the library multiplies small matrices from where they lie: OpenBLAS, on processors with AVX-512."""
    found = library()
    for prefix in ("scipy_openblas", "openblas"):
        functions = [getattr(found, f"{prefix}_get_corename{suffix}", None) for suffix in ("64_", "")]
        function = functions[0] or functions[1]
        if function is not None:
            function.argtypes, function.restype = [], ctypes.c_char_p
            return function() in SMALL
    return False


@cache
def omatcopy(dtype: np.dtype) -> Callable | None:
    """Return omatcopy for arrays of ``dtype``, which takes what ``arguments_of_transpose`` returns, or None where the library has none that works."""
    return _function("omatcopy", dtype, 9, _transposes, True)


def arguments_of_transpose(x: np.ndarray, y: np.ndarray) -> tuple[Address, ...]:
    """The arguments of omatcopy: ``x``, whose columns lie densely, and a contiguous ``y`` of its shape to copy it to."""
    columns, rows = x.shape
    one = address(np.ones((), x.dtype))
    return (
        _letter("R"),
        _letter("T"),
        _number(rows),
        _number(columns),
        one,
        address(x),
        _number(x.strides[1] // x.itemsize),
        address(y),
        _number(rows),
    )


def _transposes(function: Callable, dtype: np.dtype) -> bool:
    x, y = np.arange(15, dtype=dtype).reshape(3, 5)[:, :4].T, np.ones((4, 3), dtype)
    function(*arguments_of_transpose(x, y))
    return bool((y == x).all())


@lru_cache(maxsize=1 << 10)
def _number(value: int) -> Address:
    """A number that the library reads: the same for all calls, most of which have the same few sizes."""
    return address(np.array(value, np.int64))


@cache
def _letter(value: str) -> Address:
    return address(np.array(value.encode()))
