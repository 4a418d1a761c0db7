"""Formats of the layers that join tensors: files of Keras 2 are read as Keras 1's Merge, so these have writers only."""

from __future__ import annotations

from ..layers import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from . import Formats


def _keras3(context, layer, shapes):
    from ..convert.keras3.core import merge

    return merge(context, layer, shapes)


def _onnx(c, layer, call):
    from ..convert.onnx.core import merge

    return merge(c, layer, call)


LAYERS = [
    Formats(cls, "Merging", since, {}, (), _keras3, _onnx)
    for cls, since in (
        (Add, "Keras 2.0"), (Subtract, "Keras 2.0.7"), (Multiply, "Keras 2.0"), (Average, "Keras 2.0"), (Maximum, "Keras 2.0"),
        (Minimum, "Keras 2.0.9"), (Concatenate, "Keras 2.0"), (Dot, "Keras 2.0"),
    )
]  # fmt: skip
