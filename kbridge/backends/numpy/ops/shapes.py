"""Ops that rearrange: reshape, permute, new and dropped axes, repetition, ranges and sizes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from .broadcasting import BROADCAST_TO
from .common import INT32, as_tensor, cast, normalize_axis
from .joining import concatenate


class Shape(Op):
    """The shape of the input as an int32 vector, known while planning."""

    name = "shape"
    shape_only = (0,)

    def infer(self, attrs, x):
        return (len(x.shape),), INT32

    def lowered(self, value):
        return value.planner.constant(np.array(value.inputs[0].shape, dtype=INT32))


class Reshape(Op):
    """To a shape given as ints (``attrs``, one may be -1) or as an int vector (second input)."""

    name = "reshape"
    view = True
    may_copy = True
    static = (1,)

    def infer(self, attrs, x, size=None):
        if attrs is None:
            value = size.constant_value()
            if value is None:
                return (None,) * size.shape[0], x.dtype
            attrs = tuple(int(n) for n in value)
        return _fill_in(x.shape, attrs), x.dtype

    def gradient(self, node, g):
        return [reshape_like(g, node.inputs[0]), None]

    def emit(self, ctx, attrs, out, x, size=None):
        raise AssertionError("reshape is a view")

    def view_of(self, attrs, shape, x):
        return x.reshape(shape)


def _fill_in(shape: tuple, wanted: tuple) -> tuple:
    """``wanted`` with its -1 replaced where the number of elements is known. ValueError if it can't fit."""
    if wanted.count(-1) > 1:
        raise ValueError(f"reshape: only one -1 is allowed, got {wanted}.")
    if None in shape:
        known = [n for n in shape if n is not None]
        # (None, a, b) to (-1, a * b): all but the unknown lengths agree
        if wanted.count(-1) == 1 or None in wanted:
            return tuple(None if n in (-1, None) else n for n in wanted)
        total = prod(wanted)
        rest = prod(known)
        if rest and total % rest:
            raise ValueError(f"reshape: shape {shape} can't become {wanted}.")
        return wanted
    total = prod(shape)
    rest = prod(n for n in wanted if n != -1)
    if -1 in wanted:
        if rest == 0:
            if total:
                raise ValueError(f"reshape: shape {shape} can't become {wanted}.")
            return tuple(0 if n == -1 else n for n in wanted)
        if total % rest:
            raise ValueError(f"reshape: {total} elements of shape {shape} can't become {wanted}.")
        return tuple(total // rest if n == -1 else n for n in wanted)
    if total != rest:
        raise ValueError(f"reshape: {total} elements of shape {shape} can't become {wanted} ({rest} elements).")
    return wanted


class ReshapeLike(Op):
    """To the shape of the second input."""

    name = "reshape_like"
    view = True
    shape_only = (1,)

    def infer(self, attrs, x, like):
        return like.shape, x.dtype

    def gradient(self, node, g):
        return [reshape_like(g, node.inputs[0]), None]

    def lowered(self, value):
        x, like = value.inputs
        return value.planner.value(RESHAPE, (x,), like.shape)


class Permute(Op):
    """Reorder the axes (``attrs``)."""

    name = "permute"
    view = True
    permutes = True

    def infer(self, attrs, x):
        return tuple(x.shape[a] for a in attrs), x.dtype

    def gradient(self, node, g):
        return [permute(g, tuple(int(a) for a in np.argsort(node.attrs)))]

    def view_of(self, attrs, shape, x):
        return x.transpose(attrs)


class ExpandDims(Op):
    """A new axis of length 1 at ``attrs``."""

    name = "expand_dims"
    view = True

    def infer(self, attrs, x):
        return (*x.shape[:attrs], 1, *x.shape[attrs:]), x.dtype

    def gradient(self, node, g):
        return [squeeze(g, node.attrs)]

    def view_of(self, attrs, shape, x):
        return np.expand_dims(x, attrs)


class Squeeze(Op):
    """Without the axis ``attrs``, which has length 1."""

    name = "squeeze"
    view = True

    def infer(self, attrs, x):
        if x.shape[attrs] not in (1, None):
            raise ValueError(f"squeeze: axis {attrs} of shape {x.shape} doesn't have length 1.")
        return x.shape[:attrs] + x.shape[attrs + 1 :], x.dtype

    def gradient(self, node, g):
        return [expand_dims(g, node.attrs)]

    def view_of(self, attrs, shape, x):
        return np.squeeze(x, attrs)


class Arange(Op):
    """numpy.arange of three scalar inputs; ``attrs`` is the dtype's name."""

    name = "arange"
    static = (0, 1, 2)

    def infer(self, attrs, start, stop, step):
        values = [t.constant_value() for t in (start, stop, step)]
        length = None if any(v is None for v in values) else len(np.arange(*(v.item() for v in values)))
        return (length,), np.dtype(attrs)

    def lowered(self, value):
        numbers = [v.constant_value().item() for v in value.inputs]
        return value.planner.constant(np.arange(*numbers).astype(value.attrs))


SHAPE, RESHAPE, RESHAPE_LIKE, PERMUTE = Shape(), Reshape(), ReshapeLike(), Permute()
EXPAND, SQUEEZE, ARANGE = ExpandDims(), Squeeze(), Arange()


def shape_of(x: Any) -> Tensor:
    """The shape as an int32 vector."""
    return make(SHAPE, (as_tensor(x),))


def sizes(entries: Any) -> tuple[tuple[int, ...] | None, Tensor | None]:
    """Lengths as a tuple of ints, or, where some are tensors (or all are one vector), as a tensor."""
    if isinstance(entries, Tensor):
        return None, entries
    if isinstance(entries, (int, np.integer)):
        entries = (entries,)
    if any(isinstance(n, Tensor) for n in entries):
        parts = [reshape(as_tensor(n, INT32), (1,)) for n in entries]
        return None, concatenate([cast(p, INT32) for p in parts], 0)
    return tuple(int(n) for n in entries), None


def reshape(x: Any, shape: Any) -> Tensor:
    """Row-major reshape; see the contract for the forms of ``shape``."""
    x = as_tensor(x)
    if isinstance(shape, (tuple, list)) and any(isinstance(n, Tensor) for n in shape):
        return _reshape_partly_known(x, tuple(shape))
    fixed, vector = sizes(shape)
    return make(RESHAPE, (x,), fixed) if vector is None else make(RESHAPE, (x, vector))


def _reshape_partly_known(x: Tensor, shape: tuple) -> Tensor:
    """Keep what is known of the result's shape when some entries are tensors."""
    vector = sizes(shape)[1]
    assert vector is not None
    node = make(RESHAPE, (x, vector))
    node.shape = tuple(None if isinstance(n, Tensor) or n == -1 else int(n) for n in shape)
    return node


def reshape_like(x: Tensor, like: Tensor) -> Tensor:
    """``x`` in the shape of ``like``."""
    return x if x.shape == like.shape and None not in x.shape else make(RESHAPE_LIKE, (x, like))


def permute(x: Any, pattern: Any) -> Tensor:
    """The axes in the order of ``pattern``."""
    x = as_tensor(x)
    order = tuple(normalize_axis(int(a), x.ndim) for a in pattern)
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"permute_dimensions: the pattern {tuple(pattern)} must name each axis of shape {x.shape} once.")
    return make(PERMUTE, (x,), order)


def transpose(x: Any) -> Tensor:
    """The axes in reverse order."""
    x = as_tensor(x)
    return permute(x, range(x.ndim)[::-1])


def expand_dims(x: Any, axis: int) -> Tensor:
    """A new axis of length 1."""
    x = as_tensor(x)
    return make(EXPAND, (x,), normalize_axis(axis, x.ndim + 1))


def squeeze(x: Any, axis: int) -> Tensor:
    """Without an axis of length 1."""
    x = as_tensor(x)
    return make(SQUEEZE, (x,), normalize_axis(axis, x.ndim))


def broadcast_to(x: Any, shape: Any) -> Tensor:
    """``x`` repeated along axes of length 1; None in ``shape`` keeps the length."""
    x = as_tensor(x)
    if not isinstance(shape, Tensor) and None in shape:
        return make(BROADCAST_TO, (x,), tuple(shape))
    fixed, vector = sizes(shape)
    return make(BROADCAST_TO, (x,), fixed) if vector is None else make(BROADCAST_TO, (x, vector))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Tensor:
    """numpy.arange; the arguments may be scalar tensors."""
    if stop is None:
        start, stop = 0, start
    return make(ARANGE, [as_tensor(v) for v in (start, stop, step)], np.dtype(dtype).name)


def tile(x: Any, n: Any) -> Tensor:
    """Repeat the whole tensor ``n[i]`` times along axis i."""
    x = as_tensor(x)
    counts = n
    if isinstance(n, Tensor) and n.ndim:
        if n.shape[0] is None:
            raise ValueError("tile: a vector of repetitions must have a known length, with a number for each axis.")
        counts = [n[i] for i in range(n.shape[0])]
    counts = list(counts) if isinstance(counts, (tuple, list)) else [counts]
    if len(counts) < x.ndim:
        counts = [1] * (x.ndim - len(counts)) + counts
    for _ in range(len(counts) - x.ndim):
        x = expand_dims(x, 0)
    for axis, count in enumerate(counts):
        if not (isinstance(count, (int, np.integer)) and count == 1):
            x = _repeat(x, count, axis, whole=True)
    return x


def repeat_elements(x: Any, rep: Any, axis: int) -> Tensor:
    """Repeat each slice ``rep`` times along ``axis``."""
    x = as_tensor(x)
    return _repeat(x, rep, normalize_axis(axis, x.ndim), whole=False)


def _repeat(x: Tensor, count: Any, axis: int, whole: bool) -> Tensor:
    """Through a new axis that is broadcast: before ``axis`` to repeat the whole, after it for elements."""
    lengths = [n if n is not None else shape_of(x)[i] for i, n in enumerate(x.shape)]
    at = axis if whole else axis + 1
    wide = broadcast_to(expand_dims(x, at), [*lengths[:at], count, *lengths[at:]])
    result = reshape(wide, [*lengths[:axis], lengths[axis] * count, *lengths[axis + 1 :]])
    if isinstance(count, (int, np.integer)):
        result.shape = tuple(n if i != axis else (None if n is None else n * int(count)) for i, n in enumerate(x.shape))
    return result


def stack(tensors: Any) -> Tensor:
    """Tensors of one shape along a new first axis."""
    return concatenate([expand_dims(t, 0) for t in tensors], 0)


IMPLEMENTATIONS["transpose"] = transpose
IMPLEMENTATIONS["stack"] = stack
