"""New tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import operation
from .operands import (
    dtype_name,
    dtype_of,
    is_number,
    known,
    parts_of,
    shape_of,
    sizes,
    small,
    tensor,
)
from .shapes import broadcast_to, one_axis


def _made(shape: Any, value: float, dtype: str | None) -> Any:
    name = dtype_name(dtype or K.floatx())
    lengths = sizes(parts_of(shape) if K.is_tensor(shape) else shape)
    if all(type(n) is int for n in lengths):
        return K.constant(np.full(small(lengths), value, name), dtype=name)
    one = K.reshape(K.constant(np.asarray(value, name), dtype=name), (1,) * len(lengths))
    return K.tile(one, lengths)


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


@operation(
    "K.constant(value, dtype, shape)",
    "tf.constant(value, dtype, shape)",
    "tf1.constant(value, dtype, shape, name:-, verify_shape:-)",
    "np.array np.asarray keras.ops.array(value|x|object|a:value, dtype)",
    "K.variable(value, dtype, name:-, constraint:-)",
)
def constant(value, dtype=None, shape=None):
    """A tensor of given values, repeated to a shape."""
    made = tensor(value, None if dtype is None else dtype_name(dtype))
    if shape is None and not K.is_tensor(value) and np.ndim(value) == 2 and np.size(value) <= 64:
        made._known_rows = value  # paddings are written so
    return made if shape is None else broadcast_to(made, shape)


@operation(
    "K.arange(start, stop, step, dtype='int32')", "tf.range(start, limit|stop:stop, delta|step:step, dtype)", "np.arange keras.ops.arange(start, stop, step, dtype)",
)  # fmt: skip
def arange(start, stop=None, step=1, dtype=None):
    """Numbers from a start (0 where only an end is given) up to an end."""
    if all(n is None or is_number(n) for n in (start, stop, step)) and step:
        length = start if stop is None else stop - start
        small((max(0, math.ceil(length / step)),))
    fractions = any(isinstance(n, float) or K.is_tensor(n) and dtype_of(n).startswith("float") for n in (start, stop, step))
    return K.arange(start, stop, step, dtype=dtype_name(dtype or (K.floatx() if fractions else "int32")))


@operation("np.linspace keras.ops.linspace tf.linspace(start, stop, num=50, endpoint:!=True, retstep:!=False, dtype:!=None, axis:!=0)")
def linspace(start, stop, num=50):
    """``num`` numbers at equal distances, both ends included."""
    small((known(num, "num"),))
    steps = np.linspace(0.0, 1.0, known(num, "num"))
    if is_number(start) and is_number(stop):
        return K.constant(start + (stop - start) * steps, dtype=K.floatx())
    return start + (stop - start) * K.constant(steps, dtype=K.floatx())


@operation(
    "K.eye(size|n:n, dtype)",
    "tf.eye(num_rows:n, num_columns:m, batch_shape:!, dtype)",
    "np.eye keras.ops.eye(N:n, M:m, k, dtype)",
    "np.identity keras.ops.identity(n, dtype)",
)
def eye(n, m=None, k=0, dtype=None):
    """A matrix with ones on a diagonal."""
    name = dtype_name(dtype or K.floatx())
    rows = known(n, "the number of rows")
    columns = rows if m is None else known(m, "the number of columns")
    small((rows, columns))
    return K.constant(np.eye(rows, columns, known(k, "k")).astype(name), dtype=name)


@operation(
    "K.one_hot(indices, num_classes|nb_classes:count)", "keras.ops.one_hot(x|indices:indices, num_classes:count, axis, dtype, sparse:!=False)",
    "tf.one_hot(indices, depth:count, on_value, off_value, axis, dtype)", "keras.utils.to_categorical(y:indices, num_classes:count, dtype)",
)  # fmt: skip
def one_hot(indices, count, on_value=None, off_value=None, axis=-1, dtype=None):
    """Whole numbers as vectors along a new axis, with one value at their place and another elsewhere (1 and 0)."""
    indices = tensor(indices)
    axis = one_axis(axis, len(shape_of(indices)) + 1)
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
