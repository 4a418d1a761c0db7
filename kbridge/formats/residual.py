"""Formats of the layers that the modules of ``keras.applications`` define: of ConvNeXt, and CustomScaleLayer of InceptionResNetV2."""

from __future__ import annotations

import numpy as np

from ..layers import CustomScaleLayer, LayerScale, StochasticDepth
from . import Formats
from .common import same

FAMILY = "Residual branches"


def _keras3(*names, module="convnext"):
    def write(context, layer, shapes):
        from ..convert.weights import value

        weights = [("gamma", value(layer.gamma))] if isinstance(layer, LayerScale) else []
        part = context.part(layer, type(layer).__name__, weights, **{name: getattr(layer, name) for name in names})
        part.module = f"keras.src.applications.{module}"
        return [part]

    return write


def _sum_onnx(c, layer, call):
    return c.graph.op("Add", call.inputs[0], c.graph.op("Mul", call.inputs[1], np.asarray(layer.scale, "float32")))


def _scale_onnx(c, layer, call):
    from ..convert.weights import value

    return c.graph.op("Mul", call.x, value(layer.gamma))


LAYERS = [
    Formats(
        CustomScaleLayer, FAMILY, "tf.keras 2.13", {"CustomScaleLayer": same(CustomScaleLayer)}, (),
        _keras3("scale", module="inception_resnet_v2"), _sum_onnx,
    ),
    Formats(
        LayerScale, FAMILY, "tf.keras 2.10", {"LayerScale": same(LayerScale)}, (("gamma", "gamma"),),
        _keras3("init_values", "projection_dim"), _scale_onnx,
    ),
    Formats(
        StochasticDepth, FAMILY, "tf.keras 2.10", {"StochasticDepth": same(StochasticDepth)}, (), _keras3("drop_path_rate"),
        lambda c, layer, call: call.x, random=True,
    ),
]  # fmt: skip
