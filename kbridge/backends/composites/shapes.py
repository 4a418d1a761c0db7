"""Shapes, padding, repetition and one-hot codes."""

import itertools
import numbers

from ...budget import spend_constant
from .. import ranges, settings
from ._base import Family


def _spatial_first(dim_ordering: str) -> int:
    """Index of the first spatial axis."""
    return 2 if settings.resolve_dim_ordering(dim_ordering) == "th" else 1


class Shapes(Family):
    def transpose(self, x):
        """``x`` with the order of its axes reversed."""
        return self.permute_dimensions(x, tuple(range(self.ndim(x)))[::-1])

    def identity(self, x):
        """The same values and gradients as ``x``, as a tensor of its own."""
        return self.squeeze(self.expand_dims(x, 0), 0)

    def flatten(self, x):
        """All values of ``x`` as a vector."""
        return self.reshape(x, (-1,))

    def batch_flatten(self, x):
        """``x`` (samples, ...) as a matrix (samples, rest)."""
        rest = self.int_shape(x)[1:]
        if None in rest:
            return self.reshape(x, (self.shape(x)[0], self.prod(self.shape(x)[1:])))
        size = 1
        for n in rest:
            size *= n
        return self.reshape(x, (-1, size) if size else (self.shape(x)[0], 0))

    def stack(self, x):
        """``x``, a list of tensors of one shape, along a new first axis."""
        return self.concatenate([self.expand_dims(t, 0) for t in x], axis=0)

    def split(self, x, count, axis=-1):
        """``x`` in ``count`` equal parts along ``axis``, or in parts of the lengths in the list ``count``, as a list."""
        length, lengths = self.int_shape(x)[axis], count
        if isinstance(count, int):
            if length is None or length % count:
                raise ValueError(
                    f"split: to make {count} equal parts, axis {axis} must have a known length that {count} divides, got shape {self.int_shape(x)}."
                )
            lengths = [length // count] * count
        elif length != sum(count):
            raise ValueError(
                f"split: to make parts of the lengths {list(count)}, axis {axis} must have the length {sum(count)}, got shape {self.int_shape(x)}."
            )
        others, ends = (slice(None),) * (axis % self.ndim(x)), itertools.accumulate(lengths)
        return [x[(*others, slice(end - size, end))] for size, end in zip(lengths, ends)]

    def dots(self, x, matrices, parts, joined=False):
        """``part + dot(x, m)`` for each of several matrices of one shape and the equal parts of ``parts`` along its last
        axis: a list, or with ``joined`` one tensor of the shape of ``parts``, computed as one product.

        Args:
            x: a tensor whose last axis is as long as the matrices have rows.
            matrices: matrices of one shape.
            parts: a tensor whose last axis is as long as all columns of the matrices.
            joined: whether the results stay in one tensor.
        """
        if joined:
            return parts + self.dot(x, self.concatenate(matrices, axis=-1))
        return [part + self.dot(x, m) for part, m in zip(self.split(parts, len(matrices)), matrices, strict=True)]

    def repeat(self, x, n):
        """``x`` (samples, dim) as (samples, n, dim): each vector ``n`` times."""
        if self.ndim(x) != 2:
            raise ValueError(f"repeat takes a tensor with 2 axes, got shape {self.int_shape(x)}.")
        return self.repeat_elements(self.expand_dims(x, 1), n, axis=1)

    def one_hot(self, indices, nb_classes, dtype=None):
        """The integers ``indices`` of any shape as vectors of length ``nb_classes`` along a new last axis; zeros for those out of range. They have ``dtype``,
        floatx if left out.

        Example:
            >>> from kbridge import backend as K
            >>> K.eval(K.one_hot(K.constant([0, 2], dtype="int32"), 3)).tolist()
            [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
        """
        if isinstance(nb_classes, numbers.Integral):  # it may be a tensor
            spend_constant((int(nb_classes),))
        classes = self.arange(0, nb_classes, dtype="int32")
        hits = self.equal(self.expand_dims(self.cast(indices, "int32"), -1), classes)
        return self.cast(hits, dtype or self.floatx())

    def _in_range(self, indices, count, what):
        """``indices`` (whole numbers), whose evaluation is a ValueError unless all are in [0, count)."""
        check = ranges.checked(what)
        if self.is_tensor(count):
            return self.host_call(check, [indices, count], self.dtype(indices), lambda shape, _: shape)
        return self.host_call(lambda array: check(array, count), [indices], self.dtype(indices), lambda shape: shape)

    def temporal_padding(self, x, padding=1):
        """``x`` (samples, time, dim) with ``padding`` zeros before and after axis 1."""
        return self.asymmetric_temporal_padding(x, padding, padding)

    def asymmetric_temporal_padding(self, x, left_pad=1, right_pad=1):
        """``x`` (samples, time, dim) with ``left_pad`` zeros before and ``right_pad`` after axis 1."""
        return self._pad_from(x, 1, [(left_pad, right_pad)])

    def spatial_2d_padding(self, x, padding=(1, 1), dim_ordering="default"):
        """A batch of images ``x`` with ``padding[i]`` zeros on both sides of spatial axis i; ``dim_ordering`` as for ``conv2d``."""
        return self._pad_from(x, _spatial_first(dim_ordering), [(p, p) for p in padding])

    def asymmetric_spatial_2d_padding(self, x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering="default"):
        """A batch of images with zeros around them, a number for each side.

        Args:
            x: the images, as for ``conv2d``.
            top_pad: the number of rows before the first one.
            bottom_pad: the number of rows after the last one.
            left_pad: the number of columns before the first one.
            right_pad: the number of columns after the last one.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        """
        return self._pad_from(x, _spatial_first(dim_ordering), [(top_pad, bottom_pad), (left_pad, right_pad)])

    def spatial_3d_padding(self, x, padding=(1, 1, 1), dim_ordering="default"):
        """A batch of volumes ``x`` with ``padding[i]`` zeros on both sides of spatial axis i; ``dim_ordering`` as for ``conv3d``."""
        return self._pad_from(x, _spatial_first(dim_ordering), [(p, p) for p in padding])

    def _pad_from(self, x, axis, widths):
        after = self.ndim(x) - axis - len(widths)
        return self.pad(x, [(0, 0)] * axis + list(widths) + [(0, 0)] * after)

    def resize_images(self, X, height_factor, width_factor, dim_ordering):
        """A batch of images whose rows and columns are repeated by whole factors (nearest neighbour).

        Args:
            X: the images, as for ``conv2d``.
            height_factor: how often each row is repeated.
            width_factor: how often each column is repeated.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        """
        return self._repeat_from(X, _spatial_first(dim_ordering), (height_factor, width_factor))

    def resize_volumes(self, X, depth_factor, height_factor, width_factor, dim_ordering):
        """A batch of volumes whose spatial axes are repeated by whole factors (nearest neighbour).

        Args:
            X: the volumes, as for ``conv3d``.
            depth_factor: how often each place of the first spatial axis is repeated.
            height_factor: the same for the second.
            width_factor: the same for the third.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        """
        return self._repeat_from(X, _spatial_first(dim_ordering), (depth_factor, height_factor, width_factor))

    def _repeat_from(self, x, axis, factors):
        for i, factor in enumerate(factors):
            x = self.repeat_elements(x, factor, axis + i)
        return x
