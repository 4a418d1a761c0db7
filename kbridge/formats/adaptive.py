"""Formats of adaptive poolings."""

from __future__ import annotations

from ..layers import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from ..layers.adaptive import mean_weights, windows
from . import Formats
from .common import as_it_is, same

FAMILY = "Pooling"


def _read(cls):
    plain = same(cls)

    def read(options):
        config = plain(options)
        if cls.spatial == 1 and isinstance(config.get("output_size"), list):
            config["output_size"] = config["output_size"][0]
        return config

    return read


def _onnx(c, layer, call):
    """One axis after the other."""
    g, x = c.graph, call.x
    for axis, size in zip(layer.axes, layer.output_size):
        if call.shape[axis] == size:
            continue
        if "Max" in type(layer).__name__:
            parts = [g.op("ReduceMax", g.slice(x, axis, *ends), axes=[axis], keepdims=1) for ends in windows(call.shape[axis], size)]
            x = g.op("Concat", *parts, axis=axis)
        else:
            order = [a for a in range(len(call.shape)) if a != axis] + [axis]
            x = g.op("MatMul", g.transpose(x, *order), mean_weights(call.shape[axis], size).astype("float32"))
            x = g.transpose(x, *(order.index(a) for a in range(len(order))))
    return x


LAYERS = [
    Formats(cls, FAMILY, "Keras 3.13", {cls.__name__: _read(cls)}, (), as_it_is("output_size", "data_format"), _onnx)
    for cls in (
        AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D, AdaptiveMaxPooling1D, AdaptiveMaxPooling2D,
        AdaptiveMaxPooling3D,
    )
]  # fmt: skip
