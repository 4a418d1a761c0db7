"""Poolings over all time steps, or all positions of an image or a volume."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec, Layer
from ..spatial import resolve_ordering, spatial_axes


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

    mode = "max"
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

    def call(self, x, mask=None):
        """Return the largest value of each channel, or the mean."""
        reduce = K.mean if self.mode == "avg" else K.max
        return reduce(x, axis=self._axes, keepdims=self.keepdims)

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

    mode = "avg"


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest value of each channel over all positions of an image.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """


class GlobalAveragePooling3D(_GlobalPooling3D):
    """The mean of each channel over all positions of a volume.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """

    mode = "avg"


class GlobalMaxPooling3D(_GlobalPooling3D):
    """The largest value of each channel over all positions of a volume.

    The other arguments are those of ``GlobalAveragePooling2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        (samples, channels), or with ``keepdims`` the input's axes with lengths of 1.
    """
