"""Functions of each element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends.in_use import K
from .arithmetic import multiply, subtract
from .names import operation
from .operands import axes, dtype_name, dtype_of, is_float, is_number, pair, tensor


def _float(x: Any) -> Any:
    x = tensor(x)
    return x if is_float(x) else K.cast(x, K.floatx())


def _simple(name: str, *others: str, python: Callable[[float], float] | None = None, floats: bool = True) -> None:
    """An operation that is K's function of that name, of whole numbers as floats where ``floats``; of plain numbers ``python``."""

    def compute(x):
        if is_number(x) and python is not None:
            return python(x)
        return getattr(K, name)(_float(x) if floats else tensor(x))

    compute.__doc__ = getattr(K, name).__doc__
    heads = f"K.{name} tf.{name} tf.math.{name} np.{name} keras.ops.{name}"
    operation(" ".join([heads, *others]), own=name, folds=python is not None)(compute)


_simple("abs", "operator.abs np.absolute keras.ops.absolute builtins.abs", python=abs, floats=False)
_simple("sign", floats=False)
_simple("square", python=lambda x: x * x, floats=False)
_simple("sqrt", "math.sqrt", python=math.sqrt)
_simple("exp", "math.exp keras.activations.exponential", python=math.exp)
_simple("expm1")
_simple("log", "math.log", python=math.log)
_simple("log1p")
_simple("sin", "math.sin", python=math.sin)
_simple("cos", "math.cos", python=math.cos)
_simple("tan", "math.tan", python=math.tan)
_simple("sinh")
_simple("cosh")
_simple("tanh", "tf.nn.tanh keras.activations.tanh", python=math.tanh)
_simple("erf")
for _short, _long in (
    ("asin", "arcsin"),
    ("acos", "arccos"),
    ("atan", "arctan"),
    ("asinh", "arcsinh"),
    ("acosh", "arccosh"),
    ("atanh", "arctanh"),
):
    _simple(_long, f"tf.{_short} tf.math.{_short} np.{_short}")


@operation(
    "K.round tf.round tf.math.round tf.math.rint np.round np.around np.rint(a|x:x, decimals:!=0)",
    "keras.ops.round(x, decimals:!=0)",
    "builtins.round",
    folds=True,
)
def round_(x):
    """To the nearest whole number, halves to even."""
    return round(x) if is_number(x) else K.round(tensor(x))


@operation("K.floor tf.floor tf.math.floor np.floor keras.ops.floor math.floor", folds=True)
def floor(x):
    return math.floor(x) if is_number(x) else K.floor(_float(x))


@operation("K.ceil tf.ceil tf.math.ceil tf.math.ceiling np.ceil keras.ops.ceil math.ceil", folds=True)
def ceil(x):
    return math.ceil(x) if is_number(x) else K.ceil(_float(x))


@operation("np.trunc np.fix keras.ops.trunc")
def trunc(x):
    """The whole number next to x towards 0."""
    x = _float(x)
    return K.sign(x) * K.floor(K.abs(x))


@operation("tf.math.rsqrt tf.rsqrt keras.ops.rsqrt")
def rsqrt(x):
    """1 / sqrt(x)."""
    return 1.0 / K.sqrt(_float(x))


@operation("tf.math.reciprocal tf.reciprocal np.reciprocal keras.ops.reciprocal")
def reciprocal(x):
    return 1.0 / _float(x)


@operation("tf.math.log_sigmoid tf.log_sigmoid keras.ops.log_sigmoid K.log_sigmoid keras.activations.log_sigmoid")
def log_sigmoid(x):
    return K.log_sigmoid(_float(x))


@operation("np.log2 keras.ops.log2")
def log2(x):
    return K.log(_float(x)) * (1.0 / math.log(2.0))


@operation("np.log10 keras.ops.log10")
def log10(x):
    return K.log(_float(x)) * (1.0 / math.log(10.0))


@operation("np.exp2 keras.ops.exp2")
def exp2(x):
    return K.exp(_float(x) * math.log(2.0))


@operation("tf.math.erfc keras.ops.erfc tf.erfc")
def erfc(x):
    """1 - erf(x)."""
    return 1.0 - K.erf(_float(x))


@operation("np.logaddexp keras.ops.logaddexp(x1:x, x2:y)")
def logaddexp(x, y):
    """log(exp(x) + exp(y)) without overflow."""
    x, y = pair(_float(x), _float(y))
    return K.maximum(x, y) + K.softplus(-K.abs(x - y))


@operation("tf.math.squared_difference tf.squared_difference")
def squared_difference(x, y):
    return K.square(subtract(x, y))


@operation("tf.math.atan2 tf.atan2(y:x, x:y)", "K.arctan2", "np.arctan2 keras.ops.arctan2(x1:x, x2:y)")
def arctan2(x, y):
    """The angle of the point (y, x): ``x`` is its height."""
    x, y = pair(_float(x), y)
    return K.arctan2(x, tensor(y, K.dtype(x)))


@operation("np.hypot keras.ops.hypot(x1:x, x2:y)")
def hypot(x, y):
    x, y = pair(_float(x), y)
    return K.sqrt(x * x + y * y)


@operation("np.deg2rad np.radians keras.ops.deg2rad")
def deg2rad(x):
    return _float(x) * (math.pi / 180.0)


@operation("np.rad2deg np.degrees keras.ops.rad2deg")
def rad2deg(x):
    return _float(x) * (180.0 / math.pi)


@operation("np.sinc keras.ops.sinc")
def sinc(x):
    """sin(pi x) / (pi x), 1 at 0."""
    x = _float(x) * math.pi
    zero = K.equal(x, 0)
    return K.where(zero, K.ones_like(x), K.sin(x) / K.where(zero, K.ones_like(x), x))


@operation("tf.math.is_nan tf.is_nan tf.debugging.is_nan np.isnan keras.ops.isnan")
def isnan(x):
    return K.not_equal(x, x)


@operation("tf.math.is_inf tf.is_inf np.isinf keras.ops.isinf")
def isinf(x):
    return K.equal(K.abs(tensor(x)), float("inf"))


@operation("tf.math.is_finite tf.is_finite np.isfinite keras.ops.isfinite")
def isfinite(x):
    return K.lesser(K.abs(tensor(x)), float("inf"))


@operation("K.maximum tf.maximum tf.math.maximum", "np.maximum keras.ops.maximum(x1:x, x2:y)", "tf.raw_ops.Maximum", folds=True)
def maximum(x, y):
    if is_number(x) and is_number(y):
        return max(x, y)
    x, y = pair(x, y)
    return K.maximum(tensor(x, None if K.is_tensor(x) else dtype_of(y)), tensor(y, None if K.is_tensor(y) else dtype_of(x)))


@operation("K.minimum tf.minimum tf.math.minimum", "np.minimum keras.ops.minimum(x1:x, x2:y)", folds=True)
def minimum(x, y):
    if is_number(x) and is_number(y):
        return min(x, y)
    x, y = pair(x, y)
    return K.minimum(tensor(x, None if K.is_tensor(x) else dtype_of(y)), tensor(y, None if K.is_tensor(y) else dtype_of(x)))


@operation(
    "K.clip", "tf.clip_by_value(t:x, clip_value_min:min_value, clip_value_max:max_value)",
    "np.clip tensor.clip(a|x:x, a_min|min:min_value, a_max|max:max_value)", "keras.ops.clip(x, x_min:min_value, x_max:max_value)",
)  # fmt: skip
def clip(x, min_value, max_value):
    return K.clip(tensor(x), min_value, max_value)


@operation("tf.clip_by_norm(t:x, clip_norm, axes:axis)")
def clip_by_norm(x, clip_norm, axis=None):
    """x, made shorter where its Euclidean length over the axes is more than ``clip_norm``."""
    norm = K.sqrt(K.sum(K.square(x), axis=axes(axis), keepdims=True))
    return multiply(x, clip_norm) / K.maximum(norm, clip_norm)


@operation("keras.ops.nan_to_num(x, nan, posinf, neginf)", "np.nan_to_num(x, copy:-, nan, posinf, neginf)")
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with numbers in the place of NaN and infinities."""
    largest = float(np.finfo(K.dtype(x)).max)
    high, low = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    x = K.where(K.not_equal(x, x), K.zeros_like(x) + nan, x)
    x = K.where(K.equal(x, float("inf")), K.zeros_like(x) + high, x)
    return K.where(K.equal(x, -float("inf")), K.zeros_like(x) + low, x)


@operation(
    "K.cast keras.ops.cast tf.cast(x, dtype)", "tf.to_double tf.math.to_double(x, :dtype='float64')", "keras.ops.convert_to_tensor tf.convert_to_tensor(x|value:x, dtype, dtype_hint:-, sparse:-, ragged:-)", "tf1.convert_to_tensor(value:x, dtype, name:-, preferred_dtype:-, dtype_hint:-)",
    "tensor.astype(x, dtype, copy:-)", "K.cast_to_floatx tf.to_float tf.math.to_float(x, :dtype='float32')", "tf.to_int32(x, :dtype='int32')",
    "tf.to_int64(x, :dtype='int64')", "tf.dtypes.cast(x, dtype)", "np.float32(x, :dtype='float32')", "np.float64(x, :dtype='float64')",
    "np.int32(x, :dtype='int32')",
)  # fmt: skip
def cast(x, dtype=None):
    """x in another dtype; without one as it is."""
    if dtype is None:
        return tensor(x)
    return tensor(x, dtype_name(dtype))


@operation("tf.saturate_cast tf.dtypes.saturate_cast(value|x:x, dtype)", "keras.ops.saturate_cast(x, dtype)")
def saturate_cast(x, dtype):
    """x in another dtype, numbers beyond its range at its ends."""
    name = dtype_name(dtype)
    if name.startswith(("int", "uint")):
        ends = np.iinfo(name)
        x = (
            K.clip(x, float(ends.min), float(ends.max))
            if is_float(x)
            else K.clip(x, max(int(ends.min), -(2**31)), min(int(ends.max), 2**31 - 1))
        )
    return K.cast(x, name)


@operation(
    "tf.where(condition, x, y)", "K.where np.where(condition, x, y)", "keras.ops.where(condition, x1|x:x, x2|y:y)",
)  # fmt: skip
def where(condition, x, y):
    """x where the condition holds, else y."""
    condition = condition if dtype_of(condition) == "bool" else K.not_equal(tensor(condition), 0)
    x, y = pair(x, y)
    return K.where(
        tensor(condition), tensor(x, None if K.is_tensor(x) else dtype_of(y)), tensor(y, None if K.is_tensor(y) else dtype_of(x))
    )


@operation("K.switch(condition, then_expression, else_expression)")
def switch(condition, then_expression, else_expression):
    """One value or the other; a condition with fewer axes chooses whole samples."""
    return K.switch(condition, then_expression, else_expression)


@operation("tf.math.multiply_no_nan(x, y)")
def multiply_no_nan(x, y):
    """x * y, 0 where y is 0."""
    x, y = pair(x, y)
    product = x * y
    return K.where(K.equal(tensor(y, dtype_of(x)) + K.zeros_like(product), 0), K.zeros_like(product), product)


@operation("tf.math.xlogy", "keras.ops.xlogy")
def xlogy(x, y):
    """x * log(y), 0 where x is 0."""
    x, y = pair(_float(x), y)
    zero = K.equal(x + K.zeros_like(y), 0)
    return K.where(zero, K.zeros_like(x * y), x * K.log(K.where(zero, K.ones_like(x * y), y + K.zeros_like(x))))


@operation("keras.ops.heaviside np.heaviside(x1:x, x2:y)")
def heaviside(x, y):
    """0 below 0, 1 above, y at 0."""
    x = _float(x)
    zero, one = K.zeros_like(x), K.ones_like(x)
    return K.where(K.equal(x, 0), zero + y, K.where(K.greater(x, 0), one, zero))


@operation("np.cbrt keras.ops.cbrt")
def cbrt(x):
    """The cube root."""
    x = _float(x)
    return K.sign(x) * K.pow(K.abs(x), 1.0 / 3.0)


@operation("np.fmod keras.ops.fmod(x1:x, x2:y)", "tf.truncatemod(x, y)")
def fmod(x, y):
    """The rest of x / y rounded towards 0, with the sign of x."""
    x, y = pair(_float(x), y)
    return x - trunc(x / y) * y


@operation("np.fmax keras.ops.fmax(x1:x, x2:y)")
def fmax(x, y):
    """The larger one, or the one that isn't NaN."""
    return _known_one(maximum, x, y)


@operation("np.fmin keras.ops.fmin(x1:x, x2:y)")
def fmin(x, y):
    """The smaller one, or the one that isn't NaN."""
    return _known_one(minimum, x, y)


def _known_one(function: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    x, y = pair(_float(x), _float(y))
    first, second = K.where(K.not_equal(x, x), y + K.zeros_like(x), x), K.where(K.not_equal(y, y), x + K.zeros_like(y), y)
    return function(first, second)


@operation("np.signbit keras.ops.signbit")
def signbit(x):
    """Whether x is below 0."""
    return K.lesser(tensor(x), 0)


@operation("np.isclose keras.ops.isclose(a|x1:x, b|x2:y, rtol, atol, equal_nan:!=False)")
def isclose(x, y, rtol=1e-5, atol=1e-8):
    """Whether elements differ by at most atol + rtol * abs(y)."""
    x, y = pair(_float(x), _float(y))
    return K.lesser_equal(K.abs(x - y), atol + rtol * K.abs(y))


@operation("tf.math.xdivy")
def xdivy(x, y):
    """x / y, 0 where x is 0."""
    x, y = pair(_float(x), y)
    zero = K.equal(x + K.zeros_like(x * y), 0)
    return K.where(zero, K.zeros_like(x * y), x / K.where(zero, K.ones_like(x * y), y + K.zeros_like(x)))


@operation("tf.math.xlog1py")
def xlog1py(x, y):
    """x * log(1 + y), 0 where x is 0."""
    return xlogy(x, _float(y) + 1.0)


@operation("tf.math.reciprocal_no_nan")
def reciprocal_no_nan(x):
    """1 / x, 0 where x is 0."""
    x = _float(x)
    zero = K.equal(x, 0)
    return K.where(zero, K.zeros_like(x), 1.0 / K.where(zero, K.ones_like(x), x))


@operation("np.fabs keras.ops.fabs")
def fabs(x):
    return K.abs(_float(x))


@operation("K.stop_gradient tf.stop_gradient(input|variables|x:x)", "keras.ops.stop_gradient(variable|x:x)")
def stop_gradient(x):
    """x, constant for gradients."""
    return K.stop_gradient(x)


@operation(
    "K.identity tf.identity(x|input:x)",
    "keras.ops.copy np.copy(x|a:x)",
    "tf.ensure_shape(x, shape:-)",
    "tf.debugging.check_numerics(tensor|x:x, message:-)",
    "K.print_tensor(x, message:-, summarize:-)",
    "tf1.Print(input_:x, data:-, message:-, first_n:-, summarize:-)",
    "tensor.copy np.asanyarray np.ascontiguousarray keras.ops.convert_to_numpy(x|a:x)",
)
def identity(x):
    """x as it is."""
    return tensor(x)


@operation("K.in_train_phase(x, alt, training:!=None)", phase=True)
def in_train_phase(x, alt):
    """x in training, alt in prediction."""
    return K.in_train_phase(x, alt)


@operation("K.in_test_phase(x, alt, training:!=None)", phase=True)
def in_test_phase(x, alt):
    """x in prediction, alt in training."""
    return K.in_train_phase(alt, x)
