"""Ops that select: basic and integer indexing, gather, padding, and their gradients."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np

from ...masks import as_key, without_masks
from ...selections import analysed, selected_shape, spread_key
from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from ..scatter import fill_rows
from .common import BOOL, INT32, as_tensor, broadcast, normalize_axis
from .elementwise import FILL
from .shapes import CONCATENATE, EXPAND, expand_dims

#: the part of an index that takes a whole axis
WHOLE = (None, None, None)


def _sliced(length: int | None, part: tuple) -> int | None:
    """The length of ``range(length)[slice(*part)]``; unknown stays unknown unless all is taken."""
    return None if length is None else len(range(*slice(*part).indices(length)))


def _as_index(attrs: tuple) -> tuple:
    return tuple(slice(*part) if isinstance(part, tuple) else part for part in attrs)


class Slice(Op):
    """Basic indexing: ``attrs`` has an int or a (start, stop, step) for each axis."""

    name = "slice"
    view = True

    def infer(self, attrs, x):
        shape: list[int | None] = []
        for axis, (part, length) in enumerate(zip(attrs, x.shape)):
            if isinstance(part, tuple):
                shape.append(_sliced(length, part))
            elif length is not None and not -length <= part < length:
                raise IndexError(f"Index {part} is out of range for axis {axis} of shape {x.shape}.")
        return tuple(shape), x.dtype

    def gradient(self, node, g):
        return [make(SLICE_GRADIENT, (node.inputs[0], g), (node.attrs,))]

    def simplify(self, value):
        x = value.inputs[0]
        if all(part == WHOLE for part in value.attrs):
            return x
        if x.op is CONCATENATE:
            return self._of_joined(value, x)
        if x.op is EXPAND and value.attrs == (*[WHOLE] * x.attrs, 0, *[WHOLE] * (len(x.shape) - x.attrs - 1)):
            return x.inputs[0]
        if x.op is SLICE_GRADIENT:
            return self._of_gradient(value, x)
        return x.op.slice_of(value, x)

    @staticmethod
    def _of_joined(value, joined):
        """The same from the one input of a concatenation that it lies in: a loop's last output needs none of the others."""
        axis = joined.attrs
        part = value.attrs[axis]
        if isinstance(part, tuple) and part[2] not in (None, 1):
            return None
        first, last = _bounds(part, joined.shape[axis])
        stops = list(accumulate(x.shape[axis] for x in joined.inputs))
        i = bisect_right(stops, first)
        if first == last or last > stops[i]:
            return None
        x = joined.inputs[i]
        start = stops[i] - x.shape[axis]
        moved = (first - start, last - start, None) if isinstance(part, tuple) else first - start
        return value.planner.value(SLICE, (x,), (*value.attrs[:axis], moved, *value.attrs[axis + 1 :]))

    @staticmethod
    def _of_gradient(value, gradient):
        """A loop that hands out one of its turns gets a gradient for that one, and zeros for the others."""
        axis, place = _axis_of(value.attrs), None
        if axis is None or isinstance(value.attrs[axis], tuple):
            return None
        length = value.inputs[0].shape[axis]
        for index, g in zip(gradient.attrs, gradient.inputs[1:]):
            if _axis_of(index) != axis or isinstance(index[axis], tuple):
                return None
            if index[axis] % length == value.attrs[axis] % length:
                place = g
        return place or value.planner.value(FILL, (gradient.inputs[1],), (0, value.dtype.name))

    def view_of(self, attrs, shape, x):
        # the Ellipsis keeps a single element a view
        return x[(*_as_index(attrs), ...)]


#: parts that one SliceGradient puts together at most: comparing each with each takes time
MAX_PARTS = 16


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

    def sum_of(self, x, y):
        axis = _axis_of(x.attrs[0])
        ranges = [index[axis] for index in (*x.attrs, *y.attrs) if axis is not None and _axis_of(index) == axis]
        if len(ranges) < len(x.attrs) + len(y.attrs) or len(ranges) > MAX_PARTS:
            return None
        if not all(isinstance(r, tuple) and r[2] in (None, 1) for r in ranges):
            return None
        parts = sorted((*_bounds(r, x.shape[axis]), i) for i, r in enumerate(ranges))
        if any(after[0] < before[1] for before, after in zip(parts, parts[1:])):
            return None
        given = (*x.inputs[1:], *y.inputs[1:])
        values = [given[i] for _, _, i in parts]
        if sum(stop - start for start, stop, _ in parts) == x.shape[axis]:
            return x.planner.value(CONCATENATE, tuple(values), axis)
        rest = [WHOLE] * len(x.shape)
        indices = tuple((*rest[:axis], (start, stop, None), *rest[axis + 1 :]) for start, stop, _ in parts)
        return x.planner.value(self, (x.inputs[0], *values), indices)

    def emit(self, ctx, attrs, out, like, *parts):
        ctx.call(out.fill, 0)
        for index, part in zip(attrs, parts):
            ctx.call(np.copyto, out[(*_as_index(index), ...)], part)


def _axis_of(index: tuple) -> int | None:
    """The only axis that an index cuts; None if there is none or are several."""
    cut = [axis for axis, part in enumerate(index) if part != WHOLE]
    return cut[0] if len(cut) == 1 else None


def _bounds(part: Any, length: int) -> tuple[int, int]:
    """First and end of an int or a (start, stop, 1) on an axis of ``length``."""
    if isinstance(part, tuple):
        start, stop, _ = slice(*part).indices(length)
        return start, max(start, stop)
    return part % length, part % length + 1


class Pad(Op):
    """Zeros round the input: ``attrs`` has (before, after) for each axis."""

    name = "pad"

    def infer(self, attrs, x):
        return tuple(None if n is None else n + sum(widths) for n, widths in zip(x.shape, attrs)), x.dtype

    def gradient(self, node, g):
        return [make(SLICE, (g,), tuple((before, -after or None, None) for before, after in node.attrs))]

    def simplify(self, value):
        return value.inputs[0] if not any(map(any, value.attrs)) else None

    def emit(self, ctx, attrs, out, x):
        ctx.call(out.fill, 0)
        ctx.call(np.copyto, out[tuple(slice(b, b + n) for (b, _), n in zip(attrs, x.shape))], x)


class DynamicSlice(Op):
    """Basic indexing whose bounds are scalar tensors, known while planning. ``attrs`` as ``Slice``,
    with ('input', i) for the value of input i."""

    name = "dynamic_slice"

    @property
    def static(self):
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

    def simplify(self, value):
        x, *bounds = value.inputs
        return value.planner.value(SLICE, (x,), self._resolve(value.attrs, bounds))


class DynamicSliceGradient(DynamicSlice):
    """The gradient of ``DynamicSlice``: inputs are g, x and the bounds."""

    name = "dynamic_slice_gradient"
    shape_only = (1,)

    @property
    def static(self):
        return range(2, 1_000_000)

    def infer(self, attrs, g, like, *bounds):
        return like.shape, g.dtype

    def gradient(self, node, g):
        return [make(DYNAMIC_SLICE, (g, *node.inputs[2:]), node.attrs)] + [None] * (len(node.inputs) - 1)

    def simplify(self, value):
        g, like, *bounds = value.inputs
        return value.planner.value(SLICE_GRADIENT, (like, g), (self._resolve(value.attrs, bounds),))


class Gather(Op):
    """``x[indices]`` along the first axis; an index out of range is an IndexError when it runs."""

    name = "gather"

    def infer(self, attrs, x, indices):
        return indices.shape + x.shape[1:], x.dtype

    def gradient(self, node, g):
        return [make(SCATTER_ADD, (g, node.inputs[1], node.inputs[0])), None]

    def emit(self, ctx, attrs, out, x, indices):
        ctx.call(np.take, x, indices, 0, out)


class ScatterAdd(Op):
    """Zeros in the shape of the third input, with the first added up at the rows of the second."""

    name = "scatter_add"
    shape_only = (2,)

    def infer(self, attrs, g, indices, like):
        return like.shape, g.dtype

    def gradient(self, node, g):
        return [make(GATHER, (g, node.inputs[1])), None, None]

    def emit(self, ctx, attrs, out, g, indices, like):
        ctx.call(fill_rows, out, indices, g)


class TakeMany(Op):
    """Indexing by integer arrays along several axes: a key of NumPy's. ``attrs`` has its parts: ints, None and Ellipsis as they are,
    (start, stop, step) for a slice, ('input', i) for an index tensor."""

    name = "take_many"

    def infer(self, attrs, x, *indices):
        def rank_of(part: Any) -> int | None:
            if isinstance(part, tuple):
                return len(indices[part[1]].shape) if part[0] == "input" else None
            return 0 if isinstance(part, int) else None

        parts = analysed(spread_key(attrs, len(x.shape)), rank_of)
        sliced = [_sliced(n, part) for n, part in zip(x.shape, (p if isinstance(p, tuple) else WHOLE for p in parts.slices))]
        shape: tuple = ()
        for index in indices:
            shape = broadcast(shape, index.shape, "index arrays")
        return selected_shape(parts.layout, shape, sliced), x.dtype

    def gradient(self, node, g):
        return [make(TAKE_MANY_GRADIENT, (g, *node.inputs), node.attrs)] + [None] * (len(node.inputs) - 1)

    def emit(self, ctx, attrs, out, x, *indices):
        ctx.call(_take_many, attrs, out, x, *indices)


class TakeManyGradient(Op):
    """The gradient of ``TakeMany``: inputs are g, x (its shape) and the index tensors."""

    name = "take_many_gradient"
    shape_only = (1,)

    def infer(self, attrs, g, x, *indices):
        return x.shape, g.dtype

    def gradient(self, node, g):
        return [make(TAKE_MANY, (g, *node.inputs[2:]), node.attrs)] + [None] * (len(node.inputs) - 1)

    def emit(self, ctx, attrs, out, g, x, *indices):
        ctx.call(out.fill, 0)
        ctx.call(_add_many, attrs, out, g, *indices)


def _with_inputs(attrs: tuple, arrays: Any) -> tuple:
    return tuple(
        arrays[part[1]] if isinstance(part, tuple) and part[0] == "input" else slice(*part) if isinstance(part, tuple) else part
        for part in attrs
    )


def _take_many(attrs, out, x, *indices):
    np.copyto(out, x[_with_inputs(attrs, indices)])


def _add_many(attrs, out, g, *indices):
    np.add.at(out, _with_inputs(attrs, indices), g)


SLICE, SLICE_GRADIENT, PAD = Slice(), SliceGradient(), Pad()
DYNAMIC_SLICE, DYNAMIC_SLICE_GRADIENT = DynamicSlice(), DynamicSliceGradient()
GATHER, SCATTER_ADD, TAKE_MANY, TAKE_MANY_GRADIENT = Gather(), ScatterAdd(), TakeMany(), TakeManyGradient()


def as_indices(indices: Any) -> Tensor:
    """``indices`` as whole numbers."""
    from .elementwise import cast

    indices = as_tensor(indices, INT32)
    return indices if indices.dtype.kind in "iu" else cast(indices, INT32)


def gather(x: Any, indices: Tensor) -> Tensor:
    """Rows of ``x``."""
    return make(GATHER, (as_tensor(x), indices))


def pad(x: Any, padding: Any) -> Tensor:
    """Zeros round ``x``, (before, after) for each axis."""
    x = as_tensor(x)
    if len(padding) != x.ndim:
        raise ValueError(f"pad: {len(padding)} pairs for a tensor of shape {x.shape}.")
    return make(PAD, (x,), tuple((int(before), int(after)) for before, after in padding))


def reverse(x: Any, axes: Any) -> Tensor:
    """The order reversed along ``axes``."""
    x = as_tensor(x)
    chosen = {normalize_axis(int(a), x.ndim) for a in ([axes] if isinstance(axes, (int, np.integer)) else axes)}
    return make(SLICE, (x,), tuple((None, None, -1 if a in chosen else None) for a in range(x.ndim)))


def getitem(x: Tensor, key: Any) -> Tensor:
    """NumPy's indexing with ints, slices, None, Ellipsis, integer tensors or arrays, and boolean arrays."""
    key = as_key(key)
    parts = tuple(_known_mask(p) for p in (key if isinstance(key, tuple) else [key]))
    parts = tuple(_index(p) for p in without_masks(parts, x.shape))
    if any(isinstance(p, Tensor) for p in parts):
        return _take(x, parts)
    new_axes: list[int] = []
    rest: list[Any] = []
    inputs: list[Tensor] = []
    position = 0
    for part in spread_key(parts, x.ndim):
        if part is None:
            new_axes.append(position)
        elif isinstance(part, slice):
            rest.append(_bounds_of(part, inputs))
        elif part is not Ellipsis:
            rest.append(part)
        position += part is None or isinstance(part, slice)
    result = make(DYNAMIC_SLICE, (x, *inputs), tuple(rest)) if inputs else make(SLICE, (x,), tuple(rest))
    for axis in new_axes:
        result = expand_dims(result, axis)
    return result


def _index(part: Any) -> Any:
    """One part of a key: a slice, None, Ellipsis or an int as it is, anything else as a tensor of integers."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return int(part)
    if isinstance(part, Tensor) and part.dtype == BOOL:
        raise IndexError(
            f"On the numpy backend a boolean index is an array: the values of {part!r}, and with them the result's "
            "shape, are known only in a run. Multiply by K.cast(mask, K.dtype(x)) instead to leave elements out of a sum."
        )
    index = as_tensor(part, None if isinstance(part, (bool, np.bool_)) else INT32)
    if index.dtype.kind not in "iu":
        raise IndexError(f"A tensor can be indexed by integers, not by {index.dtype} ({part!r}).")
    return index


def _known_mask(part: Any) -> Any:
    """A list or a constant tensor of booleans as an array; anything else as it is."""
    if isinstance(part, list) and part and all(isinstance(p, (bool, np.bool_)) for p in part):
        return np.asarray(part)
    known = part.constant_value() if isinstance(part, Tensor) and part.dtype == BOOL else None
    return part if known is None else known


def _take(x: Tensor, parts: tuple) -> Tensor:
    """``x[parts]`` with integer tensors among the parts."""
    if isinstance(parts[0], Tensor) and parts[0].ndim and all(p is Ellipsis or p == slice(None) for p in parts[1:]):
        spread_key(parts, x.ndim)
        return gather(x, parts[0])
    inputs: list[Tensor] = []
    attrs = [_bounds_of(p, inputs) if isinstance(p, slice) else p for p in parts]
    if inputs:
        # slices whose bounds are tensors first: they leave the other parts' axes whole
        x = getitem(
            x, tuple(p if isinstance(p, slice) else slice(None) for p in spread_key(parts, x.ndim) if p is not None and p is not Ellipsis)
        )
        attrs = [WHOLE if isinstance(p, slice) else p for p in parts]
    inputs = [p for p in attrs if isinstance(p, Tensor)]
    numbers = iter(range(len(inputs)))
    return make(TAKE_MANY, (x, *inputs), tuple(("input", next(numbers)) if isinstance(p, Tensor) else p for p in attrs))


def _bounds_of(part: slice, inputs: list[Tensor]) -> tuple:
    return tuple(_bound(b, inputs) for b in (part.start, part.stop, part.step))


def _bound(bound: Any, inputs: list[Tensor]) -> Any:
    if bound is None or isinstance(bound, (int, np.integer)):
        return None if bound is None else int(bound)
    inputs.append(as_tensor(bound, INT32))
    return ("input", len(inputs) - 1)


IMPLEMENTATIONS["getitem"] = getitem
