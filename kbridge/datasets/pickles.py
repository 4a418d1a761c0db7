"""Read the pickles of Keras 1's data sets without running anything that a pickle asks for.

Allowed are plain Python values and arrays of numbers (or of such values); everything else is refused by name.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from typing import Any

import numpy as np


class UnsafePickleError(ValueError):
    """A pickle that holds something else than numbers, texts, lists, dicts and arrays."""


def load(path: str | os.PathLike) -> Any:
    """Return the value in the pickle ``path`` (gzipped or not, from Python 2 or 3). ValueError says what is wrong with it."""
    with open(path, "rb") as file:
        start = file.read(2)
    try:
        with gzip.open(path, "rb") if start == b"\x1f\x8b" else open(path, "rb") as file:
            return _value(_Unpickler(file, encoding="latin1").load())
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{os.fspath(path)!r}: {error}") from None
    except Exception as error:
        raise ValueError(f"{os.fspath(path)!r} is damaged, or isn't a data set of Keras ({type(error).__name__}: {error}).") from error


def load_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of an npz file; those of Python objects are read as safely as ``load`` does."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _npy(archive.read(name)) for name in archive.namelist()}
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{os.fspath(path)!r}: {error}") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"{os.fspath(path)!r} is damaged, or isn't a data set of Keras ({type(error).__name__}: {error}).") from error


def _npy(data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        values = _value(_Unpickler(file, encoding="latin1").load())
        if not isinstance(values, np.ndarray) or values.shape != shape:
            raise ValueError("an array of objects holds something else")
        return values
    return np.load(io.BytesIO(data), allow_pickle=False)


class _Dtype:
    """Stands for numpy.dtype while a pickle is read: numbers, or objects of the allowed kinds."""

    def __init__(self, text="", *_):
        text = text.decode("latin1") if isinstance(text, bytes) else str(text)
        if text.lstrip("<>=|")[:1] not in ("b", "i", "u", "f", "O"):
            raise UnsafePickleError(f"it holds an array of {text!r}, which are neither numbers nor objects.")
        self.text = text.lstrip("<>=|")
        self.order = "="

    def __setstate__(self, state):
        if state[1] in ("<", ">", "=", "|"):
            self.order = state[1]

    def real(self) -> np.dtype:
        """The dtype that is meant."""
        return np.dtype("O") if self.text[:1] == "O" else np.dtype(self.text).newbyteorder(self.order if self.order != "|" else "=")


class _Array:
    """Stands for an array while a pickle is read; its data are checked against its shape before NumPy sees them."""

    value: np.ndarray | None = None

    def __setstate__(self, state):
        shape, dtype, fortran, data = state[-4:]
        real = dtype.real()
        if real.hasobject:
            flat = np.empty(len(data), dtype=object)
            for number, item in enumerate(data):
                flat[number] = _value(item)
        else:
            flat = np.frombuffer(data.encode("latin1") if isinstance(data, str) else data, dtype=real)
        self.value = flat.reshape(tuple(int(n) for n in shape), order="F" if fortran else "C").astype(real.newbyteorder("="))


def _reconstruct(*_):
    return _Array()


def _from_buffer(data, dtype, shape, order):
    array = _Array()
    array.__setstate__((shape, dtype, order == "F", data))
    return array


def _scalar(dtype, data):
    return np.frombuffer(data.encode("latin1") if isinstance(data, str) else data, dtype=dtype.real())[0]


def _encode(text, encoding="latin1"):
    if encoding != "latin1":
        raise UnsafePickleError(f"it encodes a text as {encoding!r}.")
    return text.encode("latin1")


def _no_bytes(*content):
    """How empty bytes are written for Python 2."""
    if content:
        raise UnsafePickleError("it makes bytes in an unknown way.")
    return b""


_ALLOWED: dict[tuple[str, str], Any] = {
    ("__builtin__", "bytes"): _no_bytes,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Array,
    ("_codecs", "encode"): _encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _ALLOWED:
            raise UnsafePickleError(f"it asks for {module}.{name}; kbridge reads only numbers, texts, lists, dicts and arrays.")
        return _ALLOWED[module, name]

    def persistent_load(self, pid):
        raise UnsafePickleError("it refers to objects outside the file.")


def _value(found):
    """``found`` with real arrays in place of their stand-ins."""
    if isinstance(found, _Array):
        if found.value is None:
            raise ValueError("an array without data")
        return found.value
    if isinstance(found, tuple):
        return tuple(_value(item) for item in found)
    if isinstance(found, list):
        # long lists of numbers are the rule, and hold nothing to replace
        return found if all(type(item) is int for item in found) else [_value(item) for item in found]
    if isinstance(found, dict):
        return {key: _value(item) for key, item in found.items()}
    if isinstance(found, _Dtype) or callable(found):
        raise UnsafePickleError("it holds a type or a function.")
    return found
