"""ONNX operators for embeddings, recurrent layers and wrappers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import backend as K
from ...engine.node import to_list
from ...layers.padding import convolution_padding
from ..problems import refusal
from ..weights import gates, value
from .context import Call, Context, makes
from .masks import Compacted, compacted, handed_on, once


@makes("Embedding")
def embedding(c, layer, call):
    return c.graph.op("Gather", value(layer.W), c.graph.op("Cast", call.x, to=7), axis=0)


def check_recurrent(layer) -> None:
    """Unsupported for what ONNX's recurrent operators can't do."""
    if layer.stateful:
        raise refusal(layer, "onnx-stateful", "stateful=True")


def time_first(c: Context, layer, x: str) -> str:
    """The sequence (time, samples, features) in the order of a layer's steps."""
    x = x if layer.time_major else c.graph.transpose(x, 1, 0, 2)
    return c.graph.reverse(x, 0) if layer.go_backwards else x


def results(c: Context, layer, every: str, states: list[str], last: str | None = None) -> Any:
    """Return the results of a recurrent layer, from all outputs (time, samples, units) and the states, the first of which is the last output."""
    if layer.return_sequences:
        output = every if layer.time_major else c.graph.transpose(every, 1, 0, 2)
    else:
        output = last or states[0]
    return [output, *states] if layer.return_state else output


def recurrence(
    c: Context,
    x: str,
    op: str,
    units: int,
    weights: list[np.ndarray],
    activations: list,
    initial=(),
    recurrent_bias=None,
    lengths="",
    **attributes,
):
    """(all outputs, the states) of a recurrent operator on (time, samples, features), from W, U and b with the gates in ONNX's order."""
    g = c.graph
    W, U, b = weights
    bias = np.concatenate([b, np.zeros_like(b) if recurrent_bias is None else recurrent_bias])
    needed = [a for a in activations if a[0] in ("HardSigmoid", "Affine", "Elu")]
    attributes |= {"hidden_size": units, "activations": [a[0] for a in activations]}
    if needed:
        attributes |= {
            "activation_alpha": [a[1] for a in needed],
            "activation_beta": [a[2] for a in needed if a[0] != "Elu"] or [0.0],
        }
    # the lengths of the samples stand before the states
    given = [lengths, *(g.unsqueeze(state, 0) for state in initial)] if initial or lengths else []
    every, *last = g.op(op, x, W.T[None], U.T[None], bias[None], *given, outputs=3 if op == "LSTM" else 2, **attributes)
    return g.squeeze(every, 1), [g.squeeze(state, 0) for state in last]


def _recurrent(c: Context, layer, call: Call, op: str, weights: list[np.ndarray], activations: list, recurrent_bias=None, **attributes):
    check_recurrent(layer)
    x, initial = time_first(c, layer, call.x), call.inputs[1:]
    short = compacted(c, layer, call, x)
    lengths = "" if short is None else short.lengths
    given = x if short is None else short.x
    every, states = recurrence(c, given, op, layer.output_dim, weights, activations, initial, recurrent_bias, lengths, **attributes)
    if short is None:
        return results(c, layer, every, states)
    return masked_results(c, layer, short, every, states, initial)


def masked_results(c: Context, layer, short: Compacted, every: str, states: list[str], initial: list[str], last: str | None = None) -> Any:
    """``results`` of a compacted sequence."""
    starts: list[str | None] = [*initial] or [None] * len(states)
    # without initial states the outputs start with zeros anyway
    start = None if layer.zeros_before_mask else starts[0]
    every = short.sequence(every, start)
    output = short.state(last or states[0], start)
    states = [short.state(state, own) for state, own in zip(states, starts, strict=True)]
    if layer.zero_output_for_mask:
        every, output = short.zeroed(every), short.last_zeroed(output)
    return results(c, layer, every, states, output)


@makes("SimpleRNN")
def simple_rnn(c, layer, call):
    weights = [value(w) for w in (layer.W, layer.U, layer.b)]
    return _recurrent(c, layer, call, "RNN", weights, [c.recurrent_activation(layer, "activation")])


@makes("GRU")
def gru(c, layer, call):
    activations = [c.recurrent_activation(layer, name) for name in ("inner_activation", "activation")]
    if not layer.reset_after:
        return _recurrent(c, layer, call, "GRU", gates(layer), activations, linear_before_reset=0)
    return _recurrent(c, layer, call, "GRU", gates(layer), activations, value(layer.b_U), linear_before_reset=1)


@makes("LSTM")
def lstm(c, layer, call):
    activations = [c.recurrent_activation(layer, name) for name in ("inner_activation", "activation", "activation")]
    return _recurrent(c, layer, call, "LSTM", gates(layer, "iofc"), activations)


@makes("ConvLSTM2D")
def conv_lstm(c, layer, call):
    from ...formats.conv_lstm import conv_lstm_onnx

    W, U, b = gates(layer)
    window, first = (layer.nb_row, layer.nb_col), layer.dim_ordering == "th"
    of_theano = [convolution_padding(n) for n in window] if layer.border_origin == "theano" else None
    return conv_lstm_onnx(
        c, layer, call, W, U, b, window, layer.subsample, layer.dilation_rate, layer.border_mode, first, "inner_activation",
        layer.theano_padding() if layer.pads_as_theano else None, of_theano,
    )  # fmt: skip


@makes("Bidirectional")
def bidirectional(c, layer, call):
    g = c.graph
    results = [
        c.inside(side, Call(own, call.shapes[: len(own)], [side.get_output_shape_for(call.shape)], call.masks[:1], call.lazy[:1]))
        for side, own in zip(layer._inner, (to_list(given) for given in layer._for_each(call.inputs)))
    ]
    (forward, *states), (backward, *more) = (r if isinstance(r, list) else [r] for r in results)
    if layer.return_sequences and layer.zero_output_for_mask and call.masked:
        kept = g.unsqueeze(g.op("Cast", call.mask(), to=1), -1)
        turned = [g.reverse(kept, 1) if side.go_backwards else kept for side in layer._inner]
        forward, backward = (g.op("Mul", y, own) for y, own in zip((forward, backward), turned))
    if layer.return_sequences:
        backward = g.reverse(backward, 1)
    if layer.merge_mode is None:
        return [forward, backward, *states, *more]
    if layer.merge_mode == "concat":
        merged = g.op("Concat", forward, backward, axis=-1)
    else:
        merged = g.op({"sum": "Add", "mul": "Mul", "ave": "Mean"}[layer.merge_mode], forward, backward)
    return [merged, *states, *more] if states else merged


@makes("TimeDistributed")
def time_distributed(c, layer, call):
    """All steps of all samples as one batch."""
    g = c.graph
    rest = call.shape[2:]
    if None in rest:
        raise refusal(layer, "onnx-time-distributed-open", "the lengths of all axes of its input, except samples and time, must be known")
    step = (None, *rest)
    inner_shape = tuple(layer.layer.get_output_shape_for(step))
    inner = Call([g.reshape(call.x, -1, *rest)], [step], [inner_shape], [None], [None])
    within = layer.mask_inside and call.masked and K.ndim(call.masks[0]) > 2
    if within:
        inner.masks, inner.lazy = _of_steps(c, layer, call)
    x = c.inside(layer.layer, inner)
    if None in inner_shape[1:]:
        raise refusal(layer, "onnx-time-distributed-open", "the lengths of all axes of its output, except samples and time, must be known")
    if within:
        call.made = [_over_time(c, layer, call, inner, step)]
    if call.shape[1] is not None:
        return g.reshape(x, -1, call.shape[1], *inner_shape[1:])
    return g.op("Reshape", x, g.op("Concat", _ends(g, call.x), g.integers(*inner_shape[1:]), axis=0))


def _ends(g, x: str) -> str:
    """The number of samples and of steps."""
    return g.op("Slice", g.op("Shape", x), g.integers(0), g.integers(2))


def _of_steps(c: Context, layer, call: Call) -> tuple[list, list]:
    """The mask of all steps as one batch, here and in the graph."""
    g = c.graph

    def steps() -> str:
        mask = call.mask()
        assert mask is not None
        rest = g.op("Slice", g.op("Shape", mask), g.integers(2), g.integers(2**62))
        return g.op("Reshape", mask, g.op("Concat", g.integers(-1), rest, axis=0))

    with K.graph_scope():
        return [layer._mask_of_steps(call.masks[0])], [once(steps)]


def _over_time(c: Context, layer, call: Call, inner: Call, step: tuple):
    """The mask that goes out: the inner layer's as one over time, or whether anything of a step is kept."""
    g, masks = c.graph, inner.made
    if masks is None and layer.layer.supports_masking:
        with K.graph_scope():
            made = to_list(layer.layer.compute_mask(K.placeholder(shape=step), inner.masks[0]))
        masks = handed_on(c, layer.layer, inner, made)
    passed = masks[0] if masks else None

    def whole() -> str:
        assert passed is not None
        mask = passed()
        rest = g.op("Slice", g.op("Shape", mask), g.integers(1), g.integers(2**62))
        return g.op("Reshape", mask, g.op("Concat", _ends(g, call.x), rest, axis=0))

    def some() -> str:
        axes = list(range(2, K.ndim(call.masks[0])))
        mask = call.mask()
        assert mask is not None
        return g.op("Cast", g.op("ReduceMax", g.op("Cast", mask, to=1), axes=axes, keepdims=0), to=9)

    return once(some if passed is None else whole)
