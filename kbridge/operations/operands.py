"""Helpers of all operations: numbers, arrays and tensors that meet, dtypes, axes and shapes as programs write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backends.in_use import K
from ..budget import spend_constant

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
_DTYPE_NAMES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "bool_": "bool",
    "bfloat16": "float32",
}


def dtype_name(value: Any) -> str:
    """A dtype as K names it. bfloat16, which no backend computes with, is float32."""
    name = getattr(value, "name", value)
    name = _DTYPE_NAMES.get(name, name) if isinstance(name, str) else name
    if name not in DTYPES:
        raise ValueError(f"{value!r:.60} isn't a dtype of numbers.")
    return name


def is_number(x: Any) -> bool:
    """Whether it is a Python number."""
    return isinstance(x, (int, float))


def is_float(x: Any) -> bool:
    """Whether a number, array or tensor is of a float dtype."""
    return isinstance(x, float) if is_number(x) else dtype_of(x).startswith("float")


def dtype_of(x: Any) -> str:
    """The dtype of a tensor, an array or a number."""
    if K.is_tensor(x):
        return K.dtype(x)
    if isinstance(x, bool):
        return "bool"
    if is_number(x):
        return K.floatx() if isinstance(x, float) else "int32"
    return np.asarray(x).dtype.name


def shape_of(x: Any) -> tuple[Any, ...]:
    """The shape as far as it is known: lengths, and None for those that aren't."""
    return tuple(K.int_shape(x)) if K.is_tensor(x) else np.shape(x)


def tensor(x: Any, dtype: str | None = None) -> Any:
    """``x`` as a tensor: numbers, arrays, and lists of these and of scalar tensors become one. Float64 arrays become ``floatx``."""
    if K.is_tensor(x):
        return x if dtype is None or K.dtype(x) == dtype else K.cast(x, dtype)
    if isinstance(x, (list, tuple)) and any(K.is_tensor(item) or isinstance(item, (list, tuple)) for item in x) and _holds_tensors(x):
        parts = [tensor(item, dtype) for item in x]
        widest = dtype or _common([K.dtype(p) for p in parts])
        return K.stack([p if K.dtype(p) == widest else K.cast(p, widest) for p in parts])
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{x!r:.60} isn't a tensor.")
    usual = {"float64": K.floatx(), "int64": "int32" if not isinstance(x, np.ndarray) else "int64"}.get(array.dtype.name, array.dtype.name)
    return K.constant(array, dtype=dtype or usual)


def _holds_tensors(x: Any) -> bool:
    return K.is_tensor(x) or isinstance(x, (list, tuple)) and any(map(_holds_tensors, x))


def _common(dtypes: Sequence[str]) -> str:
    return (
        np.result_type(*dtypes).name if not any(d.startswith("float") for d in dtypes) else next(d for d in dtypes if d.startswith("float"))
    )


def pair(x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands of which at least one is a tensor, as the backend's operators take them.

    Numbers and arrays take the dtype of the tensor that they meet; a float that meets whole numbers makes them ``floatx``, and booleans
    that meet a number are numbers.
    """
    if not K.is_tensor(x) and not K.is_tensor(y):
        x = tensor(x)
    if not K.is_tensor(x):
        second, first = _meet(y, x)
        return first, second
    return _meet(x, y)


def _meet(x: Any, y: Any) -> tuple[Any, Any]:
    """A tensor, and what it meets."""
    whole = not is_float(x)
    if whole and is_float(y):
        x = K.cast(x, dtype_of(y) if K.is_tensor(y) else K.floatx())
    elif dtype_of(x) == "bool" and dtype_of(y) != "bool":
        x = K.cast(x, dtype_of(y))
    if is_number(y) and not isinstance(y, bool):
        return x, y
    if not K.is_tensor(y):
        return x, tensor(y, K.dtype(x))
    return x, K.cast(y, K.dtype(x)) if K.dtype(y) == "bool" != K.dtype(x) else y


def known_parts(x: Any) -> tuple[int | None, ...] | None:
    """The entries of a vector that says a shape, None where they are only known at run time; None for another tensor."""
    if K.is_tensor(x):
        return getattr(x, "_known_parts", None)
    return tuple(np.asarray(x).tolist()) if np.ndim(x) == 1 and len(x) and all(isinstance(n, (int, np.integer)) for n in x) else None


def with_parts(x: Any, parts: Sequence[Any]) -> Any:
    """A vector that says a shape, with what is known of it."""
    x._known_parts = tuple(n if isinstance(n, int) else None for n in parts)
    return x


def parts_of(x: Any) -> list[Any]:
    """The entries of a vector: numbers where they are known, else scalar tensors."""
    if not K.is_tensor(x):
        return [n if K.is_tensor(n) else int(n) for n in (x.tolist() if isinstance(x, np.ndarray) else x)]
    parts = known_parts(x)
    count = len(parts) if parts is not None else shape_of(x)[0]
    if count is None:
        raise ValueError("the number of axes must be known.")
    return [x[i] if parts is None or parts[i] is None else parts[i] for i in range(count)]


def axes(axis: Any) -> Any:
    """An axis, a list of them or None, of arrays and tuples too."""
    if isinstance(axis, np.ndarray):
        axis = axis.tolist()
    return [int(a) for a in axis] if isinstance(axis, (list, tuple)) else axis if axis is None else int(axis)


def sizes(shape: Any) -> Any:
    """A shape as ``K.reshape`` takes it: a tensor, or a tuple of whole numbers and scalar tensors."""
    if K.is_tensor(shape) and shape_of(shape):
        if shape_of(shape)[0] is None and known_parts(shape) is None:
            return shape
        shape = parts_of(shape)
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    shape = shape if isinstance(shape, (list, tuple)) else [shape]
    return tuple(n if K.is_tensor(n) else -1 if n is None else int(n) for n in shape)


def small(lengths: Sequence[int]) -> tuple[int, ...]:
    """The shape of a tensor of constants that is about to be made. ValueError for too large a one."""
    if any(n < 0 for n in lengths):
        raise ValueError(f"a tensor can't have the shape {tuple(lengths)}.")
    if math.prod(lengths) > 2**24:
        raise ValueError(f"a tensor of shape {tuple(lengths)} is too large for a constant.")
    spend_constant(lengths)
    return tuple(lengths)


def known(n: Any, what: str) -> int:
    """A whole number. ValueError where it is a tensor or no number."""
    if isinstance(n, np.ndarray) and n.ndim == 0:
        n = n.item()
    if not isinstance(n, (int, float)) or int(n) != n:
        raise ValueError(f"{what} must be a known whole number, got {n!r:.60}.")
    return int(n)
