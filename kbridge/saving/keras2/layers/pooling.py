"""Pooling, padding, cropping and upsampling."""

from __future__ import annotations

from typing import Any

from ..options import Options
from ..values import border_mode, ordering, pair_or_number
from .common import Translated, Translation, features_first


def pooling(name: str, spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        size = pair_or_number(options, "pool_size", spatial, 2)
        strides = options.take("strides")
        steps = size if strides is None else [strides] * spatial if isinstance(strides, int) else list(strides)
        mode = border_mode(options)
        if spatial == 1:
            return name, {"pool_length": size[0], "stride": steps[0], "border_mode": mode, **features_first(ordering(options))}
        return name, {"pool_size": size, "strides": steps, "border_mode": mode, "dim_ordering": ordering(options)}

    return translate


def global_pooling(name: str, spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        kept: dict[str, Any] = {"keepdims": True} if options.take("keepdims", False) else {}
        if spatial == 1:
            kept |= features_first(ordering(options))
            return name, {**kept, "use_mask": True} if name == "GlobalAveragePooling1D" else kept
        return name, {**kept, "dim_ordering": ordering(options)}

    return translate


def zero_padding(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        padding = options.take("padding", 1)
        if spatial == 1:
            pair = padding if isinstance(padding, int) else list(padding)
            return "ZeroPadding1D", {"padding": pair, **features_first(ordering(options))}
        pairs = [[p, p] if isinstance(p, int) else list(p) for p in ([padding] * spatial if isinstance(padding, int) else padding)]
        if spatial == 3:
            sides = [before if before == after else [before, after] for before, after in pairs]
            return "ZeroPadding3D", {"padding": sides, "dim_ordering": ordering(options)}
        return "ZeroPadding2D", {"padding": sum(pairs, []), "dim_ordering": ordering(options)}

    return translate


def cropping(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        cropping = options.take("cropping", 1)
        if spatial == 1:
            pair = [cropping] * 2 if isinstance(cropping, int) else list(cropping)
            return "Cropping1D", {"cropping": pair, **features_first(ordering(options))}
        entries = [cropping] * spatial if isinstance(cropping, int) else cropping
        pairs = [[c, c] if isinstance(c, int) else list(c) for c in entries]
        return f"Cropping{spatial}D", {"cropping": pairs, "dim_ordering": ordering(options)}

    return translate


def upsampling(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        if spatial == 1:
            return "UpSampling1D", {"length": options.take("size", 2), **features_first(ordering(options))}
        config = {"size": pair_or_number(options, "size", spatial, 2), "dim_ordering": ordering(options)}
        interpolation = options.take("interpolation", "nearest") if spatial == 2 else "nearest"
        return f"UpSampling{spatial}D", config if interpolation == "nearest" else {**config, "interpolation": interpolation}

    return translate
