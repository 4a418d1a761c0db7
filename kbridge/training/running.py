"""Metrics that gather what they need over an epoch, beside losses and metrics that are numbers of a batch."""

from __future__ import annotations

import numpy as np


class Running:
    """The totals of a model's metrics that are objects, from ``reset`` on."""

    def __init__(self, metrics: dict):
        #: place among the outputs of the training and test functions -> the metric
        self.metrics = metrics
        self.totals: dict = {}

    def reset(self) -> None:
        """Start an epoch."""
        self.totals = {}

    def values(self, outputs) -> list:
        """The outputs of a batch, with the sums for metrics replaced by their values for all batches so far."""
        if not self.metrics:
            return outputs
        outputs = list(outputs)
        for place, metric in self.metrics.items():
            found = np.asarray(outputs[place], "float64")
            self.totals[place] = found + self.totals[place] if place in self.totals else found
            outputs[place] = metric.result_of(self.totals[place])
        return outputs


def running_of(model) -> Running:
    """New totals for the compiled ``model``."""
    return Running(getattr(model, "metrics_of_outputs", None) or {})
