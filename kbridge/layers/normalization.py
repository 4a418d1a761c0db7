"""Batch normalization."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from .. import constraints, initializations, regularizers
from ..engine.topology import InputSpec, Layer
from .dense import config_of

__all__ = ["BatchNormalization", "InputSpec", "K", "Layer", "initializations", "regularizers"]


class BatchNormalization(Layer):
    """Scale activations to mean 0 and variance 1 over the batch, then multiply by gamma and add beta, which are learned.

    The weights are gamma, beta, running_mean and running_std; the last holds the variance, as in Keras 1.

    Args:
        epsilon: a small number that is added to the variance.
        mode: 0: each feature of ``axis`` over the batch and all other axes, in prediction by the running statistics; 1: each sample over its last axis,
            always by its own statistics; 2: as 0, but by the statistics of the batch in prediction too.
        axis: the axis of the features, for modes 0 and 2.
        momentum: the part of the running mean and variance that stays at each update.
        weights: arrays that the weights start with, [gamma, beta, running_mean, running_std].
        beta_init: how beta starts: the name of an initialization or a function of a shape.
        gamma_init: how gamma starts.
        gamma_regularizer: a penalty on gamma.
        beta_regularizer: a penalty on beta.
        center: whether there is a beta; an option of Keras 2, stored only where it is False.
        scale: whether there is a gamma; an option of Keras 2, stored only where it is False.
        moving_if_frozen: whether a layer that is made with ``trainable=False`` uses the running statistics in training too, as in TensorFlow 2;
            stored where it matters.
        sample_variance: whether the running variance is that of a sample, n / (n - 1) times that of the batch: True for images alone (inputs
            with four axes), as tf.keras has it; 'always' for any input, as Keras 2.1.4 to 2.3.1 have it. Stored where it isn't False.
        gamma_constraint: a function that is applied to gamma after each update; an option of Keras 2, stored where there is one.
        beta_constraint: a function that is applied to beta after each update; an option of Keras 2, stored where there is one.

    Input shape:
        Any, with a known length of ``axis``.

    Output shape:
        The input's.

    Raises:
        ValueError: another ``mode``, or an unknown number of features.

    References:
        Ioffe and Szegedy (2015), Batch Normalization, arXiv 1502.03167.

    Example:
        >>> from kbridge.layers import BatchNormalization, Dense
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Dense(4, input_dim=3), BatchNormalization()])
        >>> [weight.shape for weight in model.layers[1].get_weights()]
        [(4,), (4,), (4,), (4,)]
    """

    supports_masking = True

    def __init__(
        self,
        epsilon=1e-3,
        mode=0,
        axis=-1,
        momentum=0.99,
        weights=None,
        beta_init="zero",
        gamma_init="one",
        gamma_regularizer=None,
        beta_regularizer=None,
        center=True,
        scale=True,
        moving_if_frozen=False,
        gamma_constraint=None,
        beta_constraint=None,
        sample_variance=False,
        **kwargs,
    ):
        if mode not in (0, 1, 2):
            raise ValueError(f"BatchNormalization: mode must be 0, 1 or 2, got {mode!r}.")
        self.epsilon = epsilon
        self.mode = mode
        self.axis = axis
        self.center = center
        self.scale = scale
        self.momentum = momentum
        self.beta_init = initializations.get(beta_init)
        self.gamma_init = initializations.get(gamma_init)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.beta_constraint = constraints.get(beta_constraint)
        self.initial_weights = weights
        super().__init__(**kwargs)
        self.moving_if_frozen = moving_if_frozen
        if sample_variance not in (False, True, "always"):
            raise ValueError(f"BatchNormalization: sample_variance must be False, True or 'always', got {sample_variance!r}.")
        self.sample_variance = sample_variance
        #: decided here, since the graph of a call stays what it is
        self._moving_only = bool(moving_if_frozen and mode == 0 and not self.trainable)
        self.uses_learning_phase = mode == 0 and not self._moving_only

    def build(self, input_shape):
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"BatchNormalization {self.name}: axis {self.axis} of the input must be known, got shape {tuple(input_shape)}."
            )
        self.input_spec = [InputSpec(shape=input_shape)]
        if self.scale:
            self.gamma = self.add_weight(
                (size,), self.gamma_init, f"{self.name}_gamma", regularizer=self.gamma_regularizer, constraint=self.gamma_constraint
            )
        else:
            self.gamma = K.ones((size,))
        if self.center:
            self.beta = self.add_weight(
                (size,), self.beta_init, f"{self.name}_beta", regularizer=self.beta_regularizer, constraint=self.beta_constraint
            )
        else:
            self.beta = K.zeros((size,))
        self.running_mean = self.add_weight((size,), "zero", f"{self.name}_running_mean", trainable=False)
        self.running_std = self.add_weight((size,), "one", f"{self.name}_running_std", trainable=False)
        self.built = True

    def call(self, x, mask=None):
        """Return the normalized input, times gamma plus beta."""
        if self.mode == 1:
            mean = K.mean(x, axis=-1, keepdims=True)
            deviation = K.sqrt(K.var(x, axis=-1, keepdims=True) + self.epsilon)
            return self.gamma * (x - mean) / (deviation + self.epsilon) + self.beta
        ndim = len(K.int_shape(x))
        axis = self.axis % ndim
        others = [a for a in range(ndim) if a != axis]
        shape = [1] * ndim
        shape[axis] = K.int_shape(self.gamma)[0]

        def running():
            weights = (self.running_mean, self.running_std, self.beta, self.gamma)
            if others != list(range(ndim - 1)):
                weights = tuple(K.reshape(weight, shape) for weight in weights)
            return K.batch_normalization(x, *weights, epsilon=self.epsilon)

        if self._moving_only:
            return running()
        normed, mean, variance = K.normalize_batch_in_training(x, self.gamma, self.beta, others, epsilon=self.epsilon)
        if self.mode == 2:
            return normed
        if self.sample_variance == "always" or self.sample_variance and ndim == 4:
            count = 1.0
            for a in others:
                count = count * K.cast(K.shape(x)[a], K.floatx())
            self.add_update(self._moving(mean, variance * (count / K.maximum(count - 1.0, 1.0))), x)
        else:
            self.add_update(self._moving(mean, variance), x)
        return K.in_train_phase(normed, running())

    def _moving(self, mean, variance) -> list:
        return [
            K.moving_average_update(self.running_mean, mean, self.momentum),
            K.moving_average_update(self.running_std, variance, self.momentum),
        ]

    def get_config(self):
        config = {
            "epsilon": self.epsilon,
            "mode": self.mode,
            "axis": self.axis,
            "gamma_regularizer": config_of(self.gamma_regularizer),
            "beta_regularizer": config_of(self.beta_regularizer),
            "momentum": self.momentum,
        }
        left_out: dict[str, Any] = {key: False for key in ("center", "scale") if not getattr(self, key)}
        penalties = {key: config_of(getattr(self, key)) for key in ("gamma_constraint", "beta_constraint")}
        left_out |= {key: value for key, value in penalties.items() if value is not None}
        if self.moving_if_frozen and not self.trainable:
            left_out["moving_if_frozen"] = True
        if self.sample_variance:
            left_out["sample_variance"] = self.sample_variance
        # Keras 1.2.2 lost these when saving and can read them back, so they are written where they matter
        for key, usual in (("beta_init", "zero"), ("gamma_init", "one")):
            if getattr(self, key).__name__ != usual:
                config[key] = getattr(self, key).__name__
        return {**super().get_config(), **config, **left_out}
