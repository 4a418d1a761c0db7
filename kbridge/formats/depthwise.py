"""Formats of depthwise convolutions."""

from __future__ import annotations

from typing import Any

from ..layers import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D
from . import Formats
from .common import as_it_is, same

FAMILY = "Convolutions"
WINDOW = ("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate", "activation", "use_bias")
PENALTIES = (
    "depthwise_regularizer", "bias_regularizer", "activity_regularizer", "depthwise_constraint", "bias_constraint",
)  # fmt: skip


def _read(cls):
    """``groups`` is the number of channels or 1, and the kernel options are those of a base class: neither is used."""
    plain = same(
        cls, "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters" if cls is not SeparableConv1D else ""
    )

    def read(options):
        config = plain(options)
        for key in ("kernel_size", "strides", "dilation_rate"):
            if isinstance(config.get(key), list):
                config[key] = config[key][0] if cls.spatial == 1 else tuple(config[key])
        return config

    return read


def _positions(c, layer, call):
    """The input with its channels first, and where the windows stand."""
    g, spatial = c.graph, layer.spatial
    x = call.x if layer.data_format == "channels_first" else g.transpose(call.x, 0, spatial + 1, *range(1, spatial + 1))
    options: dict[str, Any] = {
        "strides": list(layer.strides),
        "dilations": list(layer.dilation_rate),
        "kernel_shape": list(layer.kernel_size),
    }
    if layer.padding == "same":
        options["auto_pad"] = "SAME_UPPER"
        if any(d > 1 for d in layer.dilation_rate):
            options = {**options, **_same(layer, call)}
    elif layer.padding == "causal":
        options["pads"] = [(layer.kernel_size[0] - 1) * layer.dilation_rate[0], 0]
    return x, options


def _same(layer, call):
    """Explicit zeros: 'SAME_UPPER' of dilated windows isn't the same in every runtime."""
    from ..convert.problems import refusal

    first = layer.first_spatial
    known = call.shape[first : first + layer.spatial]
    before, after = [], []
    for n, k, s, d in zip(known, layer.kernel_size, layer.strides, layer.dilation_rate):
        if n is None and s > 1:
            raise refusal(layer, "dilated-same-open", "padding 'same' with strides and dilation, on an axis of unknown length")
        span = (k - 1) * d + 1
        total = span - 1 if n is None or s == 1 else max((-(-n // s) - 1) * s + span - n, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return {"auto_pad": "NOTSET", "pads": before + after}


def _depthwise(c, layer, x, options):
    from ..convert.weights import value

    kernel = value(layer.depthwise_kernel)
    *size, channels, multiplier = kernel.shape
    order = (len(size), len(size) + 1, *range(len(size)))
    return c.graph.op("Conv", x, kernel.transpose(order).reshape(channels * multiplier, 1, *size), group=channels, **options)


def _finished(c, layer, x):
    from ..convert.weights import value

    if layer.use_bias:
        x = c.graph.op("Add", x, value(layer.bias).reshape(-1, *(1,) * layer.spatial))
    if layer.data_format == "channels_last":
        x = c.graph.transpose(x, 0, *range(2, layer.spatial + 2), 1)
    return c.activate(layer, x)


def _depthwise_onnx(c, layer, call):
    x, options = _positions(c, layer, call)
    return _finished(c, layer, _depthwise(c, layer, x, options))


def _separable_onnx(c, layer, call):
    from ..convert.weights import value

    x, options = _positions(c, layer, call)
    x = c.graph.op("Conv", _depthwise(c, layer, x, options), value(layer.pointwise_kernel).transpose(2, 1, 0))
    return _finished(c, layer, x)


def _separable_keras3(context, layer, shapes):
    """Keras 3's layer refuses 'causal', so the zeros before the first step come from a layer of their own."""
    from ..convert.problems import refusal

    parts = as_it_is("filters", *WINDOW, *PENALTIES, "pointwise_regularizer", "pointwise_constraint")(context, layer, shapes)
    if layer.padding != "causal":
        return parts
    if layer.data_format != "channels_last":
        raise refusal(layer, "separable-causal-first", "padding 'causal' with channels first")
    parts[0].config["padding"] = "valid"
    zeros = (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
    return [context.part(layer, "ZeroPadding1D", (), "_zeros", padding=[zeros, 0]), *parts]


def _formats(cls, since, weights, names, onnx):
    return Formats(cls, FAMILY, since, {cls.__name__: _read(cls)}, weights, as_it_is(*names), onnx)


DEPTHWISE = (("depthwise_kernel", "depthwise_kernel"), ("bias", "bias"))
LAYERS = [
    _formats(DepthwiseConv2D, "Keras 2.1.5", DEPTHWISE, (*WINDOW, *PENALTIES), _depthwise_onnx),
    _formats(DepthwiseConv1D, "tf.keras 2.8", DEPTHWISE, (*WINDOW, *PENALTIES), _depthwise_onnx),
    Formats(
        SeparableConv1D, FAMILY, "Keras 2.1.3", {"SeparableConv1D": _read(SeparableConv1D)},
        (DEPTHWISE[0], ("pointwise_kernel", "pointwise_kernel"), DEPTHWISE[1]), _separable_keras3, _separable_onnx,
    ),
]  # fmt: skip
