"""Padding of windows in ONNX: how many places a window reaches beyond its input, known or found when the model runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def placed(
    g, layer, x: str, lengths: Sequence, windows: Sequence[int], steps: Sequence[int], filler: float = 0.0
) -> tuple[str, dict[str, Any]]:
    """``x`` (channels first) and the attributes that give an operator with windows the padding of ``layer``.

    Where 'same' padding depends on lengths that aren't known, ``x`` comes back with ``filler`` put round it.
    """
    mode = layer.border_mode
    if mode == "valid":
        return x, {}
    if mode == "causal":
        return x, {"pads": [windows[0] - 1, 0]}
    if mode == "full":
        return x, {"pads": [w - 1 for w in windows] * 2}
    if layer.pads_as_theano:
        before, after = zip(*layer.theano_padding())
        return x, {"pads": [*before, *after]}
    if None in lengths:
        return _padded(g, x, windows, steps, filler), {}
    total = [max((-(-n // s) - 1) * s + w - n, 0) for n, w, s in zip(lengths, windows, steps)]
    return x, {"pads": [t // 2 for t in total] + [t - t // 2 for t in total]}


def _padded(g, x: str, windows: Sequence[int], steps: Sequence[int], filler: float) -> str:
    """``x`` with the 'same' padding of TensorFlow: as many places as the last window lacks, the smaller half before.

    ONNX's own 'same' padding fails where steps are larger than windows, and with holes in the windows.
    """
    n = g.op("Slice", g.op("Shape", x), g.integers(2), g.integers(2 + len(windows)))
    step, window = np.array(steps, "int64"), np.array(windows, "int64")
    # where the last window begins: (ceil(n / step) - 1) step
    last = g.op("Mul", g.op("Div", g.op("Sub", n, np.array(1, "int64")), step), step)
    total = g.op("Max", g.op("Sub", g.op("Add", last, window), n), np.array(0, "int64"))
    before = g.op("Div", total, np.array(2, "int64"))
    none = g.integers(0, 0)
    pads = g.op("Concat", none, before, none, g.op("Sub", total, before), axis=0)
    return g.op("Pad", x, pads, g.number(filler))
