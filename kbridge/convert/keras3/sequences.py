"""Keras 3 layers for embeddings, recurrent layers and the wrappers of Keras 1."""

from __future__ import annotations

import numpy as np

from ..problems import refusal
from ..weights import gates, value
from .context import ALONG_LAST_AXIS, STEEP, Context, data_format, makes
from .images import kernel_axes, padded_input, turned
from .parts import Part, Weight


@makes("Embedding")
def embedding(context, layer, shapes):
    if layer.dropout:
        context.note(layer, "keras3-embedding-dropout", f"its dropout {layer.dropout} of whole words is left out")
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
    part.states = list
    return [part]


def _recurrent(context: Context, layer) -> dict:
    kind = type(layer).__name__
    if layer.time_major:
        raise refusal(layer, "keras3-time-major", "time_major=True")
    turned = layer.go_backwards and layer.return_sequences and not layer.mask_as_it_came
    if turned and any(seen.masked and not seen.mask_ends for seen in context.seen.get(id(layer), ())):
        raise refusal(
            layer,
            "keras3-mask-of-reversed",
            "a mask in the order of the outputs, which go backwards; Keras 3 doesn't reverse the mask",
        )
    check_states(context, layer)
    note_start(context, layer)
    own_U = kind == "SimpleRNN" or layer.consume_less == "gpu" or getattr(layer, "reset_after", False)
    return {
        "use_bias": bool(layer.bias),
        "zero_output_for_mask": bool(layer.zero_output_for_mask),
        "return_sequences": layer.return_sequences,
        "return_state": layer.return_state,
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
            recurrent_regularizer="U_regularizer" if own_U else "W_regularizer",
            bias_regularizer="b_regularizer",
            activity_regularizer="activity_regularizer",
            kernel_constraint="W_constraint",
            recurrent_constraint="U_constraint",
            bias_constraint="b_constraint",
        ),
    }


@makes("SimpleRNN")
def simple_rnn(context, layer, shapes):
    weights = [value(w) for w in (layer.W, layer.U, layer.b)]
    config = {"activation": context.inner_activation(layer), **_recurrent(context, layer)}
    return _cell(context.part(layer, "SimpleRNN", **config), "SimpleRNNCell", weights if layer.bias else weights[:2])


@makes("GRU")
def gru(context, layer, shapes):
    config = {
        "activation": context.inner_activation(layer),
        "recurrent_activation": context.inner_activation(layer, "inner_activation"),
        "reset_after": layer.reset_after,
        **_recurrent(context, layer),
    }
    weights = gates(layer)
    if layer.reset_after:
        weights[2] = np.stack([weights[2], value(layer.b_U)])
    return _cell(context.part(layer, "GRU", **config), "GRUCell", weights if layer.bias else weights[:2])


@makes("LSTM")
def lstm(context, layer, shapes):
    config = {**_activations(context, layer), **_recurrent(context, layer)}
    return _cell(context.part(layer, "LSTM", **config), "LSTMCell", gates(layer)[: 3 if layer.bias else 2])


def check_states(context: Context, layer) -> None:
    """Keras 3 loses the mask of a sequence where initial states come with it."""
    if any(seen.masked and len(seen.node.input_tensors) > 1 for seen in context.seen.get(id(layer), ())):
        raise refusal(layer, "keras3-mask-and-states", "initial states together with a mask, which Keras 3 then drops")


def note_start(context: Context, layer) -> None:
    """Note masked sequences whose outputs start with an initial state that isn't zero."""
    for seen in context.seen.get(id(layer), ()):
        if seen.masked and not layer.zeros_before_mask and (layer.stateful or len(seen.node.input_tensors) > 1):
            context.note(
                layer,
                "keras3-masked-start",
                "before the first step that its mask keeps, it returns 0 in Keras 3; here it returns the initial state",
            )


def _activations(context: Context, layer) -> dict:
    """The activations of an LSTM, whose gates have the order i, f, c, o in both versions."""
    if context.activation(layer) == STEEP:
        raise refusal(layer, "keras3-lstm-hard-sigmoid", "activation 'hard_sigmoid', which is a different function in Keras 3")
    return {
        "activation": context.inner_activation(layer),
        "recurrent_activation": context.inner_activation(layer, "inner_activation"),
    }


def _check_conv_lstm(context: Context, layer, shape: tuple) -> None:
    """Refuse what Keras 3's ConvLSTM2D computes otherwise, or not at all."""
    first = layer.dim_ordering == "th"
    if None in (shape[3:] if first else shape[2:4]):
        raise refusal(layer, "keras3-conv-lstm-open", "an input with an unknown number of rows or columns")
    names = {context.activation(layer), context.activation(layer, "inner_activation")}
    if first and not names.isdisjoint(ALONG_LAST_AXIS):
        raise refusal(
            layer, "keras3-conv-lstm-softmax", f"{', '.join(sorted(names))} with dim_ordering 'th', where it would work along the columns"
        )
    if context.masked(layer) and (first or layer.pads_as_theano):
        raise refusal(layer, "keras3-conv-lstm-mask", "a mask, which is lost when the axes are transposed or the input is padded")
    if layer.border_origin == "theano" and (layer.nb_row % 2 == 0 or layer.nb_col % 2 == 0):
        raise refusal(
            layer, "keras3-conv-lstm-padding", "border_origin 'theano' with an even window, which moves the padding of the state too"
        )


@makes("ConvLSTM2D")
def conv_lstm(context, layer, shapes):
    _check_conv_lstm(context, layer, shapes[0])
    before, padding = padded_input(context, layer, ahead=1)
    config = _activations(context, layer)
    config |= {
        "filters": layer.nb_filter,
        "kernel_size": [layer.nb_row, layer.nb_col],
        "strides": list(layer.subsample),
        "padding": padding,
        "data_format": data_format(layer.dim_ordering),
        "dilation_rate": list(layer.dilation_rate),
        "use_bias": layer.bias,
        "dropout": float(layer.dropout_W),
        "recurrent_dropout": float(layer.dropout_U),
        **context.penalties(
            layer,
            kernel_axes(layer),
            kernel_regularizer="W_regularizer",
            kernel_constraint="W_constraint",
            recurrent_regularizer="U_regularizer",
            recurrent_constraint="U_constraint",
        ),
        **context.penalties(
            layer, bias_regularizer="b_regularizer", bias_constraint="b_constraint", activity_regularizer="activity_regularizer"
        ),
    }
    return before + conv_lstm_parts(
        context, layer, "ConvLSTM2D", config, gates(layer)[: 3 if layer.bias else 2], layer.dim_ordering == "th"
    )


def conv_lstm_parts(context: Context, layer, class_name: str, config: dict, weights: list, first: bool) -> list[Part]:
    """A convolutional LSTM; between permutations if it has the channels ``first``, which TensorFlow on a CPU can't convolve."""
    if layer.return_state and first:
        raise refusal(layer, "keras3-conv-lstm-states", "states as results, with channels first")
    if any(len(seen.node.input_tensors) > 1 for seen in context.seen.get(id(layer), ())) and first:
        raise refusal(layer, "keras3-conv-lstm-states", "initial states, with channels first")
    if layer.zero_output_for_mask and context.masked(layer):
        raise refusal(layer, "keras3-conv-lstm-mask", "zero_output_for_mask=True with a mask")
    check_states(context, layer)
    note_start(context, layer)
    names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
    config |= {name: getattr(layer, name) for name in names}
    if max(config["dilation_rate"]) > 1 and max(config["strides"]) > 1:
        raise refusal(layer, "keras3-atrous-strides", "dilation_rate together with strides")
    if first:
        parts = turned(context, layer, class_name, [], config, 1, int(layer.return_sequences))
    else:
        parts = [context.part(layer, class_name, **config)]
    _cell(next(part for part in parts if part.class_name == class_name), "ConvLSTMCell", weights)
    return parts


@makes("Bidirectional")
def bidirectional(context, layer, shapes):
    check_states(context, layer)
    sides = []
    for side in (layer.forward_layer, layer.backward_layer):
        parts = context.inside(side, shapes)
        if len(parts) != 1:
            raise refusal(layer, "keras3-bidirectional", f"around a {type(side).__name__}")
        if context.masked(layer) and parts[0].config.get("unroll"):
            # Keras 3's unrolled backward layer takes the mask of its outputs in the order of its inputs; its loop computes the same
            parts[0].config["unroll"] = False
        sides.append(parts[0])
    wrapper = context.part(layer, "Bidirectional", merge_mode=layer.merge_mode, layer=sides[0], backward_layer=sides[1])
    wrapper.inner = {"forward_layer": sides[0], "backward_layer": sides[1]}
    wrapper.states = list
    return [wrapper]
