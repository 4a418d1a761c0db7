"""Convolution and pooling: (samples, spatial axes, channels)."""

from __future__ import annotations

from typing import Any

from ..backends.in_use import K
from .names import operation
from .neural import ordering
from .operands import pair, shape_of


def _lengths(value: Any, count: int, data_format: str | None) -> tuple[int, ...]:
    """``count`` whole numbers of one number, of as many, or of TensorFlow's for every axis."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(values) == count + 2:
        values = values[2:] if ordering(data_format) == "th" else values[1:-1]
    values = values * count if len(values) == 1 else values
    if len(values) != count or not all(isinstance(n, int) and n > 0 for n in values):
        raise ValueError(f"it needs a whole number for each of {count} axes, got {value!r}.")
    return tuple(values)


def _pooled(x: Any, size: Any, strides: Any, padding: str, data_format: Any, mode: str) -> Any:
    count = len(shape_of(x)) - 2
    window = _lengths(size, count, data_format)
    steps = window if strides is None else _lengths(strides, count, data_format)
    border = padding.lower()
    if count == 1:
        place = 3 if ordering(data_format) == "th" else 2
        return K.squeeze(K.pool2d(K.expand_dims(x, place), (*window, 1), (*steps, 1), border, ordering(data_format), mode), place)
    return (K.pool2d if count == 2 else K.pool3d)(x, window, steps, border, ordering(data_format), mode)


@operation(
    "tf.nn.max_pool tf.nn.max_pool2d tf.nn.max_pool1d tf.nn.max_pool3d(input|value:x, ksize:size, strides, padding, data_format)",
    "keras.ops.max_pool(inputs:x, pool_size:size, strides, padding, data_format)",
)  # fmt: skip
def max_pool(x, size, strides=None, padding="valid", data_format=None):
    """The largest element of each window."""
    return _pooled(x, size, strides, padding, data_format, "max")


@operation(
    "tf.nn.avg_pool tf.nn.avg_pool2d tf.nn.avg_pool1d tf.nn.avg_pool3d(input|value:x, ksize:size, strides, padding, data_format)",
    "keras.ops.average_pool(inputs:x, pool_size:size, strides, padding, data_format)",
)  # fmt: skip
def average_pool(x, size, strides=None, padding="valid", data_format=None):
    """The mean of each window."""
    return _pooled(x, size, strides, padding, data_format, "avg")


@operation(
    "K.pool2d K.pool3d(x, pool_size:size, strides=1, padding|border_mode:padding, data_format|dim_ordering:data_format, pool_mode)",
    "tf.nn.pool(input:x, window_shape:size, pooling_type:pool_mode, strides=1, padding, data_format, dilations:!=None)",
    "tf1.nn.pool(input:x, window_shape:size, pooling_type:pool_mode, padding, dilation_rate:!=None, strides=1, name:-, data_format, dilations:!=None)",
)
def pool2d(x, size, strides=1, padding="valid", data_format=None, pool_mode="max"):
    """The largest element or the mean of each window."""
    return _pooled(x, size, 1 if strides is None else strides, padding, data_format, str(pool_mode).lower())


@operation(
    "tf1.nn.conv1d(value|input:x, filters:kernel, stride:strides, padding, use_cudnn_on_gpu:-, data_format, name:-, dilations:dilation)",
    "tf1.nn.convolution(input:x, filter|filters:kernel, padding, strides, dilation_rate|dilations:dilation, name:-, data_format)",
    "tf.nn.conv2d tf.nn.conv1d tf.nn.conv3d(input|value:x, filters|filter:kernel, strides|stride:strides, padding, data_format, dilations:dilation)",
    "tf1.nn.conv2d(input:x, filter:kernel, strides, padding, use_cudnn_on_gpu:-, data_format, dilations:dilation, name:-, filters:kernel)",
    "keras.ops.conv(inputs:x, kernel, strides, padding, data_format, dilation_rate:dilation)", "K.conv1d K.conv2d K.conv3d(x, kernel, strides, padding|border_mode:padding, data_format|dim_ordering:data_format, dilation_rate:dilation)",
    "tf.nn.convolution(input:x, filters:kernel, strides, padding, data_format, dilations:dilation)", "tf.nn.atrous_conv2d(value:x, filters:kernel, rate:dilation, padding)",
)  # fmt: skip
def conv(x, kernel, strides=1, padding="valid", data_format=None, dilation=1):
    """Convolution of (samples, ..., channels) with a kernel (..., channels, filters)."""
    x, kernel = pair(x, kernel)
    count = len(shape_of(x)) - 2
    if ordering(data_format) == "th":
        steps, gaps = (_lengths(1 if n is None else n, count, data_format) for n in (strides, dilation))
        return _first(conv(_last(x), kernel, steps, padding, None, gaps))
    if padding.lower() == "causal":
        if count != 1:
            raise ValueError("only sequences have a causal convolution.")
        reach = (shape_of(kernel)[0] - 1) * _lengths(1 if dilation is None else dilation, 1, data_format)[0]
        x, padding = K.pad(x, [(0, 0), (reach, 0), (0, 0)]), "valid"
    steps, gaps = (
        _lengths(1 if strides is None else strides, count, data_format),
        _lengths(1 if dilation is None else dilation, count, data_format),
    )
    border = padding.lower()
    if count == 1:
        result = K.conv2d(K.expand_dims(x, 2), K.expand_dims(kernel, 1), (*steps, 1), border, "tf", filter_dilation=(*gaps, 1))
        return K.squeeze(result, 2)
    return (K.conv2d if count == 2 else K.conv3d)(x, kernel, steps, border, "tf", filter_dilation=gaps)


def _last(x: Any) -> Any:
    """Channels behind the other axes."""
    return K.permute_dimensions(x, [0, *range(2, len(shape_of(x))), 1])


def _first(x: Any) -> Any:
    """Channels before the spatial axes."""
    count = len(shape_of(x))
    return K.permute_dimensions(x, [0, count - 1, *range(1, count - 1)])


@operation(
    "tf.nn.depthwise_conv2d(input:x, filter:kernel, strides, padding, data_format, dilations|rate:dilation)",
    "tf1.nn.depthwise_conv2d(input:x, filter:kernel, strides, padding, rate:dilation, name:-, data_format, dilations:dilation)",
    "keras.ops.depthwise_conv(inputs:x, kernel, strides, padding, data_format, dilation_rate:dilation)",
    "K.depthwise_conv2d(x, depthwise_kernel:kernel, strides, padding, data_format, dilation_rate:dilation)",
)  # fmt: skip
def depthwise_conv2d(x, kernel, strides=1, padding="valid", data_format=None, dilation=1):
    """Each channel with its own kernels (rows, columns, channels, multiplier)."""
    x, kernel = pair(x, kernel)
    if len(shape_of(x)) != 4:
        raise ValueError("kbridge computes this convolution only for pictures.")
    if ordering(data_format) == "th":
        steps, gaps = (_lengths(1 if n is None else n, 2, data_format) for n in (strides, dilation))
        return _first(depthwise_conv2d(_last(x), kernel, steps, padding, None, gaps))
    steps, gaps = _lengths(1 if strides is None else strides, 2, data_format), _lengths(1 if dilation is None else dilation, 2, data_format)
    return K.depthwise_conv2d(x, kernel, steps, padding.lower(), "tf", gaps)


@operation(
    "tf.nn.separable_conv2d(input:x, depthwise_filter:depthwise_kernel, pointwise_filter:pointwise_kernel, strides, padding, data_format, dilations|rate:dilation)",
    "tf1.nn.separable_conv2d(input:x, depthwise_filter:depthwise_kernel, pointwise_filter:pointwise_kernel, strides, padding, rate:dilation, name:-, data_format, dilations:dilation)",
    "K.separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate:dilation)",
    "keras.ops.separable_conv(inputs:x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate:dilation)",
)  # fmt: skip
def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation=1):
    """``depthwise_conv2d``, then a convolution that mixes the channels."""
    return conv(depthwise_conv2d(x, depthwise_kernel, strides, padding, data_format, dilation), pointwise_kernel, data_format=data_format)
