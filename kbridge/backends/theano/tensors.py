"""Theano's variables as Keras tensors: making them, and the rules for dtypes of what meets in an operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import theano
import theano.sparse
import theano.tensor as T
from theano.compile.sharedvalue import SharedVariable
from theano.graph.basic import Constant, Variable

from .. import settings
from .static import int_shape, set_shape


def floatx() -> str:
    """The running float dtype; Theano's own default for new tensors follows it."""
    dtype = settings.floatx()
    if theano.config.floatX != dtype:
        theano.config.floatX = dtype
    return dtype


def is_tensor(x: Any) -> bool:
    """Any symbolic variable of Theano."""
    return isinstance(x, Variable)


def is_sparse(x: Any) -> bool:
    """A variable that holds SciPy's sparse matrices."""
    return isinstance(x, Variable) and isinstance(x.type, theano.sparse.SparseType)


def is_float(x: Any) -> bool:
    return x.dtype.startswith("float")


# ---------------------------------------------------------------------- making


def variable(value: Any, dtype: str | None, name: str | None) -> SharedVariable:
    """A shared variable with a copy of ``value``. Axes of length 1 broadcast."""
    dtype = dtype or floatx()
    if hasattr(value, "toarray"):
        matrix = value.asformat("csr").astype(dtype)
        return set_shape(theano.sparse.shared(matrix, name=name), matrix.shape)
    array = np.array(value, dtype=dtype, order="C")
    shared = theano.tensor.sharedvar.tensor_constructor(array, name=name, borrow=True, broadcastable=tuple(n == 1 for n in array.shape))
    return set_shape(shared, array.shape)


def constant(value: Any, dtype: str | None = None, name: str | None = None) -> T.TensorConstant:
    """A constant: arrays keep their dtype, Python floats get floatx, ints int32. Always an object of its own,
    where ``theano.tensor.constant`` gives one object for equal values."""
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
        kind = np.asarray(value).dtype.kind
        dtype = {"f": floatx(), "i": "int32", "u": "int32", "b": "bool"}.get(kind)
        if dtype is None:
            raise TypeError(f"Can't make a tensor of {value!r}.")
    array = np.array(value, dtype=dtype)
    return T.TensorConstant(T.TensorType(array.dtype.name, [n == 1 for n in array.shape]), array, name=name)


def placeholder(shape: Any, ndim: int | None, dtype: str | None, sparse: bool, name: str | None) -> Variable:
    """An input. Axes of length 1 broadcast."""
    if shape is None:
        if ndim is None:
            raise ValueError("placeholder needs a shape or a number of axes (ndim).")
        shape = (None,) * ndim
    shape = tuple(None if n is None else int(n) for n in shape)
    dtype = dtype or floatx()
    if sparse:
        if len(shape) != 2:
            raise ValueError(f"A sparse placeholder must have 2 axes, got shape {shape}.")
        return set_shape(theano.sparse.csr_matrix(name=name, dtype=dtype), shape)
    return set_shape(T.TensorType(dtype, [n == 1 for n in shape])(name), shape)


# ---------------------------------------------------------------------- dtypes of operands


def promote(*dtypes: str) -> str:
    """The dtype of tensors that meet: floats win over integers, integers over booleans, wide over narrow."""
    for prefixes in (("float",), ("int", "uint")):
        chosen = [d for d in dtypes if d.startswith(prefixes)]
        if chosen:
            return np.result_type(*chosen).name
    return "bool"


def as_tensor(x: Any, like: str | None = None) -> Variable:
    """``x`` itself if it is a tensor, else a constant: numbers and arrays take the dtype ``like``, except floats
    that meet integers or booleans (floatx) and integers that meet booleans (int32)."""
    if isinstance(x, Variable):
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(v, Variable) for v in x):
        return T.stack([as_tensor(v, like) for v in x])
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"Expected a tensor, an array or a number, got {x!r} of type {type(x).__name__}.")
    if like is None:
        return constant(x)
    if array.dtype.kind == "f" and not like.startswith("float"):
        return constant(array, floatx())
    if like == "bool" and array.dtype.kind != "b":
        return constant(array, "int32")
    return constant(array, like)


def as_float(x: Any) -> Variable:
    """A tensor; integers and booleans become floatx."""
    x = as_tensor(x)
    return x if is_float(x) else T.cast(x, floatx())


def as_tensors(*xs: Any, dtype: str | None = None) -> list[Variable]:
    """``xs`` as tensors of one dtype (``dtype``, or what they promote to)."""
    known = [x.dtype for x in xs if isinstance(x, Variable)]
    like = promote(*known) if known else None
    tensors = [as_tensor(x, like) for x in xs]
    common = dtype or promote(*(t.dtype for t in tensors))
    return [t if t.dtype == common else T.cast(t, common) for t in tensors]


def broadcasting(*tensors: Variable) -> list[Variable]:
    """The tensors, with axes that are known to have length 1 marked as such: Theano broadcasts no others."""
    if len({t.type.broadcastable for t in tensors if t.ndim}) == 0:
        return list(tensors)
    return [mark_ones(t) for t in tensors]


def mark_ones(x: Variable) -> Variable:
    """``x`` with all axes broadcastable that are known to have length 1."""
    if x.ndim == 0 or isinstance(x, Constant) or all(x.type.broadcastable):
        return x
    ones = [i for i, (n, b) in enumerate(zip(int_shape(x), x.type.broadcastable)) if n == 1 and not b]
    return set_shape(T.addbroadcast(x, *ones), int_shape(x)) if ones else x


def with_pattern(x: Variable, broadcastable: tuple[bool, ...]) -> Variable:
    """``x`` with exactly these axes broadcastable."""
    if x.type.broadcastable == tuple(broadcastable):
        return x
    return set_shape(T.patternbroadcast(x, broadcastable), int_shape(x))
