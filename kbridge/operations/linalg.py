"""Products of vectors, matrices and tensors, and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.in_use import K
from .names import operation
from .operands import dtype_of, known, pair, shape_of, small, tensor
from .shapes import axis_length, matrix_transpose


def _both(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = pair(x, y)
    return tensor(x), tensor(y, dtype_of(x)) if not K.is_tensor(y) else y


@operation(
    "tf.matmul tf.linalg.matmul(a:x, b:y, transpose_a, transpose_b, adjoint_a:!=False, adjoint_b:!=False, a_is_sparse:-, b_is_sparse:-, output_type:!, grad_a:-, grad_b:-)",
    "np.matmul keras.ops.matmul(x1|a:x, x2|b:y)", "tf.raw_ops.BatchMatMulV2(x, y)",
)  # fmt: skip
def matmul(x, y, transpose_a=False, transpose_b=False):
    """The product of matrices in the last two axes, others broadcast; vectors as NumPy takes them."""
    x, y = _both(x, y)
    x, y = matrix_transpose(x) if transpose_a else x, matrix_transpose(y) if transpose_b else y
    m, n = len(shape_of(x)), len(shape_of(y))
    if m == 1 or n <= 2:
        if m == 1:
            product = matmul(K.expand_dims(x, 0), y)
            return K.squeeze(product, len(shape_of(product)) - (2 if n > 1 else 1))
        return K.dot(x, y)
    if m == n == 3 and shape_of(x)[0] == shape_of(y)[0]:
        return K.batch_matmul(x, y)
    letters = "abcdefgh"
    if max(m, n) > len(letters):
        raise ValueError(f"kbridge can't multiply matrices with {max(m, n) - 2} axes before them.")
    if m == n and all(p == q != 1 for p, q in zip(shape_of(x)[:-2], shape_of(y)[:-2])):
        batch = letters[: m - 2]
        return K.einsum(f"{batch}xy,{batch}yz->{batch}xz", x, y)
    return _broadcast_product(x, y)


def _broadcast_product(x: Any, y: Any) -> Any:
    """Batches that differ: one side's axes of length 1 are repeated."""
    while len(shape_of(x)) < len(shape_of(y)):
        x = K.expand_dims(x, 0)
    while len(shape_of(y)) < len(shape_of(x)):
        y = K.expand_dims(y, 0)
    count = len(shape_of(x)) - 2

    def repeated(a: Any, b: Any) -> Any:
        times = [axis_length(b, i) if shape_of(a)[i] == 1 and shape_of(b)[i] != 1 else 1 for i in range(count)]
        return a if all(type(n) is int and n == 1 for n in times) else K.tile(a, [*times, 1, 1])

    x, y = repeated(x, y), repeated(y, x)
    batch = "abcdefgh"[:count]
    return K.einsum(f"{batch}xy,{batch}yz->{batch}xz", x, y)


@operation("K.dot(x, y)")
def dot(x, y):
    """The last axis of x with the last but one of y, as Keras' ``K.dot``."""
    x, y = _both(x, y)
    return K.dot(x, y)


@operation("np.dot keras.ops.dot(a|x1|x:x, b|x2|y:y)")
def numpy_dot(x, y):
    """NumPy's product: of matrices, of vectors, of a tensor's last axis, or with a number."""
    x, y = _both(x, y)
    return x * y if not shape_of(x) or not shape_of(y) else K.dot(x, y)


@operation("K.batch_dot(x, y, axes)")
def batch_dot(x, y, axes=None):
    """Products of axes, sample by sample."""
    return K.batch_dot(x, y, axes=tuple(axes) if isinstance(axes, list) else axes)


@operation("tf.tensordot tf.linalg.tensordot(a:x, b:y, axes)", "np.tensordot(a:x, b:y, axes)", "keras.ops.tensordot(x1:x, x2:y, axes)")
def tensordot(x, y, axes=2):
    """Sums of products over several axes of both."""
    x, y = _both(x, y)
    m, n = len(shape_of(x)), len(shape_of(y))
    if isinstance(axes, np.ndarray):
        axes = axes.tolist()
    if isinstance(axes, int):
        first, second = list(range(m - axes, m)), list(range(axes))
    else:
        first, second = (
            [a % count for a in (side if isinstance(side, (list, tuple)) else [side])] for side, count in zip(axes, (m, n), strict=True)
        )
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    left = [next(letters) for _ in range(m)]
    right = [left[first[second.index(a)]] if a in second else next(letters) for a in range(n)]
    result = [c for i, c in enumerate(left) if i not in first] + [c for i, c in enumerate(right) if i not in second]
    return K.einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", x, y)


@operation(
    "tf.einsum tf.linalg.einsum K.einsum keras.ops.einsum(equation|subscripts:equation, *operands, optimize:-)",
    "np.einsum(subscripts:equation, *operands)",
)
def einsum(equation, *operands):
    """Sums of products by Einstein's convention; more than two operands from left to right."""
    found = [tensor(x) for x in operands]
    if len(found) <= 2:
        return K.einsum(equation, *found)
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or "." in equation or len(terms) != len(found):
        raise ValueError(f"kbridge can't compute {equation!r} with {len(found)} operands.")
    while len(found) > 2:
        later = set("".join(terms[2:]) + result)
        kept = "".join(dict.fromkeys(c for c in terms[0] + terms[1] if c in later))
        found[:2] = [K.einsum(f"{terms[0]},{terms[1]}->{kept}", *found[:2])]
        terms[:2] = [kept]
    return K.einsum(f"{','.join(terms)}->{result}", *found)


@operation("tf.linalg.matvec(a:x, b:y, transpose_a, adjoint_a:!=False, a_is_sparse:-, b_is_sparse:-)")
def matvec(x, y, transpose_a=False):
    """The product of matrices in the last two axes of ``x`` with vectors in the last axis of ``y``."""
    x, y = _both(x, y)
    return K.squeeze(matmul(x, K.expand_dims(y, -1), transpose_a), len(shape_of(y)))


@operation("np.outer keras.ops.outer(a|x1:x, b|x2:y)")
def outer(x, y):
    """Each element of x times each of y."""
    x, y = _both(x, y)
    return K.expand_dims(K.flatten(x), 1) * K.expand_dims(K.flatten(y), 0)


@operation("np.vdot keras.ops.vdot(a|x1:x, b|x2:y)")
def vdot(x, y):
    """The sum of the products of all elements."""
    x, y = _both(x, y)
    return K.sum(K.flatten(x) * K.flatten(y))


@operation("np.inner keras.ops.inner(a|x1:x, b|x2:y)")
def inner(x, y):
    """Sums of products over both last axes."""
    return tensordot(x, y, axes=[[-1], [-1]])


@operation("np.cross keras.ops.cross tf.linalg.cross tf.cross(a|x1:x, b|x2:y, axisa:!=-1, axisb:!=-1, axisc:!=-1, axis:!=None)")
def cross(x, y):
    """The cross product of vectors of length 3 in the last axis."""
    x, y = _both(x, y)
    if shape_of(x)[-1] != 3 or shape_of(y)[-1] != 3:
        raise ValueError("it needs vectors of length 3 in the last axis.")
    a, b = ([v[(*[slice(None)] * (len(shape_of(v)) - 1), i)] for i in range(3)] for v in (x, y))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return K.concatenate([K.expand_dims(p, -1) for p in parts], axis=-1)


def _band(x: Any, keep: Any) -> Any:
    rows, columns = shape_of(x)[-2:]
    if rows is None or columns is None:
        raise ValueError(f"the size of matrices must be known, got shape {shape_of(x)}.")
    small((rows, columns))
    return x * K.cast(K.constant(keep(np.arange(rows)[:, None], np.arange(columns)[None]).astype("float32")), dtype_of(x))


@operation("np.tril keras.ops.tril(x|m:x, k)")
def tril(x, k=0):
    """Matrices with zeros above a diagonal."""
    return _band(tensor(x), lambda row, column: column - row <= k)


@operation("np.triu keras.ops.triu(x|m:x, k)")
def triu(x, k=0):
    """Matrices with zeros below a diagonal."""
    return _band(tensor(x), lambda row, column: column - row >= k)


@operation("tf.linalg.band_part tf.matrix_band_part(input:x, num_lower:lower, num_upper:upper)")
def band_part(x, lower, upper):
    """Matrices with zeros outside a band; a negative width is all of a side."""
    lower, upper = known(lower, "num_lower"), known(upper, "num_upper")
    return _band(tensor(x), lambda row, column: ((lower < 0) | (row - column <= lower)) & ((upper < 0) | (column - row <= upper)))


@operation(
    "tf.linalg.diag_part tf1.matrix_diag_part(input:x, k:!=0, padding_value:-, align:-)",
    "np.diagonal keras.ops.diagonal(a|x:x, offset:!=0, axis1:!=0, axis2:!=1)",
)
def diag_part(x):
    """The diagonal of square matrices in the last two axes."""
    x = tensor(x)
    rows, columns = shape_of(x)[-2:]
    if rows is None or rows != columns:
        raise ValueError(f"matrices must be square and of a known size, got shape {shape_of(x)}.")
    return K.sum(x * K.cast(K.constant(np.eye(small((rows, rows))[0])), dtype_of(x)), axis=-1)


@operation("tf.linalg.trace(x)", "np.trace keras.ops.trace(x|a:x, offset:!=0, axis1:!=0, axis2:!=1)")
def trace(x):
    """The sum of the diagonal."""
    return K.sum(diag_part(x), axis=-1)


@operation("tf.linalg.diag tf.matrix_diag(diagonal|input:x, k:!=0, num_rows:!=-1, num_cols:!=-1, padding_value:!=0, align:-)")
def diag(x):
    """Matrices with the vectors of the last axis as diagonals."""
    x = tensor(x)
    length = shape_of(x)[-1]
    if length is None:
        raise ValueError("the length of the last axis must be known.")
    return K.expand_dims(x, -1) * K.cast(K.constant(np.eye(small((length, length))[0])), dtype_of(x))
