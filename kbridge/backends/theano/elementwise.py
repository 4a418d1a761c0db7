"""Elementwise primitives: Theano's operations where their values and gradients are the contract's, else formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import theano.tensor as T
from theano.graph.basic import Variable

from .tensors import as_float, as_tensor, as_tensors, broadcasting, floatx, is_float


def binary(op: Callable) -> Callable:
    """A function of two operands that are first brought to one dtype."""

    def apply(x, y):
        return op(*broadcasting(*as_tensors(x, y)))

    return apply


add, subtract, multiply = binary(T.add), binary(T.sub), binary(T.mul)
floor_divide, remainder = binary(T.int_div), binary(T.mod)
equal, not_equal = binary(T.eq), binary(T.neq)
greater, greater_equal, lesser, lesser_equal = binary(T.gt), binary(T.ge), binary(T.lt), binary(T.le)
# at a tie their gradient goes to the first argument; they keep NaN
maximum, minimum = binary(T.maximum), binary(T.minimum)


def divide(x, y):
    """True division: floatx for integers."""
    x, y = as_tensors(x, y)
    if not is_float(x):
        x, y = T.cast(x, floatx()), T.cast(y, floatx())
    return T.true_div(*broadcasting(x, y))


def pow(x: Any, a: Any):
    """``x ** a``. A number as exponent stays one: Theano turns small powers into products."""
    x, a = broadcasting(*as_tensors(x, a))
    return T.pow(x, a)


def unary_float(op: Callable) -> Callable:
    """A function that gives floats; integers are cast first."""
    return lambda x: op(as_float(x))


def unary(op: Callable) -> Callable:
    """A function that keeps the dtype."""
    return lambda x: op(as_tensor(x))


exp, log, sin, cos, tanh = (unary_float(op) for op in (T.exp, T.log, T.sin, T.cos, T.tanh))
expm1, log1p, erf = (unary_float(op) for op in (T.expm1, T.log1p, T.erf))
tan, arcsin, arccos, arctan = (unary_float(op) for op in (T.tan, T.arcsin, T.arccos, T.arctan))
sinh, cosh, arcsinh, arccosh, arctanh = (unary_float(op) for op in (T.sinh, T.cosh, T.arcsinh, T.arccosh, T.arctanh))
sigmoid, softplus = unary_float(T.nnet.sigmoid), unary_float(T.nnet.softplus)
absolute, negative, square = unary(T.abs_), unary(T.neg), unary(T.sqr)


def sign(x):
    x = as_tensor(x)
    return T.cast(x, x.dtype) if x.dtype == "bool" else T.sgn(x)


def round(x):
    x = as_tensor(x)
    return T.round(x, mode="half_to_even") if is_float(x) else x


def floor(x):
    x = as_tensor(x)
    return T.floor(x) if is_float(x) else x


def ceil(x):
    x = as_tensor(x)
    return T.ceil(x) if is_float(x) else x


def arctan2(y, x):
    """The angle of the point (x, y)."""
    y, x = as_tensors(y, x)
    return T.arctan2(*broadcasting(as_float(y), as_float(x)))


def sqrt(x):
    """sqrt(max(x, 0)), NaN for NaN. Twice a choice: the inner one keeps the infinite slope at 0 out of all
    derivatives, where 0 * inf would be NaN."""
    x = as_float(x)
    outside = T.le(x, 0)
    return T.switch(outside, T.zeros_like(x), T.sqrt(T.switch(outside, T.ones_like(x), x)))


def clip(x, min_value, max_value):
    """max(min(x, max_value), min_value). Theano's own clip lets the upper bound win, which makes no difference for numbers
    in order; its gradient is 1 from bound to bound inclusive, as it should be."""
    x = as_tensor(x)
    if min_value is None and max_value is None:
        return x
    if not all(b is None or np.ndim(b) == 0 and not isinstance(b, Variable) for b in (min_value, max_value)):
        x = x if max_value is None else minimum(x, as_tensors(max_value, dtype=x.dtype)[0])
        return x if min_value is None else maximum(x, as_tensors(min_value, dtype=x.dtype)[0])
    if min_value is not None and max_value is not None:
        max_value = np.maximum(min_value, max_value)
    lowest, highest = _limits(x.dtype)
    low = as_tensors(lowest if min_value is None else min_value, dtype=x.dtype)[0]
    high = as_tensors(highest if max_value is None else max_value, dtype=x.dtype)[0]
    return T.clip(x, low, high)


def _limits(dtype: str) -> tuple:
    if dtype.startswith("float"):
        return -np.inf, np.inf
    limits = np.iinfo(dtype)
    return limits.min, limits.max


def cast(x, dtype: str):
    x = as_tensor(x)
    if x.dtype == dtype:
        return x
    return T.neq(x, 0) if dtype == "bool" else T.cast(x, dtype)


def where(condition, x, y):
    """``condition`` is taken as a bool; both sides get one dtype."""
    condition = cast(condition, "bool")
    x, y = as_tensors(x, y)
    return T.switch(*broadcasting(condition, x, y))


def logical(op: Callable) -> Callable:
    """A function of two truths."""
    return lambda x, y: op(*broadcasting(cast(x, "bool"), cast(y, "bool")))


logical_and, logical_or = logical(T.and_), logical(T.or_)


def logical_not(x):
    return T.invert(cast(x, "bool"))


def zeros_like(x, dtype: str | None = None):
    x = as_tensor(x)
    return T.zeros_like(x, dtype=dtype or x.dtype)


def ones_like(x, dtype: str | None = None):
    x = as_tensor(x)
    return T.ones_like(x, dtype=dtype or x.dtype)
