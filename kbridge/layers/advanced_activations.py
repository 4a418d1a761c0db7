"""Activations with parameters, fixed or learned."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .. import constraints, initializations, regularizers
from ..engine.layer import built_for
from ..engine.topology import Layer
from .dense import config_of

__all__ = ["ELU", "K", "Layer", "LeakyReLU", "PReLU", "ParametricSoftplus", "SReLU", "ThresholdedReLU", "initializations"]


class LeakyReLU(Layer):
    """x above 0, alpha * x below (Maas et al., 2013)."""

    supports_masking = True

    def __init__(self, alpha=0.3, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, x, mask=None):
        return K.relu(x, alpha=self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": float(self.alpha)}


class ELU(Layer):
    """x above 0, alpha * (exp(x) - 1) below (Clevert et al., 2015)."""

    supports_masking = True

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = K.cast_to_floatx(alpha)

    def call(self, x, mask=None):
        return K.elu(x, float(self.alpha))

    def get_config(self):
        return {**super().get_config(), "alpha": float(self.alpha)}


class ThresholdedReLU(Layer):
    """x above ``theta``, 0 elsewhere (Konda et al., 2014)."""

    supports_masking = True

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = K.cast_to_floatx(theta)

    def call(self, x, mask=None):
        return x * K.cast(K.greater(x, float(self.theta)), K.dtype(x))

    def get_config(self):
        return {**super().get_config(), "theta": float(self.theta)}


class _Parametric(Layer):
    """What activations with one parameter for each feature share.

    ``shared_axes`` (counted with the batch axis) have one parameter together. Keras 1.2.2 lost it
    when saving; here it is in the config where it is given.
    """

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
    """x above 0, alphas * x below, with learned alphas (He et al., 2015).

    ``alpha_regularizer``, ``alpha_constraint``: options of Keras 2, stored where there is one.
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
        return K.relu(x) - self.alphas * K.relu(-x)

    def get_config(self):
        penalties = {key: config_of(getattr(self, key)) for key in ("alpha_regularizer", "alpha_constraint")}
        return {**super().get_config(), "init": self.init.__name__, **{key: value for key, value in penalties.items() if value is not None}}


class ParametricSoftplus(_Parametric):
    """alphas * log(1 + exp(betas * x)) with learned alphas and betas (Trappenberg and others)."""

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
        return K.softplus(self.betas * x) * self.alphas

    def get_config(self):
        return {**super().get_config(), "alpha_init": float(self.alpha_init), "beta_init": float(self.beta_init)}


class SReLU(_Parametric):
    """S-shaped: slope a_left below t_left, 1 between, a_right above t_right, all learned (Jin et al., 2015).

    The upper threshold is kept above the lower one: t_left + abs(t_right).
    """

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
        t_right = self.t_left + K.abs(self.t_right)
        left_and_middle = self.t_left + K.relu(x - self.t_left, self.a_left, t_right - self.t_left)
        return left_and_middle + K.relu(x - t_right) * self.a_right

    def get_config(self):
        parts = {f"{part}_init": getattr(self, f"{part}_init") for part in ("t_left", "a_left", "t_right", "a_right")}
        return {**super().get_config(), **parts}
