"""Sums, means, extremes and places along axes."""

from __future__ import annotations

from typing import Any

from ..backends.in_use import K
from .names import operation
from .operands import axes, dtype_name, is_float, known, shape_of, tensor


def _reduction(name: str, *others: str, floats: bool = False) -> None:
    """An operation that is K's reduction of that name."""

    def compute(x, axis=None, keepdims=False):
        x = tensor(x)
        x = K.cast(x, K.floatx()) if floats and not is_float(x) else x
        axis = axes(axis)
        return x if axis == [] else getattr(K, name)(x, axis=axis, keepdims=bool(keepdims))

    compute.__doc__ = getattr(K, name).__doc__
    short = {"sum": "sum", "prod": "prod", "mean": "mean", "max": "max", "min": "min", "any": "any", "all": "all"}.get(name, name)
    heads = f"tf.reduce_{short} tf.math.reduce_{short}"
    operation(
        f"K.{name} keras.ops.{name}(x, axis, keepdims, initial:!=None, where:!=None, dtype:!=None)",
        f"{heads}(input_tensor:x, axis|reduction_indices, keepdims|keep_dims)",
        f"tf1.reduce_{short} tf1.math.reduce_{short}(input_tensor:x, axis, keepdims, name:-, reduction_indices:axis=None, keep_dims:keepdims=False)",
        f"np.{name} tensor.{name}(a|x:x, axis, dtype:!=None, out:!=None, keepdims)",
        *others,
        own=name,
    )(compute)


_reduction("sum", floats=False)
_reduction("prod")
_reduction("mean", floats=True)
_reduction("max", "np.amax keras.ops.amax(a|x:x, axis, keepdims)")
_reduction("min", "np.amin keras.ops.amin(a|x:x, axis, keepdims)")
_reduction("any")
_reduction("all")


@operation(
    "K.std keras.ops.std(x, axis, keepdims)", "tf.math.reduce_std(input_tensor:x, axis, keepdims)", "np.std tensor.std(a|x:x, axis, dtype:!, out:!, ddof:!=0, keepdims)",
)  # fmt: skip
def std(x, axis=None, keepdims=False):
    """The standard deviation."""
    return K.std(tensor(x), axis=axes(axis), keepdims=bool(keepdims))


@operation(
    "K.var keras.ops.var(x, axis, keepdims)", "tf.math.reduce_variance(input_tensor:x, axis, keepdims)", "np.var tensor.var(a|x:x, axis, dtype:!, out:!, ddof:!=0, keepdims)",
)  # fmt: skip
def var(x, axis=None, keepdims=False):
    """The variance."""
    return K.var(tensor(x), axis=axes(axis), keepdims=bool(keepdims))


@operation(
    "K.logsumexp keras.ops.logsumexp(x, axis, keepdims)",
    "tf.reduce_logsumexp tf.math.reduce_logsumexp(input_tensor:x, axis, keepdims|keep_dims)",
    "tf1.reduce_logsumexp tf1.math.reduce_logsumexp(input_tensor:x, axis, keepdims, name:-, reduction_indices:axis=None, keep_dims:keepdims=False)",
)
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) without overflow."""
    return K.logsumexp(tensor(x), axis=axes(axis), keepdims=bool(keepdims))


@operation("tf.nn.moments(x, axes:axis, shift:!, keepdims|keep_dims)", "keras.ops.moments(x, axes:axis, keepdims, synchronized:-)")
def moments(x, axis, keepdims=False):
    """(mean, variance)."""
    x = tensor(x)
    return K.mean(x, axis=axes(axis), keepdims=bool(keepdims)), K.var(x, axis=axes(axis), keepdims=bool(keepdims))


@operation(
    "tf.math.count_nonzero(input:x, axis, keepdims, dtype)",
    "tf1.math.count_nonzero tf1.count_nonzero(input_tensor|input:x, axis|reduction_indices:axis, keepdims|keep_dims:keepdims, dtype)",
    "keras.ops.count_nonzero np.count_nonzero(x|a:x, axis)",
)
def count_nonzero(x, axis=None, keepdims=False, dtype="int32"):
    """The number of elements that aren't 0."""
    return K.cast(K.sum(K.cast(K.not_equal(tensor(x), 0), "int32"), axis=axes(axis), keepdims=bool(keepdims)), dtype_name(dtype))


def _place(function: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    x = tensor(x)
    ndim = len(shape_of(x))
    if axis is None:
        found = function(K.reshape(x, (-1,)), 0)
        return K.reshape(found, (1,) * ndim) if keepdims else found
    found = function(x, axis)
    return K.expand_dims(found, axis % ndim) if keepdims else found


@operation(
    "K.argmax(x, axis=-1)", "tf.argmax tf.math.argmax(input:x, axis|dimension=0, output_type:-)",
    "tf1.argmax tf1.math.argmax(input:x, axis=0, name:-, dimension:axis=0, output_type:-)", "np.argmax tensor.argmax(a|x:x, axis)",
    "keras.ops.argmax(x, axis, keepdims)",
)  # fmt: skip
def argmax(x, axis=None, keepdims=False):
    """The first place of the largest element."""
    return _place(K.argmax, x, axis, keepdims)


@operation(
    "K.argmin(x, axis=-1)", "tf.argmin tf.math.argmin(input:x, axis|dimension=0, output_type:-)", "np.argmin tensor.argmin(a|x:x, axis)",
    "keras.ops.argmin(x, axis, keepdims)",
)  # fmt: skip
def argmin(x, axis=None, keepdims=False):
    """The first place of the smallest element."""
    return _place(K.argmin, x, axis, keepdims)


@operation(
    "K.cumsum(x, axis=0)", "tf.cumsum tf.math.cumsum(x, axis=0, exclusive, reverse)", "np.cumsum tensor.cumsum(a|x:x, axis, dtype:!, out:!)",
    "keras.ops.cumsum(x, axis, dtype:!)",
)  # fmt: skip
def cumsum(x, axis=None, exclusive=False, reverse=False):
    """The running sum; ``exclusive``: of what stands before, ``reverse``: from the end."""
    x = tensor(x)
    if axis is None:
        x, axis = K.reshape(x, (-1,)), 0
    turned = K.reverse(x, axis) if reverse else x
    total = K.cumsum(turned, axis)
    total = total - turned if exclusive else total
    return K.reverse(total, axis) if reverse else total


@operation(
    "K.l2_normalize(x, axis)", "tf.nn.l2_normalize tf.math.l2_normalize tf.linalg.l2_normalize(x, axis|dim, epsilon)",
    "tf1.nn.l2_normalize tf1.math.l2_normalize(x, axis, epsilon, name:-, dim:axis=None)",
)  # fmt: skip
def l2_normalize(x, axis=None, epsilon=1e-12):
    """x over its Euclidean length along the axes, whose square is at least ``epsilon``."""
    x = tensor(x)
    return x / K.sqrt(K.maximum(K.sum(K.square(x), axis=axes(axis), keepdims=True), epsilon))


@operation("keras.ops.normalize keras.utils.normalize(x, axis=-1, order=2, epsilon)")
def normalize(x, axis=-1, order=2, epsilon=None):
    """x over its length of an order along the axes, which is at least ``epsilon``."""
    x = tensor(x)
    return x / K.maximum(norm(x, order, axis, True), K.epsilon() if epsilon is None else epsilon)


@operation(
    "tf.norm tf.linalg.norm(tensor:x, ord='euclidean', axis, keepdims|keep_dims)", "np.linalg.norm keras.ops.norm(x, ord, axis, keepdims)",
)  # fmt: skip
def norm(x, ord=None, axis=None, keepdims=False):  # noqa: A002 - what NumPy calls it
    """The length of vectors: Euclidean, or of the order 1, 2, inf or another number. Of whole tensors for no axis."""
    x = tensor(x)
    x = x if is_float(x) else K.cast(x, K.floatx())
    axis, keepdims = axes(axis), bool(keepdims)
    matrices = len(axis) if isinstance(axis, list) else len(shape_of(x)) if axis is None else 1
    if ord in (None, "euclidean") or ord == "fro" or ord == 2 and matrices != 2:
        return K.sqrt(K.sum(K.square(x), axis=axis, keepdims=bool(keepdims)))
    if matrices == 2 and isinstance(axis, list):
        raise ValueError(f"kbridge can't compute the norm of order {ord!r} of matrices.")
    if ord in (float("inf"), "inf"):
        return K.max(K.abs(x), axis=axis, keepdims=bool(keepdims))
    if ord == 1:
        return K.sum(K.abs(x), axis=axis, keepdims=bool(keepdims))
    if not isinstance(ord, (int, float)) or ord <= 0:
        raise ValueError(f"kbridge can't compute the norm of order {ord!r}.")
    return K.pow(K.sum(K.pow(K.abs(x), ord), axis=axis, keepdims=bool(keepdims)), 1.0 / ord)


@operation("keras.ops.average np.average(x|a:x, axis, weights)")
def average(x, axis=None, weights=None):
    """The mean, weighted."""
    if weights is None:
        return K.mean(tensor(x), axis=axes(axis))
    x = tensor(x)
    weights = tensor(weights, K.dtype(x))
    if len(shape_of(weights)) != len(shape_of(x)):
        weights = K.reshape(weights, [-1 if i == known(axis, "axis") % len(shape_of(x)) else 1 for i in range(len(shape_of(x)))])
    weights = weights + K.zeros_like(x)
    return K.sum(x * weights, axis=axes(axis)) / K.sum(weights, axis=axes(axis))
