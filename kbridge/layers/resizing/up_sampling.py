"""Time steps, rows, columns and volumes repeated."""

from __future__ import annotations

from collections.abc import Callable

from ... import backend as K
from ...errors import whole_number
from ..spatial import sizes
from .base import _Resizing, _Sequence


class UpSampling1D(_Sequence):
    """Repeat each time step ``length`` times.

    Args:
        length: how often, a whole number above 0.
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, time * length, features).
    """

    def __init__(self, length=2, **kwargs):
        self.length = whole_number(length, "UpSampling1D", "length", 1)
        super().__init__(**kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n * self.length)

    def call(self, x, mask=None):
        """Return the input with each step repeated."""
        return K.repeat_elements(x, self.length, axis=self._axes[0])

    def get_config(self):
        return {**super().get_config(), "length": self.length}


class _UpSamplingND(_Resizing):
    def __init__(self, size, dim_ordering="default", **kwargs):
        self.size = sizes(size, self.spatial, type(self).__name__, "size")
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n * self.size[i])

    def call(self, x, mask=None):
        """Return the input with larger spatial axes."""
        resize: Callable = K.resize_images if self.spatial == 2 else K.resize_volumes
        return resize(x, *self.size, self.dim_ordering)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


class UpSampling2D(_UpSamplingND):
    """Repeat the rows and columns of images.

    Args:
        size: how often rows and columns are repeated, a pair or one number for both.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        interpolation: 'nearest' repeats; 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic' and 'area' are those
            of ``K.resize``, an option of Keras 2 that is stored only where it is another.
        half_pixel_centers: False for 'bilinear' as Keras 2.2 and 2.3 on TensorFlow 1 compute it, where the first pixels of both images
            coincide; files of theirs set it. It is stored only if False.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with ``size`` times the rows and columns.

    Raises:
        ValueError: in a call, for an interpolation that ``K.resize`` doesn't have, or not with ``half_pixel_centers=False``.

    Example:
        >>> from kbridge.layers import UpSampling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([UpSampling2D((2, 3), dim_ordering="tf", input_shape=(4, 4, 1))]).output_shape
        (None, 8, 12, 1)
    """

    def __init__(self, size=(2, 2), dim_ordering="default", interpolation="nearest", half_pixel_centers=True, **kwargs):
        super().__init__(size, dim_ordering, **kwargs)
        self.interpolation = interpolation
        self.half_pixel_centers = half_pixel_centers

    def call(self, x, mask=None):
        """Return the images in their new size."""
        if self.interpolation == "nearest":
            return super().call(x, mask)
        shape = K.int_shape(x)
        lengths = [shape[axis] for axis in self._axes]
        size = [float(s) if n is None else n * s for n, s in zip(lengths, self.size)]
        return K.resize(x, size, self.interpolation, self.dim_ordering, half_pixel_centers=self.half_pixel_centers)

    def get_config(self):
        own: dict = {} if self.interpolation == "nearest" else {"interpolation": self.interpolation}
        if not self.half_pixel_centers:
            own["half_pixel_centers"] = False
        return {**super().get_config(), **own}


class UpSampling3D(_UpSamplingND):
    """Repeat the three spatial axes of volumes.

    Args:
        size: how often each of the three axes is repeated, or one number for all.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with ``size`` times the lengths.
    """

    spatial = 3

    def __init__(self, size=(2, 2, 2), dim_ordering="default", **kwargs):
        super().__init__(size, dim_ordering, **kwargs)
