"""Formats of RNN and its cells."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..layers import RNN, GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from ..layers.recurrent_cells.states import flat_shapes, packed
from . import Formats
from .common import same

FAMILY = "Recurrent"
WEIGHTS = (("kernel", "kernel"), ("recurrent_kernel", "recurrent_kernel"), ("bias", "bias"))
FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major", "zero_output_for_mask")

# ---------------------------------------------------------------------- reading


def _cell(cls):
    plain = same(cls, "seed", *(("implementation",) if cls is SimpleRNNCell else ()))

    def read(options):
        config = plain(options)
        if cls is GRUCell:
            config.setdefault("reset_after", False)  # Keras 2.1.2 and before had no such option
        return config

    return read


def _stacked(options):
    cells = options.need("cells")
    # one that isn't False turns the order of the states only, and isn't stored by any version
    options.only("reverse_state_order", False)
    if not isinstance(cells, list):
        raise options.error("cells", cells, "but a list of cells was expected")
    return {"cells": [options.translate(cell) for cell in cells]}


def _rnn(options):
    from ..saving.keras2 import values

    cell = options.need("cell")
    config = {"cell": options.translate(cell), "num_constants": options.take("num_constants")}
    config["activity_regularizer"] = values.regularizer(options, "activity_regularizer")
    return {**config, **{key: bool(options.take(key, False)) for key in FLAGS}}


# ---------------------------------------------------------------------- Keras 3


def _cell_keras3(context, layer, shapes):
    from ..convert.problems import refusal
    from ..convert.weights import value

    if len(shapes) > 1:
        raise refusal(layer, "keras3-cell", "a cell outside of RNN, which takes a cell over a sequence")
    config = {
        "units": layer.units,
        "use_bias": bool(layer.use_bias),
        "dropout": layer.dropout,
        "recurrent_dropout": layer.recurrent_dropout,
    }
    config["activation"] = context.inner_activation(layer)
    if hasattr(layer, "recurrent_activation"):
        config["recurrent_activation"] = context.inner_activation(layer, "recurrent_activation")
    if isinstance(layer, GRUCell):
        config["reset_after"] = layer.reset_after
    names = [f"{part}_{kind}" for part in ("kernel", "recurrent", "bias") for kind in ("regularizer", "constraint")]
    config |= context.penalties(layer, **{name: name for name in names})
    weights = [(name, value(getattr(layer, name))) for name, _ in WEIGHTS if getattr(layer, name) is not None]
    return [context.part(layer, type(layer).__name__, weights, **config)]


def _stacked_keras3(context, layer, shapes):
    cells = [context.inside(cell, shapes)[0] for cell in layer.cells]
    part = context.part(layer, "StackedRNNCells", cells=cells)
    taken: Counter[str] = Counter()
    for cell in cells:
        from ..convert.keras3.parts import snake_case

        name = snake_case(cell.class_name)
        part.inner[f"cells/{name}" + (f"_{taken[name]}" if taken[name] else "")] = cell
        taken[name] += 1
    return [part]


def _rnn_keras3(context, layer, shapes):
    from ..convert.keras3.sequences import check_states
    from ..convert.problems import refusal

    check_states(context, layer)
    if layer.time_major:
        raise refusal(layer, "keras3-time-major", "time_major=True")
    if layer.num_constants:
        raise refusal(layer, "keras3-constants", "constants of a cell")
    (cell,) = context.inside(layer.cell, shapes[:1])
    flags = {key: getattr(layer, key) for key in FLAGS if key != "time_major"}
    penalty = context.penalties(layer, activity_regularizer="activity_regularizer")
    part = context.part(layer, "RNN", cell=cell, **{**flags, "stateful": layer._stateful}, **penalty)
    part.inner["cell"] = cell
    part.states = lambda tensors: packed(tensors, layer.cell.state_size)
    return [part]


# ---------------------------------------------------------------------- ONNX


def _no_onnx(c, layer, call):
    from ..convert.problems import refusal

    raise refusal(layer, "onnx-cell", "a cell outside of RNN: ONNX's operators take whole sequences")


def _operator(c, cell):
    """Return the arguments of ``recurrence`` for a cell: operator, number of units, weights in ONNX's order of gates, activations, further options."""
    from ..convert.weights import value

    W, U = value(cell.kernel), value(cell.recurrent_kernel)
    b = np.zeros(U.shape[1], U.dtype) if cell.bias is None else value(cell.bias)
    own = c.recurrent_activation(cell, "activation")
    if isinstance(cell, SimpleRNNCell):
        return "RNN", cell.units, [W, U, b], [own], {}
    gate = c.recurrent_activation(cell, "recurrent_activation")
    if isinstance(cell, LSTMCell):

        def turned(a):
            i, f, candidate, o = np.split(a, 4, axis=-1)
            return np.concatenate([i, o, f, candidate], axis=-1)

        return "LSTM", cell.units, [turned(a) for a in (W, U, b)], [gate, own, own], {}
    options = {"linear_before_reset": int(cell.reset_after)}
    if cell.reset_after and b.ndim == 2:
        b, options["recurrent_bias"] = b
    return "GRU", cell.units, [W, U, b], [gate, own], options


def _rnn_onnx(c, layer, call):
    from ..convert.onnx.masks import compacted
    from ..convert.onnx.sequences import check_recurrent, masked_results, recurrence, results, time_first
    from ..convert.problems import refusal

    check_recurrent(layer)
    if layer.num_constants:
        raise refusal(layer, "onnx-constants", "constants of a cell")
    cells = layer.cell.cells if isinstance(layer.cell, StackedRNNCells) else [layer.cell]
    for cell in cells:
        if type(cell) not in (SimpleRNNCell, LSTMCell, GRUCell):
            raise refusal(layer, "onnx-own-cell", f"the cell {type(cell).__name__}, for which ONNX has no operator")
    x, left, states = time_first(c, layer, call.x), call.inputs[1:], []
    short = compacted(c, layer, call, x)
    x, lengths = (x, "") if short is None else (short.x, short.lengths)
    for cell in cells:
        count = len(flat_shapes(cell.state_size))
        given, left = left[:count], left[count:]
        op, units, weights, activations, options = _operator(c, cell)
        x, own = recurrence(c, x, op, units, weights, activations, given, lengths=lengths, **options)
        states += own
    # an LSTM's output is its state h, which comes before c
    if short is not None:
        return masked_results(c, layer, short, x, states, call.inputs[1:], own[0])
    return results(c, layer, x, states, own[0])


LAYERS = [
    *(
        Formats(cls, FAMILY, "Keras 2.0.9", {cls.__name__: _cell(cls)}, WEIGHTS, _cell_keras3, _no_onnx, random=True)
        for cls in (SimpleRNNCell, LSTMCell, GRUCell)
    ),
    Formats(StackedRNNCells, FAMILY, "Keras 2.0.9", {"StackedRNNCells": _stacked}, (), _stacked_keras3, _no_onnx, random=True),
    Formats(RNN, FAMILY, "Keras 2.0.9", {"RNN": _rnn}, (), _rnn_keras3, _rnn_onnx, random=True),
]
