"""Ops that select by integers: gather, index arrays, NumPy's keys, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...masks import as_key, without_masks
from ...selections import analysed, selected_shape, spread_key
from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from ..scatter import fill_rows
from .broadcasting import broadcast
from .common import BOOL, INT32, as_tensor, cast
from .shapes import expand_dims
from .slicing import DYNAMIC_SLICE, SLICE, WHOLE, sliced


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
        lengths = [sliced(n, part) for n, part in zip(x.shape, (p if isinstance(p, tuple) else WHOLE for p in parts.slices))]
        shape: tuple = ()
        for index in indices:
            shape = broadcast(shape, index.shape, "index arrays")
        return selected_shape(parts.layout, shape, lengths), x.dtype

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


GATHER, SCATTER_ADD, TAKE_MANY, TAKE_MANY_GRADIENT = Gather(), ScatterAdd(), TakeMany(), TakeManyGradient()


def as_indices(indices: Any) -> Tensor:
    """``indices`` as whole numbers."""
    indices = as_tensor(indices, INT32)
    return indices if indices.dtype.kind in "iu" else cast(indices, INT32)


def gather(x: Any, indices: Tensor) -> Tensor:
    """Rows of ``x``."""
    return make(GATHER, (as_tensor(x), indices))


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
            f"On the numpy backend a boolean index must be an array. The values of {part!r}, and so the shape of the result, "
            "are only known in a run. To leave elements out of a sum, multiply by K.cast(mask, K.dtype(x)) instead."
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
