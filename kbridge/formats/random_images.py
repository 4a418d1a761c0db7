"""Formats of the layers that change pictures by chance in training."""

from __future__ import annotations

from typing import Any

from ..layers import (
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomHeight,
    RandomRotation,
    RandomTranslation,
    RandomWidth,
    RandomZoom,
)
from . import Formats
from .common import as_it_is, same
from .images import _resizing_onnx

FAMILY = "Preprocessing"
MOVED = ("fill_mode", "interpolation", "seed", "fill_value", "data_format")


def _read(cls: type) -> Any:
    plain = same(cls, "auto_vectorize", "rng_type")

    def read(options: Any) -> dict[str, Any]:
        if cls is RandomBrightness:
            options.ignore("data_format")
        config = plain(options)
        for key in ("factor", "height_factor", "width_factor", "value_range"):
            if isinstance(config.get(key), list):
                config[key] = tuple(config[key])
        # draws of another backend can't be repeated; what isn't a number says nothing
        if not isinstance(config.get("seed"), int):
            config["seed"] = None
        return config

    return read


def _identity(c, layer, call):
    return c.graph.op("Cast", call.x, to=1)


def _crop(c, layer, call):
    from ..layers import Resizing

    whole = Resizing(layer.height, layer.width, crop_to_aspect_ratio=True, data_format=layer.data_format)
    return _resizing_onnx(c, whole, call)


def _not_there(context, layer, shapes):
    from ..convert.problems import refusal

    raise refusal(layer, "keras3-no-layer", "Keras 3 doesn't have this layer")


def _formats(cls: type, since: str, keras3: Any, onnx: Any = _identity) -> Formats:
    return Formats(cls, FAMILY, since, {cls.__name__: _read(cls)}, (), keras3, onnx, random=True)


LAYERS = [
    _formats(RandomFlip, "tf.keras 2.3", as_it_is("mode", "seed", "data_format")),
    _formats(RandomRotation, "tf.keras 2.3", as_it_is("factor", *MOVED)),
    _formats(RandomTranslation, "tf.keras 2.3", as_it_is("height_factor", "width_factor", *MOVED)),
    _formats(RandomZoom, "tf.keras 2.3", as_it_is("height_factor", "width_factor", *MOVED)),
    _formats(RandomContrast, "tf.keras 2.3", as_it_is("factor", "seed", "value_range")),
    _formats(RandomBrightness, "tf.keras 2.8", as_it_is("factor", "value_range", "seed")),
    _formats(RandomCrop, "tf.keras 2.3", as_it_is("height", "width", "seed", "data_format"), _crop),
    _formats(RandomHeight, "tf.keras 2.3", _not_there),
    _formats(RandomWidth, "tf.keras 2.3", _not_there),
]
