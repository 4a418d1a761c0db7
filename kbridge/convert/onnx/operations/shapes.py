"""Shapes, joining, repetition and parts of tensors as operators of ONNX."""

from __future__ import annotations

import numpy as np

from .... import backend as K
from ...recording import Recorded
from .recorder import E, emits


@emits("shape")
def _shape(r, shadow, x):
    return r.g.op("Cast", r.g.op("Shape", r.name(x)), to=r.type("int32"))


@emits("reshape")
def _reshape(r, shadow, x, shape):
    return r.g.op("Reshape", r.name(x), r.lengths(shape), allowzero=0)


@emits("permute_dimensions")
def _permute(r, shadow, x, pattern):
    return r.g.transpose(r.name(x), *(int(a) for a in pattern))


@emits("expand_dims")
def _expand_dims(r, shadow, x, dim=-1):
    return r.g.unsqueeze(r.name(x), int(dim))


@emits("squeeze")
def _squeeze(r, shadow, x, axis):
    return r.g.squeeze(r.name(x), int(axis))


@emits("concatenate")
def _concatenate(r, shadow, tensors, axis=-1):
    return r.g.op("Concat", *(r.name(t, K.dtype(shadow)) for t in tensors), axis=int(axis))


@emits("pad")
def _pad(r, shadow, x, padding):
    widths = [int(before) for before, _ in padding] + [int(after) for _, after in padding]
    return r.g.op("Pad", r.name(x), r.g.integers(*widths))


@emits("tile")
def _tile(r, shadow, x, n):
    return r.g.op("Tile", r.name(x), r.lengths([n] * len(x.shape) if isinstance(n, int) else n))


@emits("repeat_elements")
def _repeat_elements(r, shadow, x, rep, axis):
    length, axis = x.shape[axis], axis % len(x.shape)
    if length is not None:
        return r.g.op("Gather", r.name(x), r.g.integers(*np.repeat(np.arange(length), rep).tolist()), axis=axis)
    repeated = r.g.op(
        "Tile", r.g.unsqueeze(r.name(x), axis + 1), r.g.integers(*(rep if a == axis + 1 else 1 for a in range(len(x.shape) + 1)))
    )
    shape = [0 if a < axis else -1 if a == axis else (n or 0) for a, n in enumerate(x.shape)]
    if None in x.shape[axis + 1 :]:
        raise r.refuse("repeated elements before axes of unknown length")
    return r.g.reshape(repeated, *shape)


@emits("reverse")
def _reverse(r, shadow, x, axes):
    found = r.name(x)
    for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
        found = r.g.reverse(found, axis % len(x.shape))
    return found


@emits("gather")
def _gather(r, shadow, reference, indices):
    return r.g.op("Gather", r.name(reference), r.name(indices, "int64"), axis=0)


@emits("getitem")
def _getitem(r, shadow, x, key):
    found, axis = r.name(x), 0
    squeezed = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            start, stop, step = (r.lengths([n]) if isinstance(n, Recorded) else n for n in (part.start, part.stop, part.step))
            step = 1 if step is None else step
            if (start, stop, step) != (None, None, 1):
                backwards = isinstance(step, int) and step < 0
                start = (-1 if backwards else 0) if start is None else start
                stop = (-(2**62) if backwards else 2**62) if stop is None else stop
                bounds = [n if isinstance(n, str) else r.g.integers(n) for n in (start, stop)]
                found = r.g.op("Slice", found, *bounds, r.g.integers(axis), r.g.integers(step))
        elif isinstance(part, Recorded):
            found = r.g.op("Gather", found, r.g.unsqueeze(r.name(part, "int64"), 0), axis=axis)
            squeezed.append(axis)
        else:
            found = r.g.op("Gather", found, r.g.integers(int(part)), axis=axis)
            squeezed.append(axis)
        axis += 1
    return r.g.op("Squeeze", found, r.g.integers(*squeezed)) if squeezed else found


@emits("arange")
def _arange(r, shadow, start, stop=None, step=1, dtype="int32"):
    if any(isinstance(n, Recorded) for n in (start, stop, step)):
        first, last = (0, start) if stop is None else (start, stop)
        return r.g.op("Cast", r.g.op("Range", *(r.g.squeeze(r.lengths([n]), 0) for n in (first, last, step))), to=r.type(dtype))
    return r.g.constant((np.arange(start, stop, step) if stop is not None else np.arange(start)).astype(dtype))


def _alike(value: float):
    def emit(r, shadow, x, dtype=None, name=None):
        return r.g.op("Expand", r.g.constant(np.asarray(value).astype(K.dtype(shadow))), r.g.op("Shape", r.name(x)))

    return emit


E["zeros_like"], E["ones_like"] = _alike(0), _alike(1)
