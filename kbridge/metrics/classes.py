"""Metrics of several classes or outputs: overlaps (IoU), F scores, R2; and plain sums."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .base import Metric, beside, ratio


class IoU(Metric):
    """The overlap of predicted and true classes: true positives / (true positives + all errors of the class), mean over classes.

    The other arguments are those of ``Metric``.

    Args:
        num_classes: the number of classes.
        target_class_ids: the classes that the mean is taken over, a list.
        ignore_class: values whose true class this is don't count; None for none.
        sparse_y_true: whether targets are class indices; else they are one-hot.
        sparse_y_pred: whether predictions are class indices; else they are probabilities.
        axis: the axis of the classes where they are one-hot.

    Raises:
        ValueError: a target class that isn't below ``num_classes``.
    """

    usual_name = "io_u"
    arguments: tuple[str, ...] = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(
        self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(name)
        self.num_classes = num_classes
        self.target_class_ids = list(range(num_classes) if target_class_ids is None else target_class_ids)
        if self.target_class_ids and max(self.target_class_ids) >= num_classes:
            raise ValueError(
                f"{type(self).__name__}: target_class_ids must be below num_classes, which is {num_classes}, got {self.target_class_ids}."
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis

    def _classes(self, y_true, y_pred):
        return tuple(
            K.cast(x if sparse else K.argmax(x, axis=self.axis), "int32")
            for x, sparse in ((y_true, self.sparse_y_true), (y_pred, self.sparse_y_pred))
        )

    def statistics(self, y_true, y_pred, sample_weight=None):
        true, predicted = self._classes(y_true, y_pred)
        weights = K.flatten(beside(sample_weight, K.cast(true, K.floatx())))
        true, predicted = K.flatten(true), K.flatten(predicted)
        if self.ignore_class is not None:
            weights = weights * K.cast(K.not_equal(true, self.ignore_class), K.floatx())
        rows = K.one_hot(true, self.num_classes, dtype=K.floatx()) * K.expand_dims(weights)
        return K.dot(K.transpose(rows), K.one_hot(predicted, self.num_classes, dtype=K.floatx()))

    def result_of(self, totals):
        right = np.diag(totals)
        every = totals.sum(0) + totals.sum(1) - right
        chosen = np.asarray(self.target_class_ids, int)
        known = every[chosen] > 0
        return float(ratio(ratio(right[chosen], every[chosen]).sum(), known.sum()))


class MeanIoU(IoU):
    """``IoU`` over all classes.

    The other arguments are those of ``IoU``.

    Args:
        num_classes: the number of classes.
    """

    usual_name = "mean_io_u"
    arguments: tuple[str, ...] = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1):
        super().__init__(num_classes, None, name, None, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """``IoU`` of one-hot targets.

    The other arguments are those of ``IoU``.

    Args:
        num_classes: the number of classes.
    """

    usual_name = "one_hot_io_u"
    arguments: tuple[str, ...] = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, target_class_ids, name, None, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(IoU):
    """``IoU`` of one-hot targets over all classes.

    The other arguments are those of ``IoU``.

    Args:
        num_classes: the number of classes.
    """

    usual_name = "one_hot_mean_io_u"
    arguments: tuple[str, ...] = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, None, name, None, ignore_class, False, sparse_y_pred, axis)


class BinaryIoU(IoU):
    """``IoU`` of two classes, told apart by a threshold.

    The other arguments are those of ``Metric``.

    Args:
        target_class_ids: the classes that the mean is taken over: 0, 1 or both.
        threshold: the probability from which on a prediction is of class 1.
    """

    usual_name = "binary_io_u"
    arguments: tuple[str, ...] = ("target_class_ids", "threshold")

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name)
        self.threshold = threshold

    def _classes(self, y_true, y_pred):
        return K.cast(y_true, "int32"), K.cast(K.greater_equal(y_pred, float(self.threshold)), "int32")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall, of each class along the last axis.

    The other arguments are those of ``Metric``.

    Args:
        average: None for the values of all classes, 'micro' (all counts together), 'macro' (mean) or 'weighted' (mean by how often each is true).
        beta: how much more recall counts than precision, above 0.
        threshold: the probability above which a class is predicted; None for the most probable one.

    Raises:
        ValueError: another ``average``, or a ``beta`` that isn't above 0.
    """

    usual_name = "fbeta_score"
    arguments: tuple[str, ...] = ("average", "beta", "threshold")

    def __init__(self, average=None, beta=1.0, threshold=None, name=None, dtype=None):
        super().__init__(name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"{type(self).__name__}: average must be None, 'micro', 'macro' or 'weighted', got {average!r}.")
        if beta <= 0:
            raise ValueError(f"{type(self).__name__}: beta must be above 0, got {beta!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def statistics(self, y_true, y_pred, sample_weight=None):
        if self.threshold is None:
            highest = K.cast(K.greater_equal(y_pred, K.max(y_pred, axis=-1, keepdims=True)), K.floatx())
            found = highest * K.cast(K.greater(K.abs(y_pred), 1e-9), K.floatx())
        else:
            found = K.cast(K.greater(y_pred, float(self.threshold)), K.floatx())
        weights = beside(sample_weight, y_pred)
        over = list(range(K.ndim(y_pred) - 1))
        parts = (found * y_true, found * (1.0 - y_true), (1.0 - found) * y_true)
        return K.stack([K.sum(part * weights, axis=over) for part in parts])

    def result_of(self, totals):
        tp, fp, fn = totals.sum(-1, keepdims=True) if self.average == "micro" else totals
        precision, recall, square = ratio(tp, tp + fp), ratio(tp, tp + fn), self.beta**2
        scores = (1 + square) * ratio(precision * recall, square * precision + recall)
        if self.average is None:
            return scores
        if self.average == "weighted":
            return float((scores * ratio(tp + fn, (tp + fn).sum())).sum())
        return float(scores.mean())


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall, of each class along the last axis.

    The other arguments are those of ``FBetaScore``.
    """

    usual_name = "f1_score"
    arguments: tuple[str, ...] = ("average", "threshold")

    def __init__(self, average=None, threshold=None, name=None, dtype=None):
        super().__init__(average, 1.0, threshold, name)


class R2Score(Metric):
    """The coefficient of determination: 1 - squared errors / variance of the targets.

    The other arguments are those of ``Metric``.

    Args:
        class_aggregation: 'uniform_average', 'variance_weighted_average', or None for a value for each output.
        num_regressors: the number of inputs, for the adjusted value; 0 for the plain one.

    Raises:
        ValueError: another ``class_aggregation``.
    """

    usual_name = "r2_score"
    arguments: tuple[str, ...] = ("class_aggregation", "num_regressors")

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name=None, dtype=None):
        super().__init__(name)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                f"R2Score: class_aggregation must be None, 'uniform_average' or 'variance_weighted_average', got {class_aggregation!r}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors

    def statistics(self, y_true, y_pred, sample_weight=None):
        weights = beside(sample_weight, y_true)
        parts = (K.square(y_true), y_true, K.square(y_true - y_pred), K.ones_like(y_true))
        return K.stack([*(K.sum(part * weights, axis=0) for part in parts), K.sum(K.ones_like(y_true), axis=0)])

    def result_of(self, totals):
        squares, sums, errors, weights, samples = totals
        spread = squares - ratio(sums * sums, weights)
        scores = 1 - ratio(errors, spread)
        if self.class_aggregation == "variance_weighted_average":
            scores = ratio((scores * spread).sum(), spread.sum())
        elif self.class_aggregation:
            scores = scores.mean()
        if self.num_regressors:
            n = samples.flat[0]
            scores = 1 - (1 - scores) * ratio(n - 1, n - self.num_regressors - 1)
        return float(scores) if np.ndim(scores) == 0 else scores


#: name -> class
CLASSES = {
    cls.__name__: cls for cls in (IoU, MeanIoU, OneHotIoU, OneHotMeanIoU, BinaryIoU, FBetaScore, F1Score, R2Score)
}  # fmt: skip
