"""Keras 3 layers for the core layers, activations, noise, normalization and merges of Keras 1."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from ..functions import graph_of_layer, tensors_like
from ..problems import refusal
from ..weights import value
from .context import HARD_SIGMOID, STEEP, bias_of, data_format, makes, safe_name
from .parts import Graph, Part, Ref


@makes("Dense", "TimeDistributedDense")
def dense(context, layer, shapes):
    weights = [("kernel", value(layer.W)), *bias_of(layer)]
    config = {"units": layer.output_dim, "activation": "linear", **context.affine(layer)}
    return context.activated(layer, [context.part(layer, "Dense", weights, **config)])


@makes("MaxoutDense")
def maxout(context, layer, shapes):
    """All linear maps in one Dense, then the maximum over them."""
    maps, size, units = value(layer.W).shape
    weights = [("kernel", value(layer.W).transpose(1, 0, 2).reshape(size, maps * units))]
    weights += [(name, b.reshape(-1)) for name, b in bias_of(layer)]
    if layer.W_constraint or layer.b_constraint:
        context.note(layer, "keras3-maxout-constraints", "its constraints are left out")
    config = {"units": maps * units, "activation": "linear", "use_bias": bool(layer.bias)}
    config |= context.penalties(layer, kernel_regularizer="W_regularizer", bias_regularizer="b_regularizer")
    return [
        context.part(layer, "Dense", weights, "_maps", **config),
        context.part(layer, "Reshape", (), "_split", target_shape=[maps, units]),
        context.part(
            layer, "GlobalMaxPooling1D", data_format="channels_last", keepdims=False,
            **context.penalties(layer, activity_regularizer="activity_regularizer"),
        ),
    ]  # fmt: skip


@makes("Highway")
def highway(context, layer, shapes):
    """x + t * (activation(x W + b) - x) with the gate t, as a functional model."""
    shape, size = tuple(shapes[0]), shapes[0][-1]
    carry = [("kernel", value(layer.W_carry))] + ([("bias", value(layer.b_carry))] if layer.bias else [])
    main = [("kernel", value(layer.W)), *bias_of(layer)]
    affine = context.affine(layer)
    penalty = {"activity_regularizer": affine.pop("activity_regularizer")}
    dense = context.activated(layer, [context.part(layer, "Dense", main, units=size, activation="linear", **affine)])
    for number, part in enumerate(dense):
        part.config["name"] = f"{safe_name(layer.name)}_dense" + (f"_{number}" if part is not dense[-1] else "")
    graph = Graph("Functional", {"name": safe_name(layer.name), "trainable": layer.trainable})
    source = input_part(context, layer, shape)
    x, gate, output, difference, step, result = (
        Ref(part) for part in (source.name, *(safe_name(layer.name) + s for s in ("_gate", "_dense", "_less", "_step", "_sum")))
    )
    graph.add(source, [])
    gate_config = {"units": size, "activation": "sigmoid", "use_bias": bool(layer.bias)}
    graph.add(context.part(layer, "Dense", carry, "_gate", **gate_config), [x])
    before = x
    for part in dense:
        graph.add(part, [before])
        before = Ref(part.name)
        graph.shapes[before], graph.dtypes[before] = shape, K.floatx()
    graph.add(context.part(layer, "Subtract", (), "_less"), [[output, x]])
    graph.add(context.part(layer, "Multiply", (), "_step"), [[gate, difference]])
    graph.add(context.part(layer, "Add", (), "_sum", **penalty), [[x, step]])
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
    name = context.activation(layer)
    if name != STEEP:
        return [context.part(layer, "Activation", activation=name)]
    scaling = context.part(layer, "Rescaling", (), "_scale", scale=HARD_SIGMOID, offset=0.0)
    return [scaling, context.part(layer, "Activation", activation="hard_sigmoid")]


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
    return [context.part(layer, "Flatten", data_format=data_format(layer.dim_ordering))]


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
    alpha = float(layer.alpha)
    if alpha >= 0:
        return [context.part(layer, "LeakyReLU", negative_slope=alpha)]
    # Keras 3 refuses slopes below 0 there, but not as weights, which stay what they are
    ones = (1,) * (len(shapes[0]) - 1)
    part = context.part(layer, "PReLU", [("alpha", np.full(ones, alpha, K.floatx()))], shared_axes=list(range(1, len(shapes[0]))))
    part.freeze()
    return [part]


@makes("ELU")
def elu(context, layer, shapes):
    return [context.part(layer, "ELU", alpha=float(layer.alpha))]


@makes("ThresholdedReLU")
def thresholded_relu(context, layer, shapes):
    if float(layer.theta) < 0:
        raise refusal(layer, "keras3-thresholded-relu", f"theta {float(layer.theta)} below 0")
    return [context.part(layer, "ReLU", max_value=None, negative_slope=0.0, threshold=float(layer.theta))]


@makes("PReLU")
def prelu(context, layer, shapes):
    penalties = context.penalties(layer, alpha_regularizer="alpha_regularizer", alpha_constraint="alpha_constraint")
    return [context.part(layer, "PReLU", [("alpha", value(layer.alphas))], shared_axes=layer.shared_axes, **penalties)]


@makes("BatchNormalization")
def batch_normalization(context, layer, shapes):
    if layer.mode != 0:
        what = "each sample by itself" if layer.mode == 1 else "with the statistics of the current batch, in prediction too"
        raise refusal(layer, "keras3-batch-normalization-mode", f"mode {layer.mode} ({what})")
    weights = [("gamma", layer.gamma)] if layer.scale else []
    weights += [("beta", layer.beta)] if layer.center else []
    weights += [("moving_mean", layer.running_mean), ("moving_variance", layer.running_std)]
    part = context.part(
        layer,
        "BatchNormalization",
        [(name, value(variable)) for name, variable in weights],
        axis=layer.axis,
        momentum=float(layer.momentum),
        epsilon=float(layer.epsilon),
        center=bool(layer.center),
        scale=bool(layer.scale),
        **context.penalties(layer, **{f"{w}_{kind}": f"{w}_{kind}" for w in ("gamma", "beta") for kind in ("regularizer", "constraint")}),
    )
    for weight in part.weights[-2:]:
        weight.trainable = False
    _note_statistics(context, layer)
    return [part]


def _note_statistics(context, layer) -> None:
    """Notes where training takes other means and variances in Keras 3."""
    calls = context.seen.get(id(layer), ())
    if len(calls) > 1:
        context.note(
            layer, "keras3-batch-normalization-calls",
            "it is called more than once. In training Keras 3 changes its mean and variance at each call; here they change "
"once in each step",
        )  # fmt: skip
    frozen = any(seen.frozen for seen in calls)
    if not frozen and (layer.sample_variance == "always" or any(len(seen.node.input_shapes[0]) == 4 for seen in calls)):
        note_sample_variance(context, layer)
    if frozen and not layer.moving_if_frozen:
        context.note(
            layer, "keras3-batch-normalization-frozen",
            "it isn't trained. In training Keras 3 uses its moving mean and variance; here it uses those of the batch",
        )  # fmt: skip
    elif any(seen.masked for seen in calls):
        context.note(
            layer, "keras3-batch-normalization-mask",
            "in training Keras 3 leaves masked steps out of the mean and variance of a batch; here they count",
        )  # fmt: skip


def note_sample_variance(context, layer) -> None:
    """Note a BatchNormalization that moves its variance as tf.keras or Keras 2 does."""
    if layer.sample_variance:
        context.note(
            layer, "keras3-sample-variance",
            "in training its moving variance is that of a sample, as in the Keras that wrote it; in Keras 3 it is that of the batch, (n - 1) / n times it",
        )  # fmt: skip


_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "min": "Minimum", "sub": "Subtract"}


@makes("Lambda")
def function(context, layer, shapes):
    from .operations import as_model

    return as_model(context, layer, graph_of_layer(layer, shapes), shapes, tensors_like(layer, shapes))


@makes("Merge")
def merge(context, layer, shapes):
    if callable(layer.mode):
        return function(context, layer, shapes)
    if layer.mode in ("mul", "max", "min") and context.masked(layer):
        return _joined_at_all_steps(context, layer, shapes)
    if layer.mode in _MERGES:
        return [context.part(layer, _MERGES[layer.mode])]
    if layer.mode == "concat":
        return [context.part(layer, "Concatenate", axis=layer.concat_axis)]
    if layer.mode not in ("dot", "cos", "normalized_dot"):
        raise refusal(layer, "merge-mode", f"mode {layer.mode!r}, which kbridge doesn't know")
    axes = [a % len(s) for a, s in zip(_axes(layer), shapes)]
    if layer.mode == "cos" and any(len(s) != 2 for s in shapes):
        raise refusal(layer, "keras3-cos", "mode 'cos' of inputs with more than 2 axes")
    if any(shape[axis] is None for axis, shape in zip(axes, shapes)):
        raise refusal(layer, "keras3-dot-open", f"mode {layer.mode!r} over an axis of unknown length")
    return [context.part(layer, "Dot", axes=axes, normalize=layer.mode != "dot")]


def _joined_at_all_steps(context, layer, shapes) -> list[Part]:
    """The inputs joined at every step, masked or not: Keras 3's Multiply, Maximum and Minimum leave masked ones out.

    The inputs side by side keep their mask; a model over time takes them apart again, without it.
    """
    count, size, name = len(shapes), shapes[0][-1], safe_name(layer.name)
    if size is None or any(tuple(s) != tuple(shapes[0]) for s in shapes):
        raise refusal(layer, "keras3-masked-product", f"mode {layer.mode!r} of masked inputs whose shapes are unknown or not equal")
    step = (None, *shapes[0][2:])
    graph = Graph("Functional", {"name": f"{name}_product", "trainable": True})

    def add(part: Part, reads, shape: tuple) -> Ref:
        graph.add(part, [] if reads is None else [reads])
        ref = Ref(part.name)
        graph.shapes[ref], graph.dtypes[ref] = shape, K.floatx()
        return ref

    joined = (*step[:-1], count * size)
    source = add(input_part(context, layer, joined, name=f"{name}_joined"), None, joined)
    # a Permute that changes nothing drops the mask
    plain = add(context.part(layer, "Permute", (), "_plain", dims=list(range(1, len(step)))), source, joined)
    # one row of features for each place of a step, as Cropping1D wants it
    rows = add(context.part(layer, "Reshape", (), "_rows", target_shape=[-1, count, size]), plain, (None, None, count, size))
    factors = []
    for number in range(count):
        cropping = [[0, 0], [number, count - number - 1]]
        cut = context.part(layer, "Cropping2D", (), f"_factor_{number}", cropping=cropping, data_format="channels_last")
        factors.append(add(cut, rows, (None, None, 1, size)))
    product = add(context.part(layer, _MERGES[layer.mode], (), "_at_all"), factors, (None, None, 1, size))
    target = [-1 if n is None else n for n in step[1:]]
    graph.inputs, graph.outputs = [source], [add(context.part(layer, "Reshape", (), "_back", target_shape=target), product, step)]
    graph.sort()
    over_time = context.part(layer, "TimeDistributed", layer=graph)
    over_time.inner["layer"] = graph
    return [context.part(layer, "Concatenate", (), "_join", axis=-1), over_time]


def _axes(layer) -> list[int]:
    axes = layer.dot_axes if isinstance(layer.dot_axes, list) else [layer.dot_axes] * 2
    return [int(np.ravel(a)[0]) for a in axes]
