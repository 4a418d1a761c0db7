"""Parts of tensors: by index, by slice, by lists of indices, and lists of parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import operation
from .operands import (
    dtype_of,
    known,
    known_parts,
    parts_of,
    shape_of,
    tensor,
    with_parts,
)
from .shapes import axis_length, one_axis

#: No list that an operation makes is longer.
_MANY = 10_000


def _single(part: Any) -> Any:
    """One entry of a key: whole numbers as Python's, scalar tensors as they are."""
    if isinstance(part, slice):
        return slice(*(n if n is None or K.is_tensor(n) else known(n, "a slice's bound") for n in (part.start, part.stop, part.step)))
    if part is None or part is Ellipsis or K.is_tensor(part):
        return part
    if isinstance(part, (list, np.ndarray)) and np.ndim(part) > 0:
        return np.asarray(part)
    return known(part, "an index")


@operation("operator.getitem", "tf.__operators__.getitem(a|x|tensor:x, slice_spec|key:key)", "keras.ops.get_item(x, key)", folds=True)
def getitem(x, key):
    """A part of a tensor, by a number, slice, None, Ellipsis or a tuple of these; or of a tuple or list."""
    if isinstance(x, (list, tuple, dict, str)):
        return x[key] if not isinstance(key, slice) or not isinstance(x, dict) else None
    if K.is_tensor(key) and shape_of(key):
        if dtype_of(key) == "bool":
            raise ValueError("elements that a mask chooses have no fixed shape. Multiply by the mask instead.")
        return take(x, key, 0)
    lengths = known_parts(x) if K.is_tensor(x) else None
    if lengths is not None and isinstance(key, (tuple, list)) and len(key) == 1:
        key = key[0]
    if lengths is not None and isinstance(key, (int, slice)) and not any(K.is_tensor(n) for n in _bounds(key)):
        found = lengths[key]
        if isinstance(found, int):
            return found
        if isinstance(found, tuple):
            return with_parts(x[key], found)
    parts = [_single(part) for part in (key if isinstance(key, (tuple, list)) and not _is_index_list(key) else (key,))]
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    places = [i for i, part in enumerate(parts) if part is Ellipsis]
    rest = [slice(None)] * (len(shape_of(x)) - taken)
    if len(places) > 1 or taken > len(shape_of(x)):
        raise ValueError(f"{key!r:.80} doesn't fit {len(shape_of(x))} axes.")
    parts[places[0] if places else len(parts) : (places[0] + 1) if places else len(parts)] = rest
    lists = [i for i, part in enumerate(parts) if isinstance(part, np.ndarray)]
    if len(lists) > 1:
        raise ValueError("it takes only one list of indices.")
    axis = 0
    new: list[Any] = []
    native: list[Any] = []
    for part in parts:
        if part is None:
            new.append(axis)
            axis += 1
            continue
        if isinstance(part, np.ndarray):
            if part.ndim != 1:
                raise ValueError("a list of indices must have one axis.")
            gathered, part = (axis - sum(n <= axis for n in new), part), slice(None)
            x = take(x, gathered[1], len(native))
        native.append(part)
        axis += not (isinstance(part, int) or K.is_tensor(part))
    if any(part != slice(None) if not K.is_tensor(part) else True for part in native):
        x = x[tuple(native)]
    for place in new:
        x = K.expand_dims(x, place)
    return x


def _bounds(key: Any) -> tuple[Any, ...]:
    return (key.start, key.stop, key.step) if isinstance(key, slice) else (key,)


def _is_index_list(key: Any) -> bool:
    """Whether a list is one of indices, as NumPy takes it, not a tuple's parts in JSON."""
    return isinstance(key, list) and bool(key) and all(isinstance(k, int) for k in key)


@operation("tf.strided_slice(input_:x, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, var:!)")
def strided_slice(x, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
    """A part of a tensor as TensorFlow writes it: bit i of the masks is about entry i of the bounds."""
    begin, end = parts_of(begin), parts_of(end)
    steps = [1] * len(begin) if strides is None else parts_of(strides)
    key: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(begin, end, steps, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(start)
        else:
            key.append(
                slice(
                    None if begin_mask & bit else start,
                    None if end_mask & bit else stop,
                    None if isinstance(step, int) and step == 1 else step,
                )
            )
    return getitem(x, tuple(key))


@operation(
    "tf.slice(input_:x, begin, size)", "keras.ops.slice(inputs|x:x, start_indices:begin, shape:size)", "K.slice(x, start:begin, size)"
)
def slice_(x, begin, size):
    """The part of a size from a place on; -1 for all that is left."""
    begin, lengths = parts_of(begin), parts_of(size)
    return getitem(x, tuple(slice(b, None if isinstance(n, int) and n == -1 else b + n) for b, n in zip(begin, lengths, strict=True)))


@operation(
    "tf.gather(params:x, indices, validate_indices:-, axis, batch_dims)", "tf1.gather(params:x, indices, validate_indices:-, name:-, axis, batch_dims)",
    "K.gather(reference:x, indices)", "tf.nn.embedding_lookup(params:x, ids:indices, max_norm:!=None)",
    "tf1.nn.embedding_lookup(params:x, ids:indices, partition_strategy:-, name:-, validate_indices:-, max_norm:!=None)", own="gather",
)  # fmt: skip
def gather(x, indices, axis=None, batch_dims=0):
    """The entries of an axis (the first, or that after the batch) at ``indices``."""
    if batch_dims:
        if batch_dims != 1 or axis not in (None, 1) or len(shape_of(indices)) != 2:
            raise ValueError("kbridge gathers by batch only with one batch axis and one axis of indices.")
        return _of_each_sample(x, indices)
    return take(x, indices, 0 if axis is None else axis)


def _of_each_sample(x: Any, indices: Any) -> Any:
    """Entries of axis 1, each sample at its own indices."""
    length = shape_of(x)[1]
    if length is None:
        raise ValueError("the length of the axis must be known.")
    chosen = K.one_hot(indices, length)
    others = shape_of(x)[2:]
    flat = K.cast(x if len(shape_of(x)) == 3 else K.reshape(x, (-1, length, math.prod(others) if None not in others else -1)), K.floatx())
    result = K.cast(K.batch_dot(chosen, flat, axes=[2, 1]), dtype_of(x))
    if len(others) == 1:
        return result
    return K.reshape(result, (-1, axis_length(indices, 1), *others))


@operation("keras.ops.take(x, indices, axis)", "np.take(a:x, indices, axis, out:!, mode:-)")
def take(x, indices, axis=None):
    """The entries of an axis at ``indices``, negative ones from the end; of all elements for no axis."""
    x = tensor(x)
    if axis is None:
        x, axis = K.flatten(x), 0
    axis = one_axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if not K.is_tensor(indices):
        indices = np.asarray(indices)
        if indices.dtype.kind not in "iu":
            raise ValueError(f"indices must be whole numbers, got {indices.dtype}.")
        if length is not None:
            indices = np.where(indices < 0, indices + length, indices)
        indices = K.constant(indices.astype("int32"), dtype="int32")
    elif length is not None:
        indices = K.where(K.lesser(indices, 0), indices + length, indices)
    if axis == 0:
        return K.gather(x, indices)
    count, many = len(shape_of(x)), len(shape_of(indices))
    moved = K.gather(K.permute_dimensions(x, [axis, *(a for a in range(count) if a != axis)]), indices)
    order = [*range(many, many + axis), *range(many), *range(many + axis, many + count - 1)]
    return K.permute_dimensions(moved, order)


@operation("keras.ops.take_along_axis(x, indices, axis=None)", "np.take_along_axis(arr:x, indices, axis=-1)")
def take_along_axis(x, indices, axis=-1):
    """Along an axis, the entries at ``indices``, which have the axes of x; of all elements for no axis."""
    x = tensor(x)
    if axis is None:
        x, indices, axis = K.flatten(x), K.flatten(tensor(indices)), 0
    axis = one_axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if length is None:
        raise ValueError("the length of the axis must be known.")
    indices = tensor(indices)
    indices = K.where(K.lesser(indices, 0), indices + length, indices)
    chosen = K.one_hot(indices, length, dtype=dtype_of(x))
    last = K.expand_dims(x, axis)
    order = [a for a in range(len(shape_of(last))) if a != axis + 1] + [axis + 1]
    return K.sum(chosen * K.permute_dimensions(last, order), axis=-1)


@operation(
    "tf.split(value:x, num_or_size_splits:parts, axis=0, num:-)", "keras.ops.split(x, indices_or_sections:parts, axis=0, :by_index=True)",
    "np.split(ary:x, indices_or_sections:parts, axis=0, :by_index=True)",
)  # fmt: skip
def split(x, parts, axis=0, by_index=False):
    """Parts along an axis, as a list: a number of equal ones, or by their lengths (by where they start, with ``by_index``)."""
    x = tensor(x)
    axis = one_axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if isinstance(parts, (list, tuple, np.ndarray)):
        numbers = [known(n, "a part's length") for n in parts]
        if by_index:
            starts, ends = [0, *numbers], [*numbers, None]
        else:
            if -1 in numbers and length is not None:
                numbers[numbers.index(-1)] = length - sum(n for n in numbers if n != -1)
            starts = [sum(numbers[:i]) for i in range(len(numbers))]
            ends = [start + n for start, n in zip(starts, numbers, strict=True)]
    else:
        count = known(parts, "the number of parts")
        if length is None or count < 1 or length % count:
            raise ValueError(f"an axis of length {length} can't be divided into {count} equal parts.")
        starts = [length // count * i for i in range(count)]
        ends = [start + length // count for start in starts]
    if len(starts) > _MANY:
        raise ValueError(f"{len(starts)} parts are too many.")
    return [getitem(x, (*[slice(None)] * axis, slice(start, end))) for start, end in zip(starts, ends, strict=True)]


@operation("np.array_split keras.ops.array_split(x|ary:x, indices_or_sections:parts, axis=0)")
def array_split(x, parts, axis=0):
    """A number of parts along an axis, the first ones longer by 1 where they can't be equal."""
    length = shape_of(x)[one_axis(axis, len(shape_of(x)))]
    count = known(parts, "the number of parts")
    return split(x, [length // count + (i < length % count) for i in range(count)], axis)


@operation("tf.unstack(value:x, num:-, axis=0)", "keras.ops.unstack(x, num:-, axis=0)")
def unstack(x, axis=0):
    """The entries of an axis of known length, as a list."""
    axis = one_axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if length is None or length > _MANY:
        raise ValueError(f"an axis of length {length} can't be unstacked.")
    return [getitem(x, (*[slice(None)] * axis, i)) for i in range(length)]


@operation("unpack")
def unpack(x, count):
    """``a, b = x``: the ``count`` entries of a list, or of a tensor's first axis."""
    if isinstance(x, (list, tuple)):
        if len(x) != count:
            raise ValueError(f"it needs {count} values, got {len(x)}.")
        return list(x)
    if shape_of(x)[:1] not in ((count,), (None,)):
        raise ValueError(f"it needs {count} values, got a tensor of shape {shape_of(x)}.")
    return [getitem(x, i) for i in range(known(count, "the number of values"))]
