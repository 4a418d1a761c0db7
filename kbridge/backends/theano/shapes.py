"""Primitives that rearrange, join, pad and repeat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import theano.tensor as T
from theano.graph.basic import Variable

from .static import int_shape, known, set_shape
from .tensors import as_tensor, as_tensors, constant


def size(x, axis: int) -> Any:
    """The length of an axis: an int if it is known, else a scalar tensor."""
    n = int_shape(x)[axis]
    return x.shape[axis] if n is None else n


def shape_of(x):
    """The shape at run time, int32."""
    x = as_tensor(x)
    return T.cast(x.shape, "int32")


def axis_of(axis: int, ndim: int) -> int:
    """``axis`` counted from the front. ValueError outside the tensor."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"Axis {axis} is out of range for a tensor with {ndim} axes.")
    return int(axis) % ndim


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """A sorted tuple of axes; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, (int, np.integer)):
        axis = (axis,)
    return tuple(sorted({axis_of(a, ndim) for a in axis}))


def reshape(x, shape):
    """``shape``: ints, scalar tensors, one -1; or an integer vector tensor of known length."""
    x = as_tensor(x)
    if isinstance(shape, Variable) and shape.ndim == 1:
        (ndim,) = int_shape(shape)
        if ndim is None:
            raise ValueError("reshape: the number of axes must be known, but the length of the shape tensor is unknown.")
        values = known(shape).value or [None] * ndim
        shape = [shape[i] if n is None else n for i, n in enumerate(values)]
    shape = list(shape)
    if not shape:
        return T.reshape(x, np.array([], "int64"), ndim=0)
    if sum(_is_number(n) and n < 0 for n in shape) == 1:
        shape = _without_minus_one(x, shape)
    _check_reshape(x, shape)
    if all(_is_number(n) for n in shape):
        return T.reshape(x, [int(n) for n in shape], ndim=len(shape))
    return T.reshape(x, T.stack([T.cast(as_tensor(n), "int64") for n in shape]), ndim=len(shape))


def _is_number(n: Any) -> bool:
    return isinstance(n, (int, np.integer))


def _without_minus_one(x, shape: list) -> list:
    """The length that -1 stands for, where it follows from what is known: an axis that is known to have
    length 1 then broadcasts."""
    rest = [n for n in shape if not (_is_number(n) and n < 0)]
    at = next(i for i, n in enumerate(shape) if _is_number(n) and n < 0)
    whole = int_shape(x)
    if None in whole or not all(_is_number(n) for n in rest):
        return shape
    others, total = math.prod(rest), math.prod(n for n in whole if n is not None)
    if others == 0 or total % others:
        if total % max(others, 1) or others == 0 and total:
            raise ValueError(f"Can't reshape {whole} to {tuple(shape)}.")
        return shape
    return [*shape[:at], total // others, *shape[at + 1 :]]


def _check_reshape(x, shape: list) -> None:
    whole = int_shape(x)
    if None in whole or not all(_is_number(n) and n >= 0 for n in shape):
        return
    if math.prod(n for n in whole if n is not None) != math.prod(shape):
        raise ValueError(f"Can't reshape {whole} to {tuple(shape)}.")


def permute(x, pattern: Sequence[int]):
    x = as_tensor(x)
    pattern = [axis_of(a, x.ndim) for a in pattern]
    if sorted(pattern) != list(range(x.ndim)):
        raise ValueError(
            f"permute_dimensions: the pattern {tuple(pattern)} must name each of the {x.ndim} axes of shape {int_shape(x)} once."
        )
    return x.dimshuffle(pattern)


def expand_dims(x, dim: int = -1):
    x = as_tensor(x)
    at = axis_of(dim, x.ndim + 1)
    return x.dimshuffle([*range(at), "x", *range(at, x.ndim)])


def squeeze(x, axis: int):
    x = as_tensor(x)
    axis = axis_of(axis, x.ndim)
    n = int_shape(x)[axis]
    if n not in (1, None):
        raise ValueError(f"squeeze: axis {axis} of shape {int_shape(x)} has length {n}, not 1.")
    if not x.type.broadcastable[axis]:
        x = set_shape(T.addbroadcast(x, axis), [1 if i == axis else n for i, n in enumerate(int_shape(x))])
    return x.dimshuffle([i for i in range(x.ndim) if i != axis])


def concatenate(tensors: Sequence, axis: int = -1):
    tensors = as_tensors(*tensors)
    ndim = tensors[0].ndim
    axis = axis_of(axis, ndim)
    shapes = [int_shape(t) for t in tensors]
    for shape in shapes[1:]:
        if len(shape) != ndim or any(None not in (m, n) and m != n for a, (m, n) in enumerate(zip(shapes[0], shape)) if a != axis):
            raise ValueError(f"concatenate along axis {axis}: the shapes {shapes} don't fit.")
    return tensors[0] if len(tensors) == 1 else T.concatenate(tensors, axis=axis)


def pad(x, padding: Sequence[tuple[int, int]]):
    """Zeros round ``x``."""
    x = as_tensor(x)
    if len(padding) != x.ndim:
        raise ValueError(f"pad: padding has {len(padding)} pairs, but the tensor has {x.ndim} axes.")
    return pad_with(x, padding, 0)


def pad_with(x, padding: Sequence[tuple[Any, Any]], value: float):
    """``value`` round ``x``; widths may be scalar tensors."""
    if all(_is_number(n) and n == 0 for pair in padding for n in pair):
        return x
    total = [n if _is_zero(b) and _is_zero(a) else n + b + a for n, (b, a) in zip((size(x, i) for i in range(x.ndim)), padding)]
    inner = tuple(
        slice(None) if _is_zero(before) and _is_zero(after) else slice(before, before + size(x, i))
        for i, (before, after) in enumerate(padding)
    )
    whole = T.alloc(constant(value, x.dtype), *total)
    return T.set_subtensor(whole[inner], x)


def _is_zero(n: Any) -> bool:
    return _is_number(n) and n == 0


def tile(x, n):
    """Repeat the whole along each axis."""
    x = as_tensor(x)
    times = [n] if _is_number(n) or isinstance(n, Variable) and n.ndim == 0 else [n[i] for i in range(_length(n))]
    while x.ndim < len(times):
        x = expand_dims(x, 0)
    times = [1] * (x.ndim - len(times)) + times
    for axis, count in enumerate(times):
        if not (_is_number(count) and count == 1):
            x = _repeat(x, count, axis, inner=False)
    return x


def _length(n: Any) -> int:
    length = int_shape(n)[0] if isinstance(n, Variable) else len(n)
    if length is None:
        raise ValueError("tile: a vector of repetitions must have a known length, with a number for each axis.")
    return length


def repeat_elements(x, rep: int, axis: int):
    """Repeat each slice along ``axis``."""
    x = as_tensor(x)
    return x if _is_number(rep) and rep == 1 else _repeat(x, rep, axis_of(axis, x.ndim), inner=True)


def _repeat(x, count, axis: int, inner: bool):
    """Through a new axis of length ``count``, after (``inner``) or before ``axis``."""
    sizes = [size(x, i) for i in range(x.ndim)]
    new = axis + 1 if inner else axis
    spread = T.alloc(expand_dims(x, new), *sizes[:new], count, *sizes[new:])
    return reshape(spread, [*sizes[:axis], sizes[axis] * count, *sizes[axis + 1 :]])


def reverse(x, axes):
    x = as_tensor(x)
    reversed_axes = axes_of(axes, x.ndim)
    return x[tuple(slice(None, None, -1) if i in reversed_axes else slice(None) for i in range(x.ndim))]


def as_indices(indices):
    """``indices`` as whole numbers."""
    indices = as_tensor(indices)
    return indices if indices.dtype.startswith(("int", "uint")) else T.cast(indices, "int32")


def gather(reference, indices):
    """``reference[indices]`` along the first axis, for whole numbers in range."""
    if indices.ndim == 0:
        return reference[indices]
    if indices.ndim == 1:
        return reference[indices]
    flat = reference[indices.flatten()]
    return reshape(flat, [*(size(indices, i) for i in range(indices.ndim)), *(size(reference, i) for i in range(1, reference.ndim))])


def arange(start, stop=None, step=1, dtype: str = "int32"):
    if stop is None:
        start, stop = 0, start
    if not any(isinstance(v, Variable) for v in (start, stop, step)):
        return constant(np.arange(start, stop, step).astype(dtype))
    return T.cast(T.arange(*(as_tensor(v) for v in (start, stop, step))), dtype)
