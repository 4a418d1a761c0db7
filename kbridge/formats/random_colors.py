"""Formats of the layers of Keras 3 that change colors and regions of pictures by chance in training."""

from __future__ import annotations

import inspect
from typing import Any

from .. import layers
from ..layers import contrast, only_predicting, random_colors, random_regions
from . import Formats
from .common import as_it_is
from .random_images import _identity, _read

FAMILY = "Preprocessing"


def _written(cls: type) -> Any:
    """The arguments as Keras 3 takes them."""
    names = [name for name, p in inspect.signature(cls).parameters.items() if p.kind is not p.VAR_KEYWORD]
    plain = as_it_is(*names)

    def write(context, layer, shapes):
        parts = plain(context, layer, shapes)
        config = parts[0].config
        config["data_format"] = layer.data_format
        for name in ("x_factor", "y_factor"):
            # Keras 3 refuses the pair that it itself makes of a number
            if name in config and isinstance(config[name], list) and config[name][0] == -config[name][1]:
                config[name] = config[name][1]
        return parts

    return write


def _contrast_onnx(c, layer, call):
    g, axes = c.graph, [1, 2] if layer.data_format == "channels_last" else [2, 3]
    x = g.op("Cast", call.x, to=1)
    least, most = map(float, layer.value_range)
    low, high = (g.op(op, x, axes=axes, keepdims=1) for op in ("ReduceMin", "ReduceMax"))
    spread = g.op("Sub", high, low)
    flat = g.op("LessOrEqual", spread, g.number(0.0))
    factor = g.op("Div", g.number(most - least), g.op("Where", flat, g.number(1.0), spread))
    stretched = g.op("Add", g.op("Mul", g.op("Sub", x, low), factor), g.number(least))
    return g.op("Where", flat, x, g.op("Clip", stretched, g.number(least), g.number(most)))


LAYERS = [
    Formats(
        getattr(layers, name), FAMILY, "Keras 3.8", {name: _read(getattr(layers, name))}, (), _written(getattr(layers, name)),
        _contrast_onnx if name == "AutoContrast" else _identity, random=name != "AutoContrast",
    )
    for name in (*random_colors.__all__, *random_regions.__all__, *contrast.__all__, *only_predicting.__all__)
]  # fmt: skip
