"""``x[i]`` with vectors of whole numbers, or masks, among the indices, which TensorFlow's own operator doesn't know.

The result is NumPy's, for vectors and numbers that stand next to each other: ``x[i]``, ``x[:, i]``, ``x[i, 0]``, ``x[..., i]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..masks import without_masks
from .quiet import tf

#: the names of TensorFlow's operator, for tensors and for variables
OPERATORS = ("_slice_helper", "_slice_helper_var")


def indexed(x: Any, key: Any) -> Any:
    """``x[key]`` for a key that holds vectors of whole numbers or masks; None for any other key."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if x.shape.rank is not None and any(isinstance(k, np.ndarray) for k in keys):
        keys = list(without_masks(tuple(keys), x.shape.as_list()))
    if len(keys) > 1:
        keys = [v for k in keys for v in (tf.unstack(tf.where(k), num=k.shape.rank, axis=1) if _is_mask(k) else [k])]
    keys = [np.asarray(k) if isinstance(k, list) else k for k in keys]
    places = [n for n, k in enumerate(keys) if _is_vector(k) or _is_number(k)]
    if not any(_is_vector(k) for k in keys) or x.shape.rank is None:
        return None
    # NumPy counts single numbers among the vectors
    first, last = places[0], places[-1]
    if len(places) != last - first + 1:
        return None
    vectors = [tf.cast(tf.convert_to_tensor(k), tf.int64) for k in keys[first : last + 1]]
    # what can be done by slices is, and leaves these axes whole
    rest = [*keys[:first], *[slice(None)] * len(vectors), *keys[last + 1 :]]
    x = tf.convert_to_tensor(x)[tuple(rest)]
    axis = _axis_of(first, keys, x.shape.rank)
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
    return result


def _is_vector(k: Any) -> bool:
    if isinstance(k, np.ndarray):
        return k.ndim > 0 and k.dtype.kind in "iu"
    return isinstance(k, (tf.Tensor, tf.Variable)) and k.dtype.is_integer and bool(k.shape.rank)


def _is_mask(k: Any) -> bool:
    """A tensor of booleans; alone it is left to TensorFlow's own operator."""
    return isinstance(k, (tf.Tensor, tf.Variable)) and k.dtype == tf.bool and bool(k.shape.rank)


def _is_number(k: Any) -> bool:
    if isinstance(k, (tf.Tensor, tf.Variable)):
        return k.dtype.is_integer and k.shape.rank == 0
    return isinstance(k, (int, np.integer)) and not isinstance(k, bool)


def _axis_of(place: int, keys: list, rank: int) -> int:
    """The axis of the sliced tensor that belongs to ``keys[place]``."""
    if any(k is Ellipsis for k in keys[:place]):
        return rank - (len(keys) - place)
    return place
