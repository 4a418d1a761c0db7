"""The names of NumPy 1 that programs of Keras 1's years use and NumPy 2 has no more: ``np.int``, ``np.float_``, ``np.product`` ...

Importing this module adds them to NumPy; what NumPy itself has is left alone.
"""

from __future__ import annotations

import math

import numpy


class _Cast(dict):
    """``np.cast[dtype](x)``."""

    def __missing__(self, dtype):
        return lambda x: numpy.asarray(x, dtype)


def _common_type(array_types, scalar_types):
    """The dtype for arrays and scalars of these dtypes: that of the arrays, unless a scalar is of a higher kind."""
    arrays, scalars = ([numpy.dtype(t) for t in types] for types in (array_types, scalar_types))
    if not arrays or not scalars:
        return numpy.result_type(*(arrays or scalars)) if arrays or scalars else None
    array, scalar = numpy.result_type(*arrays), numpy.result_type(*scalars)
    kinds = "biufc"
    return scalar if kinds.find(scalar.kind) > kinds.find(array.kind) else array


NAMES = {
    "cast": _Cast(),
    "typeDict": numpy.sctypeDict,
    "sctypes": {
        "int": [numpy.int8, numpy.int16, numpy.int32, numpy.int64],
        "uint": [numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64],
        "float": [numpy.float16, numpy.float32, numpy.float64, numpy.longdouble],
        "complex": [numpy.complex64, numpy.complex128, numpy.clongdouble],
        "others": [bool, object, bytes, str, numpy.void],
    },
    "find_common_type": _common_type,
    "ComplexWarning": numpy.exceptions.ComplexWarning,
    "RankWarning": numpy.exceptions.RankWarning,
    "VisibleDeprecationWarning": numpy.exceptions.VisibleDeprecationWarning,
    "AxisError": numpy.exceptions.AxisError,
    "singlecomplex": numpy.complex64,
    "cfloat": numpy.complex128,
    "longfloat": numpy.longdouble,
    "float": float,
    "int": int,
    "object": object,
    "str": str,
    "complex": complex,
    "long": int,
    "unicode": str,
    "float_": numpy.float64,
    "complex_": numpy.complex128,
    "string_": numpy.bytes_,
    "unicode_": numpy.str_,
    "bool8": numpy.bool_,
    "int0": numpy.intp,
    "uint0": numpy.uintp,
    "Inf": numpy.inf,
    "Infinity": numpy.inf,
    "infty": numpy.inf,
    "PINF": numpy.inf,
    "NINF": -numpy.inf,
    "NaN": numpy.nan,
    "product": numpy.prod,
    "cumproduct": numpy.cumprod,
    "sometrue": numpy.any,
    "alltrue": numpy.all,
    "in1d": lambda ar1, ar2, assume_unique=False, invert=False: numpy.isin(
        numpy.ravel(ar1), ar2, assume_unique=assume_unique, invert=invert
    ),
    "trapz": getattr(numpy, "trapezoid", None) or getattr(numpy, "trapz", None),
    "row_stack": numpy.vstack,
    "round_": numpy.round,
    "rank": numpy.ndim,
    "asscalar": lambda a: a.item(),
    "alen": lambda a: len(numpy.array(a, ndmin=1)),
    "msort": lambda a: numpy.sort(a, axis=0),
    "asfarray": lambda a, dtype=numpy.float64: numpy.asarray(a, dtype=dtype if numpy.issubdtype(dtype, numpy.inexact) else numpy.float64),
    "mat": numpy.asmatrix,
    "math": math,
}

for _name, _value in NAMES.items():
    # not hasattr: NumPy answers it with a warning for some of them
    if _name not in vars(numpy):
        setattr(numpy, _name, _value)
