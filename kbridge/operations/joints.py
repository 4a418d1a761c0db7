"""Tensors joined, repeated, turned round and padded."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import operation
from .operands import (
    dtype_of,
    is_number,
    known,
    known_parts,
    shape_of,
    sizes,
    small,
    tensor,
    with_parts,
)
from .parts import getitem, take, unstack
from .shapes import one_axis


def _alike(tensors: Any) -> list[Any]:
    """Tensors of one dtype of a list of tensors, numbers and arrays."""
    first = next((t for t in tensors if K.is_tensor(t)), None)
    if first is None:
        return [tensor(t) for t in tensors]
    floats = [dtype_of(t) for t in tensors if K.is_tensor(t) and dtype_of(t).startswith("float")]
    wanted = floats[0] if floats else dtype_of(first)
    return [tensor(t, wanted) for t in tensors]


def _listed(tensors: Any) -> list[Any]:
    if K.is_tensor(tensors):
        return unstack(tensors, 0)
    return list(tensors)


@operation(
    "K.concatenate(tensors, axis=-1)", "keras.layers.concatenate(inputs:tensors, axis=-1)", "tf.concat(values:tensors, axis)", "np.concatenate(arrays|seq:tensors, axis=0)",
    "keras.ops.concatenate(xs|tensors:tensors, axis=0)",
)  # fmt: skip
def concatenate(tensors, axis=-1):
    """Tensors one behind the other along an axis."""
    listed = _listed(tensors)
    found = _alike(listed)
    joined = K.concatenate(found, axis=one_axis(axis, len(shape_of(found[0])))) if len(found) > 1 else found[0]
    parts = [known_parts(t) for t in listed]
    known = [p for p in parts if p is not None]
    if len(known) < len(parts) or not any(map(K.is_tensor, listed)):
        return joined
    return with_parts(joined, tuple(n for p in known for n in p))


@operation(
    "K.stack(x|tensors:tensors, axis=0)",
    "tf.stack tf.pack(values:tensors, axis=0)",
    "np.stack(arrays:tensors, axis=0)",
    "keras.ops.stack(x|tensors:tensors, axis=0)",
)
def stack(tensors, axis=0):
    """Tensors of one shape along a new axis."""
    listed = _listed(tensors)
    found = _alike(listed)
    place = one_axis(axis, len(shape_of(found[0])) + 1)
    joined = K.concatenate([K.expand_dims(t, place) for t in found], axis=place) if len(found) > 1 else K.expand_dims(found[0], place)
    return with_parts(joined, listed) if shape_of(found[0]) == () and any(isinstance(n, int) for n in listed) else joined


@operation("np.hstack keras.ops.hstack(xs|tup|tensors:tensors)")
def hstack(tensors):
    """Tensors one behind the other along axis 1; vectors along axis 0."""
    found = _alike(_listed(tensors))
    return concatenate(found, 0 if len(shape_of(found[0])) == 1 else 1)


@operation("np.vstack keras.ops.vstack(xs|tup|tensors:tensors)")
def vstack(tensors):
    """Tensors one behind the other along axis 0; vectors as rows."""
    found = _alike(_listed(tensors))
    return concatenate([K.expand_dims(t, 0) if len(shape_of(t)) == 1 else t for t in found], 0)


@operation("K.tile(x, n:repeats)", "tf.tile(input|x:x, multiples:repeats)", "np.tile(A|x:x, reps:repeats)", "keras.ops.tile(x, repeats)")
def tile(x, repeats):
    """The whole several times along each axis."""
    x = tensor(x)
    times = list(sizes(repeats))
    while len(shape_of(x)) < len(times):
        x = K.expand_dims(x, 0)
    times = [1] * (len(shape_of(x)) - len(times)) + times
    return K.tile(x, times)


@operation("K.repeat(x, n)")
def repeat(x, n):
    """(samples, dim) to (samples, n, dim)."""
    return K.repeat(x, known(n, "n"))


@operation(
    "K.repeat_elements(x, rep:repeats, axis)",
    "np.repeat tensor.repeat(a|x:x, repeats, axis)",
    "tf.repeat(input:x, repeats, axis)",
    "keras.ops.repeat(x, repeats, axis)",
)
def repeat_elements(x, repeats, axis=None):
    """Each entry of an axis several times; of all elements for no axis."""
    x = tensor(x)
    if axis is None:
        x, axis = K.flatten(x), 0
    axis = one_axis(axis, len(shape_of(x)))
    if isinstance(repeats, (list, tuple, np.ndarray)) and np.ndim(repeats) == 1:
        times = np.asarray(repeats)
        if len(times) == 1:
            repeats = int(times[0])
        else:
            small((sum(known(n, "repeats") for n in times.tolist()),))
            return take(x, np.repeat(np.arange(len(times)), times), axis)
    return K.repeat_elements(x, known(repeats, "repeats"), axis)


@operation("K.reverse(x, axes:axis)", "tf.reverse(tensor|x:x, axis)", "np.flip keras.ops.flip(m|x:x, axis)")
def reverse(x, axis=None):
    """The other way round along axes; along all for None."""
    x = tensor(x)
    places = range(len(shape_of(x))) if axis is None else axis if isinstance(axis, (list, tuple, np.ndarray)) else [axis]
    return K.reverse(x, [one_axis(a, len(shape_of(x))) for a in places])


@operation("np.roll keras.ops.roll(a|x:x, shift, axis)", "tf.roll(input:x, shift, axis)")
def roll(x, shift, axis=None):
    """Moved along axes, what leaves at one end coming in at the other."""
    x = tensor(x)
    if axis is None:
        if None in shape_of(x):
            raise ValueError("it needs an axis, because the shape isn't known.")
        return K.reshape(roll(K.flatten(x), shift, 0), shape_of(x))
    for n, a in zip(*((v,) if not isinstance(v, (list, tuple)) else v for v in (shift, axis)), strict=True):
        place = one_axis(a, len(shape_of(x)))
        length = shape_of(x)[place]
        n = known(n, "shift")
        n = n if length is None else n % length if length else 0
        if n:
            before = [slice(None)] * place
            x = K.concatenate([x[(*before, slice(-n, None))], x[(*before, slice(None, -n))]], axis=place)
    return x


@operation(
    "tf.pad(tensor:x, paddings:padding, mode, constant_values)", "tf1.pad(tensor:x, paddings:padding, mode, name:-, constant_values)",
    "np.pad(array:x, pad_width:padding, mode, constant_values)", "keras.ops.pad(x, pad_width:padding, mode, constant_values)", "K.pad",
)  # fmt: skip
def pad(x, padding, mode="constant", constant_values=None):
    """More at both ends of each axis: a constant, or what lies inside, mirrored ('reflect', 'symmetric') or repeated ('edge')."""
    x = tensor(x)
    widths = np.asarray(getattr(padding, "_known_rows", padding))
    widths = np.broadcast_to(widths, (len(shape_of(x)), 2)).tolist()
    if any(isinstance(n, (int, float)) and n < 0 for pair in widths for n in pair):
        raise ValueError(f"it can't pad by less than 0, got {widths}.")
    mode = str(mode).lower()
    if mode == "constant":
        if constant_values is None or is_number(constant_values) and constant_values == 0:
            return K.pad(x, [tuple(w) for w in widths])
        return K.pad(x - constant_values, [tuple(w) for w in widths]) + constant_values
    if mode not in ("reflect", "symmetric", "edge"):
        raise ValueError(f"kbridge can't pad with the mode {mode!r}.")
    for axis, (before, after) in enumerate(widths):
        if not before and not after:
            continue
        length = shape_of(x)[axis]
        if length is None:
            raise ValueError(f"the length of axis {axis} must be known for padding with the mode {mode!r}.")
        small((before + length + after,))
        places = np.pad(np.arange(length), (before, after), mode=mode)
        x = take(x, places, axis)
    return x


@operation("np.diff keras.ops.diff(a|x:x, n:!=1, axis)")
def diff(x, axis=-1):
    """Return the difference of each entry of an axis and the one before it."""
    axis = one_axis(axis, len(shape_of(x)))
    before = [slice(None)] * axis
    return getitem(x, (*before, slice(1, None))) - getitem(x, (*before, slice(None, -1)))


@operation("np.fliplr keras.ops.fliplr(m|x:x)")
def fliplr(x):
    """The other way round along axis 1."""
    return K.reverse(tensor(x), 1)


@operation("np.flipud keras.ops.flipud(m|x:x)")
def flipud(x):
    """The other way round along axis 0."""
    return K.reverse(tensor(x), 0)


@operation("K.temporal_padding(x, padding)")
def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after axis 1 of (samples, time, features)."""
    before, after = (padding, padding) if isinstance(padding, int) else padding
    return K.asymmetric_temporal_padding(x, known(before, "padding"), known(after, "padding"))


@operation("K.spatial_2d_padding(x, padding, data_format|dim_ordering:data_format)")
def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros round pictures."""
    pairs = [(p, p) if isinstance(p, int) else tuple(p) for p in padding]
    first = data_format in ("channels_first", "th")
    return K.pad(x, [(0, 0), (0, 0), *pairs] if first else [(0, 0), *pairs, (0, 0)])
