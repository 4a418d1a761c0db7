"""Shapes, parts and joints of tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .names import constants, operation
from .operands import (
    DTYPES,
    axes,
    dtype_name,
    dtype_of,
    is_number,
    known,
    known_parts,
    parts_of,
    shape_of,
    sizes,
    tensor,
    with_parts,
)
from .tensors import K

constants(**{f"{module}__{name}": name for module in ("tf", "np", "tf__dtypes") for name in DTYPES})
constants(tf__bfloat16="float32", np__bool_="bool", np__float_="float64", np__int_="int64", tf__double="float64", tf__half="float16")

#: No list that an operation makes is longer.
_MANY = 10_000


def _axis(axis: Any, ndim: int) -> int:
    place = known(axis, "axis")
    if not -ndim <= place < ndim:
        raise ValueError(f"there is no axis {place} among {ndim}.")
    return place % ndim


def axis_length(x: Any, axis: int) -> Any:
    """The length of an axis: a number where it is known, else a scalar tensor."""
    n = shape_of(x)[axis]
    return K.shape(x)[axis] if n is None else n


# ---------------------------------------------------------------------- shapes


@operation("K.int_shape K.get_variable_shape tensor.get_shape tensor._keras_shape")
def int_shape(x):
    """The shape as a tuple, None where it is unknown."""
    return shape_of(x)


@operation("tensor.shape keras.ops.shape np.shape(x|a:x)")
def mixed_shape(x):
    """The shape as a tuple of numbers, and of scalar tensors where it is unknown."""
    return tuple(axis_length(x, axis) for axis in range(len(shape_of(x))))


@operation("K.shape tf.shape(x|input:x, out_type:-)")
def shape(x):
    """The shape as a tensor, which remembers the lengths that are known."""
    x = tensor(x)
    return with_parts(K.shape(x), shape_of(x))


@operation("K.ndim keras.ops.ndim np.ndim tensor.ndim(x|a:x)")
def ndim(x):
    """The number of axes."""
    return len(shape_of(x))


@operation("tf.rank(input:x)")
def rank(x):
    """The number of axes."""
    return len(shape_of(x))


@operation("tf.size np.size keras.ops.size tensor.size(x|input|a:x, out_type:-)")
def size(x):
    """The number of elements."""
    if None not in shape_of(x):
        return math.prod(shape_of(x))
    return K.prod(K.shape(x))


@operation("K.dtype tensor.dtype keras.ops.dtype")
def dtype(x):
    """The dtype's name."""
    return dtype_of(x)


@operation(
    "K.reshape tf.reshape(x|tensor:x, shape)", "np.reshape(a:x, newshape|shape:shape, order:!='C')", "keras.ops.reshape(x, newshape|shape:shape)",
)  # fmt: skip
def reshape(x, shape):
    """The elements in another shape, one length of which may be -1."""
    x = tensor(x)
    wanted = sizes(shape)
    if not K.is_tensor(wanted) and sum(type(n) is not int or n < 0 for n in wanted) > 1:
        # what is only known at run time stays open once, for -1
        before = shape_of(x)
        wanted = tuple(before[i] if type(n) is not int and i < len(before) and before[i] is not None else n for i, n in enumerate(wanted))
    return K.reshape(x, wanted)


@operation("tensor.reshape")
def reshape_method(x, *shape):
    """``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
    return reshape(x, shape[0] if len(shape) == 1 else shape)


@operation("K.flatten np.ravel keras.ops.ravel tensor.flatten tensor.ravel(x|a:x)")
def flatten(x):
    """All elements as a vector."""
    return K.flatten(tensor(x))


@operation("K.batch_flatten", "tf.layers.flatten tf1.layers.flatten(inputs|x:x)")
def batch_flatten(x):
    """(samples, ...) as a matrix (samples, rest)."""
    return K.batch_flatten(x)


@operation(
    "K.permute_dimensions(x, pattern)", "tf.transpose(a:x, perm:pattern, conjugate:!=False)",
    "tf1.transpose(a:x, perm:pattern, name:-, conjugate:!=False)", "np.transpose(a:x, axes:pattern)", "keras.ops.transpose(x, axes:pattern)",
    "K.transpose(x)",
)  # fmt: skip
def permute_dimensions(x, pattern=None):
    """The axes in another order, the reverse one where none is given."""
    x = tensor(x)
    return K.transpose(x) if pattern is None else K.permute_dimensions(x, [a % len(shape_of(x)) for a in axes(list(pattern))])


@operation("tensor.transpose")
def transpose_method(x, *pattern):
    """``x.transpose(0, 2, 1)`` or ``x.transpose((0, 2, 1))``."""
    return permute_dimensions(x, (pattern[0] if isinstance(pattern[0], (list, tuple)) else pattern) if pattern else None)


@operation("tensor.T")
def transposed(x):
    """The axes in reverse order."""
    return K.transpose(x)


@operation("tf.linalg.matrix_transpose(a:x, conjugate:!=False)", "keras.ops.matrix_transpose np.matrix_transpose(x)")
def matrix_transpose(x):
    """The last two axes exchanged."""
    return swapaxes(x, -1, -2)


@operation("np.swapaxes keras.ops.swapaxes(a|x:x, axis1, axis2)")
def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    order = list(range(len(shape_of(x))))
    first, second = _axis(axis1, len(order)), _axis(axis2, len(order))
    order[first], order[second] = order[second], order[first]
    return K.permute_dimensions(x, order)


@operation("np.moveaxis keras.ops.moveaxis(a|x:x, source, destination)")
def moveaxis(x, source, destination):
    """Axes at other places, the rest in order."""
    count = len(shape_of(x))
    sources, places = ([_axis(a, count) for a in (n if isinstance(n, (list, tuple)) else [n])] for n in (source, destination))
    order = [a for a in range(count) if a not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return K.permute_dimensions(x, order)


@operation(
    "K.expand_dims(x, dim|axis:axis=-1)", "tf.expand_dims(input|x:x, axis)", "tf1.expand_dims(input:x, axis|dim:axis)",
    "np.expand_dims(a|x:x, axis)", "keras.ops.expand_dims",
)  # fmt: skip
def expand_dims(x, axis):
    """A new axis of length 1."""
    x = tensor(x)
    if isinstance(axis, (list, tuple)):
        count = len(shape_of(x)) + len(axis)
        for place in sorted(_axis(a, count) for a in axis):
            x = K.expand_dims(x, place)
        return x
    return K.expand_dims(x, _axis(axis, len(shape_of(x)) + 1))


@operation(
    "K.squeeze(x, axis)", "tf.squeeze(input|x:x, axis|squeeze_dims:axis)", "tf1.squeeze(input:x, axis|squeeze_dims:axis)", "np.squeeze(a|x:x, axis)",
    "keras.ops.squeeze",
)  # fmt: skip
def squeeze(x, axis=None):
    """x without an axis (or several) of length 1; all such axes for None."""
    x = tensor(x)
    lengths = shape_of(x)
    if axis is None or isinstance(axis, (list, tuple)) and not axis:
        places = [i for i, n in enumerate(lengths) if n == 1]
    else:
        places = [_axis(a, len(lengths)) for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    for place in sorted(set(places), reverse=True):
        if lengths[place] not in (1, None):
            raise ValueError(f"axis {place} has the length {lengths[place]}, not 1.")
        x = K.squeeze(x, place)
    return x


@operation("tf.broadcast_to(input:x, shape)", "np.broadcast_to(array:x, shape)", "keras.ops.broadcast_to(x, shape)")
def broadcast_to(x, shape):
    """x repeated along its axes of length 1, and new axes before them, up to a shape."""
    x = tensor(x)
    wanted = list(sizes(shape))
    for _ in range(len(wanted) - len(shape_of(x))):
        x = K.expand_dims(x, 0)
    have = shape_of(x)
    times = [1 if type(n) is int and (n == m or n < 0) or m != 1 else n for n, m in zip(wanted, have, strict=True)]
    return x if all(type(n) is int and n == 1 for n in times) else K.tile(x, times)


# ---------------------------------------------------------------------- parts


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
            raise ValueError("elements chosen by a mask have no fixed shape; multiply by the mask.")
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
        raise ValueError("one list of indices is taken, not several.")
    axis, new, native = 0, [], []
    for part in parts:
        if part is None:
            new.append(axis)
            axis += 1
            continue
        if isinstance(part, np.ndarray):
            if part.ndim != 1:
                raise ValueError("a list of indices has one axis.")
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
            key.append(slice(None if begin_mask & bit else start, None if end_mask & bit else stop, None if isinstance(step, int) and step == 1 else step))
    return getitem(x, tuple(key))


@operation("tf.slice(input_:x, begin, size)", "keras.ops.slice(inputs|x:x, start_indices:begin, shape:size)", "K.slice(x, start:begin, size)")
def slice_(x, begin, size):
    """The part of a size from a place on; -1 for all that is left."""
    begin, lengths = parts_of(begin), parts_of(size)
    return getitem(x, tuple(slice(b, None if isinstance(n, int) and n == -1 else b + n) for b, n in zip(begin, lengths, strict=True)))


@operation(
    "tf.gather(params:x, indices, validate_indices:-, axis, batch_dims)", "tf1.gather(params:x, indices, validate_indices:-, name:-, axis, batch_dims)",
    "K.gather(reference:x, indices)", "tf.nn.embedding_lookup(params:x, ids:indices, max_norm:!=None)", own="gather",
)  # fmt: skip
def gather(x, indices, axis=None, batch_dims=0):
    """The entries of an axis (the first, or that after the batch) at ``indices``."""
    if batch_dims:
        if batch_dims != 1 or axis not in (None, 1) or len(shape_of(indices)) != 2:
            raise ValueError("of gathers by batch, those of one batch axis and one axis of indices are computed.")
        return _of_each_sample(x, indices)
    return take(x, indices, 0 if axis is None else axis)


def _of_each_sample(x: Any, indices: Any) -> Any:
    """Entries of axis 1, each sample at its own indices."""
    length = shape_of(x)[1]
    if length is None:
        raise ValueError("the axis has to be of a known length.")
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
    axis = _axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if not K.is_tensor(indices):
        indices = np.asarray(indices)
        if indices.dtype.kind not in "iu":
            raise ValueError(f"indices are whole numbers, got {indices.dtype}.")
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


@operation("keras.ops.take_along_axis(x, indices, axis)", "np.take_along_axis(arr:x, indices, axis)")
def take_along_axis(x, indices, axis=-1):
    """Along an axis, the entries at ``indices``, which have the axes of x."""
    x = tensor(x)
    axis = _axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if length is None:
        raise ValueError("the axis has to be of a known length.")
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
    axis = _axis(axis, len(shape_of(x)))
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
            raise ValueError(f"an axis of length {length} hasn't {count} equal parts.")
        starts = [length // count * i for i in range(count)]
        ends = [start + length // count for start in starts]
    if len(starts) > _MANY:
        raise ValueError(f"{len(starts)} parts are too many.")
    return [getitem(x, (*[slice(None)] * axis, slice(start, end))) for start, end in zip(starts, ends, strict=True)]


@operation("np.array_split keras.ops.array_split(x|ary:x, indices_or_sections:parts, axis=0)")
def array_split(x, parts, axis=0):
    """A number of parts along an axis, the first ones longer by 1 where they can't be equal."""
    length = shape_of(x)[_axis(axis, len(shape_of(x)))]
    count = known(parts, "the number of parts")
    return split(x, [length // count + (i < length % count) for i in range(count)], axis)


@operation("tf.unstack(value:x, num:-, axis=0)", "keras.ops.unstack(x, num:-, axis=0)")
def unstack(x, axis=0):
    """The entries of an axis of known length, as a list."""
    axis = _axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if length is None or length > _MANY:
        raise ValueError(f"an axis of length {length} can't be taken apart.")
    return [getitem(x, (*[slice(None)] * axis, i)) for i in range(length)]


@operation("unpack")
def unpack(x, count):
    """``a, b = x``: the ``count`` entries of a list, or of a tensor's first axis."""
    if isinstance(x, (list, tuple)):
        if len(x) != count:
            raise ValueError(f"{len(x)} values where {count} are taken.")
        return list(x)
    if shape_of(x)[:1] not in ((count,), (None,)):
        raise ValueError(f"a tensor of shape {shape_of(x)} where {count} values are taken.")
    return [getitem(x, i) for i in range(known(count, "the number of values"))]


# ---------------------------------------------------------------------- joints


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
    "K.concatenate(tensors, axis=-1)", "tf.concat(values:tensors, axis)", "np.concatenate(arrays|seq:tensors, axis=0)",
    "keras.ops.concatenate(xs|tensors:tensors, axis=0)",
)  # fmt: skip
def concatenate(tensors, axis=-1):
    """Tensors one behind the other along an axis."""
    listed = _listed(tensors)
    found = _alike(listed)
    joined = K.concatenate(found, axis=_axis(axis, len(shape_of(found[0])))) if len(found) > 1 else found[0]
    lengths = [known_parts(t) for t in listed]
    return with_parts(joined, sum(lengths, ())) if None not in lengths and any(map(K.is_tensor, listed)) else joined


@operation("K.stack(x|tensors:tensors, axis=0)", "tf.stack tf.pack(values:tensors, axis=0)", "np.stack(arrays:tensors, axis=0)", "keras.ops.stack(x|tensors:tensors, axis=0)")
def stack(tensors, axis=0):
    """Tensors of one shape along a new axis."""
    listed = _listed(tensors)
    found = _alike(listed)
    place = _axis(axis, len(shape_of(found[0])) + 1)
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


@operation("K.repeat_elements(x, rep:repeats, axis)", "np.repeat(a:x, repeats, axis)", "tf.repeat(input:x, repeats, axis)", "keras.ops.repeat(x, repeats, axis)")
def repeat_elements(x, repeats, axis=None):
    """Each entry of an axis several times; of all elements for no axis."""
    x = tensor(x)
    if axis is None:
        x, axis = K.flatten(x), 0
    axis = _axis(axis, len(shape_of(x)))
    if isinstance(repeats, (list, tuple, np.ndarray)) and np.ndim(repeats) == 1:
        times = np.asarray(repeats)
        if len(times) == 1:
            repeats = int(times[0])
        else:
            return take(x, np.repeat(np.arange(len(times)), times), axis)
    return K.repeat_elements(x, known(repeats, "repeats"), axis)


@operation("K.reverse(x, axes:axis)", "tf.reverse(tensor|x:x, axis)", "np.flip keras.ops.flip(m|x:x, axis)")
def reverse(x, axis=None):
    """The other way round along axes; along all for None."""
    x = tensor(x)
    places = range(len(shape_of(x))) if axis is None else axis if isinstance(axis, (list, tuple, np.ndarray)) else [axis]
    return K.reverse(x, [_axis(a, len(shape_of(x))) for a in places])


@operation("np.roll keras.ops.roll(a|x:x, shift, axis)", "tf.roll(input:x, shift, axis)")
def roll(x, shift, axis=None):
    """Moved along axes, what leaves at one end coming in at the other."""
    x = tensor(x)
    if axis is None:
        if None in shape_of(x):
            raise ValueError("it needs an axis where the shape isn't known.")
        return K.reshape(roll(K.flatten(x), shift, 0), shape_of(x))
    for n, a in zip(*((v,) if not isinstance(v, (list, tuple)) else v for v in (shift, axis)), strict=True):
        place = _axis(a, len(shape_of(x)))
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
    widths = np.asarray(padding)
    widths = np.broadcast_to(widths, (len(shape_of(x)), 2)).tolist()
    mode = str(mode).lower()
    if mode == "constant":
        if constant_values is None or is_number(constant_values) and constant_values == 0:
            return K.pad(x, [tuple(w) for w in widths])
        return K.pad(x - constant_values, [tuple(w) for w in widths]) + constant_values
    if mode not in ("reflect", "symmetric", "edge"):
        raise ValueError(f"padding of the mode {mode!r} isn't computed.")
    for axis, (before, after) in enumerate(widths):
        if not before and not after:
            continue
        length = shape_of(x)[axis]
        if length is None:
            raise ValueError(f"axis {axis} has to be of a known length for padding of the mode {mode!r}.")
        places = np.pad(np.arange(length), (before, after), mode=mode)
        x = take(x, places, axis)
    return x


# ---------------------------------------------------------------------- new tensors


def _made(shape: Any, value: float, dtype: str | None) -> Any:
    name = dtype_name(dtype or K.floatx())
    lengths = sizes(parts_of(shape) if K.is_tensor(shape) else shape)
    if all(type(n) is int for n in lengths):
        return K.constant(np.full(_small(lengths), value, name), dtype=name)
    one = K.reshape(K.constant(np.asarray(value, name), dtype=name), (1,) * len(lengths))
    return K.tile(one, lengths)


def _small(lengths: Any) -> tuple[int, ...]:
    if math.prod(lengths) > 2**24:
        raise ValueError(f"a tensor of shape {tuple(lengths)} is too large for a constant.")
    return tuple(lengths)


@operation("K.zeros tf.zeros np.zeros keras.ops.zeros(shape, dtype, layout:-)")
def zeros(shape, dtype=None):
    return _made(shape, 0, dtype)


@operation("K.ones tf.ones np.ones keras.ops.ones(shape, dtype, layout:-)")
def ones(shape, dtype=None):
    return _made(shape, 1, dtype)


@operation("tf.fill(dims:shape, value, layout:-)", "np.full keras.ops.full(shape, fill_value:value, dtype)")
def full(shape, value, dtype=None):
    """A tensor of one value."""
    if K.is_tensor(value):
        return _made(shape, 1, dtype or dtype_of(value)) * value
    return _made(shape, value, dtype or ("bool" if isinstance(value, bool) else "int32" if isinstance(value, int) else None))


@operation("K.zeros_like tf.zeros_like np.zeros_like keras.ops.zeros_like(x|input|tensor|a:x, dtype, name:-, optimize:-, layout:-)")
def zeros_like(x, dtype=None):
    return K.zeros_like(tensor(x), dtype=None if dtype is None else dtype_name(dtype))


@operation("K.ones_like tf.ones_like np.ones_like keras.ops.ones_like(x|input|tensor|a:x, dtype, name:-, optimize:-, layout:-)")
def ones_like(x, dtype=None):
    return K.ones_like(tensor(x), dtype=None if dtype is None else dtype_name(dtype))


@operation("np.full_like keras.ops.full_like(x|a:x, fill_value:value, dtype)")
def full_like(x, value, dtype=None):
    return K.ones_like(tensor(x), dtype=None if dtype is None else dtype_name(dtype)) * value


@operation("K.constant(value, dtype, shape)", "tf.constant(value, dtype, shape)", "np.array np.asarray keras.ops.array(value|x|object|a:value, dtype)", "K.variable(value, dtype)")
def constant(value, dtype=None, shape=None):
    """A tensor of given values, repeated to a shape."""
    made = tensor(value, None if dtype is None else dtype_name(dtype))
    return made if shape is None else broadcast_to(made, shape)


@operation(
    "K.arange(start, stop, step, dtype='int32')", "tf.range(start, limit|stop:stop, delta|step:step, dtype)", "np.arange keras.ops.arange(start, stop, step, dtype)",
)  # fmt: skip
def arange(start, stop=None, step=1, dtype=None):
    """Numbers from a start (0 where only an end is given) up to an end."""
    if all(n is None or is_number(n) for n in (start, stop, step)) and step:
        length = start if stop is None else stop - start
        _small((max(0, math.ceil(length / step)),))
    fractions = any(isinstance(n, float) or K.is_tensor(n) and dtype_of(n).startswith("float") for n in (start, stop, step))
    return K.arange(start, stop, step, dtype=dtype_name(dtype or (K.floatx() if fractions else "int32")))


@operation("np.linspace keras.ops.linspace tf.linspace(start, stop, num=50, endpoint:!=True, retstep:!=False, dtype:!=None, axis:!=0)")
def linspace(start, stop, num=50):
    """``num`` numbers at equal distances, both ends included."""
    _small((known(num, "num"),))
    steps = np.linspace(0.0, 1.0, known(num, "num"))
    if is_number(start) and is_number(stop):
        return K.constant(start + (stop - start) * steps, dtype=K.floatx())
    return start + (stop - start) * K.constant(steps, dtype=K.floatx())


@operation("K.eye(size|n:n, dtype)", "tf.eye(num_rows:n, num_columns:m, batch_shape:!, dtype)", "np.eye keras.ops.eye(N:n, M:m, k, dtype)", "np.identity keras.ops.identity(n, dtype)")
def eye(n, m=None, k=0, dtype=None):
    """A matrix with ones on a diagonal."""
    name = dtype_name(dtype or K.floatx())
    rows = known(n, "the number of rows")
    columns = rows if m is None else known(m, "the number of columns")
    _small((rows, columns))
    return K.constant(np.eye(rows, columns, known(k, "k")).astype(name), dtype=name)


@operation(
    "K.one_hot(indices, num_classes|nb_classes:count)", "keras.ops.one_hot(x|indices:indices, num_classes:count, axis, dtype, sparse:!=False)",
    "tf.one_hot(indices, depth:count, on_value, off_value, axis, dtype)", "keras.utils.to_categorical(y:indices, num_classes:count)",
)  # fmt: skip
def one_hot(indices, count, on_value=None, off_value=None, axis=-1, dtype=None):
    """Whole numbers as vectors along a new axis, with one value at their place and another elsewhere (1 and 0)."""
    indices = tensor(indices)
    axis = _axis(axis, len(shape_of(indices)) + 1)
    codes = K.one_hot(indices, known(count, "the number of classes"), dtype=dtype_name(dtype or K.floatx()))
    if on_value is not None or off_value is not None:
        on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
        codes = codes * (on - off) + off
    count_axes = len(shape_of(codes))
    return codes if axis == count_axes - 1 else K.permute_dimensions(codes, [*range(axis), count_axes - 1, *range(axis, count_axes - 1)])


@operation("tf.sequence_mask(lengths, maxlen, dtype)")
def sequence_mask(lengths, maxlen, dtype="bool"):
    """True at the first places of a row, as many as ``lengths`` says."""
    places = K.arange(0, known(maxlen, "maxlen"))
    return K.cast(K.lesser(places, K.expand_dims(K.cast(tensor(lengths), "int32"), -1)), dtype_name(dtype))


@operation("np.meshgrid keras.ops.meshgrid tf.meshgrid")
def meshgrid(*arrays, indexing="xy"):
    """The coordinates of a grid, one tensor for each vector."""
    vectors = [tensor(a) for a in arrays]
    count = len(vectors)
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    placed = [K.reshape(v, [-1 if i == order.index(n) else 1 for i in range(count)]) for n, v in enumerate(vectors)]
    total = sum((K.zeros_like(p) for p in placed[1:]), K.zeros_like(placed[0]))
    return [p + total for p in placed]


# ---------------------------------------------------------------------- differences, borders of pictures and series


@operation("np.diff keras.ops.diff(a|x:x, n:!=1, axis)")
def diff(x, axis=-1):
    """What each entry of an axis has more than the one before it."""
    axis = _axis(axis, len(shape_of(x)))
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
