"""The bases of poolings over windows."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec
from ...errors import whole_number
from ...utils.np_utils import conv_output_length
from ..padding import Windowed, pooled, pooling_padding
from ..spatial import check_border_mode, check_window, resolve_ordering, sizes, spatial_axes, turned


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


class _Pooling3D(_PoolingND):
    spatial = 3

    def __init__(self, pool_size=(2, 2, 2), strides=None, border_mode="valid", dim_ordering="default", **kwargs):
        super().__init__(pool_size, strides, border_mode, dim_ordering, **kwargs)
