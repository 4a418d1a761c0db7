"""Keras 3 layers for convolutions, pooling, upsampling, padding and cropping of Keras 1."""

from __future__ import annotations

import numpy as np

from ..problems import Unsupported, called
from ..weights import channels_last, value
from .context import bias_of, data_format, makes

_CONVOLUTIONS = {1: "Conv1D", 2: "Conv2D", 3: "Conv3D"}


@makes(
    "Convolution1D", "AtrousConvolution1D", "Convolution2D", "AtrousConvolution2D", "Convolution3D",
)  # fmt: skip
def convolution(context, layer, shapes):
    name, scale = context.activation(layer)
    kernel = value(layer.W)[:, 0] if layer.spatial == 1 else channels_last(value(layer.W), layer.dim_ordering)
    rates = tuple(layer.rates or (1,) * layer.spatial)
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "padding": "valid" if layer.border_mode == "full" else layer.border_mode,
        "data_format": data_format(layer.dim_ordering),
        "dilation_rate": list(rates),
        "activation": name,
        **context.affine(layer),
    }
    if max(rates) > 1 and max(layer.steps) > 1:
        raise Unsupported(f"{called(layer)}: holes in the kernel (atrous_rate) together with strides")
    before = []
    if layer.border_mode == "full":
        sides = [[(k - 1) * r] * 2 for k, r in zip(layer.kernel_size, rates)]
        before = [padding(context, layer, sides, "_pad")]
    weights = [("kernel", kernel * scale)] + bias_of(layer, scale)
    return before + by_channels_last(context, layer, _CONVOLUTIONS[layer.spatial], weights, config)


def by_channels_last(context, layer, class_name: str, weights: list, config: dict, ahead: int = 0, kept: int = 0) -> list:
    """A layer that Keras 3 computes with the channels last, between permutations where Keras 1 had them first.

    TensorFlow on a CPU adds a wrong bias to a convolution with channels first, or refuses it. ``ahead`` and ``kept`` are the
    axes between the batch and the channels, of the input and of the output.
    """
    if layer.dim_ordering == "tf":
        return [context.part(layer, class_name, weights, **config)]
    spatial = len(config["kernel_size"])

    def order(leading: int, *rest: int) -> list[int]:
        return [*range(1, leading + 1), *(leading + axis for axis in rest)]

    last, first = (*range(2, spatial + 2), 1), (spatial + 1, *range(1, spatial + 1))
    return [
        context.part(layer, "Permute", (), "_last", dims=order(ahead, *last)),
        context.part(layer, class_name, weights, "_conv", **{**config, "data_format": "channels_last"}),
        context.part(layer, "Permute", dims=order(kept, *first)),
    ]


def padding(context, layer, sides: list, suffix: str = ""):
    """A ZeroPadding layer with (before, after) for each spatial axis."""
    spatial = len(sides)
    config = {"padding": [list(pair) for pair in sides] if spatial > 1 else list(sides[0])}
    return context.part(
        layer, f"ZeroPadding{spatial}D", (), suffix, data_format=data_format(layer.dim_ordering), **config
    )


@makes("Deconvolution2D")
def deconvolution(context, layer, shapes):
    name, scale = context.activation(layer)
    if layer.border_mode == "full":
        raise Unsupported(f"{called(layer)}: border_mode 'full'")
    # Keras 3 has the axis of the filters before that of the input's channels
    kernel = np.swapaxes(channels_last(value(layer.W), layer.dim_ordering), 2, 3)
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "padding": layer.border_mode,
        "output_padding": _output_padding(layer, shapes[0]),
        "data_format": data_format(layer.dim_ordering),
        "activation": name,
        **context.affine(layer),
    }
    return by_channels_last(context, layer, "Conv2DTranspose", [("kernel", kernel * scale)] + bias_of(layer, scale), config)


def _output_padding(layer, shape) -> list[int] | None:
    """What Keras 3 must add to its shortest output to get the lengths that the layer states; None if nothing."""
    wanted = layer.output_shape_[2:] if layer.dim_ordering == "th" else layer.output_shape_[1:3]
    same = layer.border_mode == "same"
    added, default = [], True
    for axis, length, k, step in zip(layer._axes, wanted, layer.kernel_size, layer.steps):
        n = shape[axis]
        if n is None or length is None:
            raise Unsupported(f"{called(layer)}: the input's rows and columns must be known")
        default = default and length == (n * step if same else n * step + max(k - step, 0))
        added.append(length - ((n - 1) * step + k - (2 * (k // 2) if same else 0)))
    if default:
        return None
    if any(not 0 <= a < step for a, step in zip(added, layer.steps)):
        raise Unsupported(f"{called(layer)}: output_shape {layer.output_shape_} can't be reached in Keras 3")
    return added


@makes("SeparableConvolution2D")
def separable(context, layer, shapes):
    name, scale = context.activation(layer)
    depthwise = value(layer.depthwise_kernel)
    if layer.dim_ordering == "th":
        depthwise = depthwise.transpose(2, 3, 1, 0)
    pointwise = channels_last(value(layer.pointwise_kernel), layer.dim_ordering)
    weights = [("depthwise_kernel", depthwise), ("pointwise_kernel", pointwise * scale), *bias_of(layer, scale)]
    penalties = {
        f"{part}_{kind}": f"{part}_{kind}" for part in ("depthwise", "pointwise") for kind in ("regularizer", "constraint")
    }
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "padding": layer.border_mode,
        "data_format": "channels_last",
        "depth_multiplier": layer.depth_multiplier,
        "activation": name,
        **{key: v for key, v in context.affine(layer).items() if not key.startswith("kernel")},
        **context.penalties(layer, **penalties),
    }
    return by_channels_last(context, layer, "SeparableConv2D", weights, config)


@makes(
    "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D",
)  # fmt: skip
def pooling(context, layer, shapes):
    if hasattr(layer, "pool_length"):
        size, strides, ordering = [layer.pool_length], [layer.stride], "tf"
    else:
        size, strides, ordering = list(layer.pool_size), list(layer.strides), layer.dim_ordering
    config = {"pool_size": size, "strides": strides, "padding": layer.border_mode, "data_format": data_format(ordering)}
    return [context.part(layer, type(layer).__name__, **config)]


@makes(*(f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3)))
def global_pooling(context, layer, shapes):
    ordering = getattr(layer, "dim_ordering", "tf")
    return [context.part(layer, type(layer).__name__, data_format=data_format(ordering), keepdims=False)]


@makes("UpSampling1D")
def upsampling1d(context, layer, shapes):
    return [context.part(layer, "UpSampling1D", size=layer.length)]


@makes("UpSampling2D", "UpSampling3D")
def upsampling(context, layer, shapes):
    config = {"size": list(layer.size), "data_format": data_format(layer.dim_ordering)}
    if layer.spatial == 2:
        config["interpolation"] = "nearest"
    return [context.part(layer, type(layer).__name__, **config)]


@makes("ZeroPadding1D", "ZeroPadding2D")
def zero_padding(context, layer, shapes):
    return [padding(context, layer, layer._pairs)]


@makes("ZeroPadding3D")
def zero_padding3d(context, layer, shapes):
    return [padding(context, layer, [(p, p) for p in layer.padding])]


@makes("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(context, layer, shapes):
    cuts = [list(pair) for pair in layer._cuts]
    config = {"cropping": cuts[0]} if layer.spatial == 1 else {"cropping": cuts, "data_format": data_format(layer.dim_ordering)}
    return [context.part(layer, type(layer).__name__, **config)]
