"""Formats of the layers that prepare pictures and numbers."""

from __future__ import annotations

import numpy as np

from ..backends.composites.resizing import BLURRING, resize_weights
from ..layers import CenterCrop, Normalization, Rescaling, Resizing
from . import Formats
from .common import as_it_is, same

FAMILY = "Preprocessing"


def _plain_number(value):
    """A number, or a list of them; Keras stored NumPy's at times as {'class_name', 'config': {'value'}}."""
    if isinstance(value, dict):
        inner = value.get("config", value)
        value = inner.get("value", inner) if isinstance(inner, dict) else inner
    return value


def _numbers(cls):
    plain = same(cls)

    def read(options):
        return {key: _plain_number(value) for key, value in plain(options).items()}

    return read


def _rescaling_onnx(c, layer, call):
    g = c.graph
    x = g.op("Mul", g.op("Cast", call.x, to=1), g.constant(np.asarray(layer.scale, "float32")))
    return g.op("Add", x, g.constant(np.asarray(layer.offset, "float32"))) if np.any(layer.offset) else x


def _normalization_onnx(c, layer, call):
    from ..convert.weights import value

    g = c.graph
    axes = layer._axes(len(call.shape))
    aligned = [n if a in axes else 1 for a, n in enumerate(call.shape)]
    mean, variance = (layer.adapt_mean, layer.adapt_variance) if layer.uses_weights else (layer.mean, layer.variance)
    mean, variance = (value(n) if layer.uses_weights else np.asarray(n, "float32") for n in (mean, variance))
    if axes and mean.size == np.prod([n for n in aligned if n]):
        mean, variance = mean.reshape(aligned), variance.reshape(aligned)
    mean, deviation = np.asarray(mean, "float32"), np.asarray(np.maximum(np.sqrt(variance), 1e-7), "float32")
    x = g.op("Cast", call.x, to=1)
    if layer.invert:
        return g.op("Add", g.op("Mul", x, deviation), mean)
    return g.op("Div", g.op("Sub", x, mean), deviation)


def _resizing_onnx(c, layer, call):
    from ..convert.problems import refusal

    g, axis = c.graph, layer.first_spatial
    sizes = list(call.shape[axis : axis + 2])
    if None in sizes:
        raise refusal(layer, "resizing-open", "images of unknown size")
    x = g.op("Cast", call.x, to=1)
    wanted = (layer.height, layer.width)
    cut = None
    if isinstance(layer, CenterCrop) and all(n >= m for n, m in zip(sizes, wanted)):
        cut = wanted
    elif layer.crop_to_aspect_ratio or isinstance(layer, CenterCrop):
        rows, columns = sizes
        cut = (min(rows, int(columns * layer.height / layer.width)), min(columns, int(rows * layer.width / layer.height)))
    if cut:
        for i, n in enumerate(cut):
            start = (sizes[i] - n) // 2
            x = g.slice(x, axis + i, start, start + n)
        sizes = list(cut)
    order = [0, 3, 1, 2] if axis == 1 else [0, 1, 2, 3]
    x = x if axis == 2 else g.transpose(x, *order)
    for i, (n, m) in enumerate(zip(sizes, wanted)):
        if n != m or layer.interpolation in BLURRING:
            weights = resize_weights(n, m, layer.interpolation, layer.antialias).astype("float32")
            x = g.op("MatMul", weights, x) if i == 0 else g.op("MatMul", x, weights.T.copy())
    return x if axis == 2 else g.transpose(x, 0, 2, 3, 1)


STATISTICS = (("mean", "adapt_mean"), ("variance", "adapt_variance"), ("count", "count"))
LAYERS = [
    Formats(Rescaling, FAMILY, "tf.keras 2.3", {"Rescaling": _numbers(Rescaling)}, (), as_it_is("scale", "offset"), _rescaling_onnx),
    Formats(
        Normalization, FAMILY, "tf.keras 2.3", {"Normalization": _numbers(Normalization)}, STATISTICS,
        as_it_is("axis", "mean", "variance", "invert"), _normalization_onnx,
    ),
    Formats(
        Resizing, FAMILY, "tf.keras 2.3", {"Resizing": same(Resizing, "pad_to_aspect_ratio", "fill_mode", "fill_value")}, (),
        as_it_is("height", "width", "interpolation", "crop_to_aspect_ratio", "antialias", "data_format"), _resizing_onnx,
    ),
    Formats(
        CenterCrop, FAMILY, "tf.keras 2.3", {"CenterCrop": same(CenterCrop)}, (), as_it_is("height", "width", "data_format"),
        _resizing_onnx,
    ),
]  # fmt: skip
