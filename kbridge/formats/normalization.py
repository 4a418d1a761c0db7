"""Formats of the layers that normalize each sample."""

from __future__ import annotations

import numpy as np

from ..layers import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization
from ..layers.layer_normalization import axes_of
from . import Formats
from .common import as_it_is, same

FAMILY = "Normalization"
SCALED = ("axis", "epsilon", "center", "scale", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
WEIGHTS = (("gamma", "gamma"), ("beta", "beta"))


def _scaled(c, layer, y, shape, axes):
    """gamma * y + beta, each in the shape of the input's ``axes``."""
    from ..convert.weights import value

    aligned = [n if a in axes else 1 for a, n in enumerate(shape)]
    if layer.gamma is not None:
        y = c.graph.op("Mul", y, value(layer.gamma).reshape(aligned))
    return y if layer.beta is None else c.graph.op("Add", y, value(layer.beta).reshape(aligned))


def _normed(c, x, axes, epsilon):
    g = c.graph
    centred = g.op("Sub", x, g.op("ReduceMean", x, axes=list(axes), keepdims=1))
    variance = g.op("ReduceMean", g.op("Mul", centred, centred), axes=list(axes), keepdims=1)
    return centred, g.op("Sqrt", g.op("Add", variance, g.number(epsilon)))


def _layer_keras3(context, layer, shapes):
    """Its axes sorted: the weights are read as if they were, whatever their order (see the layer)."""
    parts = as_it_is(*SCALED, "rms_scaling")(context, layer, shapes)
    if isinstance(layer.axis, (list, tuple)):
        axes = axes_of(layer, shapes[0])
        parts[0].config["axis"] = list(axes)
        for weight in parts[0].weights:
            weight.value = weight.value.reshape([shapes[0][a] for a in axes])
    return parts


def _layer_onnx(c, layer, call):
    axes = axes_of(layer, call.shape)
    centred, deviation = _normed(c, call.x, axes, layer.epsilon)
    return _scaled(c, layer, c.graph.op("Div", call.x if layer.rms_scaling else centred, deviation), call.shape, axes)


def _group_onnx(c, layer, call):
    from ..convert.problems import refusal

    (axis,) = axes_of(layer, call.shape)
    shape = list(call.shape)
    if sum(n is None for n in shape[1:]) > 1:
        raise refusal(layer, "group-normalization-open", "several axes of unknown length")
    groups = shape[axis] if layer.groups == -1 else layer.groups
    open_sizes = [0 if i == 0 else -1 if n is None else n for i, n in enumerate(shape)]
    split = [*open_sizes[:axis], groups, shape[axis] // groups, *open_sizes[axis + 1 :]]
    x = c.graph.reshape(call.x, *split)
    centred, deviation = _normed(c, x, [a for a in range(1, len(split)) if a != axis], layer.epsilon)
    y = c.graph.reshape(c.graph.op("Div", centred, deviation), *open_sizes)
    return _scaled(c, layer, y, call.shape, (axis,))


def _rms_onnx(c, layer, call):
    from ..convert.weights import value

    g, axes = c.graph, axes_of(layer, call.shape)
    mean = g.op("ReduceMean", g.op("Mul", call.x, call.x), axes=list(axes), keepdims=1)
    y = g.op("Div", call.x, g.op("Sqrt", g.op("Add", mean, g.number(layer.epsilon))))
    return g.op("Mul", y, value(layer.scale).reshape([n if a in axes else 1 for a, n in enumerate(call.shape)]))


def _unit_onnx(c, layer, call):
    g, axes = c.graph, list(axes_of(layer, call.shape))
    total = g.op("ReduceSum", g.op("Mul", call.x, call.x), g.constant(np.array(axes, "int64")), keepdims=1)
    return g.op("Div", call.x, g.op("Sqrt", g.op("Max", total, g.number(1e-12))))


LAYERS = [
    Formats(
        LayerNormalization, FAMILY, "tf.keras 2.2",
        {"LayerNormalization": same(LayerNormalization), "LayerNorm": same(LayerNormalization)},
        WEIGHTS, _layer_keras3, _layer_onnx,
    ),
    Formats(
        GroupNormalization, FAMILY, "tf.keras 2.11",
        {"GroupNormalization": same(GroupNormalization)}, WEIGHTS, as_it_is("groups", *SCALED), _group_onnx,
    ),
    Formats(
        RMSNormalization, FAMILY, "Keras 3.9",
        {"RMSNormalization": same(RMSNormalization)}, (("scale", "scale"),), as_it_is("axis", "epsilon"), _rms_onnx,
    ),
    Formats(UnitNormalization, FAMILY, "tf.keras 2.9", {"UnitNormalization": same(UnitNormalization)}, (), as_it_is("axis"), _unit_onnx),
]  # fmt: skip
