"""Sums, products, extremes, logic and random tensors."""

from __future__ import annotations

import numpy as np

from .. import settings
from .derivatives import gradient, passed, with_gradient
from .quiet import tf
from .tensors import as_float, as_tensor, axes_of, dims, sizes


def _countable(x):
    x = as_tensor(x)
    return tf.cast(x, tf.int32) if x.dtype == tf.bool else x


def _nan_through(reduced, x, axis, keepdims):
    """``reduced``, but NaN where there is one among the elements, which TensorFlow's extremes pass over."""
    if not x.dtype.is_floating:
        return reduced
    found = tf.reduce_any(tf.math.is_nan(x), axis=axis, keepdims=keepdims)
    return tf.where(found, tf.constant(np.nan, x.dtype), reduced)


def _place(function, x, axis):
    """The index of an extreme: that of the first NaN if there is one, which TensorFlow passes over."""
    place = function(x, axis)
    if not x.dtype.is_floating:
        return place
    nan = tf.math.is_nan(x)
    return tf.where(tf.reduce_any(nan, axis), tf.argmax(tf.cast(nan, tf.uint8), axis), place)


def _product(x, axis):
    """The product along ``axis``, which stays with length 1. TensorFlow's own has a second derivative that is wrong
    where a factor is 0."""
    with with_gradient(Prod="Product"):
        return tf.reduce_prod(x, axis, keepdims=True)


@gradient("Product")
def _of_product(op, dy):
    x, axis = op.inputs
    return dy * _product_of_others(x, int(tf.get_static_value(axis))), None


def _product_of_others(x, axis):
    """For each element, the product of the other elements along ``axis``; exact at zeros."""
    before = tf.math.cumprod(x, axis, exclusive=True)
    return passed("ProductOfOthers", before * tf.math.cumprod(x, axis, exclusive=True, reverse=True), x, tf.constant(axis))


@gradient("ProductOfOthers")
def _of_product_of_others(op, dy, *_):
    return None, _slope_of_others(op.inputs[1], dy, int(tf.get_static_value(op.inputs[2]))), None


#: the largest length along which all pairs of factors are multiplied
PAIRS = 64


def _slope_of_others(x, g, axis):
    """How the products of others change with x in the direction g. It is symmetric in g and its own gradient.

    Short axes are made of n * n products. In long ones the prefixes and suffixes are multiplied as pairs (product, its slope), in
    log2(n) steps over the whole.
    """
    if dims(x)[axis] is not None and dims(x)[axis] <= PAIRS:
        return _slope_of_rows(x, g, axis)
    order = [*(a for a in range(x.shape.rank) if a != axis), axis]
    factors, slopes = tf.transpose(x, order), tf.transpose(g, order)
    before, before_slope = _prefixes(factors, slopes)
    after, after_slope = (tf.reverse(a, [-1]) for a in _prefixes(tf.reverse(factors, [-1]), tf.reverse(slopes, [-1])))
    result = tf.transpose(before_slope * after + before * after_slope, np.argsort(order))
    return passed("SlopeOfOthers", result, x, g, tf.constant(axis))


@gradient("SlopeOfOthers")
def _of_slope_of_others(op, dy, *_):
    axis = int(tf.get_static_value(op.inputs[3]))
    # the third derivative of a product, which is rare, is made of n * n products
    x, g = tf.identity(op.inputs[1]), tf.identity(op.inputs[2])
    return None, tf.gradients(_slope_of_rows(x, g, axis), x, dy)[0], _slope_of_others(x, dy, axis), None


def _slope_of_rows(x, g, axis):
    # row j holds x with 1 in place of its element j: its products lack two elements
    same = tf.reshape(tf.eye(tf.shape(x)[axis], dtype=tf.bool), [*2 * [tf.shape(x)[axis]], *(x.shape.rank - axis - 1) * [1]])
    rows = tf.where(same, tf.ones([], x.dtype), tf.expand_dims(x, axis))
    lacking = tf.where(same, tf.zeros([], x.dtype), _product_of_others(rows, axis + 1))
    return tf.reduce_sum(tf.expand_dims(g, axis + 1) * lacking, axis)


def _prefixes(x, g):
    """The product of what comes before each place of the last axis, and its slope."""
    n = tf.shape(x)[-1]

    def moved(a, step, fill):
        return tf.concat([fill(a[..., :step]), a[..., : n - step]], -1)

    def turn(step, product, slope):
        earlier = moved(product, step, tf.ones_like)
        return 2 * step, earlier * product, moved(slope, step, tf.zeros_like) * product + earlier * slope

    start = (tf.constant(1), moved(x, 1, tf.ones_like), moved(g, 1, tf.zeros_like))
    known = (tf.TensorShape([]), x.shape, x.shape)
    _, product, slope = tf.while_loop(lambda step, *_: step < n, turn, start, shape_invariants=known)
    return product, slope


def _seed(seed):
    # NumPy's global state decides where no seed is given: np.random.seed makes a run repeatable
    return int(np.random.randint(0, 2**31 - 1)) if seed is None else int(seed)


class ReductionPrimitives:
    """Reductions over axes, and draws."""

    def sum(self, x, axis=None, keepdims=False):
        return tf.reduce_sum(_countable(x), axes_of(axis), keepdims)

    def prod(self, x, axis=None, keepdims=False):
        x = _countable(x)
        if not x.dtype.is_floating or x.shape.rank is None:
            return tf.reduce_prod(x, axes_of(axis), keepdims)
        axes = range(x.shape.rank) if axis is None else np.atleast_1d(axis).tolist()
        for a in sorted({a % x.shape.rank for a in axes}, reverse=True):
            x = _product(x, a)
            x = x if keepdims else tf.squeeze(x, a)
        return x

    def mean(self, x, axis=None, keepdims=False):
        return tf.reduce_mean(as_float(x), axes_of(axis), keepdims)

    def max(self, x, axis=None, keepdims=False):
        x = _countable(x)
        return _nan_through(tf.reduce_max(x, axes_of(axis), keepdims), x, axes_of(axis), keepdims)

    def min(self, x, axis=None, keepdims=False):
        x = _countable(x)
        return _nan_through(tf.reduce_min(x, axes_of(axis), keepdims), x, axes_of(axis), keepdims)

    def any(self, x, axis=None, keepdims=False):
        return tf.reduce_any(tf.cast(as_tensor(x), tf.bool), axes_of(axis), keepdims)

    def all(self, x, axis=None, keepdims=False):
        return tf.reduce_all(tf.cast(as_tensor(x), tf.bool), axes_of(axis), keepdims)

    def argmax(self, x, axis=-1):
        return _place(tf.argmax, _countable(x), axis)

    def argmin(self, x, axis=-1):
        return _place(tf.argmin, _countable(x), axis)

    def cumsum(self, x, axis=0):
        return tf.cumsum(_countable(x), axis)

    def random_uniform(self, shape, low=0.0, high=1.0, dtype=None, seed=None):
        return tf.random.uniform(sizes(shape), low, high, dtype or settings.floatx(), _seed(seed))

    def random_normal(self, shape, mean=0.0, std=1.0, dtype=None, seed=None):
        return tf.random.normal(sizes(shape), mean, std, dtype or settings.floatx(), _seed(seed))
