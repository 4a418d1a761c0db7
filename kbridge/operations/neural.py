"""Activations, normalization and entropies."""

from __future__ import annotations

from typing import Any

from ..backends.in_use import K
from .names import operation
from .operands import axes, is_float, pair, shape_of, tensor

_ORDERINGS = {
    "channels_last": "tf",
    "channels_first": "th",
    "NHWC": "tf",
    "NCHW": "th",
    "NWC": "tf",
    "NDHWC": "tf",
    "NCDHW": "th",
    "tf": "tf",
    "th": "th",
    None: "tf",
}


def _float(x: Any) -> Any:
    x = tensor(x)
    return x if is_float(x) else K.cast(x, K.floatx())


def ordering(data_format: str | None) -> str:
    """K's name for a data_format of Keras or TensorFlow."""
    if data_format == "default":
        return "default"
    if data_format not in _ORDERINGS:
        raise ValueError(f"data_format must be one of {', '.join(map(repr, _ORDERINGS))}, got {data_format!r}.")
    return _ORDERINGS[data_format]


@operation(
    "tf.nn.relu(features|x:x)",
    "K.relu(x, alpha:negative_slope, max_value, threshold)",
    "keras.ops.relu(x)",
    "keras.activations.relu(x, alpha|negative_slope:negative_slope, max_value, threshold)",
)
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """x above the threshold, up to a largest value; below it a slope times the distance to it."""
    x = _float(x)
    if not threshold:
        return K.relu(x, alpha=negative_slope, max_value=max_value)
    above = x * K.cast(K.greater_equal(x, threshold), K.dtype(x))
    above = above if max_value is None else K.minimum(above, max_value)
    return above + negative_slope * K.minimum(x - threshold, 0.0) if negative_slope else above


@operation("tf.nn.relu6(features|x:x)", "keras.ops.relu6 keras.activations.relu6(x)")
def relu6(x):
    """max(0, min(x, 6))."""
    return K.relu(_float(x), max_value=6.0)


@operation(
    "tf.nn.leaky_relu(features|x:x, alpha:negative_slope=0.2)", "keras.ops.leaky_relu keras.activations.leaky_relu(x, negative_slope=0.2)"
)
def leaky_relu(x, negative_slope=0.2):
    """x above 0, a slope times x below."""
    return K.leaky_relu(_float(x), negative_slope)


@operation("tf.nn.elu(features|x:x)", "K.elu keras.ops.elu keras.activations.elu(x, alpha=1.0)")
def elu(x, alpha=1.0):
    """x above 0, alpha * (exp(x) - 1) below."""
    return K.elu(_float(x), alpha)


@operation("keras.ops.sparse_plus keras.activations.sparse_plus")
def sparse_plus(x):
    """0 up to -1, x from 1 on, and a parabola between (Liu et al., 2024)."""
    x = _float(x)
    return K.where(K.lesser(x, -1.0), K.zeros_like(x), K.where(K.greater(x, 1.0), x, 0.25 * K.square(x + 1.0)))


@operation("keras.ops.sparse_sigmoid keras.activations.sparse_sigmoid")
def sparse_sigmoid(x):
    """0 up to -1, 1 from 1 on, and a line between."""
    return K.clip(0.5 * (_float(x) + 1.0), 0.0, 1.0)


@operation("tf.nn.crelu(features:x, axis)")
def crelu(x, axis=-1):
    """relu of x and of -x, one behind the other."""
    x = _float(x)
    return K.concatenate([K.relu(x), K.relu(-x)], axis=axis)


@operation("keras.ops.celu keras.activations.celu(x, alpha=1.0)")
def celu(x, alpha=1.0):
    """x above 0, alpha * (exp(x / alpha) - 1) below."""
    return K.celu(_float(x), alpha)


@operation(
    "tf.nn.gelu(features|x:x, approximate=False)", "keras.ops.gelu(x, approximate=True)", "keras.activations.gelu(x, approximate=False)"
)
def gelu(x, approximate=False):
    """x times the share of a standard normal distribution below it."""
    return K.gelu(_float(x), approximate)


def _activation(name: str, *others: str) -> None:
    def compute(x):
        return getattr(K, name)(_float(x))

    compute.__doc__ = getattr(K, name).__doc__
    more = ", beta:!=1.0" if name == "silu" else ""
    operation(f"K.{name} keras.ops.{name} keras.activations.{name} tf.nn.{name}(x|features:x{more})", *others, own=name)(compute)


_activation("selu")
_activation("silu", "tf.nn.swish keras.ops.swish keras.activations.swish(features|x:x, beta:!=1.0)")
_activation("mish")
_activation("sigmoid", "tf.sigmoid tf.math.sigmoid(x)")
_activation("softplus", "tf.math.softplus tf.softplus(features|x:x)")
_activation("softsign", "tf.math.softsign(features|x:x)")
_activation("hard_tanh")
_activation("tanh_shrink")


@operation("keras.ops.hard_silu keras.ops.hard_swish keras.activations.hard_silu keras.activations.hard_swish(x)")
def hard_silu(x):
    """x * clip(x / 6 + 0.5, 0, 1)."""
    return K.hard_silu(_float(x))


@operation("K.hard_sigmoid keras.activations.hard_sigmoid(x)")
def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1), as Keras 1 and 2 have it."""
    return K.hard_sigmoid(_float(x))


@operation("keras.ops.hard_sigmoid(x)")
def hard_sigmoid_of_six(x):
    """clip(x / 6 + 0.5, 0, 1), as Keras 3 has it."""
    return K.clip(_float(x) * (1.0 / 6.0) + 0.5, 0.0, 1.0)


@operation("keras.ops.hard_shrink keras.activations.hard_shrink(x, threshold=0.5)")
def hard_shrink(x, threshold=0.5):
    """x outside [-threshold, threshold], 0 inside."""
    return K.hard_shrink(_float(x), threshold)


@operation("keras.ops.soft_shrink keras.activations.soft_shrink(x, threshold=0.5)")
def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by the threshold, 0 where it is less."""
    return K.soft_shrink(_float(x), threshold)


@operation("keras.ops.threshold keras.activations.threshold(x, threshold, default_value)")
def threshold(x, threshold, default_value):
    """x above a threshold, another value elsewhere."""
    return K.threshold(_float(x), threshold, default_value)


@operation("keras.ops.squareplus keras.activations.squareplus(x, b=4)")
def squareplus(x, b=4.0):
    """(x + sqrt(x * x + b)) / 2."""
    return K.squareplus(_float(x), b)


@operation("keras.ops.glu keras.activations.glu(x, axis=-1)")
def glu(x, axis=-1):
    """The first half of an axis times the sigmoid of the second."""
    return K.glu(_float(x), axis)


@operation("keras.ops.sparsemax keras.activations.sparsemax(x, axis=-1)")
def sparsemax(x, axis=-1):
    """The nearest point of probabilities (Martins and Astudillo, 2016)."""
    return K.sparsemax(_float(x), axis)


@operation("keras.activations.linear")
def linear(x):
    """x."""
    return tensor(x)


@operation(
    "tf.nn.softmax tf.math.softmax(logits|x:x, axis|dim:axis=-1)", "tf1.nn.softmax tf1.math.softmax(logits:x, axis=-1, name:-, dim:axis=-1)",
    "K.softmax keras.activations.softmax keras.ops.softmax(x, axis=-1)",
)  # fmt: skip
def softmax(x, axis=-1):
    """exp(x) over its sum along axes; along all of them for None."""
    x = _float(x)
    axis = axes(axis)
    if axis is None or isinstance(axis, list) and len(axis) > 1:
        largest = K.max(x, axis=axis, keepdims=True)
        powers = K.exp(x - K.stop_gradient(largest))
        return powers / K.sum(powers, axis=axis, keepdims=True)
    return K.softmax(x, axis[0] if isinstance(axis, list) else axis)


@operation(
    "tf.nn.log_softmax tf.math.log_softmax(logits|x:x, axis|dim:axis=-1)", "keras.ops.log_softmax keras.activations.log_softmax(x, axis=-1)"
)
def log_softmax(x, axis=-1):
    """The logarithm of softmax, without overflow."""
    return K.log_softmax(_float(x), axis)


@operation("tf.nn.bias_add(value|x:x, bias, data_format)", "K.bias_add(x, bias, data_format)")
def bias_add(x, bias, data_format=None):
    """A vector added along the channels."""
    x, bias = pair(x, bias)
    if ordering(data_format) == "th" and len(shape_of(x)) > 2:
        bias = K.reshape(bias, (1, -1, *[1] * (len(shape_of(x)) - 2)))
    return x + bias


@operation(
    "K.binary_crossentropy(target|y_true:target, output|y_pred:output, from_logits)",
    "keras.ops.binary_crossentropy(target, output, from_logits)",
)
def binary_crossentropy(target, output, from_logits=False):
    return K.binary_crossentropy(output, target, from_logits)


@operation("K.categorical_crossentropy keras.ops.categorical_crossentropy(target, output, from_logits, axis:!=-1)")
def categorical_crossentropy(target, output, from_logits=False):
    return K.categorical_crossentropy(output, target, from_logits)


@operation("tf.nn.sigmoid_cross_entropy_with_logits(labels:target, logits:output)")
def sigmoid_cross_entropy_with_logits(target, output):
    """max(x, 0) - x * z + log(1 + exp(-abs(x)))."""
    output = tensor(output)
    return K.relu(output) - output * target + K.softplus(-K.abs(output))


@operation(
    "tf.nn.batch_normalization(x, mean, variance, offset, scale, variance_epsilon:epsilon)",
    "keras.ops.batch_normalization keras.ops.BatchNorm(x, mean, variance, axis, offset, scale, epsilon)",
)
def batch_normalization(x, mean, variance, offset=None, scale=None, epsilon=1e-3, axis=None):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    x = tensor(x)
    count = len(shape_of(x))

    def aligned(value: Any) -> Any:
        if value is None or axis is None or axis % count == count - 1:
            return None if value is None else tensor(value, K.dtype(x))
        return K.reshape(tensor(value, K.dtype(x)), [-1 if i == axis % count else 1 for i in range(count)])

    mean, variance, offset, scale = map(aligned, (mean, variance, offset, scale))
    factor = 1.0 / K.sqrt(variance + epsilon)
    result = (x - mean) * (factor if scale is None else factor * scale)
    return result if offset is None else result + offset


@operation(
    "tf.nn.in_top_k tf.math.in_top_k(targets, predictions, k)",
    "K.in_top_k(predictions, targets, k)",
    "keras.ops.in_top_k(targets, predictions, k)",
    "tf1.nn.in_top_k tf1.math.in_top_k(predictions, targets, k)",
)
def in_top_k(targets, predictions, k):
    """Whether a row's target is among its k largest."""
    return K.in_top_k(predictions, targets, k)


@operation("keras.ops.rms_normalization keras.ops.RMSNorm(x, scale, axis=-1, epsilon)")
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """x over the root of its mean square along axes."""
    x = tensor(x)
    epsilon = K.epsilon() if epsilon is None else epsilon
    result = x / K.sqrt(K.mean(K.square(x), axis=axes(axis), keepdims=True) + epsilon)
    return result if scale is None else result * scale


@operation("keras.ops.layer_normalization keras.ops.LayerNorm(x, gamma:scale, beta:offset, axis=-1, epsilon, rms_scaling:!=False)")
def layer_normalization(x, scale=None, offset=None, axis=-1, epsilon=None):
    """x with mean 0 and variance 1 along axes, times ``scale`` plus ``offset``."""
    x = tensor(x)
    epsilon = K.epsilon() if epsilon is None else epsilon
    mean, variance = (f(x, axis=axes(axis), keepdims=True) for f in (K.mean, K.var))
    result = (x - mean) / K.sqrt(variance + epsilon)
    result = result if scale is None else result * scale
    return result if offset is None else result + offset
