"""ONNX operators for dense layers, activations, reshaping, normalization and merges."""

from __future__ import annotations

import string

import numpy as np

from ... import backend as K
from ..functions import graph_of_layer, tensors_like
from ..problems import refusal
from ..weights import value
from .context import makes


@makes("Dense", "TimeDistributedDense")
def dense(c, layer, call):
    return c.activate(layer, c.biased(layer, c.graph.op("MatMul", call.x, value(layer.W))))


@makes("MaxoutDense")
def maxout(c, layer, call):
    maps, size, units = value(layer.W).shape
    x = c.graph.op("MatMul", call.x, value(layer.W).transpose(1, 0, 2).reshape(size, maps * units))
    x = c.biased(layer, c.graph.reshape(x, 0, maps, units))
    return c.graph.op("ReduceMax", x, axes=[1], keepdims=0)


@makes("Highway")
def highway(c, layer, call):
    g = c.graph
    gate = g.op("Sigmoid", c.biased(layer, g.op("MatMul", call.x, value(layer.W_carry)), "b_carry"))
    output = c.activate(layer, c.biased(layer, g.op("MatMul", call.x, value(layer.W))))
    return g.op("Add", g.op("Mul", gate, output), g.op("Mul", g.op("Sub", g.number(1), gate), call.x))


@makes("Activation")
def activation(c, layer, call):
    return c.activate(layer, call.x)


@makes("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise", "ActivityRegularization")
def only_in_training(c, layer, call):
    return call.x


@makes("Flatten")
def flatten(c, layer, call):
    ndim = len(call.shape)
    x = c.graph.transpose(call.x, 0, *range(2, ndim), 1) if layer.dim_ordering == "th" and ndim > 2 else call.x
    return c.graph.op("Flatten", x, axis=1)


@makes("Reshape")
def reshape(c, layer, call):
    return c.graph.reshape(call.x, 0, *layer.target_shape)


@makes("Permute")
def permute(c, layer, call):
    return c.graph.transpose(call.x, 0, *layer.dims)


@makes("RepeatVector")
def repeat(c, layer, call):
    return c.graph.op("Tile", c.graph.unsqueeze(call.x, 1), c.graph.integers(1, layer.n, 1))


@makes("Masking")
def masking(c, layer, call):
    g = c.graph
    differs = g.op("Not", g.op("Equal", call.x, g.number(layer.mask_value)))
    keep = g.op("ReduceMax", g.op("Cast", differs, to=1), axes=[-1], keepdims=1)
    return g.op("Mul", call.x, keep)


@makes("LeakyReLU")
def leaky_relu(c, layer, call):
    return c.graph.op("LeakyRelu", call.x, alpha=float(layer.alpha))


@makes("ELU")
def elu(c, layer, call):
    return c.graph.op("Elu", call.x, alpha=float(layer.alpha))


@makes("ThresholdedReLU")
def thresholded_relu(c, layer, call):
    return c.graph.op("ThresholdedRelu", call.x, alpha=float(layer.theta))


@makes("PReLU")
def prelu(c, layer, call):
    return c.graph.op("PRelu", call.x, value(layer.alphas))


@makes("ParametricSoftplus")
def parametric_softplus(c, layer, call):
    g = c.graph
    return g.op("Mul", g.op("Softplus", g.op("Mul", call.x, value(layer.betas))), value(layer.alphas))


@makes("SReLU")
def srelu(c, layer, call):
    """t_left + min(max(d, 0), width) - a_left max(-d, 0) + a_right max(x - t_right, 0) with d = x - t_left."""
    g = c.graph
    t_left, width = value(layer.t_left), np.abs(value(layer.t_right))
    d = g.op("Sub", call.x, t_left)
    middle = g.op("Add", g.op("Min", g.op("Relu", d), width), t_left)
    left = g.op("Mul", g.op("Relu", g.op("Neg", d)), value(layer.a_left))
    right = g.op("Mul", g.op("Relu", g.op("Sub", d, width)), value(layer.a_right))
    return g.op("Add", g.op("Sub", middle, left), right)


@makes("BatchNormalization")
def batch_normalization(c, layer, call):
    g = c.graph
    ndim = len(call.shape)
    axis = layer.axis % ndim
    shape = [1] * ndim
    shape[axis] = -1
    gamma, beta = (value(v) for v in (layer.gamma, layer.beta))
    if layer.mode == 0:
        scale = gamma / np.sqrt(value(layer.running_std).astype("float64") + layer.epsilon)
        shift = beta - value(layer.running_mean) * scale
        return g.op("Add", g.op("Mul", call.x, scale.reshape(shape)), shift.reshape(shape))
    axes = [ndim - 1] if layer.mode == 1 else [a for a in range(ndim) if a != axis]
    centred = g.op("Sub", call.x, g.op("ReduceMean", call.x, axes=axes, keepdims=1))
    variance = g.op("ReduceMean", g.op("Mul", centred, centred), axes=axes, keepdims=1)
    deviation = g.op("Sqrt", g.op("Add", variance, g.number(layer.epsilon)))
    if layer.mode == 1:
        shape = [1] * (ndim - 1) + [-1]
        deviation = g.op("Add", deviation, g.number(layer.epsilon))
    return g.op("Add", g.op("Mul", g.op("Div", centred, deviation), gamma.reshape(shape)), beta.reshape(shape))


#: modes of Merge that are one operator: of any number of inputs, or of two at a time
_MERGES = {"sum": "Sum", "ave": "Mean", "max": "Max", "min": "Min"}
_PAIRS = {"mul": "Mul", "sub": "Sub"}


@makes("Lambda")
def function(c, layer, call):
    from .operations import operators

    return operators(c, layer, graph_of_layer(layer, call.shapes), call, tensors_like(layer, call.shapes))


@makes("Merge")
def merge(c, layer, call):
    g = c.graph
    if callable(layer.mode):
        return function(c, layer, call)
    if layer.mode in _MERGES or layer.mode in _PAIRS:
        inputs = _aligned(g, call)
        if layer.mode in _MERGES:
            return g.op(_MERGES[layer.mode], *inputs)
        result = inputs[0]
        for x in inputs[1:]:
            result = g.op(_PAIRS[layer.mode], result, x)
        return result
    if layer.mode == "concat":
        return g.op("Concat", *call.inputs, axis=layer.concat_axis)
    if layer.mode not in ("dot", "cos", "normalized_dot"):
        raise refusal(layer, "merge-mode", f"mode {layer.mode!r}, which kbridge doesn't know")
    a, b = layer._dot_axes(call.shapes)
    (x, y), (shape_x, shape_y) = call.inputs, call.shapes
    if layer.mode == "normalized_dot":
        x, y = _normalized(g, x, a), _normalized(g, y, b)
    product = _batch_dot(g, x, y, len(shape_x), len(shape_y), a, b)
    if layer.mode != "cos":
        return product
    squares = g.op("Mul", _batch_dot(g, x, x, len(shape_x), len(shape_x), a, a), _batch_dot(g, y, y, len(shape_y), len(shape_y), b, b))
    # K.sqrt takes what is below 0 as 0
    return g.op("Div", product, g.op("Max", g.op("Sqrt", g.op("Relu", squares)), g.number(K.epsilon())))


def _aligned(g, call) -> list[str]:
    """The inputs of an element-wise mode; axes that one has fewer lie behind the samples."""
    ndim = max(map(len, call.shapes))
    return [
        g.op("Unsqueeze", x, g.integers(*range(1, 1 + ndim - len(shape)))) if len(shape) < ndim else x
        for x, shape in zip(call.inputs, call.shapes)
    ]


def _normalized(g, x: str, axis: int) -> str:
    """``x`` with vectors of length 1 along ``axis``, as K.l2_normalize makes them."""
    squares = g.op("ReduceSum", g.op("Mul", x, x), g.integers(axis), keepdims=1)
    return g.op("Div", x, g.op("Sqrt", g.op("Max", squares, g.number(1e-12))))


def _batch_dot(g, x: str, y: str, ndim_x: int, ndim_y: int, a: int, b: int) -> str:
    """The sum of products along axis a of x and b of y for each sample: the other axes of x, then those of y."""
    letters = iter(string.ascii_lowercase.replace("n", "").replace("s", ""))
    of_x = ["n", *("s" if axis == a else next(letters) for axis in range(1, ndim_x))]
    of_y = ["n", *("s" if axis == b else next(letters) for axis in range(1, ndim_y))]
    rest = [letter for letter in of_x[1:] + of_y[1:] if letter != "s"]
    product = g.op("Einsum", x, y, equation=f"{''.join(of_x)},{''.join(of_y)}->n{''.join(rest)}")
    return product if rest else g.unsqueeze(product, 1)
