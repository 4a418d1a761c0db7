"""The base of all convolutions: a kernel and a bias over windows of the spatial axes."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ...engine.input_spec import built_for
from ...engine.topology import InputSpec
from ...errors import whole_number
from ...utils.np_utils import conv_output_length
from ..dense import Affine
from ..padding import Windowed, convolution_padding
from ..spatial import check_border_mode, check_window, ordering_hint, resolve_ordering, sizes, spatial_axes

BORDER_MODES = ("valid", "same", "full")


class _Convolution(Affine, Windowed):
    """The base of all convolutions: a kernel W and a bias b over ``spatial`` axes.

    ``kernel_size``, ``steps`` and ``rates`` are tuples over those axes.
    """

    spatial = 2
    rates: tuple[int, ...] | None = None
    #: whether the kernel may be that of groups of channels
    takes_groups = False
    #: whether the kernel may have holes, where it takes no groups
    takes_rates = False

    def __init__(self, *arguments, groups=1, dilation_rate=None, **kwargs):
        """``groups``: parts of the channels, each with its share of the filters; ``dilation_rate``: holes in the kernel, as the
        Atrous layers have. Options of Keras 2, stored only where they are used."""
        owner = type(self).__name__
        self.groups = whole_number(groups, owner, "groups", 1)
        if self.groups > 1 and not self.takes_groups or dilation_rate is not None and not (self.takes_groups or self.takes_rates):
            raise ValueError(f"{owner} takes no {'groups' if self.groups > 1 else 'dilation_rate'}.")
        if dilation_rate is not None and self.rates is None:
            rates = sizes(dilation_rate, self.spatial, owner, "dilation_rate")
            self.rates = rates if max(rates) > 1 else None
        super().__init__(*arguments, **kwargs)
        if self.nb_filter % self.groups:
            raise ValueError(f"{owner} {self.name}: nb_filter={self.nb_filter} must be a multiple of groups={self.groups}.")

    def _setup(self, nb_filter, kernel_size, steps, border_mode, dim_ordering) -> None:
        owner = type(self).__name__
        self.nb_filter = whole_number(nb_filter, owner, "nb_filter", 1)
        self.kernel_size = sizes(kernel_size, self.spatial, owner, "the kernel's size")
        self.steps = sizes(steps, self.spatial, owner, "subsample")
        self.border_mode = check_border_mode(
            self, border_mode, (*BORDER_MODES, "causal") if self.spatial == 1 and self.takes_groups else BORDER_MODES
        )
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    @property
    def _axes(self) -> range:
        return spatial_axes(self.dim_ordering, self.spatial)

    @property
    def window_ordering(self) -> str:
        """The ordering of the kernel, and of what is convolved: over time it is always that with the channels last."""
        return "tf" if self.spatial == 1 else self.dim_ordering

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        if self.dim_ordering == "th":
            return (self.nb_filter, channels, *self.kernel_size)
        return (*self.kernel_size, channels, self.nb_filter)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.dim_ordering == "th" else self.spatial + 1

    def _channels(self, input_shape) -> int:
        axis = self._channel_axis
        if input_shape[axis] is None:
            raise ValueError(
                f"{type(self).__name__} {self.name}: the number of channels (axis {axis}, with dim_ordering "
                f"{self.dim_ordering!r}) must be known, got shape {tuple(input_shape)}.{ordering_hint(self, self.spatial)}"
            )
        return input_shape[axis]

    def _initializer(self):
        init, ordering = self.init, self.window_ordering

        def initialize(shape, name=None):
            try:
                return init(shape, name=name, dim_ordering=ordering)
            except TypeError as error:
                if "dim_ordering" not in str(error):
                    raise
            try:
                return init(shape, name=name)
            except TypeError as error:
                if "name" not in str(error):
                    raise
            return init(shape)

        return initialize

    def build(self, input_shape):
        self.get_output_shape_for(input_shape)  # a kernel that doesn't fit is an error here, with the layer's name
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__} {self.name}: the {channels} channels of an input of shape {tuple(input_shape)} must be a "
                f"multiple of groups={self.groups}."
            )
        self.W_shape = self._kernel_shape(channels // self.groups)
        self.W = self.add_weight(
            self.W_shape,
            initializer=self._initializer(),
            name=f"{self.name}_W",
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )
        self.b = self.add_bias((self.nb_filter,)) if self.bias else None
        self.input_spec = [built_for(input_shape, self._channel_axis)]
        self.built = True

    def _window_lengths(self) -> list[int]:
        rates = self.rates or (1,) * self.spatial
        return [k + (k - 1) * (r - 1) for k, r in zip(self.kernel_size, rates)]

    def get_output_shape_for(self, input_shape):
        check_window(self, input_shape, self._axes, self._window_lengths(), self.border_mode)
        shape = list(input_shape)
        for axis, window, step in zip(self._axes, self._window_lengths(), self.steps):
            shape[axis] = conv_output_length(shape[axis], window, "same" if self.border_mode == "causal" else self.border_mode, step)
        shape[1 if self.dim_ordering == "th" else -1] = self.nb_filter
        return tuple(shape)

    def theano_padding(self):
        return [convolution_padding(window) for window in self._window_lengths()]

    def window_steps(self):
        return self.steps

    def _with_bias(self, output):
        if self.bias:
            shape = (
                (1, self.nb_filter, *(1,) * self.spatial) if self.dim_ordering == "th" else (1,) * (self.spatial + 1) + (self.nb_filter,)
            )
            output = output + K.reshape(self.b, shape)
        return self.activation(output)

    def get_config(self):
        config = super().get_config()
        del config["input_dim"]
        config |= {"nb_filter": self.nb_filter, "border_mode": self.border_mode}
        if self.groups > 1:
            config["groups"] = self.groups
        if self.rates is not None and not hasattr(self, "atrous_rate"):
            config["dilation_rate"] = self.rates
        if self.spatial == 1 and self.dim_ordering == "th":
            config["dim_ordering"] = "th"
        return config

    def _convolved(self, x, border_mode: str, strides):
        """The convolution of an input with as many axes as the kernel."""
        rates = (*(self.rates or (1,) * self.spatial), *(1,) * (len(strides) - self.spatial))
        options: dict[str, Any] = {"border_mode": border_mode, "dim_ordering": self.window_ordering, "filter_dilation": rates}
        if self.groups > 1:
            return K.grouped_conv(x, self.W, self.groups, strides, **options)
        conv = K.conv3d if self.spatial == 3 else K.conv2d
        return conv(x, self.W, strides=strides, **options)
