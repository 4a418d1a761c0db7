"""Keras 3 layers for convolutions, pooling, upsampling, padding and cropping of Keras 1."""

from __future__ import annotations

import numpy as np

from ...layers.configured import ORDERINGS
from ...layers.padding import convolution_padding
from ..problems import refusal
from ..weights import channels_last, value
from .context import ALONG_LAST_AXIS, STEEP, bias_of, data_format, makes

_CONVOLUTIONS = {1: "Conv1D", 2: "Conv2D", 3: "Conv3D"}


@makes(
    "Convolution1D", "AtrousConvolution1D", "Convolution2D", "AtrousConvolution2D", "Convolution3D",
)  # fmt: skip
def convolution(context, layer, shapes):
    kernel = value(layer.W)[:, 0] if layer.spatial == 1 else channels_last(value(layer.W), layer.dim_ordering)
    rates = tuple(layer.rates or (1,) * layer.spatial)
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "data_format": data_format(layer.dim_ordering),
        "dilation_rate": list(rates),
        "groups": layer.groups,
        "activation": "linear",
        **context.affine(layer, kernel_axes(layer)),
    }
    if max(rates) > 1 and max(layer.steps) > 1:
        raise refusal(layer, "keras3-atrous-strides", "atrous_rate together with strides")
    before, config["padding"] = padded_input(context, layer)
    weights = [("kernel", kernel), *bias_of(layer)]
    return before + by_channels_last(context, layer, _CONVOLUTIONS[layer.spatial], weights, config)


def kernel_axes(layer, transposed: bool = False) -> dict[int, int | None]:
    """Axis of a kernel W -> its axis in Keras 3: spatial axes, channels in, filters; the last two the other way if ``transposed``."""
    spatial = layer.spatial
    if spatial == 1:
        return {0: 0, 1: None, 2: 1, 3: 2}
    channels, filters = (spatial + 1, spatial) if transposed else (spatial, spatial + 1)
    if layer.dim_ordering == "th":
        return {0: filters, 1: channels, **{2 + a: a for a in range(spatial)}}
    return {**{a: a for a in range(spatial)}, spatial: channels, spatial + 1: filters}


def padded_input(context, layer, ahead: int = 0) -> tuple[list, str]:
    """A layer that puts zeros round the input, if its padding needs it, and the ``padding`` of the layer after it.

    ``ahead``: axes before the spatial ones that get none, besides the batch and the channels.
    """
    if layer.border_mode == "full":
        return [padding(context, layer, [(w - 1, w - 1) for w in layer._window_lengths()], "_pad")], "valid"
    if layer.pads_as_theano and any(map(any, layer.theano_padding())):
        return [padding(context, layer, [(0, 0)] * ahead + layer.theano_padding(), "_pad")], "valid"
    return [], layer.border_mode


def by_channels_last(context, layer, class_name: str, weights: list, config: dict, behind=()) -> list:
    """A layer that Keras 3 computes with the channels last, between permutations where Keras 1 had them first; then its activation.

    TensorFlow on a CPU adds a wrong bias to a convolution with channels first, or refuses it. ``behind``: what comes
    between the layer and its activation.
    """
    if "tf" in (getattr(layer, "dim_ordering", None), ORDERINGS.get(getattr(layer, "data_format", ""))):
        parts = [context.part(layer, class_name, weights, **config), *behind]
        return context.activated(layer, parts, apart=bool(behind))
    parts = turned(context, layer, class_name, weights, config)
    name = context.activation(layer)
    if not behind and name not in (*ALONG_LAST_AXIS, STEEP):
        parts[1].config["activation"] = name
        return parts
    # the last axis isn't the same before the permutation
    parts[-1].config["name"] += "_first"
    return context.activated(layer, [*parts, *behind], apart=True)


def turned(context, layer, class_name: str, weights: list, config: dict, ahead: int = 0, kept: int = 0) -> list:
    """A layer with the channels last between permutations from and to channels first.

    ``ahead`` and ``kept`` are the axes between the batch and the channels, of the input and of the output.
    """
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
        layer, f"ZeroPadding{spatial}D", (), suffix, data_format=data_format(getattr(layer, "dim_ordering", "tf")), **config
    )


@makes("Deconvolution2D")
def deconvolution(context, layer, shapes):
    if layer.border_mode == "full":
        raise refusal(layer, "deconvolution-full", "border_mode 'full'")
    # Keras 3 has the axis of the filters before that of the input's channels
    kernel = np.swapaxes(channels_last(value(layer.W), layer.dim_ordering), 2, 3)
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "padding": layer.border_mode,
        "data_format": data_format(layer.dim_ordering),
        "activation": "linear",
        **context.affine(layer, kernel_axes(layer, transposed=True)),
    }
    weights = [("kernel", kernel), *bias_of(layer)]
    if not layer.pads_as_theano:
        config["output_padding"] = _output_padding(layer, shapes[0])
        return by_channels_last(context, layer, "Conv2DTranspose", weights, config)
    config["padding"] = "valid"
    cuts = _cuts_of_theano(layer, shapes[0])
    crop = context.part(layer, "Cropping2D", (), "_crop", cropping=cuts, data_format=data_format(layer.dim_ordering))
    return by_channels_last(context, layer, "Conv2DTranspose", weights, config, [crop])


def _cuts_of_theano(layer, shape) -> list[list[int]]:
    """Return how much to cut off all that the windows reach, for each spatial axis."""
    cuts = []
    for axis, k, step in zip(layer._axes, layer.kernel_size, layer.steps):
        n, wanted = shape[axis], layer.output_shape_[axis]
        if n is None or wanted is None:
            raise refusal(layer, "deconvolution-open", "the input's rows and columns must be known")
        before = convolution_padding(k)[0]
        after = (n - 1) * step + max(k, step) - before - wanted
        if after < 0:
            raise refusal(layer, "keras3-deconvolution-shape", f"output_shape {layer.output_shape_}, which Keras 3 can't reach")
        cuts.append([before, after])
    return cuts


def _output_padding(layer, shape) -> list[int] | None:
    """Return how much Keras 3 must add to its shortest output to get the lengths that the layer states; None for nothing."""
    wanted = layer.output_shape_[2:] if layer.dim_ordering == "th" else layer.output_shape_[1:3]
    same = layer.border_mode == "same"
    added, default = [], True
    for axis, length, k, step in zip(layer._axes, wanted, layer.kernel_size, layer.steps):
        n = shape[axis]
        if length is None:
            continue  # it follows from the input's, as in Keras 3
        if n is None:
            raise refusal(layer, "deconvolution-open", "the input's rows and columns must be known, because its output_shape is known")
        default = default and length == (n * step if same else n * step + max(k - step, 0))
        added.append(length - ((n - 1) * step + k - (2 * (k // 2) if same else 0)))
    if default:
        return None
    if any(not 0 <= a < step for a, step in zip(added, layer.steps)):
        raise refusal(layer, "keras3-deconvolution-shape", f"output_shape {layer.output_shape_}, which Keras 3 can't reach")
    return added


@makes("SeparableConvolution2D")
def separable(context, layer, shapes):
    depthwise = value(layer.depthwise_kernel)
    if layer.dim_ordering == "th":
        depthwise = depthwise.transpose(2, 3, 1, 0)
    pointwise = channels_last(value(layer.pointwise_kernel), layer.dim_ordering)
    weights = [("depthwise_kernel", depthwise), ("pointwise_kernel", pointwise), *bias_of(layer)]
    # (multiplier, channels, rows, columns) with 'th' becomes (rows, columns, channels, multiplier)
    axes = kernel_axes(layer)
    if layer.rates and max(layer.steps) > 1:
        raise refusal(layer, "keras3-atrous-strides", "dilation_rate together with strides")
    before, padding_ = padded_input(context, layer)
    penalties = {f"{part}_{kind}": f"{part}_{kind}" for part in ("depthwise", "pointwise") for kind in ("regularizer", "constraint")}
    config = {
        "filters": layer.nb_filter,
        "kernel_size": list(layer.kernel_size),
        "strides": list(layer.steps),
        "padding": padding_,
        "data_format": "channels_last",
        "depth_multiplier": layer.depth_multiplier,
        "dilation_rate": list(layer.rates or (1, 1)),
        "activation": "linear",
        **{key: v for key, v in context.affine(layer).items() if not key.startswith("kernel")},
        **context.penalties(layer, axes, **penalties),
    }
    return before + by_channels_last(context, layer, "SeparableConv2D", weights, config)


@makes(
    "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D",
)  # fmt: skip
def pooling(context, layer, shapes):
    if layer.pads_as_theano and layer.depends_on_origin:
        raise refusal(
            layer, "keras3-pooling-padding",
            "border_origin 'theano': 'same' padding where Keras 1 on Theano put it. No layer of Keras 3 leaves such padding "
"out of a pooling",
        )  # fmt: skip
    if hasattr(layer, "pool_length"):
        size, strides = [layer.pool_length], [layer.stride]
    else:
        size, strides = list(layer.pool_size), list(layer.strides)
    config = {"pool_size": size, "strides": strides, "padding": layer.border_mode, "data_format": data_format(layer.dim_ordering)}
    return [context.part(layer, type(layer).__name__, **config)]


@makes(*(f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3)))
def global_pooling(context, layer, shapes):
    ordering = getattr(layer, "dim_ordering", "tf")
    return [context.part(layer, type(layer).__name__, data_format=data_format(ordering), keepdims=layer.keepdims)]


@makes("UpSampling1D")
def upsampling1d(context, layer, shapes):
    return _last_between(context, layer, context.part(layer, "UpSampling1D", size=layer.length))


@makes("UpSampling2D", "UpSampling3D")
def upsampling(context, layer, shapes):
    config = {"size": list(layer.size), "data_format": data_format(layer.dim_ordering)}
    if layer.spatial == 2:
        if layer.interpolation in ("gaussian", "mitchellcubic"):
            raise refusal(layer, "keras3-interpolation", f"interpolation {layer.interpolation!r}")
        if layer.interpolation != "nearest" and not layer.half_pixel_centers:
            raise refusal(layer, "keras3-interpolation", f"interpolation {layer.interpolation!r} with half_pixel_centers=False")
        config["interpolation"] = layer.interpolation
    return [context.part(layer, type(layer).__name__, **config)]


@makes("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(context, layer, shapes):
    return [padding(context, layer, layer._pairs)]


def _last_between(context, layer, part) -> list:
    """A layer that Keras 3 has for features that come last only, between permutations where they come first."""
    if layer.dim_ordering == "tf":
        return [part]
    name, part.config["name"] = part.name, f"{part.name}_turned"
    back = context.part(layer, "Permute", dims=[2, 1])
    back.config["name"] = name
    return [context.part(layer, "Permute", (), "_last", dims=[2, 1]), part, back]


@makes("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(context, layer, shapes):
    cuts = [list(pair) for pair in layer._cuts]
    config = {"cropping": cuts[0]} if layer.spatial == 1 else {"cropping": cuts, "data_format": data_format(layer.dim_ordering)}
    part = context.part(layer, type(layer).__name__, **config)
    return _last_between(context, layer, part) if layer.spatial == 1 else [part]
