"""Arguments of operations as data, in Python and in JSON, with bounds."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ModelFileError

#: What a graph from a file may hold.
MAX_INPUTS = 256
MAX_CALLS = 5_000
MAX_VALUES = 100_000
MAX_DEPTH = 16
MAX_TEXT = 2_000
MAX_NUMBERS = 2**21
#: No whole number in arguments lies further from zero: lengths, axes and sizes are far smaller.
MAX_INTEGER = 2**63

#: Arrays up to this size are written as lists of numbers, larger ones as base64 of their bytes.
_READABLE = 64
_DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")


@dataclass(frozen=True)
class Ref:
    """The value of an input (the first numbers) or of a call (the numbers after them).

    Attributes:
        number: which one.
    """

    number: int


def refs(value: Any) -> Iterator[Ref]:
    """Every Ref in an argument."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from refs(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, slice):
        yield from refs((value.start, value.stop, value.step))


def mapped(value: Any, function: Callable[[Ref], Any]) -> Any:
    """An argument with ``function(ref)`` in the place of each Ref."""
    if isinstance(value, Ref):
        return function(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, function) for item in value)
    if isinstance(value, dict):
        return {key: mapped(item, function) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*(mapped(item, function) for item in (value.start, value.stop, value.step)))
    return value


class Counter:
    """Counts what a graph holds. ModelFileError where that is too much."""

    def __init__(self) -> None:
        self.values = self.numbers = 0

    def check(self, value: Any, depth: int = 0) -> None:
        """Count an argument and all in it. ModelFileError for what is too much, or can't be an argument."""
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            raise ModelFileError(f"A function's graph has more than {MAX_VALUES} arguments, or arguments nested deeper than {MAX_DEPTH}.")
        if isinstance(value, (list, tuple)):
            for item in value:
                self.check(item, depth + 1)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.check(key, depth + 1)
                self.check(item, depth + 1)
        elif isinstance(value, slice):
            self.check([value.start, value.stop, value.step], depth + 1)
        elif isinstance(value, np.ndarray):
            self.numbers += value.size
            if value.dtype.name not in _DTYPES:
                raise ModelFileError(f"An array of dtype {value.dtype} can't be an argument of an operation.")
            if self.numbers > MAX_NUMBERS:
                raise ModelFileError(f"A function's arrays hold more than {MAX_NUMBERS} numbers.")
        elif isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise ModelFileError(f"A text of {len(value)} characters can't be an argument of an operation; the limit is {MAX_TEXT}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            if not -MAX_INTEGER <= value < MAX_INTEGER:
                raise ModelFileError("A whole number among the arguments of an operation has more than 64 bits.")
        elif not (value is None or value is Ellipsis or isinstance(value, (bool, float, Ref))):
            raise ModelFileError(f"An argument of an operation is of type {type(value).__name__}, which isn't plain data.")


def plain(value: Any) -> Any:
    """NumPy's numbers as Python's, dtypes as their names; all else as it is."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value) if type(value) in (list, tuple) else tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def to_json(value: Any) -> Any:
    """An argument in JSON's types: what these lack is a dict with one key."""
    if isinstance(value, Ref):
        return {"ref": value.number}
    if isinstance(value, tuple):
        return {"tuple": [to_json(item) for item in value]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    if isinstance(value, slice):
        return {"slice": [to_json(item) for item in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if isinstance(value, np.ndarray):
        if value.size <= _READABLE and (value.dtype.kind != "f" or np.isfinite(value).all()):
            return {"array": value.tolist(), "dtype": value.dtype.name, "shape": list(value.shape)}
        raw = np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
        return {"bytes": base64.b64encode(raw).decode("ascii"), "dtype": value.dtype.name, "shape": list(value.shape)}
    return value


def from_json(data: Any, depth: int = 0) -> Any:
    """The argument that ``to_json`` wrote. ModelFileError where it isn't one."""
    if depth > MAX_DEPTH:
        raise ModelFileError(f"Arguments of an operation are nested deeper than {MAX_DEPTH}.")
    if isinstance(data, list):
        return [from_json(item, depth + 1) for item in data]
    if not isinstance(data, dict):
        return data
    kind = next(iter(data), None)
    inner = data.get(kind)
    if kind == "ref" and type(inner) is int and len(data) == 1:
        return Ref(inner)
    if kind == "tuple" and isinstance(inner, list):
        return tuple(from_json(item, depth + 1) for item in inner)
    if kind == "dict" and isinstance(inner, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in inner):
        pairs = [[from_json(key, depth + 1), from_json(item, depth + 1)] for key, item in inner]
        if all(isinstance(key, (str, int)) for key, _ in pairs):
            return dict(pairs)
    if kind == "slice" and isinstance(inner, list) and len(inner) == 3:
        return slice(*(from_json(item, depth + 1) for item in inner))
    if kind == "ellipsis":
        return Ellipsis
    if kind == "number" and inner in ("inf", "-inf", "nan"):
        return float(inner)
    if kind in ("array", "bytes"):
        return _array(kind, inner, data)
    raise ModelFileError(f"{str(data):.80} isn't an argument of an operation.")


def _array(kind: str, inner: Any, data: dict[str, Any]) -> np.ndarray:
    shape, dtype = data.get("shape"), data.get("dtype")
    if (
        not isinstance(shape, list)
        or len(shape) > MAX_DEPTH
        or not all(type(n) is int and 0 <= n <= MAX_NUMBERS for n in shape)
        or dtype not in _DTYPES
    ):
        raise ModelFileError(f"An operation has an array of shape {str(shape):.80} and dtype {str(dtype):.80}, which can't be read.")
    size = math.prod(shape)
    try:
        if kind == "array":
            return np.array(inner, dtype=dtype).reshape(shape)
        width = np.dtype(dtype).itemsize
        if not isinstance(inner, str) or size > MAX_NUMBERS or len(inner) > 4 * (size * width + 2) // 3 + 4:
            raise ValueError("its length is wrong")
        raw = base64.b64decode(inner, validate=True)
        return np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise ModelFileError(f"kbridge can't read an array of shape {shape} and dtype {dtype} of an operation: {str(error):.80}.") from None
