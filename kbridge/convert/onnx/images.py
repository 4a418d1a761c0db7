"""ONNX operators for convolutions, pooling, resizing and locally connected layers; ONNX has the channels first."""

from __future__ import annotations

import itertools

import numpy as np

from ..problems import Unsupported, called
from ..weights import channels_first, value
from .context import makes


def _first(g, layer, x: str, spatial: int) -> str:
    """``x`` with the channels first."""
    return x if getattr(layer, "dim_ordering", "tf") == "th" else g.transpose(x, 0, spatial + 1, *range(1, spatial + 1))


def _back(g, layer, x: str, spatial: int) -> str:
    """``x`` with the channels where the layer has them."""
    return x if getattr(layer, "dim_ordering", "tf") == "th" else g.transpose(x, 0, *range(2, spatial + 2), 1)


def _lengths(layer, shape: tuple, spatial: int) -> list:
    return list(shape[2:] if getattr(layer, "dim_ordering", "tf") == "th" else shape[1 : spatial + 1])


def _borders(mode: str, lengths: list, windows, steps) -> dict:
    """The attributes for borders; 'same' where a length isn't known is left to ONNX, which does as TensorFlow."""
    if mode == "valid":
        return {}
    if mode == "full":
        return {"pads": [w - 1 for w in windows] * 2}
    if None in lengths:
        return {"auto_pad": "SAME_UPPER"}
    total = [max((-(-n // s) - 1) * s + w - n, 0) for n, w, s in zip(lengths, windows, steps)]
    return {"pads": [t // 2 for t in total] + [t - t // 2 for t in total]}


@makes("Convolution1D", "AtrousConvolution1D", "Convolution2D", "AtrousConvolution2D", "Convolution3D")
def convolution(c, layer, call):
    g, spatial = c.graph, layer.spatial
    kernel = value(layer.W)[:, 0] if spatial == 1 else value(layer.W)
    kernel = channels_first(kernel, layer.dim_ordering)
    rates = list(layer.rates or (1,) * spatial)
    borders = _borders(layer.border_mode, _lengths(layer, call.shape, spatial), layer._window_lengths(), layer.steps)
    bias = [value(layer.b)] if layer.bias else []
    x = _first(g, layer, call.x, spatial)
    x = g.op("Conv", x, kernel, *bias, strides=list(layer.steps), dilations=rates, kernel_shape=list(layer.kernel_size), **borders)
    return c.activate(layer, _back(g, layer, x, spatial))


@makes("Deconvolution2D")
def deconvolution(c, layer, call):
    g = c.graph
    if layer.border_mode == "full":
        raise Unsupported(f"{called(layer)}: border_mode 'full'")
    lengths = _lengths(layer, call.shape, 2)
    wanted = _lengths(layer, layer.output_shape_, 2)
    if None in lengths or None in wanted:
        raise Unsupported(f"{called(layer)}: the input's rows and columns must be known")
    cut = [(n - 1) * s + k - out for n, s, k, out in zip(lengths, layer.steps, layer.kernel_size, wanted)]
    kernel = np.swapaxes(channels_first(value(layer.W), layer.dim_ordering), 0, 1)
    before = [max(t, 0) // 2 for t in cut]
    after = [max(t, 0) - b for t, b in zip(cut, before)]
    x = g.op(
        "ConvTranspose", _first(g, layer, call.x, 2), kernel, *([value(layer.b)] if layer.bias else []),
        strides=list(layer.steps), kernel_shape=list(layer.kernel_size), pads=before + after, output_padding=[max(-t, 0) for t in cut],
    )  # fmt: skip
    return c.activate(layer, _back(g, layer, x, 2))


@makes("SeparableConvolution2D")
def separable(c, layer, call):
    g = c.graph
    depthwise = value(layer.depthwise_kernel)
    # one group for each channel, its outputs side by side
    depthwise = depthwise.transpose(1, 0, 2, 3) if layer.dim_ordering == "th" else depthwise.transpose(2, 3, 0, 1)
    channels = depthwise.shape[0]
    depthwise = depthwise.reshape(-1, 1, *layer.kernel_size)
    borders = _borders(layer.border_mode, _lengths(layer, call.shape, 2), layer.kernel_size, layer.steps)
    x = g.op("Conv", _first(g, layer, call.x, 2), depthwise, strides=list(layer.steps), group=channels, **borders)
    pointwise = channels_first(value(layer.pointwise_kernel), layer.dim_ordering)
    x = g.op("Conv", x, pointwise, *([value(layer.b)] if layer.bias else []))
    return c.activate(layer, _back(g, layer, x, 2))


@makes("MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D")
def pooling(c, layer, call):
    g = c.graph
    if hasattr(layer, "pool_length"):
        size, steps = [layer.pool_length], [layer.stride]
    else:
        size, steps = list(layer.pool_size), list(layer.strides)
    borders = _borders(layer.border_mode, _lengths(layer, call.shape, len(size)), size, steps)
    op = "MaxPool" if layer.mode == "max" else "AveragePool"
    x = g.op(op, _first(g, layer, call.x, len(size)), kernel_shape=size, strides=steps, **borders)
    return _back(g, layer, x, len(size))


@makes(*(f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3)))
def global_pooling(c, layer, call):
    spatial = len(call.shape) - 2
    start = 2 if getattr(layer, "dim_ordering", "tf") == "th" else 1
    op = "ReduceMax" if "Max" in type(layer).__name__ else "ReduceMean"
    return c.graph.op(op, call.x, axes=list(range(start, start + spatial)), keepdims=0)


@makes("UpSampling1D", "UpSampling2D", "UpSampling3D")
def upsampling(c, layer, call):
    scales = np.ones(len(call.shape), dtype="float32")
    for axis, count in zip(layer._axes, [layer.length] if layer.spatial == 1 else layer.size):
        scales[axis] = count
    return c.graph.op("Resize", call.x, "", scales, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")


@makes("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(c, layer, call):
    pairs = [(p, p) for p in layer.padding] if layer.spatial == 3 else layer._pairs
    before, after = [0] * len(call.shape), [0] * len(call.shape)
    for axis, (b, a) in zip(layer._axes, pairs):
        before[axis], after[axis] = b, a
    return c.graph.op("Pad", call.x, c.graph.integers(*before, *after))


@makes("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(c, layer, call):
    x = call.x
    for axis, (before, after) in zip(layer._axes, layer._cuts):
        x = c.graph.slice(x, axis, before, -after if after else 2**62)
    return x


@makes("LocallyConnected1D")
def local1d(c, layer, call):
    g, step = c.graph, layer.subsample_length
    parts = [g.slice(call.x, 1, k, k + (layer.places - 1) * step + 1, step) for k in range(layer.filter_length)]
    x = g.op("Einsum", g.op("Concat", *parts, axis=2), value(layer.W), equation="npk,pkf->npf")
    return c.activate(layer, c.biased(layer, x))


@makes("LocallyConnected2D")
def local2d(c, layer, call):
    g, rows, cols = c.graph, layer.output_row, layer.output_col
    first = layer.dim_ordering == "th"
    parts = []
    for r, k in itertools.product(range(layer.nb_row), range(layer.nb_col)):
        x = g.slice(call.x, layer._axes[0], r, r + (rows - 1) * layer.subsample[0] + 1, layer.subsample[0])
        x = g.slice(x, layer._axes[1], k, k + (cols - 1) * layer.subsample[1] + 1, layer.subsample[1])
        parts.append(g.unsqueeze(x, 2) if first else x)
    x = g.op("Concat", *parts, axis=2 if first else 3)
    x = g.transpose(x, 0, 3, 4, 1, 2) if first else x
    kernel = value(layer.W)
    x = g.op("Einsum", g.reshape(x, 0, rows * cols, kernel.shape[1]), kernel, equation="npk,pkf->npf")
    x = g.reshape(x, 0, rows, cols, layer.nb_filter)
    x = g.transpose(x, 0, 3, 1, 2) if first else x
    # stored as (rows, cols, filters), read as (filters, rows, cols) with 'th': see the layer
    return c.activate(layer, c.biased(layer, x, shape=(1, layer.nb_filter, rows, cols) if first else (1, rows, cols, layer.nb_filter)))
