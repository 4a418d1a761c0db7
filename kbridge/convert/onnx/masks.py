"""Masks in ONNX: how each comes to be, and sequences whose masked steps stand behind the others.

A mask is computed where a layer needs it: the one that an Embedding or a Masking layer makes, what Merge makes of several, and all that
layers hand on as it is or reversed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.merge import ELEMENTWISE
from ...engine.topology import Merge
from ...layers.embeddings import EMBEDDINGS
from ..problems import refusal

#: gives the name of a tensor of bools, which is made when it is first asked for
Mask = Callable[[], str]


def once(make: Callable[[], str]) -> Mask:
    """``make`` that is called once, whoever asks."""
    found: list[str] = []

    def mask() -> str:
        if not found:
            found.append(make())
        return found[0]

    return mask


def handed_on(c: Any, layer: Any, call: Any, made: list) -> list[Mask | None]:
    """The masks of a layer's outputs; ``made`` are those of its outputs here, as tensors or None."""
    return [None if mask is None else _one(c, layer, call, mask) for mask in made]


def _one(c: Any, layer: Any, call: Any, made: Any) -> Mask:
    g, name = c.graph, type(layer).__name__
    if name in EMBEDDINGS:
        return once(lambda: g.op("Not", g.op("Equal", g.op("Cast", call.x, to=7), g.integers(0))))
    if name == "Masking":
        return once(lambda: _any(g, g.op("Not", g.op("Equal", call.x, g.number(float(layer.mask_value))))))
    for mask, own in zip(call.masks, call.lazy):
        if mask is made and own is not None:
            return own
    known = [own for own in call.lazy if own is not None]
    if isinstance(layer, Merge) and layer._output_mask is None and known:
        if layer.mode in ELEMENTWISE:
            return once(lambda: _all(g, [own() for own in known]))
        if layer.mode == "concat":
            return once(lambda: _joined(c, layer, call))
    if getattr(layer, "go_backwards", False) and len(known) == 1:
        return once(lambda: g.reverse(known[0](), 1))

    def unknown() -> str:
        raise refusal(layer, "onnx-mask", "the mask that it computes from its input masks")

    return unknown


def _any(g: Any, x: str) -> str:
    """Whether any of the last axis is true."""
    return g.op("Cast", g.op("ReduceMax", g.op("Cast", x, to=1), axes=[-1], keepdims=0), to=9)


def _all(g: Any, masks: list[str]) -> str:
    found = masks[0]
    for mask in masks[1:]:
        found = g.op("And", found, mask)
    return found


def _joined(c: Any, layer: Any, call: Any) -> str:
    """The mask of tensors side by side: a step stays that stays for all features."""
    g, parts = c.graph, []
    for n, shape in enumerate(call.shapes):
        own = call.lazy[n]
        if own is None:
            parts.append(g.op("Equal", call.inputs[n], call.inputs[n]))
        else:
            mask = own()
            if call.masks[n] is not None and len(shape) > _ndim(call.masks[n]):
                ones = g.op("Equal", call.inputs[n], call.inputs[n])
                mask = g.op("And", ones, g.unsqueeze(mask, -1))
            parts.append(mask)
    joined = g.op("Cast", g.op("Concat", *parts, axis=layer.concat_axis), to=1)
    return g.op("Cast", g.op("ReduceMin", joined, axes=[-1], keepdims=0), to=9)


def _ndim(mask: Any) -> int:
    from ... import backend as K

    return K.ndim(mask)


# ---------------------------------------------------------------------- sequences


class Compacted:
    """A masked sequence with the steps that stay before the others, in order: what ONNX's recurrent operators take, with their number.

    ``x``: (time, samples, features), the steps in the order in which they are taken. ``mask``: (samples, time), in that order.
    """

    def __init__(self, c: Any, x: str, mask: str):
        self.c, self.mask = c, mask
        g = c.graph
        kept = g.op("Cast", mask, to=7)
        time = g.op("Slice", g.op("Shape", mask), g.integers(1), g.integers(2))
        # where a step goes: those that stay by their place, the others behind them
        places = g.op("CumSum", g.op("Add", g.op("Mul", kept, g.integers(0)), g.integers(1)), g.constant(np.array(1, "int64")))
        keys = g.op("Add", places, g.op("Mul", g.op("Sub", g.integers(1), kept), time))
        _, order = g.op("TopK", keys, time, outputs=2, axis=1, largest=0, sorted=1)
        self.lengths = g.op("Cast", g.op("ReduceSum", kept, g.integers(1), keepdims=0), to=6)
        self.counted = g.op("CumSum", kept, g.constant(np.array(1, "int64")))
        self.x = self._taken(x, order)

    def _taken(self, x: str, index: str) -> str:
        """Steps of (time, samples, features) by their numbers (samples, time)."""
        g = self.c.graph
        found = g.op("GatherND", g.transpose(x, 1, 0, 2), g.unsqueeze(index, -1), batch_dims=1)
        return g.transpose(found, 1, 0, 2)

    def _of_time(self, mask: str) -> str:
        """(samples, time) against (time, samples, features)."""
        g = self.c.graph
        return g.unsqueeze(g.transpose(mask, 1, 0), -1)

    def sequence(self, y: str, start: str | None) -> str:
        """The outputs of all steps: a masked one repeats the one before, the first ones ``start`` (None: zeros)."""
        g = self.c.graph
        index = g.op("Max", g.op("Sub", self.counted, g.integers(1)), g.integers(0))
        taken = self._taken(y, index)
        begun = self._of_time(g.op("Greater", self.counted, g.integers(0)))
        return g.op("Where", begun, taken, g.number(0.0) if start is None else g.unsqueeze(start, 0))

    def state(self, last: str, start: str | None) -> str:
        """A state behind the last step, which for a sequence without steps is ``start``."""
        g = self.c.graph
        empty = g.unsqueeze(g.op("Equal", self.lengths, g.constant(np.array(0, "int32"))), -1)
        return g.op("Where", empty, g.number(0.0) if start is None else start, last)

    def zeroed(self, y: str) -> str:
        """All outputs, 0 at masked steps."""
        g = self.c.graph
        return g.op("Mul", y, g.op("Cast", self._of_time(self.mask), to=1))

    def last_zeroed(self, y: str) -> str:
        """The output of the last step, 0 where that is masked."""
        g = self.c.graph
        last = g.op("Slice", self.mask, g.integers(-1), g.integers(2**62), g.integers(1))
        return g.op("Mul", y, g.op("Cast", last, to=1))


def compacted(c: Any, layer: Any, call: Any, x: str) -> Compacted | None:
    """The compacted sequence of a recurrent layer's call, whose steps ``x`` are in the order in which it takes them; None without a mask."""
    mask = call.mask()
    if mask is None:
        return None
    if layer.time_major:
        mask = c.graph.transpose(mask, 1, 0)
    return Compacted(c, x, c.graph.reverse(mask, 1) if layer.go_backwards else mask)


__all__ = ["Compacted", "Mask", "compacted", "handed_on", "once"]
