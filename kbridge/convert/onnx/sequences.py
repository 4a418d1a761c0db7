"""ONNX operators for embeddings, recurrent layers and wrappers."""

from __future__ import annotations

import numpy as np

from ..problems import refusal
from ..weights import gates, value
from .context import Call, Context, makes


@makes("Embedding")
def embedding(c, layer, call):
    return c.graph.op("Gather", value(layer.W), c.graph.op("Cast", call.x, to=7), axis=0)


def _recurrent(c: Context, layer, call: Call, op: str, weights: list[np.ndarray], activations: list, recurrent_bias=None, **attributes):
    """A recurrent operator on (time, samples, features), forwards, from W, U and b with the gates in ONNX's order."""
    g = c.graph
    if layer.stateful:
        raise refusal(layer, "onnx-stateful", "stateful=True")
    if call.masked:
        raise refusal(layer, "onnx-recurrent-mask", "a mask, which ONNX's recurrent operators don't take")
    if layer.time_major:
        raise refusal(layer, "onnx-time-major", "time_major=True")
    W, U, b = weights
    bias = np.concatenate([b, np.zeros_like(b) if recurrent_bias is None else recurrent_bias])
    initial = [g.unsqueeze(state, 0) for state in call.inputs[1:]]
    needed = [a for a in activations if a[0] in ("HardSigmoid", "Affine", "Elu")]
    attributes |= {"hidden_size": layer.output_dim, "activations": [a[0] for a in activations]}
    if needed:
        attributes |= {
            "activation_alpha": [a[1] for a in needed],
            "activation_beta": [a[2] for a in needed if a[0] != "Elu"] or [0.0],
        }
    x = g.transpose(call.x, 1, 0, 2)
    if layer.go_backwards:
        x = g.reverse(x, 0)
    results = 3 if op == "LSTM" else 2
    # no lengths of the samples before the states
    given = ["", *initial] if initial else []
    every, *last = g.op(op, x, W.T[None], U.T[None], bias[None], *given, outputs=results, **attributes)
    states = [g.squeeze(state, 0) for state in last]
    output = g.transpose(g.squeeze(every, 1), 1, 0, 2) if layer.return_sequences else states[0]
    return [output, *states] if layer.return_state else output


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


@makes("Bidirectional")
def bidirectional(c, layer, call):
    g = c.graph
    shape = layer.forward_layer.get_output_shape_for(call.shape)
    half = len(call.inputs[1:]) // 2
    inputs = [call.inputs] * 2 if not half else [[call.x, *call.inputs[1 : 1 + half]], [call.x, *call.inputs[1 + half :]]]
    results = [
        c.inside(side, Call(own, call.shapes[: len(own)], [shape], call.masks))
        for side, own in zip((layer.forward_layer, layer.backward_layer), inputs)
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
