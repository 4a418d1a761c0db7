"""Convolutions, their transposes, separable and locally connected ones."""

from __future__ import annotations

from typing import Any

from ..options import Options
from ..values import border_mode, constraint, initializer, ordering, pair_or_number, regularizer
from .common import Translated, Translation, affine, features_first, kernel_lengths


def _places(spatial: int, dim_ordering: str) -> tuple[int, ...] | None:
    """The axes here of a kernel (spatial axes, channels, filters)."""
    return (*range(2, spatial + 2), 1, 0) if dim_ordering == "th" else None


def convolution(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        dim_ordering = ordering(options)
        groups = options.take("groups", 1)
        rates = pair_or_number(options, "dilation_rate", spatial)
        # Keras 1 has layers of their own for holes over one and two axes
        atrous = any(rate != 1 for rate in rates) and spatial < 3 and groups == 1
        size = pair_or_number(options, "kernel_size", spatial)
        steps = pair_or_number(options, "strides", spatial)
        modes = ("valid", "same", "causal") if spatial == 1 else ("valid", "same")
        config: dict[str, Any] = {"nb_filter": options.need("filters"), "border_mode": options.only("padding", *modes)}
        if spatial == 1:
            config |= {"filter_length": size[0], "subsample_length": steps[0], **features_first(dim_ordering)}
        else:
            config |= {**kernel_lengths(size), "subsample": steps, "dim_ordering": dim_ordering}
        if groups != 1:
            config["groups"] = groups
        if not atrous and any(rate != 1 for rate in rates):
            config["dilation_rate"] = rates
        if atrous:
            config["atrous_rate"] = rates[0] if spatial == 1 else rates
        config |= affine(options, (0, 2, 3) if spatial == 1 else _places(spatial, dim_ordering))
        return f"{'Atrous' if atrous else ''}Convolution{spatial}D", config

    return translate


def transposed_convolution(options: Options) -> Translated:
    """Keras 1's layer, or where that lacks an option the one of Keras 2."""
    rates = pair_or_number(options, "dilation_rate", 2)
    if options.get("output_padding") is not None or any(rate != 1 for rate in rates):
        from ....formats.transposed import read
        from ....layers import Conv2DTranspose

        return "Conv2DTranspose", {**read(Conv2DTranspose)(options), "dilation_rate": rates}
    options.only("output_padding", None)
    options.only("groups", 1)
    dim_ordering = ordering(options)
    filters = options.need("filters")
    return "Deconvolution2D", {
        "nb_filter": filters,
        **kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        "output_shape": [None, filters, None, None] if dim_ordering == "th" else [None, None, None, filters],
        **affine(options, (2, 3, 0, 1) if dim_ordering == "th" else (0, 1, 3, 2)),
    }


def separable_convolution(options: Options) -> Translated:
    rates = pair_or_number(options, "dilation_rate", 2)
    options.only("groups", 1)
    options.ignore("kernel_initializer")  # of the base class; no kernel has it
    for key in ("kernel_regularizer", "kernel_constraint"):
        options.only(key, None)
    start = initializer(options, "depthwise_initializer", "glorot_uniform")
    if initializer(options, "pointwise_initializer", "glorot_uniform") != start:
        options.unknown_initializers.append(f"{options.name}.pointwise_initializer")
    dim_ordering = ordering(options)
    config = {
        "nb_filter": options.need("filters"),
        **kernel_lengths(pair_or_number(options, "kernel_size", 2)),
        "subsample": pair_or_number(options, "strides", 2),
        "border_mode": border_mode(options),
        "dim_ordering": dim_ordering,
        "depth_multiplier": options.take("depth_multiplier", 1),
    }
    if any(rate != 1 for rate in rates):
        config["dilation_rate"] = rates
    for part in ("depthwise", "pointwise"):
        config[f"{part}_regularizer"] = regularizer(options, f"{part}_regularizer")
        config[f"{part}_constraint"] = constraint(options, f"{part}_constraint", _places(2, dim_ordering))
    rest = {k: v for k, v in affine(options).items() if k not in ("init", "W_regularizer", "W_constraint")}
    return "SeparableConvolution2D", {**config, **rest, "init": start}


def locally_connected(spatial: int) -> Translation:
    def translate(options: Options) -> Translated:
        implementation = options.only("implementation", 1, 2, 3)
        mode = options.only("padding", *(("valid",) if implementation == 1 else ("valid", "same")))
        size, steps = pair_or_number(options, "kernel_size", spatial), pair_or_number(options, "strides", spatial)
        config: dict[str, Any] = {"nb_filter": options.need("filters"), "border_mode": mode}
        if implementation != 1:
            config["implementation"] = implementation
        if spatial == 1:
            config |= {"filter_length": size[0], "subsample_length": steps[0], **features_first(ordering(options))}
        else:
            config |= {**kernel_lengths(size), "subsample": steps, "dim_ordering": ordering(options)}
        # implementation 3 has all weights in one row; in 2, those of a filter are no axis
        config |= affine(options, {1: None, 2: (), 3: (0,)}[implementation])
        kernel = config["W_constraint"]
        if implementation == 3 and isinstance(kernel, dict) and "axis" in kernel:
            config["W_constraint"] = {**kernel, "axis": [0, 1, 2]}
        return f"LocallyConnected{spatial}D", config

    return translate
