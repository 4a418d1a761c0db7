"""Upsampling, zero padding and cropping of sequences, images and volumes.

Keras 1.2.2 lost ``dim_ordering`` of these layers when saving; here it is written where it isn't the
running setting.
"""

from __future__ import annotations

from collections.abc import Callable

from .. import backend as K
from ..engine.topology import InputSpec, Layer
from ..errors import whole_number
from .padding import padded
from .spatial import ordering_hint, resolve_ordering, sizes, spatial_axes


class _Resizing(Layer):
    """A layer that changes the lengths of ``spatial`` axes."""

    spatial = 2

    def __init__(self, dim_ordering="default", **kwargs):
        super().__init__(**kwargs)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def _axes(self) -> range:
        return spatial_axes(self.dim_ordering, self.spatial)

    def _resized(self, input_shape, change) -> tuple:
        """``input_shape`` with ``change(i, length)`` for spatial axis i."""
        shape = list(input_shape)
        for i, axis in enumerate(self._axes):
            if shape[axis] is not None:
                shape[axis] = change(i, shape[axis])
        return tuple(shape)

    def get_config(self):
        config = super().get_config()
        if self.dim_ordering != (K.image_dim_ordering() if self.spatial > 1 else "tf"):
            config["dim_ordering"] = self.dim_ordering
        return config


class _Sequence(_Resizing):
    """A layer on (samples, time, features), or with ``dim_ordering='th'``, Keras 3's 'channels_first', on (samples, features, time)."""

    spatial = 1

    def __init__(self, dim_ordering="tf", **kwargs):
        super().__init__(dim_ordering, **kwargs)


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

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with ``size`` times the rows and columns.

    Example:
        >>> from kbridge.layers import UpSampling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([UpSampling2D((2, 3), dim_ordering="tf", input_shape=(4, 4, 1))]).output_shape
        (None, 8, 12, 1)
    """

    def __init__(self, size=(2, 2), dim_ordering="default", interpolation="nearest", **kwargs):
        super().__init__(size, dim_ordering, **kwargs)
        self.interpolation = interpolation

    def call(self, x, mask=None):
        """Return the images in their new size."""
        if self.interpolation == "nearest":
            return super().call(x, mask)
        shape = K.int_shape(x)
        lengths = [shape[axis] for axis in self._axes]
        size = [float(s) if n is None else n * s for n, s in zip(lengths, self.size)]
        return K.resize(x, size, self.interpolation, dim_ordering=self.dim_ordering)

    def get_config(self):
        own = {} if self.interpolation == "nearest" else {"interpolation": self.interpolation}
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


def _padding_pairs(padding, names, owner: str) -> list[tuple[int, int]]:
    """(before, after) for each axis, from one number, one or two for each axis, or a dict by side."""
    count = len(names)
    if isinstance(padding, dict):
        unknown = [key for key in padding if key not in sum(names, ())]
        if unknown:
            raise ValueError(f"{owner}: unexpected key {unknown[0]!r} in padding. Keys have to be in {list(sum(names, ()))}.")
        values = [tuple(padding.get(side, 0) for side in pair) for pair in names]
    elif isinstance(padding, (int, float)):
        values = [(padding, padding)] * count
    elif len(padding) == count and count > 1:
        values = [tuple(p) if isinstance(p, (list, tuple)) else (p, p) for p in padding]
    elif len(padding) == 2 * count:
        values = [tuple(padding[2 * i : 2 * i + 2]) for i in range(count)]
    else:
        raise ValueError(f"{owner}: padding must be a whole number, {count} or {2 * count} of them, or a dict; got {padding!r}.")
    return [(whole_number(a, owner, "padding", 0), whole_number(b, owner, "padding", 0)) for a, b in values]


class ZeroPadding1D(_Sequence):
    """Put zeros before and after the time steps.

    Args:
        padding: how many: one number for both sides, a pair (before, after), or a dict with 'left_pad' and 'right_pad'.
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, before + time + after, features).

    Raises:
        ValueError: a number below 0, or another key.
    """

    def __init__(self, padding=1, **kwargs):
        self.padding = padding
        self._pairs = _padding_pairs(padding, [("left_pad", "right_pad")], "ZeroPadding1D")
        self.left_pad, self.right_pad = self._pairs[0]
        super().__init__(**kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + self.left_pad + self.right_pad)

    def call(self, x, mask=None):
        """Return the input with zeros around its steps."""
        if self.dim_ordering == "th":
            return K.pad(x, [(0, 0), (0, 0), (self.left_pad, self.right_pad)])
        return K.asymmetric_temporal_padding(x, self.left_pad, self.right_pad)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding2D(_Resizing):
    """Put zeros around images.

    Args:
        padding: how many: (rows, cols) on both sides, ((top, bottom), (left, right)), (top, bottom, left, right), one number for all sides, or a
            dict with 'top_pad', 'bottom_pad', 'left_pad' and 'right_pad'.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with longer rows and columns.

    Raises:
        ValueError: a number below 0, or another key.

    Example:
        >>> from kbridge.layers import ZeroPadding2D
        >>> from kbridge.models import Sequential
        >>> Sequential([ZeroPadding2D((1, 2), dim_ordering="tf", input_shape=(4, 4, 1))]).output_shape
        (None, 6, 8, 1)
    """

    def __init__(self, padding=(1, 1), dim_ordering="default", **kwargs):
        self.padding = padding
        self._pairs = _padding_pairs(padding, [("top_pad", "bottom_pad"), ("left_pad", "right_pad")], "ZeroPadding2D")
        (self.top_pad, self.bottom_pad), (self.left_pad, self.right_pad) = self._pairs
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + sum(self._pairs[i]))

    def call(self, x, mask=None):
        """Return the images with zeros around them."""
        return K.asymmetric_spatial_2d_padding(
            x, self.top_pad, self.bottom_pad, self.left_pad, self.right_pad, dim_ordering=self.dim_ordering
        )

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding3D(_Resizing):
    """Put zeros around volumes.

    Args:
        padding: how many: a number for each spatial axis, which holds for both sides, a pair (before, after) for each as in Keras 2, or one number
            for all.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with longer spatial axes.

    Raises:
        ValueError: a number below 0.
    """

    spatial = 3

    def __init__(self, padding=(1, 1, 1), dim_ordering="default", **kwargs):
        names = [(f"dim{i}_before", f"dim{i}_after") for i in (1, 2, 3)]
        self._pairs = _padding_pairs(padding, names, "ZeroPadding3D")
        self.padding = tuple(a if a == b else (a, b) for a, b in self._pairs)
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + sum(self._pairs[i]))

    def call(self, x, mask=None):
        """Return the volumes with zeros around them."""
        if any(before != after for before, after in self._pairs):
            return padded(x, self._pairs, self.dim_ordering)
        return K.spatial_3d_padding(x, padding=self.padding, dim_ordering=self.dim_ordering)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class _Cropping(_Resizing):
    """Cut (before, after) off each spatial axis."""

    def __init__(self, cropping, dim_ordering="default", **kwargs):
        self._cuts = tuple(tuple(whole_number(c, type(self).__name__, "cropping", 0) for c in pair) for pair in cropping)
        if len(self._cuts) != self.spatial or any(len(pair) != 2 for pair in self._cuts):
            raise ValueError(f"{type(self).__name__}: cropping needs {self.spatial} pairs (before, after), got {cropping!r}.")
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        shape = self._resized(input_shape, lambda i, n: n - sum(self._cuts[i]))
        if any(n is not None and n < 0 for n in shape[1:]):
            raise ValueError(
                f"{type(self).__name__} {self.name}: cropping {self._cuts} takes more than there is of an input of shape "
                f"{tuple(input_shape)}.{ordering_hint(self, self.spatial)} [differences: cropping-beyond-the-input]"
            )
        return shape

    def call(self, x, mask=None):
        """Return the input without what is cut off."""
        index: list = [slice(None)] * (self.spatial + 2)
        for axis, (before, after) in zip(self._axes, self._cuts):
            index[axis] = slice(before, -after or None)
        return x[tuple(index)]


class Cropping1D(_Cropping):
    """Cut time steps off both ends.

    Args:
        cropping: how many, (before, after).
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, time - before - after, features).

    Raises:
        ValueError: more is cut off than there is.
    """

    spatial = 1

    def __init__(self, cropping=(1, 1), dim_ordering="tf", **kwargs):
        self.cropping = tuple(cropping)
        super().__init__([cropping], dim_ordering, **kwargs)

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping2D(_Cropping):
    """Cut rows and columns off images.

    Args:
        cropping: how many, ((top, bottom), (left, right)).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.

    Raises:
        ValueError: more is cut off than there is.

    Example:
        >>> from kbridge.layers import Cropping2D
        >>> from kbridge.models import Sequential
        >>> Sequential([Cropping2D(((1, 1), (0, 2)), dim_ordering="tf", input_shape=(6, 6, 1))]).output_shape
        (None, 4, 4, 1)
    """

    def __init__(self, cropping=((0, 0), (0, 0)), dim_ordering="default", **kwargs):
        super().__init__(cropping, dim_ordering, **kwargs)
        self.cropping = self._cuts

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping3D(_Cropping):
    """Cut values off both ends of the three spatial axes of volumes.

    Args:
        cropping: how many, a pair (before, after) for each axis.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with shorter spatial axes.

    Raises:
        ValueError: more is cut off than there is.
    """

    spatial = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), dim_ordering="default", **kwargs):
        super().__init__(cropping, dim_ordering, **kwargs)
        self.cropping = self._cuts

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}
