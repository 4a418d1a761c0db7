"""Keras 3 layers for embeddings, recurrent layers and the wrappers of Keras 1."""

from __future__ import annotations

import numpy as np

from ..problems import Unsupported, called
from ..weights import gates, value
from .context import Context, data_format, makes, safe_name
from .images import by_channels_last
from .parts import Part, Weight


@makes("Embedding")
def embedding(context, layer, shapes):
    if layer.dropout:
        context.note(layer, f"its dropout {layer.dropout} of whole words is left out")
    return [
        context.part(
            layer,
            "Embedding",
            [("embeddings", value(layer.W))],
            input_dim=layer.input_dim,
            output_dim=layer.output_dim,
            mask_zero=bool(layer.mask_zero),
            **context.penalties(
                layer,
                embeddings_regularizer="W_regularizer",
                activity_regularizer="activity_regularizer",
                embeddings_constraint="W_constraint",
            ),
        )
    ]


def _cell(part: Part, class_name: str, weights: list[np.ndarray]) -> list[Part]:
    """Put the three weights into the cell inside of a recurrent layer."""
    names = ("kernel", "recurrent_kernel", "bias")
    part.inner["cell"] = Part(class_name, {"name": class_name.lower()}, [Weight(n, v) for n, v in zip(names, weights)])
    return [part]


def _recurrent(context: Context, layer) -> dict:
    kind = type(layer).__name__
    return {
        "return_sequences": layer.return_sequences,
        "go_backwards": layer.go_backwards,
        "stateful": layer.stateful,
        "unroll": layer.unroll,
        "units": layer.output_dim,
        "dropout": float(layer.dropout_W),
        "recurrent_dropout": float(layer.dropout_U),
        **context.penalties(
            layer,
            kernel_regularizer="W_regularizer",
            # as in Keras 1.2.2: see the layer
            recurrent_regularizer="U_regularizer" if kind == "SimpleRNN" else "W_regularizer",
            bias_regularizer="b_regularizer",
        ),
    }


@makes("SimpleRNN")
def simple_rnn(context, layer, shapes):
    name, scale = context.activation(layer)
    weights = [value(w) * scale for w in (layer.W, layer.U, layer.b)]
    return _cell(context.part(layer, "SimpleRNN", activation=name, **_recurrent(context, layer)), "SimpleRNNCell", weights)


@makes("GRU")
def gru(context, layer, shapes):
    name, scale = context.activation(layer)
    inner, inner_scale = context.activation(layer, "inner_activation")
    weights = _scaled(gates(layer), [inner_scale, inner_scale, scale])
    config = {"activation": name, "recurrent_activation": inner, "reset_after": False, **_recurrent(context, layer)}
    return _cell(context.part(layer, "GRU", **config), "GRUCell", weights)


@makes("LSTM")
def lstm(context, layer, shapes):
    config, weights = _lstm(context, layer)
    return _cell(context.part(layer, "LSTM", **config, **_recurrent(context, layer)), "LSTMCell", weights)


def _lstm(context: Context, layer) -> tuple[dict, list[np.ndarray]]:
    """Activations and weights of an LSTM, its gates in the order i, f, c, o of both versions."""
    name, _ = context.activation(layer)
    inner, inner_scale = context.activation(layer, "inner_activation")
    if name == "hard_sigmoid":
        raise Unsupported(f"{called(layer)}: activation 'hard_sigmoid', which is another function in Keras 3")
    scales = [inner_scale, inner_scale, 1.0, inner_scale]
    return {"activation": name, "recurrent_activation": inner}, _scaled(gates(layer), scales)


def _scaled(weights: list[np.ndarray], scales: list[float]) -> list[np.ndarray]:
    """Each gate's columns multiplied by its factor, so that a hard_sigmoid gives what it gave in Keras 1."""
    if all(scale == 1 for scale in scales):
        return weights
    scaled = [[part * scale for part, scale in zip(np.split(w, len(scales), axis=-1), scales)] for w in weights]
    return [np.concatenate(parts, axis=-1).astype(w.dtype) for parts, w in zip(scaled, weights)]


@makes("ConvLSTM2D")
def conv_lstm(context, layer, shapes):
    config, weights = _lstm(context, layer)
    config |= {
        "filters": layer.nb_filter,
        "kernel_size": [layer.nb_row, layer.nb_col],
        "strides": list(layer.subsample),
        "padding": layer.border_mode,
        "data_format": data_format(layer.dim_ordering),
        "return_sequences": layer.return_sequences,
        "go_backwards": layer.go_backwards,
        "stateful": layer.stateful,
        "dropout": float(layer.dropout_W),
        "recurrent_dropout": float(layer.dropout_U),
        **context.penalties(
            layer,
            kernel_regularizer="W_regularizer",
            recurrent_regularizer="U_regularizer",
            bias_regularizer="b_regularizer",
        ),
    }
    parts = by_channels_last(context, layer, "ConvLSTM2D", [], config, 1, int(layer.return_sequences))
    _cell(next(part for part in parts if part.class_name == "ConvLSTM2D"), "ConvLSTMCell", weights)
    return parts


@makes("TimeDistributed")
def time_distributed(context, layer, shapes):
    step = [(shape[0], *shape[2:]) for shape in shapes]
    parts = []
    inner = context.inside(layer.layer, step)
    for part in inner:
        last = part is inner[-1]
        name = safe_name(layer.name) + ("" if last else f"_{part.name}")
        wrapper = context.part(layer, "TimeDistributed", layer=part)
        wrapper.config["name"] = name
        wrapper.inner["layer"] = part
        parts.append(wrapper)
    return parts


@makes("Bidirectional")
def bidirectional(context, layer, shapes):
    sides = []
    for side in (layer.forward_layer, layer.backward_layer):
        parts = context.inside(side, shapes)
        if len(parts) != 1:
            raise Unsupported(f"{called(layer)}: round a {type(side).__name__}")
        sides.append(parts[0])
    wrapper = context.part(layer, "Bidirectional", merge_mode=layer.merge_mode, layer=sides[0], backward_layer=sides[1])
    wrapper.inner = {"forward_layer": sides[0], "backward_layer": sides[1]}
    return [wrapper]


