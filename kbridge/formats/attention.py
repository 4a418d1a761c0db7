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
            raise refusal(layer, "keras3-attention-mask", "a mask, which Keras 3 handles differently")
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


def _limited_onnx(c, scores, allowed):
    """Scores that are very small where ``allowed``, a tensor of bools or None, is false."""
    g = c.graph
    if allowed is None:
        return scores
    return g.op("Sub", scores, g.op("Mul", g.op("Cast", g.op("Not", allowed), to=1), g.number(1e9)))


def _causal_onnx(g, layer, call, axis, allowed):
    """``allowed``, and that a query sees keys up to its own place only."""
    from ..convert.problems import refusal

    if not layer.use_causal_mask:
        return allowed
    queries, keys = call.shapes[0][axis], call.shapes[1][axis]
    if None in (queries, keys):
        raise refusal(layer, "onnx-causal-open", "a causal mask over an axis of unknown length")
    return _both_onnx(g, allowed, g.constant(np.tril(np.ones((1, queries, keys), bool))))


def _both_onnx(g, first, second):
    if first is None or second is None:
        return second if first is None else first
    return g.op("And", first, second)


def _simple_onnx(c, layer, call):
    from ..convert.weights import value

    g = c.graph
    query, val, *rest = call.inputs
    key = rest[0] if rest else val
    seen, kept = call.mask(0), call.mask(1)
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
    allowed = _causal_onnx(g, layer, call, 1, None if kept is None else g.unsqueeze(kept, 1))
    weights = g.op("Softmax", _limited_onnx(c, scores, allowed), axis=-1)
    result = g.op("MatMul", weights, val)
    if seen is not None:
        result = g.op("Mul", result, g.op("Cast", g.unsqueeze(seen, -1), to=1))
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


def _allowed_onnx(g, call):
    """Which keys each query may look at, by the masks of the inputs and the one that is an input, or None."""
    query, val, key = (call.mask(place) for place in range(3))
    allowed = None if query is None else g.unsqueeze(query, -1)
    for mask in (val, key):
        allowed = _both_onnx(g, allowed, None if mask is None else g.unsqueeze(mask, 1))
    if len(call.inputs) > 3:
        chosen = g.op("Cast", call.inputs[3], to=9)
        if len(call.shapes[3]) == 4:
            return _both_onnx(g, chosen, None if allowed is None else g.unsqueeze(allowed, 1))
        allowed = _both_onnx(g, allowed, chosen)
    return None if allowed is None else g.unsqueeze(allowed, 1)


def _heads_onnx(c, layer, call):
    from ..convert.weights import value

    g = c.graph
    query, val, *rest = call.inputs
    key = rest[0] if rest else val
    # the axes of queries but the last; keys have capital letters where they are attended over
    ndim = len(call.shapes[0])
    names = "abcdefg"[: ndim - 1]
    apart = [a for a in range(1, ndim - 1) if a not in layer.axes]
    first = "".join(names[a] for a in (0, *apart))
    seen = "".join(names[a] for a in layer.axes)
    keys = "".join(n if i in (0, *apart) else n.upper() for i, n in enumerate(names))

    def heads(name, x):
        kernel = value(getattr(layer, f"{name}_kernel"))
        y = g.op("Einsum", x, kernel, equation=f"{names}x,xhs->{names}hs")
        bias = getattr(layer, f"{name}_bias")
        y = y if bias is None else g.op("Add", y, value(bias))
        shares = layer.num_heads // kernel.shape[1]
        if name == "query" or shares == 1:
            return y
        return g.op("Gather", y, g.constant(np.repeat(np.arange(kernel.shape[1]), shares).astype("int64")), axis=ndim - 1)

    q, k, v = heads("query", query), heads("key", key), heads("value", val)
    q = g.op("Mul", q, g.number(float(layer.key_dim) ** -0.5))
    scores = g.op("Einsum", q, k, equation=f"{names}hs,{keys}hs->{first}h{seen}{seen.upper()}")
    if len(layer.axes) == 1:
        allowed = _causal_onnx(g, layer, call, layer.axes[0], _allowed_onnx(g, call))
        for _ in apart if allowed is not None else ():
            allowed = g.unsqueeze(allowed, 1)
        weights = g.op("Softmax", _limited_onnx(c, scores, allowed), axis=-1)
    else:
        last = list(range(-len(layer.axes), 0))
        powers = g.op("Exp", g.op("Sub", scores, g.op("ReduceMax", scores, axes=last, keepdims=1)))
        weights = g.op("Div", powers, g.op("ReduceSum", powers, g.integers(*last), keepdims=1))
    result = g.op("Einsum", weights, v, equation=f"{first}h{seen}{seen.upper()},{keys}hs->{names}hs")
    kernel = value(layer.output_kernel)
    letters = "opqrt"[: kernel.ndim - 2]
    result = g.op("Einsum", result, kernel, equation=f"{names}hs,hs{letters}->{names}{letters}")
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
