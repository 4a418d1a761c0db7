"""The bases of layers that change the lengths of spatial axes.

Keras 1.2.2 lost ``dim_ordering`` of these layers when saving; here it is written where it isn't the
running setting.
"""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec, Layer
from ..spatial import resolve_ordering, spatial_axes


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
