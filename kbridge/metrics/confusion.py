"""Metrics that count right and wrong predictions of two classes, at one threshold or at many."""

from __future__ import annotations

import inspect

import numpy as np

from .. import backend as K
from .base import Metric, beside, ratio


class _Counts(Metric):
    """Rows of true positives, false positives, true negatives and false negatives, by threshold."""

    top_k = None
    class_id = None

    def _limits(self) -> np.ndarray:
        raise NotImplementedError

    def statistics(self, y_true, y_pred, sample_weight=None):
        weights = beside(sample_weight, y_pred)
        if self.top_k is not None:
            y_pred = _ranked(y_pred, self.top_k)
        if self.class_id is not None:
            y_true, y_pred, weights = (x[..., self.class_id] for x in (y_true, y_pred, weights))
        return _counts(y_true, y_pred, weights, self._limits())


def _counts(y_true, y_pred, weights, limits):
    """(4, thresholds) sums of weights."""
    true, predicted, weight = (K.expand_dims(K.flatten(x), 0) for x in (y_true, y_pred, weights))
    positive = K.cast(K.greater(predicted, K.constant(limits.reshape(-1, 1))), K.floatx())
    label = K.cast(K.not_equal(true, 0.0), K.floatx())
    of_positive, of_negative = weight * label, weight * (1.0 - label)
    tp, fp = K.sum(positive * of_positive, axis=1), K.sum(positive * of_negative, axis=1)
    return K.stack([tp, fp, K.sum(of_negative) - fp, K.sum(of_positive) - tp])


def _ranked(y_pred, k):
    """1 for the ``k`` largest values along the last axis, the first of equals, and -1 for the others."""
    size = K.int_shape(y_pred)[-1] or 0
    own, others = K.expand_dims(y_pred), K.expand_dims(y_pred, K.ndim(y_pred) - 1)
    before = K.constant(np.tril(np.ones((size, size)), -1).astype(K.floatx()))
    ahead = K.cast(K.greater(others, own), K.floatx()) + K.cast(K.equal(others, own), K.floatx()) * before
    return 2.0 * K.cast(K.lesser(K.sum(ahead, axis=-1), float(k)), K.floatx()) - 1.0


def _thresholds(given, usual: float) -> np.ndarray:
    values = np.asarray(usual if given is None else given, "float64").reshape(-1)
    if given is not None and ((values < 0) | (values > 1)).any():
        raise ValueError(f"Thresholds must lie between 0 and 1, got {given!r}.")
    return values


class _AtThresholds(_Counts):
    """The value at each of the thresholds."""

    arguments: tuple[str, ...] = ("thresholds",)

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name)
        self.thresholds = thresholds
        self._limits()

    def _limits(self):
        return _thresholds(self.thresholds, 0.5 if self.top_k is None else 0.0)

    def result_of(self, totals):
        found = self._value(*totals)
        return float(found[0]) if len(found) == 1 else found

    def _value(self, tp, fp, tn, fn):
        raise NotImplementedError


def _counter(name: str, usual_name: str, row: int, told: str) -> type[_AtThresholds]:
    doc = f"""How many {told} there are.

    Args:
        thresholds: the probability above which a prediction counts as positive, a number or a list; 0.5 if left out.
        name: the name under which it is logged.
        dtype: accepted for configs of later Keras, and not used.
    """
    members = {"usual_name": usual_name, "_value": lambda self, *rows: rows[row], "__doc__": doc, "__module__": __name__}
    return type(name, (_AtThresholds,), members)


TruePositives = _counter("TruePositives", "true_positives", 0, "true positives")
FalsePositives = _counter("FalsePositives", "false_positives", 1, "false positives")
TrueNegatives = _counter("TrueNegatives", "true_negatives", 2, "true negatives")
FalseNegatives = _counter("FalseNegatives", "false_negatives", 3, "false negatives")


class _Selective(_AtThresholds):
    arguments: tuple[str, ...] = ("thresholds", "top_k", "class_id")

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        self.top_k = top_k
        self.class_id = class_id
        super().__init__(thresholds, name)


class Precision(_Selective):
    """Of the predictions that are positive, the fraction that is right.

    The other arguments are those of ``Metric``.

    Args:
        thresholds: the probability above which a prediction counts as positive, a number or a list; 0.5 if left out.
        top_k: how many of the largest predictions of a sample count; all if left out.
        class_id: the class to look at; all if left out.
    """

    usual_name = "precision"

    def _value(self, tp, fp, tn, fn):
        return ratio(tp, tp + fp)


class Recall(_Selective):
    """Of the labels that are positive, the fraction that was predicted as such.

    The other arguments are those of ``Precision``.
    """

    usual_name = "recall"

    def _value(self, tp, fp, tn, fn):
        return ratio(tp, tp + fn)


class _Bounded(_Counts):
    """The best of one rate over thresholds at which another is at least a bound."""

    bound_name = ""

    def __init__(self, bound, num_thresholds=200, class_id=None, name=None, dtype=None, **kwargs):
        super().__init__(name)
        if not 0 <= bound <= 1:
            raise ValueError(f"{type(self).__name__}: {self.bound_name} must lie between 0 and 1, got {bound!r}.")
        if num_thresholds < 1:
            raise ValueError(f"{type(self).__name__}: num_thresholds must be above 0, got {num_thresholds!r}.")
        setattr(self, self.bound_name, bound)
        self.num_thresholds = num_thresholds
        self.class_id = class_id

    @property
    def arguments(self):  # type: ignore[override]  # a subclass's name for its bound is among them
        """The arguments of the constructor, which are attributes."""
        return (self.bound_name, "num_thresholds", "class_id")

    @classmethod
    def from_config(cls, config):
        return cls(config[cls.bound_name], **{key: value for key, value in config.items() if key != cls.bound_name})

    def _limits(self):
        n = self.num_thresholds
        return np.array([0.5]) if n == 1 else np.linspace(0, 1, n)

    def result_of(self, totals):
        bound, wanted = self._rates(*totals)
        good = bound >= getattr(self, self.bound_name)
        return float(wanted[good].max()) if good.any() else 0.0

    def _rates(self, tp, fp, tn, fn):
        raise NotImplementedError


def _bounded(name: str, usual_name: str, bound: str, told: str, rates) -> type[_Bounded]:
    doc = f"""The best {told} is at least ``{bound}``.

    Args:
        {bound}: the least value of it, from 0 to 1.
        num_thresholds: the number of thresholds that are tried.
        class_id: the class to look at; all if left out.
        name: the name under which it is logged.
        dtype: accepted for configs of later Keras, and not used.
    """

    def __init__(self, *args, **kwargs):
        if bound in kwargs:
            kwargs["bound"] = kwargs.pop(bound)
        _Bounded.__init__(self, *args, **kwargs)

    shared = list(inspect.signature(_Bounded.__init__).parameters.values())[1:-1]
    members = {
        "usual_name": usual_name, "bound_name": bound, "_rates": rates, "__init__": __init__, "__doc__": doc, "__module__": __name__,
        "__signature__": inspect.Signature([p.replace(name=bound) if p.name == "bound" else p for p in shared]),
    }  # fmt: skip
    return type(name, (_Bounded,), members)


def _sensitivity(tp, fn):
    return ratio(tp, tp + fn)


SensitivityAtSpecificity = _bounded(
    "SensitivityAtSpecificity", "sensitivity_at_specificity", "specificity", "recall where the fraction of negatives that are seen as such",
    lambda self, tp, fp, tn, fn: (ratio(tn, tn + fp), _sensitivity(tp, fn)),
)  # fmt: skip
SpecificityAtSensitivity = _bounded(
    "SpecificityAtSensitivity", "specificity_at_sensitivity", "sensitivity", "fraction of negatives that are seen as such where recall",
    lambda self, tp, fp, tn, fn: (_sensitivity(tp, fn), ratio(tn, tn + fp)),
)  # fmt: skip
PrecisionAtRecall = _bounded(
    "PrecisionAtRecall", "precision_at_recall", "recall", "precision where recall",
    lambda self, tp, fp, tn, fn: (_sensitivity(tp, fn), ratio(tp, tp + fp)),
)  # fmt: skip
RecallAtPrecision = _bounded(
    "RecallAtPrecision", "recall_at_precision", "precision", "recall where precision",
    lambda self, tp, fp, tn, fn: (ratio(tp, tp + fp), _sensitivity(tp, fn)),
)  # fmt: skip


class AUC(_Counts):
    """The area under the curve of true over false positive rates (ROC), or of precision over recall (PR), by sums at thresholds.

    The other arguments are those of ``Metric``.

    Args:
        num_thresholds: at how many thresholds the curve is known.
        curve: 'ROC' or 'PR'.
        summation_method: how areas between thresholds are taken: 'interpolation' (trapezoids; for PR see Davis and Goadrich, 2006),
            'minoring' or 'majoring'.
        thresholds: their values between 0 and 1, in place of equally spaced ones.
        multi_label: whether each output along the last axis has a curve of its own; the value is the mean of their areas.
        num_labels: the number of outputs; accepted, and not needed.
        label_weights: factors of the areas in the mean, or of the outputs where they share a curve.
        from_logits: whether predictions are logits.

    Raises:
        ValueError: another ``curve`` or ``summation_method``, or fewer than 2 thresholds.
    """

    usual_name = "auc"
    arguments: tuple[str, ...] = (
        "num_thresholds",
        "curve",
        "summation_method",
        "multi_label",
        "num_labels",
        "label_weights",
        "from_logits",
    )

    def __init__(
        self, num_thresholds=200, curve="ROC", summation_method="interpolation", name=None, dtype=None, thresholds=None, multi_label=False,
        num_labels=None, label_weights=None, from_logits=False,
    ):  # fmt: skip
        super().__init__(name)
        if curve not in ("ROC", "PR"):
            raise ValueError(f"AUC: curve must be 'ROC' or 'PR', got {curve!r}.")
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(f"AUC: summation_method must be 'interpolation', 'minoring' or 'majoring', got {summation_method!r}.")
        if thresholds is None and num_thresholds < 2:
            raise ValueError(f"AUC: num_thresholds must be above 1, got {num_thresholds!r}.")
        listed = None if thresholds is None else sorted(_thresholds(thresholds, 0.5).tolist())
        self.thresholds = listed
        self.num_thresholds = num_thresholds if listed is None else len(listed) + 2
        self.curve = curve
        self.summation_method = summation_method
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else list(label_weights)
        self.from_logits = from_logits

    def _limits(self):
        n = self.num_thresholds
        inner = np.arange(1, n - 1) / (n - 1) if self.thresholds is None else np.asarray(self.thresholds)
        return np.array([-1e-7, *inner, 1 + 1e-7])

    def statistics(self, y_true, y_pred, sample_weight=None):
        if self.from_logits:
            y_pred = K.sigmoid(y_pred)
        weights = beside(sample_weight, y_pred)
        if not self.multi_label:
            if self.label_weights is not None:
                weights = weights * K.constant(np.asarray(self.label_weights))
            return _counts(y_true, y_pred, weights, self._limits())
        labels = K.int_shape(y_pred)[-1]
        return K.stack([_counts(y_true[..., i], y_pred[..., i], weights[..., i], self._limits()) for i in range(labels)])

    def result_of(self, totals):
        if not self.multi_label:
            return float(self._area(*totals))
        areas = np.array([self._area(*rows) for rows in totals])
        weights = np.ones(len(areas)) if self.label_weights is None else np.asarray(self.label_weights)
        return float(ratio((areas * weights).sum(), weights.sum()))

    def _area(self, tp, fp, tn, fn):
        recall = ratio(tp, tp + fn)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _area_of_precisions(tp, fp, fn)
        x, y = (ratio(fp, fp + tn), recall) if self.curve == "ROC" else (recall, ratio(tp, tp + fp))
        left, right = y[:-1], y[1:]
        heights = {"interpolation": (left + right) / 2, "minoring": np.minimum(left, right), "majoring": np.maximum(left, right)}
        return ((x[:-1] - x[1:]) * heights[self.summation_method]).sum()

    def get_config(self):
        return {**super().get_config(), **({} if self.thresholds is None else {"thresholds": self.thresholds})}


def _area_of_precisions(tp, fp, fn):
    """Between thresholds true positives grow with all that is predicted as positive, so that precision isn't a straight line."""
    found = tp + fp
    slope = ratio(tp[:-1] - tp[1:], np.maximum(found[:-1] - found[1:], 0))
    offset = tp[1:] - slope * found[1:]
    both = (found[:-1] > 0) & (found[1:] > 0)
    growth = np.where(both, ratio(found[:-1], np.maximum(found[1:], 0)), 1.0)
    parts = ratio(slope * (tp[:-1] - tp[1:] + offset * np.log(growth)), np.maximum(tp[1:] + fn[1:], 0))
    return parts.sum()


#: name -> class
CLASSES = {
    cls.__name__: cls
    for cls in (
        TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall, SensitivityAtSpecificity,
        SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision, AUC,
    )
}  # fmt: skip
