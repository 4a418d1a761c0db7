"""Entries that are found by several indices, gathered in groups, or put at places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends.in_use import K
from .creation import linspace
from .linalg import diag, diag_part
from .names import operation
from .operands import dtype_of, is_float, known, shape_of, small, tensor
from .parts import gather
from .shapes import axis_length, one_axis, swapaxes


@operation(
    "tf.gather_nd(params:x, indices, batch_dims, bad_indices_policy:-)",
    "tf1.gather_nd(params:x, indices, name:-, batch_dims, bad_indices_policy:-)",
)
def gather_nd(x, indices, batch_dims=0):
    """The entries at places of several axes, which stand in the last axis of ``indices``."""
    x, indices = tensor(x), tensor(indices)
    places = shape_of(indices)
    depth = places[-1] if places else None
    if batch_dims not in (0, 1) or depth is None or depth < 1 or depth + batch_dims > len(shape_of(x)):
        raise ValueError(f"kbridge can't gather by indices of shape {places} from shape {shape_of(x)} with batch_dims={batch_dims!r}.")
    indices = K.cast(indices, "int32")
    parts = [indices[(*[slice(None)] * (len(places) - 1), i)] for i in range(depth)]
    if batch_dims and depth == 1 and len(places) == 3 and shape_of(x)[1] is not None:
        return gather(x, parts[0], batch_dims=1)
    lengths = [axis_length(x, axis) for axis in range(len(shape_of(x)))]
    if batch_dims:
        rows = K.arange(0, lengths[0])
        parts.insert(0, K.reshape(rows, (-1, *[1] * (len(places) - 2))) + K.zeros_like(parts[0]))
    place = parts[0]
    for axis, part in enumerate(parts[1:], 1):
        place = place * lengths[axis] + part
    rest = shape_of(x)[len(parts) :]
    if None in rest:
        raise ValueError("the lengths of the axes that aren't indexed must be known.")
    return K.gather(K.reshape(x, (-1, *rest)), place)


def _memberships(segment_ids: Any, count: Any, dtype: str) -> Any:
    """(segments, entries): 1 where an entry belongs to a segment. Ids that are none belong nowhere."""
    ids = K.flatten(K.cast(tensor(segment_ids), "int32"))
    segments = K.expand_dims(K.arange(0, *small((known(count, "the number of segments"),))), 1)
    return K.cast(K.equal(segments, K.expand_dims(ids, 0)), dtype)


@operation(
    "tf.math.unsorted_segment_sum tf1.unsorted_segment_sum(data:x, segment_ids, num_segments)",
    "keras.ops.segment_sum(data:x, segment_ids, num_segments, sorted:-)",
)
def segment_sum(x, segment_ids, num_segments):
    """Sums of the entries of the first axis that have the same id; as many as ``num_segments``."""
    x = tensor(x)
    if len(shape_of(segment_ids)) != 1:
        raise ValueError("the ids of segments must be a vector.")
    kind = dtype_of(x)
    work = kind if is_float(x) else K.floatx()
    rest = shape_of(x)[1:]
    if None in rest:
        raise ValueError("the lengths of the axes behind the first must be known.")
    flat = K.reshape(K.cast(x, work), (-1, math.prod(rest)))
    found = K.dot(_memberships(segment_ids, num_segments, work), flat)
    return K.cast(K.reshape(found, (-1, *rest)), kind)


@operation("tf.math.unsorted_segment_mean tf1.unsorted_segment_mean(data:x, segment_ids, num_segments)")
def segment_mean(x, segment_ids, num_segments):
    """Means of the entries of the first axis that have the same id; 0 where there are none."""
    x = tensor(x)
    count = K.sum(_memberships(segment_ids, num_segments, dtype_of(x)), axis=1)
    total = segment_sum(x, segment_ids, num_segments)
    return total / K.reshape(K.maximum(count, 1.0), (-1, *[1] * (len(shape_of(x)) - 1)))


@operation("tf.reverse_sequence(input:x, seq_lengths:lengths, seq_axis:axis, batch_axis:!=0)")
def reverse_sequence(x, lengths, axis=None):
    """Each sample's first ``lengths`` steps the other way round, the others as they are."""
    x = tensor(x)
    axis = 1 if axis is None else known(axis, "seq_axis")
    if axis != 1 or shape_of(x)[1] is None:
        raise ValueError("kbridge reverses sequences along axis 1 only, whose length must be known.")
    steps = K.expand_dims(K.arange(0, shape_of(x)[1]), 0)
    lengths = K.expand_dims(K.cast(tensor(lengths), "int32"), 1)
    return gather(x, K.where(K.lesser(steps, lengths), lengths - 1 - steps, steps + K.zeros_like(lengths)), batch_dims=1)


@operation("keras.ops.multi_hot(inputs:x, num_classes:count, axis:!=-1, dtype:!=None, sparse:!=False)")
def multi_hot(x, count):
    """1 for each class that is among the indices of the last axis, else 0."""
    return K.max(K.one_hot(K.cast(tensor(x), "int32"), known(count, "the number of classes")), axis=-2)


@operation("np.diag keras.ops.diag(v|x:x, k:!=0)", "tf.linalg.tensor_diag tf1.diag(diagonal:x)")
def diagonal(x):
    """A matrix with a vector as its diagonal; the diagonal of a matrix."""
    x = tensor(x)
    return diag(x) if len(shape_of(x)) == 1 else diag_part(x)


@operation("np.rot90 keras.ops.rot90(m|array:x, k, axes)")
def rot90_of_axes(x, k=1, axes=(0, 1)):
    """Turned by quarters from the first axis towards the second."""
    x = tensor(x)
    first, second = (one_axis(a, len(shape_of(x))) for a in axes)
    turns = known(k, "k") % 4
    if turns == 1:
        return swapaxes(K.reverse(x, second), first, second)
    if turns == 2:
        return K.reverse(x, [first, second])
    return K.reverse(swapaxes(x, first, second), second) if turns == 3 else x


@operation("np.logspace keras.ops.logspace(start, stop, num=50, endpoint:!=True, base, dtype:!=None, axis:!=0)")
def logspace(start, stop, num=50, base=10):
    """``num`` powers of a number with exponents at equal distances."""
    exponents = linspace(start, stop, num)
    return K.exp(exponents * float(np.log(base)))


@operation("keras.ops.kron np.kron(a|x1:x, b|x2:y)")
def kron(x, y):
    """Each element of a matrix times all of another one."""
    x, y = tensor(x), tensor(y)
    if len(shape_of(x)) != 2 or len(shape_of(y)) != 2 or None in (*shape_of(x)[1:], *shape_of(y)):
        raise ValueError(f"it needs two matrices of known sizes, got shapes {shape_of(x)} and {shape_of(y)}.")
    product = K.expand_dims(K.expand_dims(x, 1), 3) * K.expand_dims(K.expand_dims(y, 0), 2)
    return K.reshape(product, (-1, shape_of(x)[1] * shape_of(y)[1]))
