"""Functions that work element by element."""

from __future__ import annotations

from .derivatives import gradient, with_gradient
from .quiet import tf
from .tensors import Mixin, as_float, as_tensor, as_tensors


@gradient("Zero")
def _zero(op, dy):
    return tf.zeros_like(dy)


def _round(x):
    with with_gradient(Round="Zero"):
        return tf.round(x)


@gradient("Positive")
def _where_positive(op, dy):
    return None, tf.raw_ops.ReluGrad(gradients=dy, features=op.outputs[0])


def _positive(x):
    # not tf.nn.relu: fused into a convolution or matrix product by oneDNN it makes 0 of NaN
    with with_gradient(Maximum="Positive"):
        return tf.maximum(tf.zeros([], x.dtype), x)


def _whole(function, x):
    """A whole number near ``x``. TensorFlow has no gradient for it; that of ``sign`` is the 0 that is wanted."""
    x = as_tensor(x)
    return function(x) + tf.zeros([], x.dtype) * tf.sign(x) if x.dtype.is_floating else x


def _unary(name, function, exact=False):
    def method(self, x):
        return function(as_tensor(x) if exact else as_float(x))

    method.__name__ = name
    return method


def _binary(name, function, arithmetic=False):
    def method(self, x, y):
        x, y = as_tensors(x, y)
        if arithmetic and x.dtype == tf.bool:
            x, y = tf.cast(x, tf.int32), tf.cast(y, tf.int32)
        return function(x, y)

    method.__name__ = name
    return method


class ElementwisePrimitives(Mixin):
    """Casts, elementary functions, comparisons, logic."""

    abs = _unary("abs", tf.abs, exact=True)
    sign = _unary("sign", tf.sign, exact=True)
    square = _unary("square", tf.square, exact=True)
    exp = _unary("exp", tf.exp)
    log = _unary("log", tf.math.log)
    sin = _unary("sin", tf.sin)
    cos = _unary("cos", tf.cos)
    tanh = _unary("tanh", tf.tanh)
    expm1 = _unary("expm1", tf.math.expm1)
    log1p = _unary("log1p", tf.math.log1p)
    tan = _unary("tan", tf.tan)
    arcsin = _unary("arcsin", tf.asin)
    arccos = _unary("arccos", tf.acos)
    arctan = _unary("arctan", tf.atan)
    sinh = _unary("sinh", tf.sinh)
    cosh = _unary("cosh", tf.cosh)
    arcsinh = _unary("arcsinh", tf.asinh)
    arccosh = _unary("arccosh", tf.acosh)
    arctanh = _unary("arctanh", tf.atanh)
    sigmoid = _unary("sigmoid", tf.sigmoid)
    softplus = _unary("softplus", tf.math.softplus)

    maximum = _binary("maximum", tf.maximum, arithmetic=True)
    minimum = _binary("minimum", tf.minimum, arithmetic=True)
    equal = _binary("equal", tf.equal)
    not_equal = _binary("not_equal", tf.not_equal)
    greater = _binary("greater", tf.greater, arithmetic=True)
    greater_equal = _binary("greater_equal", tf.greater_equal, arithmetic=True)
    lesser = _binary("lesser", tf.less, arithmetic=True)
    lesser_equal = _binary("lesser_equal", tf.less_equal, arithmetic=True)

    def cast(self, x, dtype):
        x = as_tensor(x)
        return x if x.dtype == tf.as_dtype(dtype) else tf.cast(x, dtype)

    def round(self, x):
        x = as_tensor(x)
        return _round(x) if x.dtype.is_floating else x

    def floor(self, x):
        return _whole(tf.floor, x)

    def ceil(self, x):
        return _whole(tf.math.ceil, x)

    def erf(self, x):
        x = as_float(x)
        # TensorFlow's own of an infinity is NaN in float64; beyond 30 it is 1 in every dtype
        return tf.math.erf(tf.minimum(tf.maximum(x, -30.0), 30.0) if x.dtype == tf.float64 else x)

    def arctan2(self, y, x):
        y, x = as_tensors(y, x)
        return tf.atan2(as_float(y), as_float(x))

    def sqrt(self, x):
        x = as_float(x)
        low = x <= 0
        one, zero = tf.ones([], x.dtype), tf.zeros([], x.dtype)
        return tf.where(low, zero, tf.sqrt(tf.where(low, one, x)))

    def pow(self, x, a):
        x, a = as_tensors(x, a)
        if x.dtype.is_floating or x.dtype in (tf.int32, tf.int64):
            return tf.pow(x, a)
        return tf.cast(tf.pow(tf.cast(x, tf.int64), tf.cast(a, tf.int64)), tf.int32 if x.dtype == tf.bool else x.dtype)

    def clip(self, x, min_value, max_value):
        x = as_tensor(x)
        # in this order the lower bound wins
        if max_value is not None:
            x = tf.minimum(x, tf.cast(as_tensor(max_value, x.dtype), x.dtype))
        if min_value is not None:
            x = tf.maximum(x, tf.cast(as_tensor(min_value, x.dtype), x.dtype))
        return x

    def relu(self, x, alpha=0.0, max_value=None):
        x = as_tensor(x)
        if x.dtype.is_floating and max_value is None and isinstance(alpha, (int, float)) and alpha == 0:
            return _positive(x)
        return super().relu(x, alpha, max_value)

    def where(self, condition, x, y):
        x, y = as_tensors(x, y)
        return tf.where(tf.cast(as_tensor(condition), tf.bool), x, y)

    def logical_and(self, x, y):
        return tf.logical_and(tf.cast(as_tensor(x), tf.bool), tf.cast(as_tensor(y), tf.bool))

    def logical_or(self, x, y):
        return tf.logical_or(tf.cast(as_tensor(x), tf.bool), tf.cast(as_tensor(y), tf.bool))

    def logical_not(self, x):
        return tf.logical_not(tf.cast(as_tensor(x), tf.bool))

    def softmax(self, x, axis=-1):
        return tf.nn.softmax(as_float(x), axis=axis)
