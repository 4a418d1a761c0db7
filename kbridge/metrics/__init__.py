"""Metrics: functions of (y_true, y_pred) that give a scalar, or a value for each sample; and objects that gather a whole epoch.

The functions are Keras 1's, each of a batch. The objects have the names of Keras 2 and 3.
"""

from __future__ import annotations

from typing import Any

from .. import backend as K
from .. import objectives
from ..errors import nearest
from ..utils.generic_utils import get_custom_objects, get_from_module, remembered
from ..utils.serialized import bare_class, unwrapped
from . import classes, confusion, means
from .base import Metric


def binary_accuracy(y_true, y_pred):
    """The fraction of values in which round(y_pred) equals y_true."""
    return K.mean(K.equal(y_true, K.round(y_pred)))


def categorical_accuracy(y_true, y_pred):
    """The fraction of samples whose most probable class in y_pred is that of the one-hot y_true."""
    return K.mean(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)))


def sparse_categorical_accuracy(y_true, y_pred):
    """The fraction of samples whose most probable class in y_pred is the index in y_true."""
    found = K.cast(K.argmax(y_pred, axis=-1), K.floatx())
    return K.mean(K.equal(K.flatten(K.max(y_true, axis=-1)), K.flatten(found)))


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """The fraction of samples whose class in the one-hot y_true is among the ``k`` most probable in y_pred."""
    return K.mean(K.in_top_k(y_pred, K.argmax(y_true, axis=-1), k))


def _mean_of(loss):
    """The metric of a loss's name: its mean over all samples (and steps), a scalar."""

    def metric(y_true, y_pred):
        return K.mean(loss(y_true, y_pred))

    metric.__name__ = metric.__qualname__ = loss.__name__
    metric.__doc__ = f"The mean of ``objectives.{loss.__name__}(y_true, y_pred)`` over all samples (and time steps), a scalar."
    return metric


mean_squared_error = _mean_of(objectives.mean_squared_error)
mean_absolute_error = _mean_of(objectives.mean_absolute_error)
mean_absolute_percentage_error = _mean_of(objectives.mean_absolute_percentage_error)
mean_squared_logarithmic_error = _mean_of(objectives.mean_squared_logarithmic_error)
hinge = _mean_of(objectives.hinge)
squared_hinge = _mean_of(objectives.squared_hinge)
categorical_crossentropy = _mean_of(objectives.categorical_crossentropy)
sparse_categorical_crossentropy = _mean_of(objectives.sparse_categorical_crossentropy)
binary_crossentropy = _mean_of(objectives.binary_crossentropy)
kullback_leibler_divergence = _mean_of(objectives.kullback_leibler_divergence)
poisson = _mean_of(objectives.poisson)
cosine_proximity = _mean_of(objectives.cosine_proximity)


def _positives(y):
    return K.round(K.clip(y, 0, 1))


def precision(y_true, y_pred):
    """Of the labels that y_pred has, the fraction that y_true has too (over one batch)."""
    right = K.sum(_positives(y_true * y_pred))
    return right / (K.sum(_positives(y_pred)) + K.epsilon())


def recall(y_true, y_pred):
    """Of the labels that y_true has, the fraction that y_pred has too (over one batch)."""
    right = K.sum(_positives(y_true * y_pred))
    return right / (K.sum(_positives(y_true)) + K.epsilon())


def fbeta_score(y_true, y_pred, beta=1):
    """The weighted harmonic mean of precision and recall of y_true and y_pred, where recall counts ``beta`` times as much; 0 if no label holds in
    the batch.
    """
    if beta < 0:
        raise ValueError(f"beta must be at least 0 (0 means precision only), got {beta!r}.")
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    score = (1 + beta**2) * (p * r) / (beta**2 * p + r + K.epsilon())
    return K.switch(K.equal(K.sum(_positives(y_true)), 0), K.zeros_like(score), score)


def fmeasure(y_true, y_pred):
    """The harmonic mean of precision and recall of y_true and y_pred."""
    return fbeta_score(y_true, y_pred, beta=1)


def matthews_correlation(y_true, y_pred):
    """The correlation of the labels y_true and y_pred of two classes, -1 to 1 (Matthews, 1975)."""
    predicted, actual = _positives(y_pred), _positives(y_true)
    tp = K.sum(actual * predicted)
    tn = K.sum((1 - actual) * (1 - predicted))
    fp = K.sum((1 - actual) * predicted)
    fn = K.sum(actual * (1 - predicted))
    return (tp * tn - fp * fn) / (K.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) + K.epsilon())


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
cosine = cosine_proximity
fscore = f1score = fmeasure


#: name -> class of a metric that is an object
CLASSES: dict[str, Any] = {**means.CLASSES, **confusion.CLASSES, **classes.CLASSES}
globals().update(CLASSES)


def serialize(metric) -> Any:
    """Return the config of ``metric``: {'class_name', 'config'} for an object, the name for a function."""
    if isinstance(metric, Metric):
        return {"class_name": type(metric).__name__, "config": metric.get_config()}
    return getattr(metric, "__name__", metric)


def deserialize(config: dict[str, Any] | str, custom_objects=None) -> Any:
    """Return a metric.

    Args:
        config: {'class_name': ..., 'config': ...} or a name.
        custom_objects: classes and functions by name, for those that aren't Keras' own.

    Raises:
        ValueError: an unknown name.
    """
    if isinstance(config, str):
        return get(config)
    custom = {**get_custom_objects(), **(custom_objects or {})}
    name = str(config.get("class_name"))
    bare = bare_class(name)
    cls = custom.get(name) or custom.get(bare) or CLASSES.get(bare) or remembered(bare)
    if cls is None:
        raise ValueError(f"Unknown metric: {name!r}.{nearest(bare, [*CLASSES, *custom])}")
    return cls.from_config(unwrapped(dict(config.get("config") or {})))


def get(identifier):
    """The metric called ``identifier``, of a config, or the object itself.

    Names that Keras 1 lacks are those of Keras 2 and 3: 'AUC' and other classes with their usual options, and their functions.
    """
    if isinstance(identifier, dict) and "class_name" in identifier:
        return deserialize(identifier)
    if isinstance(identifier, str) and identifier not in get_custom_objects():
        if identifier in CLASSES:
            return CLASSES[identifier]()
        if identifier in means.ELEMENTWISE and identifier not in globals():
            return means.MeanMetricWrapper(means.ELEMENTWISE[identifier], identifier)
    return get_from_module(identifier, globals(), "metric")


def weighted(identifier) -> Metric:
    """The metric called ``identifier`` as an object, which takes samples' weights into account."""
    if isinstance(identifier, str) and identifier not in get_custom_objects() and identifier in means.ELEMENTWISE:
        return means.MeanMetricWrapper(means.ELEMENTWISE[identifier], identifier)
    found = get(identifier)
    return found if isinstance(found, Metric) else means.MeanMetricWrapper(found)
