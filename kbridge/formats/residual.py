"""Formats of the layers that the modules of ``keras.applications`` define: LayerScale and StochasticDepth of ConvNeXt."""

from __future__ import annotations

from ..layers import LayerScale, StochasticDepth
from . import Formats
from .common import same

FAMILY = "Residual branches"


def _keras3(*names):
    def write(context, layer, shapes):
        from ..convert.weights import value

        weights = [("gamma", value(layer.gamma))] if isinstance(layer, LayerScale) else []
        part = context.part(layer, type(layer).__name__, weights, **{name: getattr(layer, name) for name in names})
        part.module = "keras.src.applications.convnext"
        return [part]

    return write


def _scale_onnx(c, layer, call):
    from ..convert.weights import value

    return c.graph.op("Mul", call.x, value(layer.gamma))


LAYERS = [
    Formats(
        LayerScale, FAMILY, "tf.keras 2.10", {"LayerScale": same(LayerScale)}, (("gamma", "gamma"),),
        _keras3("init_values", "projection_dim"), _scale_onnx,
    ),
    Formats(
        StochasticDepth, FAMILY, "tf.keras 2.10", {"StochasticDepth": same(StochasticDepth)}, (), _keras3("drop_path_rate"),
        lambda c, layer, call: call.x, random=True,
    ),
]  # fmt: skip
