"""Python's operators, comparisons and what goes with them, of tensors and of plain numbers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import constants, operation
from .operands import dtype_of, is_float, is_number, pair, shape_of, tensor

#: Bounds of what arithmetic of plain values may make: no loop of a file's makes numbers or lists that grow.
_BITS = 64
_LENGTH = 1_000

constants(
    np__pi=float(np.pi), np__e=float(np.e), np__inf=float("inf"), np__nan=float("nan"), np__newaxis=None, tf__newaxis=None,
    math__pi=float(np.pi), math__e=float(np.e), math__inf=float("inf"), math__nan=float("nan"),
)  # fmt: skip


def _plain(x: Any) -> bool:
    return is_number(x) or isinstance(x, (str, list, tuple))


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise ValueError(f"whole numbers may have at most {_BITS} bits here")
    if isinstance(value, (list, tuple, str)) and len(value) > _LENGTH:
        raise ValueError(f"lists may have at most {_LENGTH} entries here")
    return value


def _number(function: Any, x: Any, y: Any) -> Any:
    """Arithmetic of two plain values, within bounds."""
    if function is operator.mul and (isinstance(x, (list, tuple, str)) or isinstance(y, (list, tuple, str))):
        many, times = (x, y) if isinstance(y, int) else (y, x)
        if not isinstance(times, int) or len(many) * max(times, 0) > _LENGTH:
            raise ValueError(f"lists may have at most {_LENGTH} entries here")
    if function is operator.mod and isinstance(x, str):
        raise ValueError("kbridge doesn't format texts here")
    if function is operator.pow and isinstance(x, int) and isinstance(y, int) and abs(y) * max(x.bit_length(), 1) > 16 * _BITS:
        raise ValueError(f"whole numbers may have at most {_BITS} bits here")
    return _bounded(function(x, y))


def _applied(function: Any, x: Any, y: Any) -> Any:
    if _plain(x) and _plain(y):
        return _number(function, x, y)
    return function(*pair(x, y))


@operation(
    "operator.add tf.add tf.math.add tf.__operators__.add K.add", "np.add keras.ops.add(x1:x, x2:y)",
    "tf.raw_ops.AddV2 tf.raw_ops.Add tf.raw_ops.BiasAdd(x, y)", folds=True,
)  # fmt: skip
def add(x, y):
    return _applied(operator.add, x, y)


@operation(
    "operator.sub tf.subtract tf.math.subtract tf.__operators__.sub tf.sub K.subtract",
    "np.subtract keras.ops.subtract(x1:x, x2:y)",
    folds=True,
)
def subtract(x, y):
    return _applied(operator.sub, x, y)


@operation(
    "operator.mul tf.multiply tf.math.multiply tf.mul K.multiply",
    "tf.math.scalar_mul tf.scalar_mul(scalar:x, x:y)",
    "np.multiply keras.ops.multiply(x1:x, x2:y)",
    folds=True,
)
def multiply(x, y):
    return _applied(operator.mul, x, y)


@operation(
    "operator.truediv tf.divide tf.math.divide tf.math.truediv tf.truediv tf.realdiv", "tf.div(x, y)",
    "np.divide np.true_divide keras.ops.divide keras.ops.true_divide(x1:x, x2:y)", folds=True,
)  # fmt: skip
def divide(x, y):
    if _plain(x) and _plain(y):
        return _number(operator.truediv, x, y)
    x, y = pair(x, y)
    if not is_float(x) and not is_float(y):
        x, y = (n if is_number(n) else K.cast(n, K.floatx()) for n in (x, y))
    return x / y


@operation("tf.math.divide_no_nan tf.div_no_nan", "keras.ops.divide_no_nan(x1:x, x2:y)")
def divide_no_nan(x, y):
    """x / y, 0 where y is 0."""
    x, y = tensor(x), tensor(y)
    zero = K.equal(y, 0)
    safe = K.where(zero, K.ones_like(y), y)
    result = divide(x, safe)
    return K.where(zero, K.zeros_like(result), result)


@operation(
    "operator.floordiv tf.math.floordiv tf.floor_div tf.floordiv tf.math.floor_div",
    "np.floor_divide keras.ops.floor_divide(x1:x, x2:y)",
    folds=True,
)
def floor_divide(x, y):
    return _applied(operator.floordiv, x, y)


@operation("operator.mod tf.math.floormod tf.math.mod tf.mod tf.floormod", "np.mod np.remainder keras.ops.mod(x1:x, x2:y)", folds=True)
def mod(x, y):
    return _applied(operator.mod, x, y)


@operation("operator.pow tf.pow tf.math.pow K.pow(x, a|y:y)", "np.power keras.ops.power(x1:x, x2:y)", folds=True)
def pow_(x, y):
    if _plain(x) and _plain(y):
        return _number(operator.pow, x, y)
    if is_number(y) and K.is_tensor(x):
        return x * x if y == 2 else K.pow(K.cast(x, K.floatx()) if isinstance(y, float) and not is_float(x) else x, y)
    x, y = pair(x, y)
    return K.pow(tensor(x, None if K.is_tensor(x) else dtype_of(y)), y)


@operation("operator.matmul tf.__operators__.matmul")
def matmul_operator(x, y):
    from .linalg import matmul

    return matmul(x, y)


@operation("operator.neg tf.negative tf.math.negative tf.neg np.negative keras.ops.negative", folds=True)
def negative(x):
    return -x if _plain(x) else -tensor(x)


@operation("operator.pos np.positive", folds=True)
def positive(x):
    return +x if _plain(x) else tensor(x)


def _compared(function: Any, python: Any, x: Any, y: Any) -> Any:
    if _plain(x) and _plain(y):
        return python(x, y)
    x, y = pair(x, y)
    return function(tensor(x, None if K.is_tensor(x) else dtype_of(y)), y)


@operation("operator.eq K.equal tf.equal tf.math.equal tf.__operators__.eq", "np.equal keras.ops.equal(x1:x, x2:y)", folds=True)
def equal(x, y):
    return _compared(K.equal, operator.eq, x, y)


@operation(
    "operator.ne K.not_equal tf.not_equal tf.math.not_equal tf.__operators__.ne", "np.not_equal keras.ops.not_equal(x1:x, x2:y)", folds=True
)
def not_equal(x, y):
    return _compared(K.not_equal, operator.ne, x, y)


@operation("operator.gt K.greater tf.greater tf.math.greater", "np.greater keras.ops.greater(x1:x, x2:y)", folds=True)
def greater(x, y):
    return _compared(K.greater, operator.gt, x, y)


@operation(
    "operator.ge K.greater_equal tf.greater_equal tf.math.greater_equal", "np.greater_equal keras.ops.greater_equal(x1:x, x2:y)", folds=True
)
def greater_equal(x, y):
    return _compared(K.greater_equal, operator.ge, x, y)


@operation("operator.lt K.lesser K.less tf.less tf.math.less", "np.less keras.ops.less(x1:x, x2:y)", folds=True)
def lesser(x, y):
    return _compared(K.lesser, operator.lt, x, y)


@operation(
    "operator.le K.lesser_equal K.less_equal tf.less_equal tf.math.less_equal", "np.less_equal keras.ops.less_equal(x1:x, x2:y)", folds=True
)
def lesser_equal(x, y):
    return _compared(K.lesser_equal, operator.le, x, y)


def _truth(x: Any) -> Any:
    return x if dtype_of(x) == "bool" else K.not_equal(tensor(x), 0)


@operation("K.logical_and tf.logical_and tf.math.logical_and", "np.logical_and keras.ops.logical_and(x1:x, x2:y)")
def logical_and(x, y):
    return K.logical_and(_truth(tensor(x)), _truth(tensor(y)))


@operation("K.logical_or tf.logical_or tf.math.logical_or", "np.logical_or keras.ops.logical_or(x1:x, x2:y)")
def logical_or(x, y):
    return K.logical_or(_truth(tensor(x)), _truth(tensor(y)))


@operation("tf.math.logical_xor tf.logical_xor", "np.logical_xor keras.ops.logical_xor(x1:x, x2:y)")
def logical_xor(x, y):
    return K.not_equal(_truth(tensor(x)), _truth(tensor(y)))


@operation("K.logical_not tf.logical_not tf.math.logical_not np.logical_not keras.ops.logical_not")
def logical_not(x):
    return K.logical_not(_truth(tensor(x)))


def _bitwise(logical: Any, python: Any, x: Any, y: Any) -> Any:
    if _plain(x) and _plain(y):
        return _bounded(python(x, y))
    if dtype_of(x) != "bool" or dtype_of(y) != "bool":
        raise ValueError("kbridge computes bitwise operations only for booleans, not for tensors of whole numbers.")
    return logical(tensor(x), tensor(y))


@operation("operator.and_ tf.math.bitwise_and", folds=True)
def and_(x, y):
    return _bitwise(K.logical_and, operator.and_, x, y)


@operation("operator.or_", folds=True)
def or_(x, y):
    return _bitwise(K.logical_or, operator.or_, x, y)


@operation("operator.xor", folds=True)
def xor(x, y):
    return _bitwise(K.not_equal, operator.xor, x, y)


@operation("operator.invert operator.inv", folds=True)
def invert(x):
    return ~x if _plain(x) else logical_not(x)


# ---------------------------------------------------------------------- a few of Python's functions


@operation("builtins.len", folds=True)
def length(x):
    """The number of entries of a list, or of a tensor's first axis."""
    if _plain(x):
        return len(x)
    first = shape_of(x)[0]
    return K.shape(x)[0] if first is None else first


@operation("builtins.sum")
def sum_of(items):
    """Python's ``sum``: of the tensors in a list, or of a tensor along its first axis."""
    if not isinstance(items, (list, tuple)):
        return K.sum(tensor(items), axis=0)
    total = 0
    for item in items:
        total = total + item
    return total


@operation("builtins.int", folds=True)
def whole(x):
    """A number cut to a whole one; a tensor is cast."""
    return _bounded(int(x)) if is_number(x) else K.cast(x, "int32")


@operation("builtins.float", folds=True)
def real(x):
    """A number as float; a tensor is cast."""
    return float(x) if is_number(x) else K.cast(x, K.floatx())


@operation("builtins.tuple", folds=True)
def as_tuple(x=()):
    return _bounded(tuple(x))


@operation("builtins.list tensor.as_list tensor.tolist", folds=True)
def as_list(x=()):
    return _bounded(list(x))


@operation("builtins.range", folds=True)
def whole_range(start, stop=None, step=1):
    """Python's ``range`` as a list."""
    numbers = range(start) if stop is None else range(start, stop, step)
    return _bounded(list(numbers)) if len(numbers) <= _LENGTH else _bounded([0] * (_LENGTH + 1))


# ---------------------------------------------------------------------- settings


@operation("K.epsilon keras.config.epsilon", folds=True)
def epsilon():
    """The smallest divisor, as it is set now."""
    return K.epsilon()


@operation("K.floatx keras.config.floatx", folds=True)
def floatx():
    """The dtype of floats, as it is set now."""
    return K.floatx()


@operation("K.image_data_format keras.config.image_data_format", folds=True)
def image_data_format():
    """Where pictures have their channels, as Keras 2 names it."""
    return "channels_first" if K.image_dim_ordering() == "th" else "channels_last"


@operation("K.image_dim_ordering", folds=True)
def image_dim_ordering():
    """Where pictures have their channels, as Keras 1 names it."""
    return K.image_dim_ordering()
