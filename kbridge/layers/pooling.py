"""Pooling over time, images and volumes, and over all of them at once."""

from __future__ import annotations

from .. import backend as K
from ..engine.topology import InputSpec, Layer
from ..errors import whole_number
from ..utils.np_utils import conv_output_length
from .padding import Windowed, pooled, pooling_padding
from .spatial import check_border_mode, check_window, resolve_ordering, sizes, spatial_axes, turned

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "InputSpec",
    "K",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "conv_output_length",
]


class _Pooling1D(Windowed):
    """The base of poolings over time."""

    mode = "max"

    def __init__(self, pool_length=2, stride=None, border_mode="valid", dim_ordering="tf", **kwargs):
        super().__init__(**kwargs)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        owner = type(self).__name__
        self.pool_length = whole_number(pool_length, owner, "pool_length", 1)
        self.stride = self.pool_length if stride is None else whole_number(stride, owner, "stride", 1)
        self.border_mode = check_border_mode(self, border_mode)
        self.input_spec = [InputSpec(ndim=3)]

    def build(self, input_shape):
        self.get_output_shape_for(input_shape)  # a window that doesn't fit is an error here, with the layer's name
        self.built = True

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        (axis,) = spatial_axes(self.dim_ordering, 1)
        check_window(self, input_shape, (axis,), (self.pool_length,), self.border_mode)
        shape[axis] = conv_output_length(shape[axis], self.pool_length, self.border_mode, self.stride)
        return tuple(shape)

    def theano_padding(self):
        return [pooling_padding(self.pool_length)]

    def window_steps(self):
        return (self.stride,)

    def call(self, x, mask=None):
        """Return the input pooled over windows in time, (samples, new time, features)."""
        x = K.expand_dims(turned(self, x), 2)
        size, steps = (self.pool_length, 1), (self.stride, 1)
        if self.pads_as_theano:
            y = pooled(x, K.pool2d, size, steps, "tf", self.mode)
        else:
            y = K.pool2d(x, size, steps, self.border_mode, "tf", self.mode)
        return turned(self, K.squeeze(y, 2))

    def get_config(self):
        config = {"stride": self.stride, "pool_length": self.pool_length, "border_mode": self.border_mode}
        if self.dim_ordering == "th":
            config["dim_ordering"] = "th"
        return {**super().get_config(), **config}


class MaxPooling1D(_Pooling1D):
    """The largest value of each feature over windows in time.

    Args:
        pool_length: the number of time steps of a window.
        stride: the number of steps between windows; ``pool_length`` if left out.
        border_mode: 'valid' (windows lie inside the input) or 'same' (the last window may reach beyond it).
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), Keras 2's ``data_format='channels_first'``,
            which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, new time, features).

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, or a window that doesn't fit into the input.

    Example:
        >>> from kbridge.layers import MaxPooling1D
        >>> from kbridge.models import Sequential
        >>> Sequential([MaxPooling1D(2, input_shape=(7, 3))]).output_shape
        (None, 3, 3)
    """


class AveragePooling1D(_Pooling1D):
    """The mean of each feature over windows in time.

    The other arguments are those of ``MaxPooling1D``, as are input and output.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, new time, features).
    """

    mode = "avg"


class _PoolingND(Windowed):
    """Pool ``spatial`` axes over windows of ``pool_size``, ``strides`` apart (default: pool_size)."""

    mode = "max"
    spatial = 2

    def __init__(self, pool_size=None, strides=None, border_mode="valid", dim_ordering="default", **kwargs):
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.pool_size = sizes(pool_size if pool_size is not None else 2, self.spatial, owner, "pool_size")
        self.strides = self.pool_size if strides is None else sizes(strides, self.spatial, owner, "strides")
        self.border_mode = check_border_mode(self, border_mode)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    def build(self, input_shape):
        self.get_output_shape_for(input_shape)  # a window that doesn't fit is an error here, with the layer's name
        self.built = True

    def get_output_shape_for(self, input_shape):
        axes = spatial_axes(self.dim_ordering, self.spatial)
        check_window(self, input_shape, axes, self.pool_size, self.border_mode)
        shape = list(input_shape)
        for axis, size, stride in zip(axes, self.pool_size, self.strides):
            shape[axis] = conv_output_length(shape[axis], size, self.border_mode, stride)
        return tuple(shape)

    def theano_padding(self):
        return [pooling_padding(size) for size in self.pool_size]

    def window_steps(self):
        return self.strides

    def call(self, x, mask=None):
        """Return the input pooled over windows of its spatial axes."""
        pool = K.pool2d if self.spatial == 2 else K.pool3d
        if self.pads_as_theano:
            return pooled(x, pool, self.pool_size, self.strides, self.dim_ordering, self.mode)
        return pool(x, self.pool_size, self.strides, self.border_mode, self.dim_ordering, self.mode)

    def get_config(self):
        config = {
            "pool_size": self.pool_size,
            "border_mode": self.border_mode,
            "strides": self.strides,
            "dim_ordering": self.dim_ordering,
        }
        return {**super().get_config(), **config}


class _Pooling2D(_PoolingND):
    def __init__(self, pool_size=(2, 2), strides=None, border_mode="valid", dim_ordering="default", **kwargs):
        super().__init__(pool_size, strides, border_mode, dim_ordering, **kwargs)


class MaxPooling2D(_Pooling2D):
    """The largest value of each channel over windows of images.

    Args:
        pool_size: the size of a window, (rows, cols) or one number for both.
        strides: the steps between windows, (rows, cols) or one number; ``pool_size`` if left out.
        border_mode: 'valid' (windows lie inside the image) or 'same' (the last windows may reach beyond it).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, or a window that doesn't fit into the image.

    Example:
        >>> from kbridge.layers import MaxPooling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([MaxPooling2D((2, 3), dim_ordering="tf", input_shape=(6, 9, 4))]).output_shape
        (None, 3, 3, 4)
    """


class AveragePooling2D(_Pooling2D):
    """The mean of each channel over windows of images; places outside the image don't count.

    The other arguments are those of ``MaxPooling2D``, as are input and output.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.
    """

    mode = "avg"


class _Pooling3D(_PoolingND):
    spatial = 3

    def __init__(self, pool_size=(2, 2, 2), strides=None, border_mode="valid", dim_ordering="default", **kwargs):
        super().__init__(pool_size, strides, border_mode, dim_ordering, **kwargs)


class MaxPooling3D(_Pooling3D):
    """The largest value of each channel over windows of volumes.

    The other arguments are those of ``MaxPooling2D``, with three numbers for each size.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with smaller spatial lengths.
    """


class AveragePooling3D(_Pooling3D):
    """The mean of each channel over windows of volumes; places outside the volume don't count.

    The other arguments are those of ``MaxPooling2D``, with three numbers for each size.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with smaller spatial lengths.
    """

    mode = "avg"


class _GlobalPooling1D(Layer):
    """Pool (samples, time, features) over all time steps.

    ``keepdims``: an axis of length 1 stays. ``dim_ordering``: 'th' for (samples, features, time). Options of Keras 2 that are stored only
    where they aren't the defaults.
    """

    def __init__(self, keepdims=False, dim_ordering="tf", **kwargs):
        super().__init__(**kwargs)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.keepdims = bool(keepdims)
        self.input_spec = [InputSpec(ndim=3)]

    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        shape[self._axis] = 1
        return tuple(shape) if self.keepdims else tuple(n for axis, n in enumerate(shape) if axis != self._axis)

    @property
    def _axis(self) -> int:
        return 2 if self.dim_ordering == "th" else 1

    def get_config(self):
        own = {"keepdims": True} if self.keepdims else {}
        return {**super().get_config(), **own, **({"dim_ordering": "th"} if self.dim_ordering == "th" else {})}


class GlobalAveragePooling1D(_GlobalPooling1D):
    """The mean of each feature over all time steps.

    Args:
        keepdims: whether an axis of length 1 stays in place of the time.
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.
        use_mask: whether the mean is taken over the steps that a mask keeps, as in tf.keras; without it a mask is an error, as in Keras 1. It is
            stored where a mask came in.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, features), or (samples, 1, features) with ``keepdims``.
    """

    def __init__(self, use_mask=False, **kwargs):
        super().__init__(**kwargs)
        self.use_mask = use_mask

    def call(self, x, mask=None):
        """Return the mean over time, over the steps that ``mask`` keeps if the layer uses it."""
        if mask is None or not self.use_mask:
            return K.mean(x, axis=self._axis, keepdims=self.keepdims)
        kept = K.expand_dims(K.cast(mask, K.dtype(x)), 3 - self._axis)
        return K.sum(x * kept, axis=self._axis, keepdims=self.keepdims) / K.sum(kept, axis=self._axis, keepdims=self.keepdims)

    def compute_mask(self, input, input_mask=None):
        if input_mask is None or not self.use_mask:
            return super().compute_mask(input, input_mask)
        self.__dict__["_met_mask"] = True
        return None

    def get_config(self):
        config = super().get_config()
        return {**config, "use_mask": True} if self.use_mask and "_met_mask" in self.__dict__ else config


class GlobalMaxPooling1D(_GlobalPooling1D):
    """The largest value of each feature over all time steps.

    Args:
        keepdims: whether an axis of length 1 stays in place of the time.
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, features), or (samples, 1, features) with ``keepdims``.
    """

    def call(self, x, mask=None):
        """Return the largest values over time."""
        return K.max(x, axis=self._axis, keepdims=self.keepdims)


class _GlobalPoolingND(Layer):
    """Pool images or volumes over all positions: (samples, channels), or with ``keepdims`` with axes of length 1 (stored only then)."""

    spatial = 2

    def __init__(self, dim_ordering="default", keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    def get_output_shape_for(self, input_shape):
        channels = input_shape[1] if self.dim_ordering == "th" else input_shape[-1]
        ones = (1,) * self.spatial if self.keepdims else ()
        return (input_shape[0], channels, *ones) if self.dim_ordering == "th" else (input_shape[0], *ones, channels)

    @property
    def _axes(self) -> list[int]:
        return list(spatial_axes(self.dim_ordering, self.spatial))

    def get_config(self):
        return {**super().get_config(), "dim_ordering": self.dim_ordering, **({"keepdims": True} if self.keepdims else {})}


class _GlobalPooling2D(_GlobalPoolingND):
    pass


class _GlobalPooling3D(_GlobalPoolingND):
    spatial = 3


class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean of each channel over all positions of an image.

    Args:
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        keepdims: whether axes of length 1 stay in place of rows and columns; stored only then.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.

    Example:
        >>> from kbridge.layers import GlobalAveragePooling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([GlobalAveragePooling2D(dim_ordering="tf", input_shape=(6, 6, 8))]).output_shape
        (None, 8)
    """

    def call(self, x, mask=None):
        """Return the mean of each channel."""
        return K.mean(x, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest value of each channel over all positions of an image.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """

    def call(self, x, mask=None):
        """Return the largest value of each channel."""
        return K.max(x, axis=self._axes, keepdims=self.keepdims)


class GlobalAveragePooling3D(_GlobalPooling3D):
    """The mean of each channel over all positions of a volume.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """

    def call(self, x, mask=None):
        """Return the mean of each channel."""
        return K.mean(x, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling3D(_GlobalPooling3D):
    """The largest value of each channel over all positions of a volume.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """

    def call(self, x, mask=None):
        """Return the largest value of each channel."""
        return K.max(x, axis=self._axes, keepdims=self.keepdims)
