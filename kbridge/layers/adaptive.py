"""Pooling into results of a given size, whatever the input's."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as K
from ..budget import spend_constant
from ..engine.topology import InputSpec
from .configured import Configured, lengths

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
]


def windows(length: int, size: int) -> list[tuple[int, int]]:
    """Where the ``size`` windows of an axis begin and end: they cover it, as equal as whole numbers allow, and may overlap by one."""
    return [(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]


class _Adaptive(Configured):
    """The base of adaptive poolings over ``spatial`` axes."""

    data_format: str

    def pooled(self, x, axis: int, size: int) -> Any:
        """Return ``x`` with one axis pooled to ``size`` places."""
        raise NotImplementedError

    spatial = 2

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.take(data_format=data_format or ("channels_last" if self.spatial == 1 else None))
        self.output_size = lengths(output_size, self.spatial, f"{type(self).__name__} {self.name}", "output_size")
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def axes(self) -> range:
        """The spatial axes."""
        first = 2 if self.data_format == "channels_first" else 1
        return range(first, first + self.spatial)

    def build(self, input_shape):
        for axis in self.axes:
            self.known(input_shape, axis, "length")
        self.expects(self.spatial + 2, {axis: input_shape[axis] for axis in self.axes})
        self.built = True

    def call(self, x, mask=None):
        """Return the input pooled to ``output_size`` places along each spatial axis."""
        for axis, size in zip(self.axes, self.output_size):
            if K.int_shape(x)[axis] != size:
                x = self.pooled(x, axis, size)
        return x

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        for axis, size in zip(self.axes, self.output_size):
            shape[axis] = size
        return tuple(shape)


class _AdaptiveAverage(_Adaptive):
    def pooled(self, x, axis: int, size: int):
        """Return the means over the ``size`` windows of one ``axis`` of ``x``, as a product with a matrix of their weights."""
        order = [a for a in range(K.ndim(x)) if a != axis] + [axis]
        y = K.dot(K.permute_dimensions(x, order), K.constant(mean_weights(K.int_shape(x)[axis], size)))
        return K.permute_dimensions(y, [order.index(a) for a in range(len(order))])


def mean_weights(length: int, size: int) -> np.ndarray:
    """Return an array (length, size): how much each of ``length`` places counts in the mean of each of ``size`` windows."""
    spend_constant((length, size))
    weights = np.zeros((length, size))
    for i, (start, end) in enumerate(windows(length, size)):
        weights[start:end, i] = 1 / (end - start)
    return weights


class _AdaptiveMax(_Adaptive):
    def pooled(self, x, axis: int, size: int):
        """Return the largest values in the ``size`` windows of one ``axis`` of ``x``."""
        whole = [slice(None)] * K.ndim(x)
        parts = []
        for start, end in windows(K.int_shape(x)[axis], size):
            whole[axis] = slice(start, end)
            parts.append(K.max(x[tuple(whole)], axis=axis, keepdims=True))
        return K.concatenate(parts, axis=axis) if size > 1 else parts[0]


class AdaptiveAveragePooling2D(_AdaptiveAverage):
    """The means over as many windows as the output has places.

    Window i of n places into m begins at floor(i * n / m) and ends before ceil((i + 1) * n / m).

    Args:
        output_size: the rows and columns of the output, a pair or one number for both.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first; rows and columns known.

    Output shape:
        (samples, *output_size, channels), or (samples, channels, *output_size).

    Raises:
        ValueError: sizes that aren't whole numbers above 0, or an input of unknown size.

    References:
        He et al. (2014), Spatial Pyramid Pooling, arXiv 1406.4729.

    Example:
        >>> from kbridge.layers import AdaptiveAveragePooling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([AdaptiveAveragePooling2D((2, 3), data_format="channels_last", input_shape=(7, 7, 4))]).output_shape
        (None, 2, 3, 4)
    """


class AdaptiveAveragePooling1D(_AdaptiveAverage):
    """``AdaptiveAveragePooling2D`` over time.

    Args:
        output_size: the number of time steps of the output.
        data_format: 'channels_last' (also for None) or 'channels_first'.

    Input shape:
        (samples, steps, features), or (samples, features, steps) with channels first; steps known.

    Output shape:
        (samples, output_size, features), or (samples, features, output_size).
    """

    spatial = 1


class AdaptiveAveragePooling3D(_AdaptiveAverage):
    """``AdaptiveAveragePooling2D`` of volumes.

    The other arguments are those of ``AdaptiveAveragePooling2D``.

    Args:
        output_size: the three spatial lengths of the output, or one number for all.

    Input shape:
        (samples, dim1, dim2, dim3, channels), or channels first.

    Output shape:
        (samples, *output_size, channels), or (samples, channels, *output_size).
    """

    spatial = 3


class AdaptiveMaxPooling2D(_AdaptiveMax):
    """The largest values in the windows of ``AdaptiveAveragePooling2D``.

    The other arguments are those of ``AdaptiveAveragePooling2D``.

    Input shape:
        (samples, rows, columns, channels), or channels first; rows and columns known.

    Output shape:
        (samples, *output_size, channels), or (samples, channels, *output_size).
    """


class AdaptiveMaxPooling1D(_AdaptiveMax):
    """``AdaptiveMaxPooling2D`` over time.

    The other arguments are those of ``AdaptiveAveragePooling1D``.

    Input shape:
        (samples, steps, features), or (samples, features, steps) with channels first; steps known.

    Output shape:
        (samples, output_size, features), or (samples, features, output_size).
    """

    spatial = 1


class AdaptiveMaxPooling3D(_AdaptiveMax):
    """``AdaptiveMaxPooling2D`` of volumes.

    The other arguments are those of ``AdaptiveAveragePooling3D``.

    Input shape:
        (samples, dim1, dim2, dim3, channels), or channels first.

    Output shape:
        (samples, *output_size, channels), or (samples, channels, *output_size).
    """

    spatial = 3
