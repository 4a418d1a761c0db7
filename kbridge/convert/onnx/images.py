"""ONNX operators for convolutions, pooling, resizing and locally connected layers; ONNX has the channels first."""

from __future__ import annotations

import itertools

import numpy as np

from ...backends.composites.resizing import resize_weights
from ...layers.padding import convolution_padding
from ...layers.transposed import transposed_length
from ..problems import refusal
from ..weights import channels_first, value
from .context import makes
from .padding import placed

#: what no maximum is
LOWEST = float(np.finfo("float32").min)


def _first(g, layer, x: str, spatial: int) -> str:
    """``x`` with the channels first."""
    return x if getattr(layer, "dim_ordering", "tf") == "th" else g.transpose(x, 0, spatial + 1, *range(1, spatial + 1))


def _back(g, layer, x: str, spatial: int) -> str:
    """``x`` with the channels where the layer has them."""
    return x if getattr(layer, "dim_ordering", "tf") == "th" else g.transpose(x, 0, *range(2, spatial + 2), 1)


def _lengths(layer, shape: tuple, spatial: int) -> list:
    return list(shape[2:] if getattr(layer, "dim_ordering", "tf") == "th" else shape[1 : spatial + 1])


@makes("Convolution1D", "AtrousConvolution1D", "Convolution2D", "AtrousConvolution2D", "Convolution3D")
def convolution(c, layer, call):
    g, spatial = c.graph, layer.spatial
    kernel = value(layer.W)[:, 0] if spatial == 1 else value(layer.W)
    kernel = channels_first(kernel, layer.window_ordering)
    rates = list(layer.rates or (1,) * spatial)
    bias = [value(layer.b)] if layer.bias else []
    x = _first(g, layer, call.x, spatial)
    x, pads = placed(g, layer, x, _lengths(layer, call.shape, spatial), layer._window_lengths(), layer.steps)
    x = g.op(
        "Conv",
        x,
        kernel,
        *bias,
        strides=list(layer.steps),
        dilations=rates,
        kernel_shape=list(layer.kernel_size),
        group=layer.groups,
        **pads,
    )
    return c.activate(layer, _back(g, layer, x, spatial))


@makes("Deconvolution2D")
def deconvolution(c, layer, call):
    g = c.graph
    if layer.border_mode == "full":
        raise refusal(layer, "deconvolution-full", "border_mode 'full'")
    lengths = _lengths(layer, call.shape, 2)
    wanted = _lengths(layer, layer.output_shape_, 2)
    if any(n is None and out is not None for n, out in zip(lengths, wanted)):
        raise refusal(layer, "deconvolution-open", "the input's rows and columns must be known, because its output_shape is known")
    # where the result's lengths follow from the input's, one length tells for all
    lengths = [4 if n is None else n for n in lengths]
    shortest = (transposed_length(n, k, s, layer.border_mode) for n, k, s in zip(lengths, layer.kernel_size, layer.steps))
    wanted = [default if out is None else out for out, default in zip(wanted, shortest)]
    # how much longer than the result all that the windows reach is, and how much of that lies before it
    cut = [(n - 1) * s + k - out for n, s, k, out in zip(lengths, layer.steps, layer.kernel_size, wanted)]
    before = [convolution_padding(k)[0] if layer.pads_as_theano else max(t, 0) // 2 for t, k in zip(cut, layer.kernel_size)]
    after = [t - b for t, b in zip(cut, before)]
    kernel = np.swapaxes(channels_first(value(layer.W), layer.dim_ordering), 0, 1)
    x = _first(g, layer, call.x, 2)
    x = g.op("ConvTranspose", x, kernel, strides=list(layer.steps), kernel_shape=list(layer.kernel_size))
    for axis, (b, a) in enumerate(zip(before, after), 2):
        x = g.slice(x, axis, b, -a if a > 0 else 2**62)
    # places that no window reaches; the bias counts there too
    x = g.op("Pad", x, g.integers(*[0] * 6, *(max(-a, 0) for a in after)))
    if layer.bias:
        x = g.op("Add", x, value(layer.b).reshape(-1, 1, 1))
    return c.activate(layer, _back(g, layer, x, 2))


@makes("SeparableConvolution2D")
def separable(c, layer, call):
    g = c.graph
    depthwise = value(layer.depthwise_kernel)
    # one group for each channel, its outputs side by side
    depthwise = depthwise.transpose(1, 0, 2, 3) if layer.dim_ordering == "th" else depthwise.transpose(2, 3, 0, 1)
    channels = depthwise.shape[0]
    depthwise = depthwise.reshape(-1, 1, *layer.kernel_size)
    lengths, rates = _lengths(layer, call.shape, 2), list(layer.rates or (1, 1))
    x, pads = placed(g, layer, _first(g, layer, call.x, 2), lengths, layer._window_lengths(), layer.steps)
    x = g.op("Conv", x, depthwise, strides=list(layer.steps), dilations=rates, group=channels, **pads)
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
    lengths = _lengths(layer, call.shape, len(size))
    x = _first(g, layer, call.x, len(size))
    if layer.mode == "max":
        padded_input, pads = placed(g, layer, x, lengths, size, steps, LOWEST)
        return _back(g, layer, g.op("MaxPool", padded_input, kernel_shape=size, strides=steps, **pads), len(size))
    padded_input, pads = placed(g, layer, x, lengths, size, steps)
    mean = g.op("AveragePool", padded_input, kernel_shape=size, strides=steps, **pads)
    if padded_input != x:
        # zeros that were put round the input don't count: divide by the share of places that are the input's
        ones, _ = placed(g, layer, g.op("Expand", g.number(1), g.op("Shape", x)), lengths, size, steps)
        mean = g.op("Div", mean, g.op("AveragePool", ones, kernel_shape=size, strides=steps))
    return _back(g, layer, mean, len(size))


@makes(*(f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3)))
def global_pooling(c, layer, call):
    if call.masked and getattr(layer, "use_mask", False):
        g, axis = c.graph, layer._axis
        kept = g.unsqueeze(g.op("Cast", call.mask(), to=1), 3 - axis)
        total, count = (g.op("ReduceSum", x, g.integers(axis), keepdims=int(layer.keepdims)) for x in (g.op("Mul", call.x, kept), kept))
        return g.op("Div", total, count)
    spatial = len(call.shape) - 2
    start = 2 if getattr(layer, "dim_ordering", "tf") == "th" else 1
    op = "ReduceMax" if "Max" in type(layer).__name__ else "ReduceMean"
    return c.graph.op(op, call.x, axes=list(range(start, start + spatial)), keepdims=int(layer.keepdims))


def _interpolated(c, layer, call):
    """Rows and columns as products with matrices of weights, as they are computed here."""
    g, sizes = c.graph, _lengths(layer, call.shape, 2)
    if None in sizes:
        raise refusal(layer, "resizing-open", "images of unknown size")
    x = _first(g, layer, call.x, 2)
    rows, columns = (
        resize_weights(n, n * s, layer.interpolation, half_pixel_centers=layer.half_pixel_centers).astype("float32")
        for n, s in zip(sizes, layer.size)
    )
    return _back(g, layer, g.op("MatMul", g.op("MatMul", rows, x), columns.T.copy()), 2)


@makes("UpSampling1D", "UpSampling2D", "UpSampling3D")
def upsampling(c, layer, call):
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return _interpolated(c, layer, call)
    scales = np.ones(len(call.shape), dtype="float32")
    for axis, count in zip(layer._axes, [layer.length] if layer.spatial == 1 else layer.size):
        scales[axis] = count
    return c.graph.op("Resize", call.x, "", scales, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")


@makes("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(c, layer, call):
    before, after = [0] * len(call.shape), [0] * len(call.shape)
    for axis, (b, a) in zip(layer._axes, layer._pairs):
        before[axis], after[axis] = b, a
    return c.graph.op("Pad", call.x, c.graph.integers(*before, *after))


@makes("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(c, layer, call):
    x = call.x
    for axis, (before, after) in zip(layer._axes, layer._cuts):
        x = c.graph.slice(x, axis, before, -after if after else 2**62)
    return x


def _surrounded(g, layer, call) -> str:
    """The input of a locally connected layer with zeros where windows reach outside."""
    pads = np.zeros((2, len(call.shape)), "int64")
    for axis, pair in zip(layer._axes, layer.outside()):
        pads[:, axis] = pair
    return g.op("Pad", call.x, pads.reshape(-1)) if pads.any() else call.x


@makes("LocallyConnected1D")
def local1d(c, layer, call):
    g, step, first = c.graph, layer.subsample_length, layer.dim_ordering == "th"
    x = _surrounded(g, layer, call)
    x = g.transpose(x, 0, 2, 1) if first else x
    parts = [g.slice(x, 1, k, k + (layer.places - 1) * step + 1, step) for k in range(layer.filter_length)]
    x = g.op("Einsum", g.op("Concat", *parts, axis=2), value(layer.W), equation="npk,pkf->npf")
    x = g.transpose(x, 0, 2, 1) if first else x
    # stored as (places, filters), read as (filters, places) with 'th': see the layer
    return c.activate(layer, c.biased(layer, x, shape=(1, layer.nb_filter, layer.places) if first else (1, layer.places, layer.nb_filter)))


@makes("LocallyConnected2D")
def local2d(c, layer, call):
    g, rows, cols = c.graph, layer.output_row, layer.output_col
    first = layer.dim_ordering == "th"
    parts = []
    came = _surrounded(g, layer, call)
    for r, k in itertools.product(range(layer.nb_row), range(layer.nb_col)):
        x = g.slice(came, layer._axes[0], r, r + (rows - 1) * layer.subsample[0] + 1, layer.subsample[0])
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
