"""Concatenation, and the parts of what was joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .common import as_tensors, normalize_axis
from .filling import zeros_like
from .slicing import SLICE


class Concatenate(Op):
    """Join along the axis ``attrs``."""

    name = "concatenate"

    def infer(self, attrs, *inputs):
        first = inputs[0].shape
        total: int | None = 0
        shape = list(first)
        for x in inputs:
            if len(x.shape) != len(first):
                raise ValueError(f"concatenate: shapes {[i.shape for i in inputs]} have different numbers of axes.")
            for a, n in enumerate(x.shape):
                if a == attrs:
                    total = None if total is None or n is None else total + n
                elif shape[a] is None:
                    shape[a] = n
                elif n not in (None, shape[a]):
                    raise ValueError(f"concatenate along axis {attrs}: shapes {[i.shape for i in inputs]} differ on axis {a}.")
        shape[attrs] = total
        return tuple(shape), first and inputs[0].dtype

    def gradient(self, node, g):
        return [make(PART, (g, *node.inputs), (node.attrs, i)) for i in range(len(node.inputs))]

    def emit(self, ctx, attrs, out, *inputs):
        start = 0
        index: list[Any] = [slice(None)] * out.ndim
        for x in inputs:
            stop = start + x.shape[attrs]
            index[attrs] = slice(start, stop)
            ctx.call(np.copyto, out[tuple(index)], x)
            start = stop


class ConcatenatePart(Op):
    """The piece of the first input that lies where input ``i`` (``attrs``: axis, i) was joined."""

    name = "concatenate_part"
    view = True

    @property
    def shape_only(self):  # type: ignore[override]  # a range has no end that matters here
        return range(1, 1_000_000)

    def infer(self, attrs, g, *parts):
        return parts[attrs[1]].shape, g.dtype

    def gradient(self, node, g):
        axis, i = node.attrs
        pieces = [g if j == i else zeros_like(p, g.dtype) for j, p in enumerate(node.inputs[1:])]
        return [concatenate(pieces, axis)] + [None] * (len(node.inputs) - 1)

    def lowered(self, value):
        axis, i = value.attrs
        lengths = [p.shape[axis] for p in value.inputs[1:]]
        start = sum(lengths[:i])
        index = tuple((None, None, None) if a != axis else (start, start + lengths[i], None) for a in range(len(value.shape)))
        return value.planner.value(SLICE, (value.inputs[0],), index)


CONCATENATE, PART = Concatenate(), ConcatenatePart()


def concatenate(tensors: Any, axis: int = -1) -> Tensor:
    """Join tensors along an axis."""
    tensors = as_tensors(*tensors)
    return make(CONCATENATE, tensors, normalize_axis(axis, tensors[0].ndim))
