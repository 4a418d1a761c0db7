"""``x[i]`` with arrays of whole numbers, or masks, among the indices, which TensorFlow's own operator doesn't know.

The result is NumPy's, whatever else is in the key: numbers, slices, None, Ellipsis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..masks import without_masks
from ..selections import ARRAYS, selection
from .quiet import tf

#: the names of TensorFlow's operator, for tensors and for variables
OPERATORS = ("_slice_helper", "_slice_helper_var")


def indexed(x: Any, key: Any) -> Any:
    """``x[key]`` for a key that holds arrays of whole numbers or masks; None for any other key."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if x.shape.rank is None:
        return None
    if any(isinstance(k, np.ndarray) for k in keys):
        keys = list(without_masks(tuple(keys), x.shape.as_list()))
    if len(keys) > 1:
        keys = [v for k in keys for v in (tf.unstack(tf.where(k), num=k.shape.rank, axis=1) if _is_mask(k) else [k])]
    keys = [np.asarray(k) if isinstance(k, list) else k for k in keys]
    if not any(map(_rank_of, keys)):
        return None
    parts = selection(tuple(keys), x.shape.rank, _rank_of)
    assert parts is not None
    # what can be done by slices is, and leaves the arrays' axes whole
    x = tf.convert_to_tensor(x)[parts.slices]
    axis = parts.place()
    if axis is None:
        x, axis = tf.transpose(x, [*parts.axes, *parts.others]), 0
    vectors = [tf.cast(tf.convert_to_tensor(k), tf.int64) for k in parts.arrays]
    size, static, behind = tf.shape(x, out_type=tf.int64), x.shape, axis + len(vectors)
    # the place along all the indexed axes as one; -1, which gather refuses, where an index is out of its axis' range
    place, inside = tf.zeros([], tf.int64), tf.constant(True)
    for n, v in enumerate(vectors, axis):
        place = place * size[n] + tf.where(v < 0, v + size[n], v)
        inside &= (-size[n] <= v) & (v < size[n])
    place = tf.where(inside, place, -1)
    if len(vectors) > 1:
        x = tf.reshape(x, tf.concat([size[:axis], [tf.reduce_prod(size[axis:behind])], size[behind:]], axis=0))
    result = tf.gather(x, place, axis=axis)
    result.set_shape(static[:axis].concatenate(place.shape).concatenate(static[behind:]))
    if None in parts.layout:
        whole = {ARRAYS: [slice(None)] * place.shape.rank, None: [tf.newaxis]}
        result = result[tuple(k for part in parts.layout for k in whole.get(part, [slice(None)]))]
    return result


def _rank_of(k: Any) -> int | None:
    """The number of axes of whole numbers; None for all else."""
    if isinstance(k, np.ndarray):
        return k.ndim if k.dtype.kind in "iu" else None
    if isinstance(k, (tf.Tensor, tf.Variable)):
        return k.shape.rank if k.dtype.is_integer else None
    return 0 if isinstance(k, (int, np.integer)) and not isinstance(k, bool) else None


def _is_mask(k: Any) -> bool:
    """A tensor of booleans; alone it is left to TensorFlow's own operator."""
    return isinstance(k, (tf.Tensor, tf.Variable)) and k.dtype == tf.bool and bool(k.shape.rank)
