"""Normalization by the statistics of each sample: layer, group, root mean square and unit normalization."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from .configured import Configured

__all__ = ["GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"]


def axes_of(layer, input_shape) -> tuple[int, ...]:
    """The layer's ``axis`` as sorted numbers from 0. ValueError for one that the input lacks, or the samples'."""
    ndim = len(input_shape)
    given = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    found = sorted({int(a) % ndim for a in given if -ndim <= a < ndim and a % ndim})
    if len(found) != len(given):
        raise ValueError(
            f"{type(layer).__name__} {layer.name}: axis={layer.axis!r} must name different axes of the input "
            f"{tuple(input_shape)}, without the first."
        )
    return tuple(found)


def _aligned(weight, shape: list) -> object:
    """A weight in a shape that broadcasts against the input."""
    return weight if len(K.int_shape(weight)) == 1 and all(n == 1 for n in shape[:-1]) else K.reshape(weight, shape)


class LayerNormalization(Configured):
    """Scale each sample to mean 0 and variance 1 over ``axis``, then multiply by gamma and add beta.

    Args:
        axis: the axis, or a list of axes that are normalized together; gamma and beta have a value for each of their places.
        epsilon: a small number that is added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: how beta starts.
        gamma_initializer: how gamma starts.
        beta_regularizer: a penalty on beta.
        gamma_regularizer: a penalty on gamma.
        beta_constraint: a function that is applied to beta after each update.
        gamma_constraint: a function that is applied to gamma after each update.
        rms_scaling: whether to divide by the root of the variance without subtracting the mean, then multiply by gamma alone (Keras 3's option).

    Input shape:
        (samples, ...) with the lengths of ``axis`` known.

    Output shape:
        The input's.

    Raises:
        ValueError: an axis that the input lacks, or of unknown length.

    References:
        Ba et al. (2016), Layer Normalization, arXiv 1607.06450.
    """

    axis: Any
    center: bool
    rms_scaling: bool
    scale: bool
    epsilon: float

    supports_masking = True

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        rms_scaling=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.take(
            axis=axis, epsilon=epsilon, center=center, scale=scale, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint, rms_scaling=rms_scaling,
        )  # fmt: skip

    def build(self, input_shape):
        axes = axes_of(self, input_shape)
        self.expects(len(input_shape), {a: self.known(input_shape, a, "length") for a in axes})
        # in the order in which the axes are given; Keras reads what is there as if they were sorted
        given = self.axis if isinstance(self.axis, (list, tuple)) else [self.axis]
        shape = tuple(int(input_shape[a]) for a in given)
        self.gamma = self.weight("gamma", shape) if self.scale or self.rms_scaling else None
        self.beta = self.weight("beta", shape) if self.center and not self.rms_scaling else None
        self.built = True

    def call(self, x, mask=None):
        """Return the normalized input, times gamma plus beta."""
        shape = K.int_shape(x)
        axes = axes_of(self, shape)
        aligned = [n if a in axes else 1 for a, n in enumerate(shape)]
        variance = K.var(x, axis=list(axes), keepdims=True)
        if self.rms_scaling:
            return x / K.sqrt(variance + self.epsilon) * _aligned(self.gamma, aligned)
        y = (x - K.mean(x, axis=list(axes), keepdims=True)) / K.sqrt(variance + self.epsilon)
        if self.gamma is not None:
            y = y * _aligned(self.gamma, aligned)
        return y if self.beta is None else y + _aligned(self.beta, aligned)


class GroupNormalization(Configured):
    """Scale groups of channels of each sample to mean 0 and variance 1, then multiply by gamma and add beta.

    The other arguments are those of ``LayerNormalization``; gamma and beta have one value a channel.

    Args:
        groups: the number of groups, which divides the channels; -1 for one a channel (instance normalization).
        axis: the axis of the channels.

    Input shape:
        (samples, ...) with the number of channels known.

    Output shape:
        The input's.

    Raises:
        ValueError: the groups don't divide the channels.

    References:
        Wu and He (2018), Group Normalization, arXiv 1803.08494.
    """

    center: bool
    scale: bool
    epsilon: float
    groups: int

    supports_masking = True

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.take(
            groups=groups, axis=axis, epsilon=epsilon, center=center, scale=scale, beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer, beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint, gamma_constraint=gamma_constraint,
        )  # fmt: skip

    def build(self, input_shape):
        (axis,) = axes_of(self, input_shape)
        channels = self.known(input_shape, axis, "number of channels")
        groups = channels if self.groups == -1 else self.groups
        if not isinstance(groups, int) or groups < 1 or channels % groups:
            raise ValueError(f"GroupNormalization {self.name}: {self.groups} groups don't divide the {channels} channels.")
        self.expects(len(input_shape), {axis: channels})
        self.gamma = self.weight("gamma", (channels,)) if self.scale else None
        self.beta = self.weight("beta", (channels,)) if self.center else None
        self.built = True

    def call(self, x, mask=None):
        """Return the normalized input, times gamma plus beta."""
        static, running = K.int_shape(x), K.shape(x)
        (axis,) = axes_of(self, static)
        channels = static[axis]
        groups = channels if self.groups == -1 else self.groups
        shape = [running[a] if n is None else n for a, n in enumerate(static)]
        split = K.reshape(x, [*shape[:axis], groups, channels // groups, *shape[axis + 1 :]])
        others = [a for a in range(1, len(static) + 1) if a != axis]
        variance = K.var(split, axis=others, keepdims=True)
        y = (split - K.mean(split, axis=others, keepdims=True)) / K.sqrt(variance + self.epsilon)
        y = K.reshape(y, shape)
        aligned = [n if a == axis else 1 for a, n in enumerate(static)]
        if self.gamma is not None:
            y = y * _aligned(self.gamma, aligned)
        return y if self.beta is None else y + _aligned(self.beta, aligned)


class RMSNormalization(Configured):
    """x / sqrt(mean(x ** 2) + epsilon) * scale over ``axis``, where scale is learned.

    Args:
        axis: the axis, or a list of axes, of the mean.
        epsilon: a small number that is added to the mean square.

    Input shape:
        (samples, ...) with the lengths of ``axis`` known.

    Output shape:
        The input's.

    References:
        Zhang and Sennrich (2019), Root Mean Square Layer Normalization, arXiv 1910.07467.
    """

    epsilon: float

    supports_masking = True

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.take(axis=axis, epsilon=epsilon, scale_initializer="ones")

    def build(self, input_shape):
        axes = axes_of(self, input_shape)
        shape = tuple(self.known(input_shape, a, "length") for a in axes)
        self.expects(len(input_shape), dict(zip(axes, shape)))
        self.scale = self.weight("scale", shape)
        self.built = True

    def call(self, x, mask=None):
        """Return the input divided by its root mean square, times scale."""
        shape = K.int_shape(x)
        axes = axes_of(self, shape)
        size = K.sqrt(K.mean(K.square(x), axis=list(axes), keepdims=True) + self.epsilon)
        return x / size * _aligned(self.scale, [n if a in axes else 1 for a, n in enumerate(shape)])


class UnitNormalization(Configured):
    """Divide each vector along ``axis`` by its Euclidean length, which counts as at least 1e-6.

    Args:
        axis: the axis of the vectors, or a list of axes.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.take(axis=axis)

    def call(self, x, mask=None):
        """Return the input with vectors of length 1."""
        axes = list(axes_of(self, K.int_shape(x)))
        return x / K.sqrt(K.maximum(K.sum(K.square(x), axis=axes, keepdims=True), 1e-12))
