"""Shapes of tensors, and tensors in another shape."""

from __future__ import annotations

import math
from typing import Any

from ..backends.in_use import K
from .names import constants, operation
from .operands import (
    DTYPES,
    axes,
    dtype_of,
    known,
    shape_of,
    sizes,
    tensor,
    with_parts,
)

constants(**{f"{module}__{name}": name for module in ("tf", "np", "tf__dtypes") for name in DTYPES})
constants(tf__bfloat16="float32", np__bool_="bool", np__float_="float64", np__int_="int64", tf__double="float64", tf__half="float16")


def one_axis(axis: Any, ndim: int) -> int:
    place = known(axis, "axis")
    if not -ndim <= place < ndim:
        raise ValueError(f"there is no axis {place}, because there are only {ndim} axes.")
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


@operation(
    "tf.linalg.matrix_transpose tf.linalg.transpose tf.matrix_transpose(a|matrix:x, conjugate:!=False)",
    "tf.linalg.adjoint(matrix:x)",
    "keras.ops.matrix_transpose np.matrix_transpose(x)",
)
def matrix_transpose(x):
    """The last two axes exchanged."""
    return swapaxes(x, -1, -2)


@operation("np.swapaxes tensor.swapaxes keras.ops.swapaxes(a|x:x, axis1, axis2)")
def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    order = list(range(len(shape_of(x))))
    first, second = one_axis(axis1, len(order)), one_axis(axis2, len(order))
    order[first], order[second] = order[second], order[first]
    return K.permute_dimensions(x, order)


@operation("np.moveaxis keras.ops.moveaxis(a|x:x, source, destination)")
def moveaxis(x, source, destination):
    """Axes at other places, the rest in order."""
    count = len(shape_of(x))
    sources, places = ([one_axis(a, count) for a in (n if isinstance(n, (list, tuple)) else [n])] for n in (source, destination))
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
        for place in sorted(one_axis(a, count) for a in axis):
            x = K.expand_dims(x, place)
        return x
    return K.expand_dims(x, one_axis(axis, len(shape_of(x)) + 1))


@operation(
    "K.squeeze(x, axis)", "tf.squeeze(input|x:x, axis|squeeze_dims:axis)", "tf1.squeeze(input:x, axis|squeeze_dims:axis)", "np.squeeze tensor.squeeze(a|x:x, axis)",
    "keras.ops.squeeze",
)  # fmt: skip
def squeeze(x, axis=None):
    """x without an axis (or several) of length 1; all such axes for None."""
    x = tensor(x)
    lengths = shape_of(x)
    if axis is None or isinstance(axis, (list, tuple)) and not axis:
        places = [i for i, n in enumerate(lengths) if n == 1]
    else:
        places = [one_axis(a, len(lengths)) for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
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
