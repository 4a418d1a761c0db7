"""Keras 3 layers for the core layers, activations, noise, normalization and merges of Keras 1."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from ..problems import Unsupported, called
from ..weights import value
from .context import bias_of, data_format, makes, safe_name
from .parts import Graph, Ref


@makes("Dense", "TimeDistributedDense")
def dense(context, layer, shapes):
    name, scale = context.activation(layer)
    kernel = [("kernel", value(layer.W) * scale)]
    config = {"units": layer.output_dim, "activation": name, **context.affine(layer)}
    return [context.part(layer, "Dense", kernel + bias_of(layer, scale), **config)]


@makes("MaxoutDense")
def maxout(context, layer, shapes):
    """All linear maps in one Dense, then the maximum over them."""
    maps, size, units = value(layer.W).shape
    weights = [("kernel", value(layer.W).transpose(1, 0, 2).reshape(size, maps * units))]
    weights += [(name, b.reshape(-1)) for name, b in bias_of(layer)]
    if layer.W_constraint or layer.b_constraint:
        context.note(layer, "its constraints are left out")
    config = {"units": maps * units, "activation": "linear", "use_bias": bool(layer.bias)}
    config |= context.penalties(layer, kernel_regularizer="W_regularizer", bias_regularizer="b_regularizer")
    return [
        context.part(layer, "Dense", weights, "_maps", **config),
        context.part(layer, "Reshape", (), "_split", target_shape=[maps, units]),
        context.part(layer, "GlobalMaxPooling1D", data_format="channels_last", keepdims=False),
    ]


@makes("Highway")
def highway(context, layer, shapes):
    """x + t * (activation(x W + b) - x) with the gate t, as a functional model."""
    shape, size = tuple(shapes[0]), shapes[0][-1]
    name, scale = context.activation(layer)
    carry = [("kernel", value(layer.W_carry))] + ([("bias", value(layer.b_carry))] if layer.bias else [])
    main = [("kernel", value(layer.W) * scale)] + bias_of(layer, scale)
    graph = Graph("Functional", {"name": safe_name(layer.name), "trainable": layer.trainable})
    source = input_part(context, layer, shape)
    x, gate, output, difference, step, result = (
        Ref(part) for part in (source.name, *(safe_name(layer.name) + s for s in ("_gate", "_dense", "_less", "_step", "_sum")))
    )
    graph.add(source, [])
    gate_config = {"units": size, "activation": "sigmoid", "use_bias": bool(layer.bias)}
    graph.add(context.part(layer, "Dense", carry, "_gate", **gate_config), [x])
    graph.add(context.part(layer, "Dense", main, "_dense", units=size, activation=name, **context.affine(layer)), [x])
    graph.add(context.part(layer, "Subtract", (), "_less"), [[output, x]])
    graph.add(context.part(layer, "Multiply", (), "_step"), [[gate, difference]])
    graph.add(context.part(layer, "Add", (), "_sum"), [[x, step]])
    graph.inputs, graph.outputs = [x], [result]
    for ref in (x, gate, output, difference, step, result):
        graph.shapes[ref], graph.dtypes[ref] = shape, K.floatx()
    graph.sort()
    return [graph]


def input_part(context, layer, shape: tuple, dtype: str | None = None, name: str | None = None, sparse: bool = False):
    """An InputLayer."""
    part = context.part(layer, "InputLayer", batch_shape=list(shape), sparse=sparse)
    part.config.update(name=name or f"{safe_name(layer.name)}_input", dtype=dtype or K.floatx())
    del part.config["trainable"]
    return part


@makes("Activation")
def activation(context, layer, shapes):
    name, scale = context.activation(layer)
    before = [context.part(layer, "Rescaling", (), "_scale", scale=scale, offset=0.0)] if scale != 1 else []
    return [*before, context.part(layer, "Activation", activation=name)]


@makes("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout")
def dropout(context, layer, shapes):
    config = {"rate": layer.p, "seed": getattr(layer, "seed", None)}
    if hasattr(layer, "dim_ordering"):
        config["data_format"] = data_format(layer.dim_ordering)
    if type(layer).__name__ == "Dropout" and layer.noise_shape is not None:
        config["noise_shape"] = list(layer.noise_shape)
    part = context.part(layer, type(layer).__name__, **config)
    if hasattr(layer, "dim_ordering") or type(layer).__name__ == "SpatialDropout1D":
        del part.config["trainable"]  # an argument that these don't have
    return [part]


@makes("GaussianNoise")
def noise(context, layer, shapes):
    return [context.part(layer, "GaussianNoise", stddev=layer.sigma)]


@makes("ActivityRegularization")
def activity_regularization(context, layer, shapes):
    return [context.part(layer, "ActivityRegularization", l1=float(layer.l1), l2=float(layer.l2))]


@makes("Flatten")
def flatten(context, layer, shapes):
    return [context.part(layer, "Flatten", data_format="channels_last")]


@makes("Reshape")
def reshape(context, layer, shapes):
    return [context.part(layer, "Reshape", target_shape=list(layer.target_shape))]


@makes("Permute")
def permute(context, layer, shapes):
    return [context.part(layer, "Permute", dims=list(layer.dims))]


@makes("RepeatVector")
def repeat(context, layer, shapes):
    return [context.part(layer, "RepeatVector", n=layer.n)]


@makes("Masking")
def masking(context, layer, shapes):
    return [context.part(layer, "Masking", mask_value=float(layer.mask_value))]


@makes("LeakyReLU")
def leaky_relu(context, layer, shapes):
    return [context.part(layer, "LeakyReLU", negative_slope=float(layer.alpha))]


@makes("ELU")
def elu(context, layer, shapes):
    return [context.part(layer, "ELU", alpha=float(layer.alpha))]


@makes("ThresholdedReLU")
def thresholded_relu(context, layer, shapes):
    if float(layer.theta) < 0:
        raise Unsupported(f"{called(layer)}: theta {float(layer.theta)} below 0")
    return [context.part(layer, "ReLU", max_value=None, negative_slope=0.0, threshold=float(layer.theta))]


@makes("PReLU")
def prelu(context, layer, shapes):
    return [context.part(layer, "PReLU", [("alpha", value(layer.alphas))], shared_axes=layer.shared_axes)]


@makes("BatchNormalization")
def batch_normalization(context, layer, shapes):
    if layer.mode != 0:
        what = "each sample by itself" if layer.mode == 1 else "by the statistics of the batch at hand, in prediction too"
        raise Unsupported(f"{called(layer)}: mode {layer.mode} ({what})")
    weights = [("gamma", layer.gamma), ("beta", layer.beta), ("moving_mean", layer.running_mean), ("moving_variance", layer.running_std)]
    part = context.part(
        layer,
        "BatchNormalization",
        [(name, value(variable)) for name, variable in weights],
        axis=layer.axis,
        momentum=float(layer.momentum),
        epsilon=float(layer.epsilon),
        **context.penalties(layer, gamma_regularizer="gamma_regularizer", beta_regularizer="beta_regularizer"),
    )
    for weight in part.weights[2:]:
        weight.trainable = False
    return [part]


_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum"}


@makes("Merge")
def merge(context, layer, shapes):
    if callable(layer.mode):
        raise Unsupported(f"{called(layer)}: its mode is a Python function")
    if layer.mode in _MERGES:
        return [context.part(layer, _MERGES[layer.mode])]
    if layer.mode == "concat":
        return [context.part(layer, "Concatenate", axis=layer.concat_axis)]
    axes = [a % len(s) for a, s in zip(_axes(layer), shapes)]
    if layer.mode == "cos" and any(len(s) != 2 for s in shapes):
        raise Unsupported(f"{called(layer)}: mode 'cos' of inputs with more than 2 axes")
    return [context.part(layer, "Dot", axes=axes, normalize=layer.mode == "cos")]


def _axes(layer) -> list[int]:
    axes = layer.dot_axes if isinstance(layer.dot_axes, list) else [layer.dot_axes] * 2
    return [int(np.ravel(a)[0]) for a in axes]


