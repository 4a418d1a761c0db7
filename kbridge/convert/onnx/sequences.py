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


@makes("Embedding")
def embedding(c, layer, call):
    return c.graph.op("Gather", value(layer.W), c.graph.op("Cast", call.x, to=7), axis=0)


def check_recurrent(layer, call: Call) -> None:
    """Unsupported for what ONNX's recurrent operators can't do."""
    if layer.stateful:
        raise refusal(layer, "onnx-stateful", "stateful=True")
    if call.masked:
        raise refusal(layer, "onnx-recurrent-mask", "a mask, which ONNX's recurrent operators don't take")


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
    c: Context, x: str, op: str, units: int, weights: list[np.ndarray], activations: list, initial=(), recurrent_bias=None, **attributes
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
    # no lengths of the samples before the states
    given = ["", *(g.unsqueeze(state, 0) for state in initial)] if initial else []
    every, *last = g.op(op, x, W.T[None], U.T[None], bias[None], *given, outputs=3 if op == "LSTM" else 2, **attributes)
    return g.squeeze(every, 1), [g.squeeze(state, 0) for state in last]


def _recurrent(c: Context, layer, call: Call, op: str, weights: list[np.ndarray], activations: list, recurrent_bias=None, **attributes):
    check_recurrent(layer, call)
    x = time_first(c, layer, call.x)
    every, states = recurrence(c, x, op, layer.output_dim, weights, activations, call.inputs[1:], recurrent_bias, **attributes)
    return results(c, layer, every, states)


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
        c.inside(side, Call(own, call.shapes[: len(own)], [side.get_output_shape_for(call.shape)], call.masks))
        for side, own in zip(layer._inner, (to_list(given) for given in layer._for_each(call.inputs)))
    ]
    (forward, *states), (backward, *more) = (r if isinstance(r, list) else [r] for r in results)
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
    if layer.mask_inside and call.masked and K.ndim(call.masks[0]) > 2:
        raise refusal(layer, "onnx-recurrent-mask", "a mask of several axes, which reaches the layer in it")
    rest = call.shape[2:]
    if None in rest:
        raise refusal(layer, "onnx-time-distributed-open", "all axes but those of samples and time must be known")
    step = (None, *rest)
    inner_shape = tuple(layer.layer.get_output_shape_for(step))
    x = c.inside(layer.layer, Call([g.reshape(call.x, -1, *rest)], [step], [inner_shape], [None]))
    if None in inner_shape[1:]:
        raise refusal(layer, "onnx-time-distributed-open", "all axes of its output but those of samples and time must be known")
    if call.shape[1] is not None:
        return g.reshape(x, -1, call.shape[1], *inner_shape[1:])
    ends = g.op("Slice", g.op("Shape", call.x), g.integers(0), g.integers(2))
    return g.op("Reshape", x, g.op("Concat", ends, g.integers(*inner_shape[1:]), axis=0))
