"""NumPy as Theano's modules see it: NumPy 2 plus the names that NumPy 1 had. Everybody else sees plain NumPy."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy


class NumpyProxy(types.ModuleType):
    """A module that has ``extra`` names and else NumPy's."""

    def __init__(self, extra: dict[str, Any]):
        super().__init__("numpy")
        self.__dict__.update(extra)

    def __getattr__(self, name: str) -> Any:
        return getattr(numpy, name)


class _Cast(dict):
    """``numpy.cast[dtype](x)``."""

    def __getitem__(self, dtype):
        return lambda x: numpy.asarray(x, dtype=numpy.dtype(getattr(dtype, "dtype", dtype)))


class _Core:
    """``numpy.core``, from which Theano reads the version of the C interface."""

    class multiarray:
        pass

    class _multiarray_umath:
        _get_ndarray_c_version = staticmethod(lambda: 0x2000000)


def removed_names() -> dict[str, Any]:
    """Return the names of NumPy 1 that Theano uses."""
    return {
        "product": numpy.prod,
        "cumproduct": numpy.cumprod,
        "complex": complex,
        "int": int,
        "float": float,
        "bool": bool,
        "object": object,
        "str": str,
        "all": numpy.all,
        "cast": _Cast(),
        # "no axis", as in the C header
        "MAXDIMS": -(2**31),
        "AxisError": numpy.exceptions.AxisError,
        "ComplexWarning": numpy.exceptions.ComplexWarning,
        "sctype2char": lambda dtype: numpy.dtype(dtype).char,
        "sctypes": {
            "int": [numpy.int8, numpy.int16, numpy.int32, numpy.int64],
            "uint": [numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64],
            "float": [numpy.float16, numpy.float32, numpy.float64],
            "complex": [numpy.complex64, numpy.complex128],
            "others": [bool, object, bytes, str, numpy.void],
        },
        "core": _Core(),
    }


def install(distutils: types.ModuleType) -> None:
    """Put the proxy in the place of NumPy in all of Theano's modules that are loaded."""
    proxy = NumpyProxy({**removed_names(), "distutils": distutils})
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "theano" and module is not None:
            for alias in ("np", "numpy"):
                if module.__dict__.get(alias) is numpy:
                    module.__dict__[alias] = proxy
