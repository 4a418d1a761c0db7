"""Formats of attention layers and of EinsumDense."""

from __future__ import annotations

import numpy as np

from ..layers import AdditiveAttention, Attention, EinsumDense, GroupQueryAttention, MultiHeadAttention
from . import Formats
from .common import as_it_is, same

FAMILY = "Attention"


def _attention(cls):
    plain = same(cls)

    def read(options):
        config = plain(options)
        if options.take("causal", False):  # an option until Keras 2.8, then of the call
            config["use_causal_mask"] = True
        if config.get("seed") is not None and not isinstance(config["seed"], int):
            config["seed"] = None
        return config

    return read


def _heads(cls):
    """``output_shape`` and the shapes of the inputs: the latter are known from the graph."""
    plain = same(cls, "query_shape", "key_shape", "value_shape", "softmax_robust_masking", "flash_attention")

    def read(options):
        output_shape = options.take("output_shape")
        config = plain(options)
        for key in ("attention_axes",):
            if config.get(key) is not None:
                config[key] = tuple(config[key])
        if output_shape is not None:
            config["output_shape"] = tuple(output_shape) if isinstance(output_shape, list) else (output_shape,)
        return config

    return read


def _einsum(options):
    output_shape = options.take("output_shape")
    config = same(EinsumDense, "lora_rank", "lora_alpha", "gptq_unpacked_column_size")(options)
    return {**config, "output_shape": output_shape}


def _projections(layer):
    """Kernel and bias of query, key, value and result, in this order."""
    names = [("kernel", f"{part}_kernel") for part in ("query", "key", "value", "output")]
    found = []
    for kernel, attribute in names:
        found.append((kernel, getattr(layer, attribute)))
        bias = getattr(layer, attribute.replace("_kernel", "_bias"))
        if bias is not None:
            found.append(("bias", bias))
    return found


TENSORS = ("query", "value", "key", "attention_mask")


def _flags(layer) -> dict:
    return {name: True for name in ("use_causal_mask", "return_attention_scores") if getattr(layer, name)}


def _simple_keras3(*names):
    def write(context, layer, shapes):
        from ..convert.problems import refusal

        if context.masked(layer):
            raise refusal(layer, "keras3-attention-mask", "a mask, which Keras 3 takes otherwise")
        parts = as_it_is(*names, "dropout", "seed")(context, layer, shapes)
        parts[0].flags = _flags(layer)
        return parts

    return write


def _heads_keras3(*names, prefix=""):
    """``prefix``: what stands before the names of the parts that hold the weights."""

    def write(context, layer, shapes):
        from ..convert.keras3.parts import Part, Weight
        from ..convert.weights import value

        penalties = {f"{part}_{kind}": f"{part}_{kind}" for part in ("kernel", "bias") for kind in ("regularizer", "constraint")}
        config = {name: getattr(layer, name) for name in (*names, "use_bias", "dropout", "seed")}
        config |= context.penalties(layer, **penalties, activity_regularizer="activity_regularizer")
        part = context.part(layer, type(layer).__name__, (), **config)
        part.takes, part.flags = TENSORS, _flags(layer)
        for name in ("query", "key", "value", "output"):
            weights = [Weight("kernel", value(getattr(layer, f"{name}_kernel")))]
            if layer.use_bias:
                weights.append(Weight("bias", value(getattr(layer, f"{name}_bias"))))
            part.inner[f"{prefix}{name}_dense"] = Part("EinsumDense", {"name": "attention_output" if name == "output" else name}, weights)
        return [part]

    return write


def _several_heads_keras3(context, layer, shapes):
    parts = _heads_keras3("num_heads", "key_dim", "value_dim")(context, layer, shapes)
    parts[0].config["output_shape"] = None if layer.result_shape is None else list(layer.result_shape)
    parts[0].config["attention_axes"] = None if layer.attention_axes is None else list(layer.attention_axes)
    return parts


def _grouped_heads_keras3(context, layer, shapes):
    parts = _heads_keras3("head_dim", "num_query_heads", "num_key_value_heads", prefix="_")(context, layer, shapes)
    parts[0].stored_as = "GroupedQueryAttention"
    return parts


def _masked_onnx(c, layer, call):
    from ..convert.problems import refusal

    if call.masked:
        raise refusal(layer, "onnx-attention-mask", "a mask, which the operators would have to carry")


def _causal_onnx(c, scores, queries, keys):
    g = c.graph

    return g.op("Add", scores, np.triu(np.full((queries, keys), -1e9, "float32"), 1))


def _simple_onnx(c, layer, call):
    from ..convert.problems import refusal
    from ..convert.weights import value

    _masked_onnx(c, layer, call)
    g = c.graph
    query, val, *rest = call.inputs
    key = rest[0] if rest else val
    if isinstance(layer, Attention) and layer.score_mode == "dot":
        scores = g.op("MatMul", query, g.transpose(key, 0, 2, 1))
        if layer.scale is not None:
            scores = g.op("Mul", scores, value(layer.scale))
    else:
        joined = g.op("Add", g.unsqueeze(query, 2), g.unsqueeze(key, 1))
        if isinstance(layer, Attention):
            joined = joined if layer.scale is None else g.op("Mul", joined, value(layer.scale))
            scores = g.op("Mul", _sum_last(g, g.op("Tanh", joined)), value(layer.concat_score_weight))
        else:
            joined = g.op("Tanh", joined)
            scores = _sum_last(g, joined if layer.scale is None else g.op("Mul", joined, value(layer.scale)))
    if layer.use_causal_mask:
        queries, keys = call.shapes[0][1], call.shapes[1][1]
        if None in (queries, keys):
            raise refusal(layer, "onnx-causal-open", "a causal mask over an axis of unknown length")
        scores = _causal_onnx(c, scores, queries, keys)
    weights = g.op("Softmax", scores, axis=-1)
    result = g.op("MatMul", weights, val)
    return [result, weights] if layer.return_attention_scores else result


def _sum_last(g, x):

    return g.op("ReduceSum", x, g.constant(np.array([-1], "int64")), keepdims=0)


def _einsum_onnx(c, layer, call):
    from ..convert.problems import refusal
    from ..convert.weights import value

    if "..." in layer.equation:
        x, kernel, result = layer._letters(len(call.shape))
        letters = {number: "ABCDEFGH"[int(number)] for number in x if number.isdigit()}
        spelled = ["".join(letters.get(i, i) for i in term) for term in (x, kernel, result)]
        equation = f"{spelled[0]},{spelled[1]}->{spelled[2]}"
    else:
        equation = layer.equation
    if not equation:
        raise refusal(layer, "onnx-einsum", "an equation without letters")
    y = c.graph.op("Einsum", call.x, value(layer.kernel), equation=equation)
    return c.activate(layer, y if layer.bias is None else c.graph.op("Add", y, value(layer.bias)))


def _heads_onnx(c, layer, call):
    from ..convert.problems import refusal
    from ..convert.weights import value

    _masked_onnx(c, layer, call)
    g = c.graph
    ndim = len(call.shapes[0])
    if len(call.inputs) > 3 or ndim != 3:
        raise refusal(layer, "onnx-attention", "a mask as an input, or attention over several axes")
    query, val, *rest = call.inputs
    key = rest[0] if rest else val

    def heads(name, x):
        kernel = value(getattr(layer, f"{name}_kernel"))
        y = g.op("Einsum", x, kernel, equation="abd,dhs->ahbs")
        bias = getattr(layer, f"{name}_bias")
        y = y if bias is None else g.op("Add", y, value(bias)[:, None])
        shares = layer.num_heads // kernel.shape[1]
        if name == "query" or shares == 1:
            return y
        return g.op("Gather", y, g.constant(np.repeat(np.arange(kernel.shape[1]), shares).astype("int64")), axis=1)

    q, k, v = heads("query", query), heads("key", key), heads("value", val)
    scores = g.op("MatMul", g.op("Mul", q, g.number(float(layer.key_dim) ** -0.5)), g.transpose(k, 0, 1, 3, 2))
    if layer.use_causal_mask:
        queries, keys = call.shapes[0][1], call.shapes[1][1]
        if None in (queries, keys):
            raise refusal(layer, "onnx-causal-open", "a causal mask over an axis of unknown length")
        scores = _causal_onnx(c, scores, queries, keys)
    weights = g.op("Softmax", scores, axis=-1)
    kernel = value(layer.output_kernel)
    if kernel.ndim != 3:
        raise refusal(layer, "onnx-attention", "a result with several axes of features")
    result = g.op("Einsum", g.op("MatMul", weights, v), kernel, equation="ahbs,hso->abo")
    if layer.output_bias is not None:
        result = g.op("Add", result, value(layer.output_bias))
    return [result, weights] if layer.return_attention_scores else result


LAYERS = [
    Formats(
        EinsumDense, FAMILY, "tf.keras 2.4", {"EinsumDense": _einsum}, (("kernel", "kernel"), ("bias", "bias")),
        lambda context, layer, shapes: _einsum_keras3(context, layer, shapes), _einsum_onnx,
    ),
    Formats(
        Attention, FAMILY, "tf.keras 2.1", {"Attention": _attention(Attention)},
        (("scale", "scale"), ("concat_score_weight", "concat_score_weight")), _simple_keras3("use_scale", "score_mode"), _simple_onnx,
    ),
    Formats(
        AdditiveAttention, FAMILY, "tf.keras 2.1", {"AdditiveAttention": _attention(AdditiveAttention)}, (("scale", "scale"),),
        _simple_keras3("use_scale"), _simple_onnx,
    ),
    Formats(
        MultiHeadAttention, FAMILY, "tf.keras 2.4", {"MultiHeadAttention": _heads(MultiHeadAttention)}, _projections,
        _several_heads_keras3, _heads_onnx,
    ),
    Formats(
        GroupQueryAttention, FAMILY, "Keras 3", {"GroupQueryAttention": _heads(GroupQueryAttention), "GroupedQueryAttention": _heads(GroupQueryAttention)},
        _projections, _grouped_heads_keras3, _heads_onnx,
    ),
]  # fmt: skip


def _einsum_keras3(context, layer, shapes):
    parts = as_it_is(
        "equation", "activation", "bias_axes", "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
        "bias_constraint",
    )(context, layer, shapes)  # fmt: skip
    parts[0].config["output_shape"] = list(layer.partial_output_shape)
    return parts
