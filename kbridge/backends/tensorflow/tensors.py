"""Tensors of the backend: what counts as one, conversion, dtype promotion."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .. import settings
from .quiet import tf


def scope_name(name: str | None) -> str | None:
    """``name`` as TensorFlow allows names."""
    if not name:
        return None
    name = re.sub(r"[^A-Za-z0-9_.\-/]", "_", name)
    return name if re.match(r"[A-Za-z0-9.]", name) else "x" + name


def is_eager(x: Any) -> bool:
    """Whether ``x`` is a tensor or variable of eager execution, which belongs to no graph."""
    return isinstance(getattr(x, "handle", x) if isinstance(x, tf.Variable) else x, tf.__internal__.EagerTensor)


def host_value(x: Any) -> Any:
    """Tensors and variables of eager execution as arrays, anything else as it is."""
    if not is_eager(x):
        return x
    with tf.__internal__.eager_context.eager_mode():
        return x.numpy()


def dims(x: Any) -> list[int | None]:
    """The static lengths. ``x.shape[i]`` is a Dimension where the program has asked for version 1's shapes."""
    return x.shape.as_list()


def is_sparse(x: Any) -> bool:
    return isinstance(x, tf.SparseTensor)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is symbolic. Eager tensors are values, like arrays."""
    return isinstance(x, (tf.Tensor, tf.Variable, tf.SparseTensor)) and not is_eager(x)


def promote(*dtypes: tf.DType) -> tf.DType:
    """Floats win over integers, integers over booleans, wide over narrow."""
    for kinds in ("is_floating", "is_integer"):
        chosen = [d for d in dtypes if getattr(d, kinds)]
        if chosen:
            return tf.as_dtype(np.result_type(*(d.as_numpy_dtype for d in chosen)))
    return tf.bool


#: The base of a group of primitives: what ``self`` and ``super()`` have depends on the backend that is made of them.
Mixin: Any = object


def as_tensor(x: Any, like: tf.DType | None = None) -> Any:
    """``x`` as a tensor; numbers and arrays take the dtype ``like``, except floats that meet integers (floatx)."""
    if is_tensor(x):
        if isinstance(x, tf.Variable):
            # one read for all uses: the graph stays small, and all of a run see the same value
            return x._kbridge_read if hasattr(x, "_kbridge_read") else tf.convert_to_tensor(x)
        return x
    x = host_value(x)
    if isinstance(x, (list, tuple)) and any(is_tensor(v) for v in x):
        return tf.stack([as_tensor(v, like) for v in x])
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Expected a tensor, an array or a number, got {x!r} of type {type(x).__name__}.")
    if like is None:
        if isinstance(x, (np.ndarray, np.generic)):
            return tf.constant(array)
        dtype = {"f": settings.floatx(), "i": "int32", "u": "int32", "b": "bool"}[array.dtype.kind]
        return tf.constant(array, dtype)
    if array.dtype.kind == "f" and not like.is_floating:
        return tf.constant(array, settings.floatx())
    if like == tf.bool and array.dtype.kind != "b":
        return tf.constant(array, tf.int32)
    return tf.constant(array.astype(like.as_numpy_dtype))


def as_tensors(*xs: Any) -> list:
    """``xs`` as tensors of one dtype."""
    known = [x.dtype.base_dtype for x in xs if is_tensor(x)]
    like = promote(*known) if known else None
    tensors = [as_tensor(x, like) for x in xs]
    common = promote(*(t.dtype for t in tensors))
    return [t if t.dtype == common else tf.cast(t, common) for t in tensors]


def as_float(x: Any) -> Any:
    """``x``; integers and booleans become floatx."""
    x = as_tensor(x)
    return x if x.dtype.is_floating else tf.cast(x, settings.floatx())


def axes_of(axis: Any) -> Any:
    """An axis argument for TensorFlow: None, an int or a list."""
    return list(axis) if isinstance(axis, (tuple, list)) else axis


def sizes(shape: Any) -> Any:
    """A shape whose lengths are numbers, scalar tensors or variables, as TensorFlow takes it; a vector tensor as it is."""
    if isinstance(shape, (list, tuple)):
        return [tf.cast(as_tensor(n), tf.int32) if is_tensor(n) else int(n) for n in shape]
    return as_tensor(shape) if is_tensor(shape) else shape
