"""Shapes, joining, repetition and parts of tensors as operations of Keras 3."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .... import backend as K
from ...recording import Recorded
from .recorder import E, Keras3Recorder, Length, emits


@emits("shape")
def _shape(r, shadow, x):
    return Length(x, None)


def _lengths(r: Keras3Recorder, shape: Any) -> list[int]:
    """A shape as numbers, -1 for one that is only known at run time."""
    if isinstance(shape, Recorded):
        raise r.refuse("a shape that is only known at run time")
    found = [-1 if isinstance(n, Recorded) else int(n) for n in shape]
    if found.count(-1) > 1:
        raise r.refuse("a shape of which several lengths are only known at run time")
    return found


@emits("reshape")
def _reshape(r, shadow, x, shape):
    rest = x.shape[1:]
    if not isinstance(shape, Recorded) and None not in rest:
        numbers = [n for n in shape if not isinstance(n, Recorded)]
        lengths = [n for n in shape if isinstance(n, Recorded)]
        if len(lengths) == 1 and isinstance(lengths[0].place, Length) and lengths[0].place.axis == 0 and -1 in numbers:
            # the number of samples, and one length that follows
            others = math.prod(n for n in numbers if n != -1)
            shape = [n if isinstance(n, Recorded) or n != -1 else math.prod(rest) // others for n in shape]
    return r.op("Reshape", x, newshape=_lengths(r, shape))


@emits("permute_dimensions")
def _permute(r, shadow, x, pattern):
    return r.op("Transpose", x, axes=[int(a) for a in pattern])


@emits("expand_dims")
def _expand_dims(r, shadow, x, dim=-1):
    if isinstance(x.place, (Length, np.ndarray)):
        return x.place if isinstance(x.place, Length) else np.expand_dims(x.place, dim)
    return r.op("ExpandDims", x, axis=int(dim))


@emits("squeeze")
def _squeeze(r, shadow, x, axis):
    return r.op("Squeeze", x, axis=int(axis))


@emits("concatenate")
def _concatenate(r, shadow, tensors, axis=-1):
    if any(isinstance(t.place, Length) for t in tensors if isinstance(t, Recorded)):
        return Length(tensors, None)  # a shape that is put together: its known parts come along
    return r.op("Concatenate", [r.as_type(t, K.dtype(shadow)) for t in tensors], axis=int(axis))


@emits("pad")
def _pad(r, shadow, x, padding):
    return r.op("Pad", x, _kwargs={"constant_values": None}, pad_width=[[int(n) for n in pair] for pair in padding], mode="constant")


@emits("tile")
def _tile(r, shadow, x, n):
    times = [n] if isinstance(n, int) else list(n)
    for axis, times_there in enumerate(times):
        if isinstance(times_there, Recorded):
            x, times[axis] = _along(r, x, axis, times_there.place), 1
    return r.op("Tile", x, repeats=[int(t) for t in times])


def _along(r: Keras3Recorder, x: Recorded, axis: int, length: Any) -> Recorded:
    """``x``, of length 1 along an axis, as often as another tensor is long: its product with ones of that length."""
    if not isinstance(length, Length) or length.axis is None or not isinstance(length.tensor, Recorded) or x.shape[axis] != 1:
        raise r.refuse("repetition by a length that is only known at run time")
    other = length.tensor
    key = tuple(slice(None) if a == length.axis else 0 for a in range(len(other.shape)))
    ones = r.as_type(r.ones_like(other[key] if len(key) > 1 else other), x.dtype)
    return x * r.reshape(ones, [-1 if a == axis else 1 for a in range(len(x.shape))])


@emits("repeat_elements")
def _repeat_elements(r, shadow, x, rep, axis):
    return r.op("Repeat", x, repeats=int(rep), axis=int(axis))


@emits("reverse")
def _reverse(r, shadow, x, axes):
    return r.op("Flip", x, axis=[int(a) for a in axes] if isinstance(axes, (list, tuple)) else int(axes))


@emits("gather")
def _gather(r, shadow, reference, indices):
    return r.op("Take", reference, indices, axis=0)


@emits("getitem")
def _getitem(r, shadow, x, key):
    key = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    if isinstance(x.place, Length):
        return Length(x.place.tensor, key if isinstance(key, int) else None)
    return r.op("GetItem", x, key)


@emits("arange")
def _arange(r, shadow, start, stop=None, step=1, dtype="int32"):
    if any(isinstance(n, Recorded) for n in (start, stop, step)):
        raise r.refuse("a range up to a length that is only known at run time")
    return (np.arange(start, stop, step) if stop is not None else np.arange(start)).astype(dtype)


for _name, _class in {"zeros_like": "ZerosLike", "ones_like": "OnesLike"}.items():
    E[_name] = lambda r, shadow, x, dtype=None, name=None, cls=_class: r.op(cls, r.as_type(x, K.dtype(shadow)))


@emits("one_hot")
def _one_hot(r, shadow, indices, nb_classes, dtype=None):
    return r.op("OneHot", indices, num_classes=int(nb_classes), axis=-1, dtype=K.dtype(shadow), sparse=False)
