"""Formats of activation layers."""

from __future__ import annotations

import numpy as np

from ..layers import Identity, ReLU, Softmax
from . import Formats
from .common import as_it_is, same

FAMILY = "Activations"


def _relu_onnx(c, layer, call):
    g, x = c.graph, call.x
    top = x if layer.max_value is None else g.op("Min", x, g.number(layer.max_value))
    if not layer.threshold:
        y = g.op("Relu", top)
        if layer.negative_slope:
            y = g.op("Add", y, g.op("Mul", g.op("Min", x, g.number(0)), g.number(layer.negative_slope)))
        return y
    below = g.number(0)
    if layer.negative_slope:
        below = g.op("Mul", g.op("Sub", x, g.number(layer.threshold)), g.number(layer.negative_slope))
    return g.op("Where", g.op("Less", x, g.number(layer.threshold)), below, top)


def _softmax_onnx(c, layer, call):
    from ..convert.problems import refusal

    if len(call.inputs) > 1:
        raise refusal(layer, "softmax-mask", "a mask as its second input")
    g = c.graph
    if not isinstance(layer.axis, (list, tuple)):
        return g.op("Softmax", call.x, axis=int(layer.axis))
    axes = [int(a) % len(call.shape) for a in layer.axis]
    e = g.op("Exp", g.op("Sub", call.x, g.op("ReduceMax", call.x, axes=axes, keepdims=1)))
    return g.op("Div", e, g.op("ReduceSum", e, g.constant(np.array(axes, "int64")), keepdims=1))


def _slope(options):
    """ReLU's options; tf.keras stored numbers as 0-d arrays at times."""
    config = same(ReLU)(options)
    return {k: v["value"] if isinstance(v, dict) and "value" in v else v for k, v in config.items()}


LAYERS = [
    Formats(ReLU, FAMILY, "Keras 2.2.3", {"ReLU": _slope}, (), as_it_is("max_value", "negative_slope", "threshold"), _relu_onnx),
    Formats(Softmax, FAMILY, "Keras 2.1.3", {"Softmax": same(Softmax)}, (), as_it_is("axis"), _softmax_onnx),
    Formats(
        Identity,
        FAMILY,
        "tf.keras 2.12",
        {"Identity": same(Identity)},
        (),
        as_it_is(),
        lambda c, layer, call: c.graph.op("Identity", call.x),
    ),
]
