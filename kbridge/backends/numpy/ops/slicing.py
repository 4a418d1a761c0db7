"""Ops that cut out and put in: basic indexing with numbers known now or while planning, padding, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .common import as_tensor, normalize_axis

#: the part of an index that takes a whole axis
WHOLE = (None, None, None)


def sliced(length: int | None, part: tuple) -> int | None:
    """The length of ``range(length)[slice(*part)]``; unknown stays unknown unless all is taken."""
    return None if length is None else len(range(*slice(*part).indices(length)))


def as_index(attrs: tuple) -> tuple:
    return tuple(slice(*part) if isinstance(part, tuple) else part for part in attrs)


class Slice(Op):
    """Basic indexing: ``attrs`` has an int or a (start, stop, step) for each axis."""

    name = "slice"
    view = True

    def infer(self, attrs, x):
        shape: list[int | None] = []
        for axis, (part, length) in enumerate(zip(attrs, x.shape)):
            if isinstance(part, tuple):
                shape.append(sliced(length, part))
            elif length is not None and not -length <= part < length:
                raise IndexError(f"Index {part} is out of range for axis {axis} of shape {x.shape}.")
        return tuple(shape), x.dtype

    def gradient(self, node, g):
        return [make(SLICE_GRADIENT, (node.inputs[0], g), (node.attrs,))]

    def view_of(self, attrs, shape, x):
        # the Ellipsis keeps a single element a view
        return x[(*as_index(attrs), ...)]


class SliceGradient(Op):
    """Zeros in the shape of the first input, with the others where ``attrs``, an index for each, point; they don't overlap.

    The gradients of a tensor's slices (the gates of an LSTM, say) are added up as one of these, or, where they cover all of
    the tensor, joined: one copy of each instead of as many tensors full of zeros and their sums.
    """

    name = "slice_gradient"
    shape_only = (0,)

    def infer(self, attrs, like, *parts):
        return like.shape, parts[0].dtype

    def gradient(self, node, g):
        return [None, *(make(SLICE, (g,), index) for index in node.attrs)]

    def emit(self, ctx, attrs, out, like, *parts):
        ctx.call(out.fill, 0)
        for index, part in zip(attrs, parts):
            ctx.call(np.copyto, out[(*as_index(index), ...)], part)


class Pad(Op):
    """Zeros round the input: ``attrs`` has (before, after) for each axis."""

    name = "pad"

    def infer(self, attrs, x):
        return tuple(None if n is None else n + sum(widths) for n, widths in zip(x.shape, attrs)), x.dtype

    def gradient(self, node, g):
        return [make(SLICE, (g,), tuple((before, -after or None, None) for before, after in node.attrs))]

    def emit(self, ctx, attrs, out, x):
        ctx.call(out.fill, 0)
        ctx.call(np.copyto, out[tuple(slice(b, b + n) for (b, _), n in zip(attrs, x.shape))], x)


class DynamicSlice(Op):
    """Basic indexing whose bounds are scalar tensors, known while planning. ``attrs`` as ``Slice``,
    with ('input', i) for the value of input i."""

    name = "dynamic_slice"

    @property
    def static(self):  # type: ignore[override]  # all inputs from one on, however many
        return range(1, 1_000_000)

    def infer(self, attrs, x, *bounds):
        fixed = self._resolve(attrs, bounds)
        if fixed is not None:
            return SLICE.infer(fixed, x)
        shape = [None if part != (None, None, None) else n for part, n in zip(attrs, x.shape) if self._is_range(part)]
        return tuple(shape), x.dtype

    @staticmethod
    def _is_range(part):
        return isinstance(part, tuple) and part[0] != "input"

    def _resolve(self, attrs, bounds):
        values = [b.constant_value() for b in bounds]
        if any(v is None for v in values):
            return None

        def number(entry):
            return int(values[entry[1]]) if isinstance(entry, tuple) else entry

        return tuple(tuple(number(e) for e in part) if self._is_range(part) else number(part) for part in attrs)

    def gradient(self, node, g):
        return [make(DYNAMIC_SLICE_GRADIENT, (g, *node.inputs), node.attrs)] + [None] * (len(node.inputs) - 1)

    def lowered(self, value):
        x, *bounds = value.inputs
        return value.planner.value(SLICE, (x,), self._resolve(value.attrs, bounds))


class DynamicSliceGradient(DynamicSlice):
    """The gradient of ``DynamicSlice``: inputs are g, x and the bounds."""

    name = "dynamic_slice_gradient"
    shape_only = (1,)

    @property
    def static(self):  # type: ignore[override]  # all inputs from one on, however many
        return range(2, 1_000_000)

    def infer(self, attrs, g, like, *bounds):
        return like.shape, g.dtype

    def gradient(self, node, g):
        return [make(DYNAMIC_SLICE, (g, *node.inputs[2:]), node.attrs)] + [None] * (len(node.inputs) - 1)

    def lowered(self, value):
        g, like, *bounds = value.inputs
        return value.planner.value(SLICE_GRADIENT, (like, g), (self._resolve(value.attrs, bounds),))


SLICE, SLICE_GRADIENT, PAD = Slice(), SliceGradient(), Pad()
DYNAMIC_SLICE, DYNAMIC_SLICE_GRADIENT = DynamicSlice(), DynamicSliceGradient()


def pad(x: Any, padding: Any) -> Tensor:
    """Zeros round ``x``, (before, after) for each axis."""
    x = as_tensor(x)
    if len(padding) != x.ndim:
        raise ValueError(f"pad: padding has {len(padding)} pairs, but the tensor has shape {x.shape}.")
    return make(PAD, (x,), tuple((int(before), int(after)) for before, after in padding))


def reverse(x: Any, axes: Any) -> Tensor:
    """The order reversed along ``axes``."""
    x = as_tensor(x)
    chosen = {normalize_axis(int(a), x.ndim) for a in ([axes] if isinstance(axes, (int, np.integer)) else axes)}
    return make(SLICE, (x,), tuple((None, None, -1 if a in chosen else None) for a in range(x.ndim)))
