"""Losses: functions of (y_true, y_pred) that give one value for each sample (and time step)."""

from __future__ import annotations

from .backends.in_use import K
from .utils.generic_utils import get_from_module


def mean_squared_error(y_true, y_pred):
    """Mean of (y_pred - y_true) ** 2 over the last axis."""
    return K.mean(K.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """Mean of abs(y_pred - y_true) over the last axis."""
    return K.mean(K.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true, y_pred):
    """100 times the mean of abs(y_true - y_pred) / max(abs(y_true), epsilon) over the last axis."""
    relative = K.abs((y_true - y_pred) / K.clip(K.abs(y_true), K.epsilon(), None))
    return 100.0 * K.mean(relative, axis=-1)


def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean over the last axis of (log(1 + max(y_pred, epsilon)) - log(1 + max(y_true, epsilon))) ** 2."""
    predicted = K.log(K.clip(y_pred, K.epsilon(), None) + 1.0)
    expected = K.log(K.clip(y_true, K.epsilon(), None) + 1.0)
    return K.mean(K.square(predicted - expected), axis=-1)


def squared_hinge(y_true, y_pred):
    """Mean of max(1 - y_true * y_pred, 0) ** 2 over the last axis; y_true is -1 or 1."""
    return K.mean(K.square(K.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


def hinge(y_true, y_pred):
    """Mean of max(1 - y_true * y_pred, 0) over the last axis; y_true is -1 or 1."""
    return K.mean(K.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


def categorical_crossentropy(y_true, y_pred):
    """Cross-entropy of the class probabilities in y_pred; y_true is one-hot or a distribution over the last axis."""
    return K.categorical_crossentropy(y_pred, y_true)


def sparse_categorical_crossentropy(y_true, y_pred):
    """Cross-entropy of the class probabilities in y_pred; y_true holds class indices (with a last axis of 1)."""
    return K.sparse_categorical_crossentropy(y_pred, y_true)


def binary_crossentropy(y_true, y_pred):
    """Mean over the last axis of the cross-entropy of two classes: y_true is 0 or 1, y_pred the probability of 1."""
    return K.mean(K.binary_crossentropy(y_pred, y_true), axis=-1)


def kullback_leibler_divergence(y_true, y_pred):
    """Sum of y_true * log(y_true / y_pred) over the last axis, both clipped to [epsilon, 1]."""
    y_true = K.clip(y_true, K.epsilon(), 1)
    y_pred = K.clip(y_pred, K.epsilon(), 1)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


def poisson(y_true, y_pred):
    """Mean of y_pred - y_true * log(y_pred + epsilon) over the last axis."""
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


def cosine_proximity(y_true, y_pred):
    """Minus the mean over the last axis of y_true * y_pred, where both vectors are scaled to length 1."""
    return -K.mean(K.l2_normalize(y_true, axis=-1) * K.l2_normalize(y_pred, axis=-1), axis=-1)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence
cosine = cosine_proximity


def get(identifier):
    """Return a loss; names mean what they mean in Keras 1.

    Names that Keras 1 lacks are those of ``losses``: 'huber', 'CategoricalHinge', {'class_name': ..., 'config': ...}.

    Args:
        identifier: a name, a config {'class_name', 'config'}, a function or an object, which is returned as it is.

    Raises:
        ValueError: an unknown name.
    """
    from . import losses

    if isinstance(identifier, dict) and "class_name" in identifier:
        return losses.deserialize(identifier)
    if isinstance(identifier, str):
        try:
            return get_from_module(identifier, globals(), "objective")
        except ValueError:
            later = losses.named(identifier)
            if later is None:
                raise
            return later
    return get_from_module(identifier, globals(), "objective")
