"""Formats of functions of tensors that files hold as data."""

from __future__ import annotations

from ..layers import Operations
from . import Formats
from .common import same

FAMILY = "Operations"


def _keras3(context, layer, shapes):
    from ..convert.keras3.operations import as_model

    return as_model(context, layer, layer.graph, shapes, layer.tensors_like(shapes))


def _onnx(c, layer, call):
    from ..convert.onnx.operations import operators

    return operators(c, layer, layer.graph, call, layer.tensors_like(call.shapes))


LAYERS = [
    Formats(Operations, FAMILY, "tf.keras 1.14", {"Operations": same(Operations)}, (), _keras3, _onnx, random=True),
]
