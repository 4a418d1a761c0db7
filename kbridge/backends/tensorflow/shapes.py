"""Shapes, selection and matrix products."""

from __future__ import annotations

from ..interface import GATHERED
from .derivatives import gradient, with_gradient
from .quiet import tf
from .tensors import Mixin, as_tensor, as_tensors, dims, is_eager, is_sparse, is_tensor, sizes

#: dtypes for which TensorFlow has matrix products
PRODUCTS = (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int32, tf.int64)


@gradient("Joined")
def _of_joined(op, dy):
    x, matrix = op.inputs
    return tf.matmul(dy, _transposed(matrix)), tf.matmul(x, dy, transpose_a=True)


def _transposed(matrix):
    """``matrix`` transposed: one from outside of a loop there, once for all steps. A product with one that isn't takes twice as long."""
    outer = next((outer for outer, inner in getattr(matrix.graph, "captures", ()) if inner is matrix), None)
    if outer is None or is_eager(outer):
        return tf.transpose(matrix)
    with outer.graph.as_default(), tf.control_dependencies(None):
        return _transposed(outer)


class ShapePrimitives(Mixin):
    """reshape, concatenate, gather, dot and their like."""

    def reshape(self, x, shape):
        return tf.reshape(as_tensor(x), sizes(shape))

    def permute_dimensions(self, x, pattern):
        return tf.transpose(as_tensor(x), list(pattern))

    def expand_dims(self, x, dim=-1):
        return tf.expand_dims(as_tensor(x), dim)

    def squeeze(self, x, axis):
        return tf.squeeze(as_tensor(x), [axis])

    def concatenate(self, tensors, axis=-1):
        return tf.concat(as_tensors(*tensors), axis)

    def pad(self, x, padding):
        return tf.pad(as_tensor(x), [list(p) for p in padding])

    def tile(self, x, n):
        x = as_tensor(x)
        if is_tensor(n) and n.shape.rank:
            return tf.tile(x, as_tensor(n))
        counts = sizes(n if isinstance(n, (list, tuple)) else [n])
        counts = [1] * (x.shape.rank - len(counts)) + counts
        for _ in range(len(counts) - x.shape.rank):
            x = tf.expand_dims(x, 0)
        return tf.tile(x, counts)

    def repeat_elements(self, x, rep, axis):
        x = as_tensor(x)
        result = tf.repeat(x, rep, axis=axis)
        shape = x.shape.as_list()
        shape[axis] = None if shape[axis] is None or not isinstance(rep, int) else shape[axis] * rep
        result.set_shape(shape)
        return result

    def reverse(self, x, axes):
        return tf.reverse(as_tensor(x), list(axes) if isinstance(axes, (list, tuple)) else [axes])

    def gather(self, reference, indices):
        indices = as_tensor(indices, tf.int32)
        indices = indices if indices.dtype.is_integer else tf.cast(indices, tf.int32)
        return tf.gather(as_tensor(reference), indices, name=self._state.checked(GATHERED))

    def _in_range(self, indices, count, what):
        # TensorFlow's gather looks at its indices
        return tf.gather(tf.range(tf.cast(count, indices.dtype)), indices, name=self._state.checked(what))

    def arange(self, start, stop=None, step=1, dtype="int32"):
        if stop is None:
            start, stop = 0, start
        numbers = all(isinstance(v, (int, float)) for v in (start, stop, step))
        if numbers and not all(isinstance(v, int) for v in (start, stop, step)):
            return tf.cast(tf.range(float(start), float(stop), float(step)), dtype)
        return tf.cast(tf.range(start, stop, step), dtype)

    def zeros_like(self, x, dtype=None, name=None):
        return tf.zeros_like(as_tensor(x), dtype)

    def ones_like(self, x, dtype=None, name=None):
        return tf.ones_like(as_tensor(x), dtype)

    def dot(self, x, y):
        if is_sparse(x):
            return tf.sparse.sparse_dense_matmul(x, as_tensor(y))
        x, y = as_tensors(x, y)
        if x.dtype not in PRODUCTS:
            return tf.cast(self.dot(tf.cast(x, tf.int32), tf.cast(y, tf.int32)), tf.int32 if x.dtype == tf.bool else x.dtype)
        nx, ny = x.shape.rank, y.shape.rank
        if nx == ny == 2:
            return tf.matmul(x, y)
        if not nx or not ny:
            return x * y
        return tf.tensordot(x, y, [[nx - 1], [max(ny - 2, 0)]])

    def split(self, x, count, axis=-1):
        x = as_tensor(x)
        # one gradient of all parts; that of a slice is as large as x for each
        length = dims(x)[axis]
        fits = length and (length % count == 0 if isinstance(count, int) else length == sum(count))
        return tf.split(x, count, axis) if fits else super().split(x, count, axis)

    def dots(self, x, matrices, parts, joined=False):
        x, parts, *matrices = as_tensors(x, parts, *matrices)
        if x.shape.rank != 2 or any(m.graph is not matrices[0].graph for m in matrices):
            return super().dots(x, matrices, parts, joined)
        # in a loop, weights from outside of it are joined there, once for all steps
        with matrices[0].graph.as_default():
            matrix = tf.concat(matrices, 1)
        with with_gradient(MatMul="Joined"):
            product = parts + tf.matmul(x, matrix)
        return product if joined else self.split(product, len(matrices))

    def batch_matmul(self, x, y):
        x, y = as_tensors(x, y)
        if x.dtype not in PRODUCTS:
            product = tf.matmul(tf.cast(x, tf.int32), tf.cast(y, tf.int32))
            return product if x.dtype == tf.bool else tf.cast(product, x.dtype)
        return tf.matmul(x, y)
