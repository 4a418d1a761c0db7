"""Formats of convolutional LSTMs."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..layers import ConvLSTM1D, ConvLSTM3D
from . import Formats
from .common import same

FAMILY = "Recurrent"
WEIGHTS = (("kernel", "kernel"), ("recurrent_kernel", "recurrent_kernel"), ("bias", "bias"))

#: how many steps ONNX's graph may have, which holds them one by one
MOST_STEPS = 200


def _read(cls):
    plain = same(cls, "implementation", "seed", time_major=False, zero_output_for_mask=False)

    def read(options):
        config = plain(options)
        for key in ("kernel_size", "strides", "dilation_rate"):
            if isinstance(config.get(key), list):
                config[key] = tuple(config[key])
        return config

    return read


def _keras3(context, layer, shapes):
    from ..convert.keras3.context import ALONG_LAST_AXIS
    from ..convert.keras3.sequences import conv_lstm_parts
    from ..convert.problems import refusal
    from ..convert.weights import value

    first = layer.data_format == "channels_first"
    if None in (shapes[0][3:] if first else shapes[0][2:-1]):
        raise refusal(layer, "keras3-conv-lstm-open", "spatial axes of unknown length")
    names = {context.activation(layer), context.activation(layer, "recurrent_activation")}
    if first and not names.isdisjoint(ALONG_LAST_AXIS):
        raise refusal(layer, "keras3-conv-lstm-softmax", f"{', '.join(sorted(names))} with channels first")
    if first and context.masked(layer):
        raise refusal(layer, "keras3-conv-lstm-mask", "a mask, which is lost when the axes are transposed")
    if context.activation(layer) == "hard_sigmoid":
        raise refusal(layer, "keras3-lstm-hard-sigmoid", "activation 'hard_sigmoid', which is a different function in Keras 3")
    weights = [value(getattr(layer, name)) for name, _ in WEIGHTS if getattr(layer, name) is not None]
    penalties = [f"{part}_{kind}" for part in ("kernel", "recurrent", "bias") for kind in ("regularizer", "constraint")]
    config = {
        **{name: getattr(layer, name) for name in ("filters", "padding", "data_format", "use_bias", "dropout", "recurrent_dropout")},
        **{name: list(getattr(layer, name)) for name in ("kernel_size", "strides", "dilation_rate")},
        "activation": context.inner_activation(layer),
        "recurrent_activation": context.inner_activation(layer, "recurrent_activation"),
        **context.penalties(layer, activity_regularizer="activity_regularizer", **{name: name for name in penalties}),
    }
    return conv_lstm_parts(context, layer, type(layer).__name__, config, weights, first)


def _onnx(c, layer, call):
    from ..convert.weights import value

    W, U = value(layer.kernel), value(layer.recurrent_kernel)
    b = np.zeros(U.shape[-1], U.dtype) if layer.bias is None else value(layer.bias)
    return conv_lstm_onnx(
        c, layer, call, W, U, b, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding,
        layer.data_format == "channels_first", "recurrent_activation",
    )  # fmt: skip


def conv_lstm_onnx(c, layer, call, W, U, b, window, strides, dilation, padding, first, gate, pads=None, of_state=None):
    """A convolutional LSTM step by step, from kernels (*size, channels, 4 filters) with the gates in the order i, f, c, o.

    ``first``: whether its tensors have the channels first. ``gate``: the attribute of the gates' activation. ``pads`` and ``of_state``:
    zeros before and after the spatial axes of input and state, where they aren't those of TensorFlow.
    """
    from ..convert.onnx.sequences import check_recurrent
    from ..convert.problems import refusal

    check_recurrent(layer)
    names = {c.activation_name(layer), c.activation_name(layer, gate)}
    if not names.isdisjoint(("softmax", "log_softmax", "sparsemax", "glu")):
        raise refusal(layer, "onnx-recurrent-softmax", f"{', '.join(sorted(names))} inside of a recurrent layer")
    frame, time, spatial, g = call.shape[2:], call.shape[1], len(window), c.graph
    known = frame[1:] if first else frame[:-1]
    if time is None or None in known:
        raise refusal(layer, "onnx-conv-lstm-open", "time or spatial axes of unknown length. Give their lengths in the model's Input")
    if time > MOST_STEPS:
        raise refusal(
            layer, "onnx-conv-lstm-long", f"{time} time steps, each of which would be a part of the graph; the limit is {MOST_STEPS}"
        )
    filters = U.shape[-2]
    to_first = (0, spatial + 1, *range(1, spatial + 1))
    to_last = (0, *range(2, spatial + 2), 1)

    def conv(x, kernel, pads, **options):
        kernel = kernel.transpose(spatial + 1, spatial, *range(spatial))
        return g.op("Conv", x, kernel, pads=[p[0] for p in pads] + [p[1] for p in pads], **options)

    def turned(x, to_channels_first):
        return x if first else g.transpose(x, *(to_first if to_channels_first else to_last))

    if pads is None:
        spans = [(k - 1) * d + 1 for k, d in zip(window, dilation)]
        needed = [max((-(-n // s) - 1) * s + span - n, 0) if padding == "same" else 0 for n, s, span in zip(known, strides, spans)]
        pads = [(n // 2, n - n // 2) for n in needed]
    of_state = of_state or [((k - 1) // 2, k // 2) for k in window]
    x = turned(g.reshape(call.x, -1, *frame), True)
    x = g.op("Add", conv(x, W, pads, strides=list(strides), dilations=list(dilation)), b.reshape(-1, *[1] * spatial))
    size = layer.state_shapes(call.shape)[0]
    size = size[1:] if first else size[:-1]
    x = g.reshape(x, -1, time, 4 * filters, *size)
    steps = range(time)[::-1] if layer.go_backwards else range(time)
    h, state = [turned(tensor, True) for tensor in call.inputs[1:]] or [None, None]
    mask, output, every = call.mask(), None if layer.zeros_before_mask else h, []
    for t in steps:
        before = h, state
        z = g.squeeze(g.slice(x, 1, t, t + 1), 1)
        if h is not None:
            z = g.op("Add", z, conv(h, U, of_state))
        i, f, candidate, o = (g.slice(z, 1, k * filters, (k + 1) * filters) for k in range(4))
        new = g.op("Mul", c.activate(layer, i, gate), c.activate(layer, candidate))
        state = new if state is None else g.op("Add", g.op("Mul", c.activate(layer, f, gate), state), new)
        h = g.op("Mul", c.activate(layer, o, gate), c.activate(layer, state))
        if mask is None:
            output = shown = h
        else:
            # a masked step repeats states and outputs; a mask of places has them behind the step, where the channels are here
            kept = g.slice(mask, 1, t, t + 1)
            if K.ndim(call.masks[0]) == 2:
                kept = g.reshape(kept, -1, *[1] * (spatial + 1))
            h, state, output = (
                g.op("Where", kept, new, g.number(0.0) if old is None else old) for new, old in zip((h, state, h), (*before, output))
            )
            shown = g.op("Mul", output, g.op("Cast", kept, to=1)) if layer.zero_output_for_mask else output
        every.append(turned(shown, False))
    output = every[-1]
    if layer.return_sequences:
        output = g.op("Concat", *(g.unsqueeze(one, 1) for one in every), axis=1)
    return [output, turned(h, False), turned(state, False)] if layer.return_state else output


LAYERS = [
    Formats(ConvLSTM1D, FAMILY, "tf.keras 2.6", {"ConvLSTM1D": _read(ConvLSTM1D)}, WEIGHTS, _keras3, _onnx, random=True),
    Formats(ConvLSTM3D, FAMILY, "tf.keras 2.6", {"ConvLSTM3D": _read(ConvLSTM3D)}, WEIGHTS, _keras3, _onnx, random=True),
]
