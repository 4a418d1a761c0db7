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
        name: under which it is logged.
    """

    usual_name = "metric"

    def __init__(self, name=None, dtype=None):
        self.name = name or self.usual_name
        self._totals: Any = None

    def statistics(self, y_true, y_pred, sample_weight=None):
        """A tensor of sums over a batch, from tensors; ``sample_weight`` has an axis for the samples, or one for steps too."""
        raise NotImplementedError(f"{type(self).__name__} must define statistics(y_true, y_pred, sample_weight).")

    def result_of(self, totals):
        """The value, from the sum of all batches' ``statistics``, a NumPy array."""
        raise NotImplementedError(f"{type(self).__name__} must define result_of(totals).")

    # ------------------------------------------------------------------ by itself

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Take in a batch of arrays."""
        arrays = [y_true, y_pred] + ([] if sample_weight is None else [sample_weight])
        tensors = [K.placeholder(ndim=np.ndim(a)) for a in arrays]
        found = K.function(tensors, [self.statistics(*tensors)])([np.asarray(a, K.floatx()) for a in arrays])[0]
        self._totals = np.asarray(found, "float64") + (0.0 if self._totals is None else self._totals)

    def result(self):
        """The value of all that was taken in."""
        if self._totals is None:
            raise ValueError(f"{type(self).__name__}: nothing has been taken in, call update_state(y_true, y_pred) first.")
        return self.result_of(self._totals)

    def reset_state(self) -> None:
        """Start anew."""
        self._totals = None

    reset_states = reset_state

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Take in a batch of arrays; the value."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    # ------------------------------------------------------------------ config

    #: the arguments of the constructor, which are attributes
    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        return {"name": self.name, **{name: getattr(self, name) for name in self.arguments}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A new metric from what ``get_config`` gave."""
        return cls(**config)


def beside(weights, values):
    """``weights`` for each of ``values``: axes of length 1 are added behind, or taken away, and values are repeated."""
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
