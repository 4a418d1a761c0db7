"""Reductions that go along an axis, or leave something out: running products, medians, numbers without NaN."""

from __future__ import annotations

import math
from typing import Any

from ..backends.in_use import K
from .names import operation
from .operands import axes, is_float, shape_of, tensor
from .parts import getitem
from .reductions import logsumexp, norm
from .shapes import one_axis
from .sorting import sort


def _floats(x: Any) -> Any:
    x = tensor(x)
    return x if is_float(x) else K.cast(x, K.floatx())


def _scanned(x: Any, axis: int, combine: Any, start: float) -> Any:
    """The running result of an associative function along an axis of known length, by doubling (Hillis and Steele, 1986)."""
    length = shape_of(x)[axis]
    if length is None:
        raise ValueError("the length of the axis must be known.")
    before = [slice(None)] * axis
    step = 1
    while step < length:
        head = K.ones_like(x[(*before, slice(None, step))]) * start
        x = combine(x, K.concatenate([head, x[(*before, slice(None, -step))]], axis=axis))
        step *= 2
    return x


def _running(x: Any, axis: Any, exclusive: bool, reverse: bool, combine: Any, start: float) -> Any:
    if axis is None:
        x, axis = K.flatten(x), 0
    axis = one_axis(axis, len(shape_of(x)))
    x = K.reverse(x, axis) if reverse else x
    if exclusive:
        before = [slice(None)] * axis
        head = K.ones_like(x[(*before, slice(None, 1))]) * start
        x = K.concatenate([head, x[(*before, slice(None, -1))]], axis=axis)
    found = _scanned(x, axis, combine, start)
    return K.reverse(found, axis) if reverse else found


@operation(
    "K.cumprod(x, axis=0)", "tf.cumprod tf.math.cumprod tf1.cumprod(x, axis=0, exclusive, reverse)", "np.cumprod tensor.cumprod(a|x:x, axis, dtype:!, out:!)",
    "keras.ops.cumprod(x, axis, dtype:!)",
)  # fmt: skip
def cumprod(x, axis=None, exclusive=False, reverse=False):
    """The running product; ``exclusive``: of what stands before, ``reverse``: from the end."""
    return _running(tensor(x), axis, exclusive, reverse, lambda a, b: a * b, 1)


@operation("tf.math.cumulative_logsumexp(x, axis=0, exclusive:!=False, reverse)")
def cumulative_logsumexp(x, axis=0, reverse=False):
    """log(cumsum(exp(x))) without overflow."""
    # as far from 0 as differences stay defined
    return _running(_floats(x), axis, False, reverse, lambda a, b: K.maximum(a, b) + K.softplus(-K.abs(a - b)), -1e30)


@operation("tf.math.reduce_euclidean_norm(input_tensor:x, axis, keepdims)")
def euclidean_norm(x, axis=None, keepdims=False):
    """The root of the sum of squares."""
    return K.sqrt(K.sum(K.square(_floats(x)), axis=axes(axis), keepdims=bool(keepdims)))


@operation("np.ptp keras.ops.ptp(a|x:x, axis, keepdims)")
def ptp(x, axis=None, keepdims=False):
    """The distance of the largest and the smallest element."""
    x = tensor(x)
    return K.max(x, axis=axes(axis), keepdims=bool(keepdims)) - K.min(x, axis=axes(axis), keepdims=bool(keepdims))


@operation("tf.nn.zero_fraction tf.math.zero_fraction(value:x)")
def zero_fraction(x):
    """The share of elements that are 0."""
    return K.mean(K.cast(K.equal(tensor(x), 0), K.floatx()))


def _quantile(x: Any, q: float, axis: Any, keepdims: bool) -> Any:
    x, given = _floats(x), axis
    if not isinstance(q, (int, float)) or not 0 <= q <= 1:
        raise ValueError(f"the quantile must be a number from 0 to 1, got {q!r:.60}.")
    ndim = len(shape_of(x))
    if axis is None:
        x, axis = K.flatten(x), 0
    axis = one_axis(axis, len(shape_of(x)))
    length = shape_of(x)[axis]
    if length is None:
        raise ValueError("the length of the axis must be known.")
    ordered, place = sort(x, axis), q * (length - 1)
    low = min(int(place), max(length - 2, 0))
    before = (slice(None),) * axis
    found = getitem(ordered, (*before, low))
    if place > low:
        found = found + (getitem(ordered, (*before, low + 1)) - found) * (place - low)
    if not keepdims:
        return found
    return K.reshape(found, (1,) * ndim) if given is None else K.expand_dims(found, axis)


@operation("np.median(a:x, axis, out:!, overwrite_input:-, keepdims)", "keras.ops.median(x, axis, keepdims)")
def median(x, axis=None, keepdims=False):
    """The middle element in sorted order, or the mean of the two in the middle."""
    return _quantile(x, 0.5, axis, keepdims)


@operation(
    "np.quantile(a:x, q, axis, out:!, overwrite_input:-, method:!='linear', keepdims)", "keras.ops.quantile(x, q, axis, method:!='linear', keepdims)",
)  # fmt: skip
def quantile(x, q, axis=None, keepdims=False):
    """The value that a share ``q`` of the elements isn't above, linear between neighbours."""
    return _quantile(x, q, axis, keepdims)


@operation(
    "np.percentile(a:x, q, axis, out:!, overwrite_input:-, method:!='linear', keepdims)", "keras.ops.percentile(x, q, axis, method:!='linear', keepdims)",
)  # fmt: skip
def percentile(x, q, axis=None, keepdims=False):
    """``quantile`` in hundredths."""
    return _quantile(x, q / 100 if isinstance(q, (int, float)) else q, axis, keepdims)


def _without_nan(name: str, reduce: Any, instead: float) -> None:
    def compute(x, axis=None, keepdims=False):
        x = _floats(x)
        missing = K.not_equal(x, x)
        kept = K.where(missing, K.ones_like(x) * instead, x)
        return reduce(kept, K.cast(K.equal(x, x), K.dtype(x)), axes(axis), bool(keepdims))

    compute.__doc__ = f"The {name} of what isn't NaN."
    operation(f"np.nan{name}(a:x, axis, dtype:!=None, out:!=None, keepdims)", f"keras.ops.nan{name}(x, axis, keepdims)", own=f"nan{name}")(
        compute
    )


_without_nan("sum", lambda x, there, axis, keepdims: K.sum(x, axis=axis, keepdims=keepdims), 0.0)
_without_nan("prod", lambda x, there, axis, keepdims: K.prod(x, axis=axis, keepdims=keepdims), 1.0)
_without_nan("max", lambda x, there, axis, keepdims: K.max(x, axis=axis, keepdims=keepdims), -math.inf)
_without_nan("min", lambda x, there, axis, keepdims: K.min(x, axis=axis, keepdims=keepdims), math.inf)
_without_nan(
    "mean", lambda x, there, axis, keepdims: K.sum(x, axis=axis, keepdims=keepdims) / K.sum(there, axis=axis, keepdims=keepdims), 0.0
)


@operation("tf.linalg.normalize(tensor:x, ord, axis)")
def normalize_and_norm(x, ord="euclidean", axis=None):  # noqa: A002 - what NumPy calls it
    """(x over its length along the axes, the length)."""
    length = norm(x, ord, axis, True)
    return tensor(x) / length, length


@operation("tf.linalg.global_norm tf1.global_norm(t_list:tensors)")
def global_norm(tensors):
    """The length of several tensors as one vector."""
    return K.sqrt(sum(K.sum(K.square(tensor(x))) for x in tensors))


@operation("np.logaddexp2 keras.ops.logaddexp2(x1:x, x2:y)")
def logaddexp2(x, y):
    """log2(2 ** x + 2 ** y) without overflow."""
    both = K.stack([_floats(x), _floats(y)]) * math.log(2.0)
    return logsumexp(both, 0) * (1.0 / math.log(2.0))
