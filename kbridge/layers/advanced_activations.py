"""Activations with parameters, given or learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as K
from .. import constraints, initializations, regularizers
from ..engine.input_spec import built_for
from ..engine.topology import Layer
from .dense import config_of

__all__ = ["ELU", "K", "Layer", "LeakyReLU", "PReLU", "ParametricSoftplus", "SReLU", "ThresholdedReLU", "initializations"]


class LeakyReLU(Layer):
    """x above 0, alpha * x below.

    Args:
        alpha: the slope below 0.

    Input shape:
        Any.

    Output shape:
        The input's.

    References:
        Maas et al. (2013), Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """

    supports_masking = True

    def __init__(self, alpha=0.3, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, x, mask=None):
        """Return x above 0 and alpha * x below."""
        return K.relu(x, alpha=self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": float(self.alpha)}


class ELU(Layer):
    """Exponential linear units: x above 0, alpha * (exp(x) - 1) below.

    Args:
        alpha: the limit below 0 is -alpha.

    Input shape:
        Any.

    Output shape:
        The input's.

    References:
        Clevert et al. (2015), arXiv 1511.07289.
    """

    supports_masking = True

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = K.cast_to_floatx(alpha)

    def call(self, x, mask=None):
        """Return x above 0 and alpha * (exp(x) - 1) below."""
        return K.elu(x, float(self.alpha))

    def get_config(self):
        return {**super().get_config(), "alpha": float(self.alpha)}


class ThresholdedReLU(Layer):
    """x above ``theta``, 0 elsewhere.

    Args:
        theta: the threshold.

    Input shape:
        Any.

    Output shape:
        The input's.

    References:
        Konda et al. (2014), Zero-Bias Autoencoders and the Benefits of Co-Adapting Features, arXiv 1402.3337.
    """

    supports_masking = True

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = K.cast_to_floatx(theta)

    def call(self, x, mask=None):
        """Return x above theta and 0 elsewhere."""
        return x * K.cast(K.greater(x, float(self.theta)), K.dtype(x))

    def get_config(self):
        return {**super().get_config(), "theta": float(self.theta)}


class _Parametric(Layer):
    """The base of activations with a parameter for each feature."""

    supports_masking = True

    def __init__(self, weights=None, shared_axes=None, **kwargs):
        self.initial_weights = weights
        shared = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if shared is None else list(shared)
        super().__init__(**kwargs)

    def _shape(self, input_shape) -> tuple:
        """The shape of a parameter; the layer takes no inputs that it doesn't fit from now on."""
        shared = [axis % len(input_shape) for axis in self.shared_axes or []]
        shape = [1 if axis in shared else n for axis, n in enumerate(input_shape)][1:]
        if None in shape:
            raise ValueError(
                f"{type(self).__name__} {self.name} has a parameter for each feature, so it must know the input's shape; "
                f"got {tuple(input_shape)}. Put the axes of unknown length into shared_axes."
            )
        self.input_spec = [built_for(input_shape, *(axis for axis in range(1, len(input_shape)) if axis not in shared))]
        return tuple(shape)

    def get_config(self):
        config = super().get_config()
        return config if self.shared_axes is None else {**config, "shared_axes": self.shared_axes}


class PReLU(_Parametric):
    """x above 0, alphas * x below, where the alphas are learned.

    Args:
        init: how the alphas start: the name of an initialization or a function of a shape.
        weights: arrays that the weights start with, [alphas].
        shared_axes: axes of the input, counted with the batch axis from 0, along which all values share one parameter; None for a parameter for each
            value. Keras 1.2.2 lost it when saving; here it is in the config where it is given.
        alpha_regularizer: a penalty on the alphas; an option of Keras 2, stored where there is one.
        alpha_constraint: a function that is applied to the alphas after each update; an option of Keras 2, stored where there is one.

    Input shape:
        Any, with known lengths but those of ``shared_axes``.

    Output shape:
        The input's.

    Raises:
        ValueError: the input has an axis of unknown length that isn't shared.

    References:
        He et al. (2015), Delving Deep into Rectifiers, arXiv 1502.01852.
    """

    def __init__(self, init="zero", weights=None, shared_axes=None, alpha_regularizer=None, alpha_constraint=None, **kwargs):
        self.init = initializations.get(init)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        super().__init__(weights, shared_axes, **kwargs)

    def build(self, input_shape):
        self.alphas = self.add_weight(
            self._shape(input_shape),
            initializer=self.init,
            name=f"{self.name}_alphas",
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        self.built = True

    def call(self, x, mask=None):
        """Return x above 0 and alphas * x below."""
        return K.relu(x) - self.alphas * K.relu(-x)

    def get_config(self):
        penalties = {key: config_of(getattr(self, key)) for key in ("alpha_regularizer", "alpha_constraint")}
        return {**super().get_config(), "init": self.init.__name__, **{key: value for key, value in penalties.items() if value is not None}}


class ParametricSoftplus(_Parametric):
    """alphas * log(1 + exp(betas * x)), where alphas and betas are learned.

    Args:
        alpha_init: the number that the alphas start with.
        beta_init: the number that the betas start with.
        weights: arrays that the weights start with, [alphas, betas].
        shared_axes: as in ``PReLU``.

    Input shape:
        Any, with known lengths but those of ``shared_axes``.

    Output shape:
        The input's.
    """

    def __init__(self, alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None, **kwargs):
        self.alpha_init = K.cast_to_floatx(alpha_init)
        self.beta_init = K.cast_to_floatx(beta_init)
        super().__init__(weights, shared_axes, **kwargs)

    def build(self, input_shape):
        shape = self._shape(input_shape)
        self.alphas = K.variable(np.full(shape, self.alpha_init), name=f"{self.name}_alphas")
        self.betas = K.variable(np.full(shape, self.beta_init), name=f"{self.name}_betas")
        self.trainable_weights = [self.alphas, self.betas]
        self.built = True

    def call(self, x, mask=None):
        """Return alphas * log(1 + exp(betas * x))."""
        return K.softplus(self.betas * x) * self.alphas

    def get_config(self):
        return {**super().get_config(), "alpha_init": float(self.alpha_init), "beta_init": float(self.beta_init)}


class SReLU(_Parametric):
    """S-shaped units: slope a_left below t_left, 1 between, a_right above t_right, all of them learned.

    The upper threshold is kept above the lower one: it is t_left + abs(t_right).

    Args:
        t_left_init: how the lower threshold starts: the name of an initialization or a function of a shape.
        a_left_init: how the slope below it starts.
        t_right_init: how the distance of the upper threshold starts.
        a_right_init: how the slope above it starts.
        shared_axes: as in ``PReLU``.

    Input shape:
        Any, with known lengths but those of ``shared_axes``.

    Output shape:
        The input's.

    References:
        Jin et al. (2015), Deep Learning with S-shaped Rectified Linear Activation Units, arXiv 1512.07030.
    """

    a_left: Any
    a_right: Any
    t_left: Any
    t_right: Any

    def __init__(
        self,
        t_left_init="zero",
        a_left_init="glorot_uniform",
        t_right_init="glorot_uniform",
        a_right_init="one",
        shared_axes=None,
        **kwargs,
    ):
        self.t_left_init = t_left_init
        self.a_left_init = a_left_init
        self.t_right_init = t_right_init
        self.a_right_init = a_right_init
        super().__init__(None, shared_axes, **kwargs)

    def build(self, input_shape):
        shape = self._shape(input_shape)
        for part in ("t_left", "a_left", "t_right", "a_right"):
            initializer = getattr(self, f"{part}_init")
            setattr(self, part, self.add_weight(shape, initializer=initializer, name=f"{self.name}_{part}"))
        self.built = True

    def call(self, x, mask=None):
        """Return the piecewise linear function of the input."""
        t_right = self.t_left + K.abs(self.t_right)
        left_and_middle = self.t_left + K.relu(x - self.t_left, self.a_left, t_right - self.t_left)
        return left_and_middle + K.relu(x - t_right) * self.a_right

    def get_config(self):
        parts = {f"{part}_init": getattr(self, f"{part}_init") for part in ("t_left", "a_left", "t_right", "a_right")}
        return {**super().get_config(), **parts}
