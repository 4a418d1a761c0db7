"""Formats of Pipeline: elsewhere its layers stand one after the other."""

from __future__ import annotations

from ..layers import Pipeline
from . import Formats

FAMILY = "Wrappers"


def _read(options):
    layers = options.need("layers")
    if not isinstance(layers, list):
        raise options.error("layers", layers, "which should be a list of layers")
    return {"layers": [options.translate(layer) for layer in layers]}


def _refuse_masks(layer) -> None:
    from ..convert.problems import refusal

    if any(mask is not None for mask in layer._masks_behind.values()):
        raise refusal(
            layer,
            "pipeline-mask",
            "a mask that goes through the layers in it, which no call of a layer shows there: call them by themselves",
        )


def _keras3(context, layer, shapes):
    _refuse_masks(layer)
    parts = []
    for inner in layer.layers:
        parts += context.inside(inner, shapes)
        shapes = [inner.get_output_shape_for(shapes[0])]
    return parts


def _onnx(c, layer, call):
    from ..convert.onnx.context import Call

    _refuse_masks(layer)
    x, shape = call.x, call.shape
    for inner in layer.layers:
        shape, before = inner.get_output_shape_for(shape), shape
        x = c.inside(inner, Call([x], [before], [shape], [None], [None]))
    return x


LAYERS = [Formats(Pipeline, FAMILY, "Keras 3", {"Pipeline": _read}, (), _keras3, _onnx, random=True)]
