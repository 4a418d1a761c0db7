"""The batchwise dot product."""

import numpy as np

from ._base import Family


class BatchDot(Family):
    def batch_dot(self, x, y, axes=None):
        """Contract axis ``axes[0]`` of ``x`` with ``axes[1]`` of ``y``, for each sample.

        The result has shape (samples, rest of x, rest of y), with a last axis of 1 where nothing
        else is left: (n, d) with (n, d) gives (n, 1). ``axes`` is a pair, one int for both, or
        None: the last axis of ``x`` and the last but one of ``y`` (the last, if ``y`` has two).

        Example:
            >>> import numpy as np
            >>> from kbridge import backend as K
            >>> K.int_shape(K.batch_dot(K.placeholder((None, 3, 5)), K.placeholder((None, 4, 5)), axes=2))
            (None, 3, 4)
        """
        nx, ny = self.ndim(x), self.ndim(y)
        if nx < 2 or ny < 2:
            raise ValueError(
                f"batch_dot takes tensors with a batch axis and at least one other axis, got shapes {self.int_shape(x)} and "
                f"{self.int_shape(y)}."
            )
        if axes is None:
            axes = (nx - 1, ny - 1 if ny == 2 else ny - 2)
        elif isinstance(axes, (int, np.integer)):
            axes = (axes, axes)
        if len(axes) != 2 or not (-nx <= axes[0] < nx and -ny <= axes[1] < ny):
            raise ValueError(
                f"batch_dot: axes must name an axis of x and an axis of y, got axes={axes} for shapes {self.int_shape(x)} and "
                f"{self.int_shape(y)}."
            )
        ax, ay = int(axes[0]) % nx, int(axes[1]) % ny
        if ax == 0 or ay == 0:
            raise ValueError(f"batch_dot can't sum over the batch axis 0, got axes={axes}.")
        samples = self.int_shape(x)[0], self.int_shape(y)[0]
        if None not in samples and samples[0] != samples[1]:
            raise ValueError(f"batch_dot: shapes {self.int_shape(x)} and {self.int_shape(y)} have different numbers of samples.")
        sizes = self.int_shape(x)[ax], self.int_shape(y)[ay]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"batch_dot: axis {ax} of shape {self.int_shape(x)} and axis {ay} of shape {self.int_shape(y)} must have the same length."
            )
        rest_x = [a for a in range(1, nx) if a != ax]
        rest_y = [a for a in range(1, ny) if a != ay]
        left = self._to_matrices(x, rest_x, ax, contracted_last=True)
        right = self._to_matrices(y, rest_y, ay, contracted_last=False)
        product = self.batch_matmul(left, right)
        if len(rest_x) == 1 and len(rest_y) == 1:
            return product
        tail = [self._size(x, a) for a in rest_x] + [self._size(y, a) for a in rest_y]
        return self.reshape(product, [self._size(x, 0), *(tail or [1])])

    def _size(self, x, axis):
        n = self.int_shape(x)[axis]
        return self.shape(x)[axis] if n is None else n

    def _to_matrices(self, x, rest, contracted, contracted_last):
        """(batch, product of rest, contracted) or (batch, contracted, product of rest)."""
        order = [0, *rest, contracted] if contracted_last else [0, contracted, *rest]
        if order != sorted(order):
            x = self.permute_dimensions(x, order)
        if len(rest) == 1:
            return x
        if not rest:
            return self.expand_dims(x, 1 if contracted_last else 2)
        batch, k = self._size(x, 0), self._size(x, self.ndim(x) - 1 if contracted_last else 1)
        merged = 1
        for i in range(len(rest)):
            merged = merged * self._size(x, 1 + i if contracted_last else 2 + i)
        return self.reshape(x, (batch, merged, k) if contracted_last else (batch, k, merged))
