"""Metrics as objects that gather what they need over all batches of an epoch, and tell their value at any time.

A metric turns a batch into sums (``statistics``), on the backend, as part of the training function. They are added up in double
precision outside of it, so that it works alike on every backend, and ``result_of`` makes the value of the totals: the AUC of an epoch
is that of all its samples, not the mean of those of its batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as K


class Metric:
    """The base of metrics that are objects.

    A subclass defines ``statistics`` and ``result_of``. In ``compile`` a model keeps the totals; by itself a metric is used with
    ``update_state``, ``result`` and ``reset_state``.

    Args:
        name: the name under which it is logged; made of the class's name if left out.
        dtype: accepted for configs of later Keras, and not used: totals are in double precision.

    Example:
        >>> from kbridge.metrics import AUC
        >>> auc = AUC()
        >>> auc.update_state([0.0, 0.0, 1.0, 1.0], [0.1, 0.4, 0.35, 0.8])
        >>> round(auc.result(), 2)
        0.75
    """

    usual_name = "metric"

    def __init__(self, name=None, dtype=None):
        self.name = name or self.usual_name
        self._totals: Any = None

    def statistics(self, y_true, y_pred, sample_weight=None):
        """Return a tensor of sums over a batch.

        Args:
            y_true: the targets, a tensor.
            y_pred: the predictions, a tensor.
            sample_weight: (samples,) or, for steps too, (samples, time); None for weights of 1.
        """
        raise NotImplementedError(f"{type(self).__name__} must define statistics(y_true, y_pred, sample_weight).")

    def result_of(self, totals):
        """Return the value of the metric from ``totals``, a NumPy array: the sum of what ``statistics`` gave for all batches."""
        raise NotImplementedError(f"{type(self).__name__} must define result_of(totals).")

    # ------------------------------------------------------------------ by itself

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Take in a batch.

        Args:
            y_true: the targets, an array.
            y_pred: the predictions, an array.
            sample_weight: a weight for each sample, an array; None for weights of 1.
        """
        arrays = [y_true, y_pred] + ([] if sample_weight is None else [sample_weight])
        tensors = [K.placeholder(ndim=np.ndim(a)) for a in arrays]
        found = K.function(tensors, [self.statistics(*tensors)])([np.asarray(a, K.floatx()) for a in arrays])[0]
        self._totals = np.asarray(found, "float64") + (0.0 if self._totals is None else self._totals)

    def result(self):
        """Return the value of all batches that were taken in.

        Raises:
            ValueError: there was none.
        """
        if self._totals is None:
            raise ValueError(f"{type(self).__name__} has no data yet. Call update_state(y_true, y_pred) first.")
        return self.result_of(self._totals)

    def reset_state(self) -> None:
        """Forget all batches."""
        self._totals = None

    reset_states = reset_state

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Take in a batch, as ``update_state`` does, and return the value of all batches.

        Args:
            y_true: the targets, an array.
            y_pred: the predictions, an array.
            sample_weight: a weight for each sample, an array; None for weights of 1.
        """
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    # ------------------------------------------------------------------ config

    #: the arguments of the constructor, which are attributes
    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as a dict."""
        return {"name": self.name, **{name: getattr(self, name) for name in self.arguments}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return a new metric from ``config``, a dict that ``get_config`` gave."""
        return cls(**config)


def beside(weights, values):
    """Return ``weights`` for each of ``values``: axes of length 1 are added behind, or taken away, and values are repeated."""
    if weights is None:
        return K.ones_like(values)
    while K.ndim(weights) > K.ndim(values):
        weights = K.squeeze(weights, K.ndim(weights) - 1)
    for _ in range(K.ndim(values) - K.ndim(weights)):
        weights = K.expand_dims(weights)
    return weights + K.zeros_like(values)


def ratio(a, b):
    """``a`` / ``b``, 0 where ``b`` is 0; NumPy arrays or numbers."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b))


def number(value):
    """A float for an array of one number, else the array."""
    value = np.asarray(value)
    return float(value.reshape(())) if value.size == 1 and value.ndim == 0 else value
