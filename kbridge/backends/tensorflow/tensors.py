"""Tensors of the engine: variables that can be dict keys, conversion, dtype promotion."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .. import settings
from .quiet import tf

_CLASSES: dict[type, type] = {}


def make_variable(state: Any, value: np.ndarray, name: str | None) -> Any:
    """A variable of the engine's graph (which is the default one here)."""
    initial = tf.compat.v1.placeholder(value.dtype, value.shape)
    variable = tf.Variable(initial, trainable=False, shape=value.shape, name=scope_name(name) or "Variable")
    variable.__class__ = _with_identity(type(variable), state)
    variable._kbridge_initial = initial
    variable._kbridge_name = name
    variable._kbridge_read = tf.identity(variable)
    state.wait(variable, value)
    return variable


def _with_identity(cls: type, state: Any) -> type:
    """A class of variables that are equal to themselves only, so that dicts can hold them."""
    if cls not in _CLASSES:

        def value(self, *args, **kwargs):
            if tf.executing_eagerly():
                with self.graph.as_default():
                    return cls.value(self, *args, **kwargs)
            return cls.value(self, *args, **kwargs)

        def convert(self, *args, **kwargs):
            if tf.executing_eagerly():
                with self.graph.as_default():
                    return cls._dense_var_to_tensor(self, *args, **kwargs)
            return cls._dense_var_to_tensor(self, *args, **kwargs)

        def evaluate(self, session=None):
            from .. import registry

            return registry.load("tensorflow").get_value(self)

        _CLASSES[cls] = type(
            "Variable",
            (cls,),
            {
                "__hash__": object.__hash__,
                "__eq__": lambda self, other: self is other,
                "__ne__": lambda self, other: self is not other,
                "value": value,
                "_dense_var_to_tensor": convert,
                "eval": evaluate,
                "get_value": lambda self, borrow=False: evaluate(self),
                "set_value": lambda self, new, borrow=False: _set(self, new),
            },
        )
    return _CLASSES[cls]


def _set(variable, value):
    from .. import registry

    registry.load("tensorflow").set_value(variable, value)


def scope_name(name: str | None) -> str | None:
    """``name`` as TensorFlow allows names."""
    if not name:
        return None
    name = re.sub(r"[^A-Za-z0-9_.\-/]", "_", name)
    return name if re.match(r"[A-Za-z0-9.]", name) else "x" + name


def is_sparse(x: Any) -> bool:
    return isinstance(x, tf.SparseTensor)


def is_tensor(x: Any) -> bool:
    return isinstance(x, (tf.Tensor, tf.Variable, tf.SparseTensor))


def promote(*dtypes: tf.DType) -> tf.DType:
    """Floats win over integers, integers over booleans, wide over narrow."""
    for kinds in ("is_floating", "is_integer"):
        chosen = [d for d in dtypes if getattr(d, kinds)]
        if chosen:
            return tf.as_dtype(np.result_type(*(d.as_numpy_dtype for d in chosen)))
    return tf.bool


def as_tensor(x: Any, like: tf.DType | None = None) -> Any:
    """``x`` as a tensor; numbers and arrays take the dtype ``like``, except floats that meet integers (floatx)."""
    if is_tensor(x):
        return tf.convert_to_tensor(x) if isinstance(x, tf.Variable) else x
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
