"""Metrics that are the mean of a function over samples (and steps), weighted."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from .. import losses, objectives
from ..backends.in_use import K
from ..errors import nearest
from ..losses import functions
from ..utils.generic_utils import get_custom_objects
from .base import Metric, beside, ratio


class MeanMetricWrapper(Metric):
    """The mean over all samples of a function of (y_true, y_pred).

    The other arguments are those of ``Metric``.

    Args:
        fn: the function, which gives a value for each sample (and step), or a scalar; or the name of one of kbridge's or of ``custom_objects``.
        name: the name under which it is logged; the function's name if left out.
        kwargs: options of the function.
    """

    fn: Any = None

    def __init__(self, fn=None, name=None, dtype=None, **kwargs):
        if isinstance(fn, str):
            fn = _function(fn)
        if fn is not None:
            self.fn = fn
        super().__init__(name or (None if fn is None else getattr(fn, "__name__", None)))
        self.options = kwargs

    def values(self, y_true, y_pred):
        """Return a value for each sample (and step) of ``y_true`` and ``y_pred``."""
        fn = self.fn if "fn" in vars(self) else type(self).fn
        return fn(y_true, y_pred, **self.options)

    def statistics(self, y_true, y_pred, sample_weight=None):
        values = self.values(y_true, y_pred)
        if K.ndim(values) == 0:
            size = K.sum(sample_weight) if sample_weight is not None else K.sum(K.ones_like(K.batch_flatten(y_pred)[:, 0]))
            return K.stack([values * size, size])
        weights = beside(sample_weight, values)
        return K.stack([K.sum(values * weights), K.sum(weights)])

    def result_of(self, totals):
        return float(ratio(totals[0], totals[1]))

    def get_config(self):
        own = {"fn": getattr(self.fn, "__name__", None)} if "fn" in vars(self) else {}
        return {**super().get_config(), **own, **self.options}


def _function(name: str):
    found = get_custom_objects().get(name) or ELEMENTWISE.get(name)
    if found is None:
        raise ValueError(f"Unknown function of a metric: {name!r}.{nearest(name, ELEMENTWISE)}")
    return found


# ---------------------------------------------------------------------- functions with a value for each sample


def accuracy(y_true, y_pred):
    """1 where y_true and y_pred are equal."""
    return _float(K.equal(y_true, y_pred), y_pred)


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """The fraction of values along the last axis for which y_true is 1 and y_pred is above ``threshold``, or y_true is 0 and y_pred is not."""
    return K.mean(_float(K.equal(y_true, _float(K.greater(y_pred, float(threshold)), y_pred)), y_pred), axis=-1)


def categorical_accuracy(y_true, y_pred):
    """1 where the most probable class of y_pred is that of the one-hot y_true."""
    return _float(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)), y_pred)


def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the most probable class of y_pred is the index in y_true."""
    return _float(K.equal(_indices(y_true, y_pred), K.cast(K.argmax(y_pred, axis=-1), K.floatx())), y_pred)


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the class of the one-hot y_true is among the ``k`` most probable of y_pred."""
    return _among(K.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the class whose index y_true holds is among the ``k`` most probable of y_pred."""
    return _among(_indices(y_true, y_pred), y_pred, k)


def cosine_similarity(y_true, y_pred, axis=-1):
    """The cosine of the angle between y_true and y_pred along ``axis``."""
    return -functions.cosine_similarity(y_true, y_pred, axis)


def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson's correlation of y_true and y_pred along ``axis``."""
    true, predicted = (x - K.mean(x, axis=axis, keepdims=True) for x in (y_true, y_pred))
    lengths = K.sum(K.square(true), axis=axis) * K.sum(K.square(predicted), axis=axis)
    return K.sum(true * predicted, axis=axis) / K.sqrt(K.maximum(lengths, K.epsilon() ** 2))


def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's concordance correlation of y_true and y_pred along ``axis`` (1989)."""
    means = K.mean(y_true, axis=axis), K.mean(y_pred, axis=axis)
    true, predicted = (x - K.mean(x, axis=axis, keepdims=True) for x in (y_true, y_pred))
    spread = K.mean(K.square(true), axis=axis) + K.mean(K.square(predicted), axis=axis)
    return 2.0 * K.mean(true * predicted, axis=axis) / (spread + K.square(means[0] - means[1]) + K.epsilon())


def _squared(y_true, y_pred):
    """(y_pred - y_true) ** 2."""
    return K.square(y_pred - y_true)


def _relative(y_true, y_pred, normalizer=None):
    """abs(y_true - y_pred) / normalizer, 0 where the normalizer is 0."""
    divisor = K.variable(np.asarray(normalizer, K.floatx()))
    return K.abs(y_true - y_pred) / K.switch(K.equal(divisor, 0.0), K.ones_like(divisor), divisor)


def _indices(y_true, y_pred):
    """Class indices without an axis of length 1 behind."""
    return K.squeeze(y_true, K.ndim(y_true) - 1) if K.ndim(y_true) == K.ndim(y_pred) else y_true


def _among(index, y_pred, k):
    """1 where fewer than ``k`` classes are more probable than that of the index."""
    chosen = K.one_hot(K.cast(index, "int32"), K.int_shape(y_pred)[-1] or K.shape(y_pred)[-1], dtype=K.dtype(y_pred))
    own = K.sum(chosen * y_pred, axis=-1, keepdims=True)
    more = K.sum(_float(K.greater(y_pred, own), y_pred), axis=-1)
    return _float(K.lesser(more, float(k)), y_pred)


def _float(x, like):
    return K.cast(x, K.dtype(like))


# ---------------------------------------------------------------------- their classes


def _mean(name: str, function, usual_name: str, **options) -> type[MeanMetricWrapper]:
    """The class of the mean of ``function``, with its options as arguments."""

    def __init__(self, *args, **kwargs):
        names = [*options, "name", "dtype"]
        given = dict(zip(names, args, strict=False), **kwargs)
        for key in given:
            if key not in names:
                raise TypeError(f"{name} has no argument {key!r}.{nearest(key, names)}")
        own = given.pop("name", None)
        given.pop("dtype", None)
        MeanMetricWrapper.__init__(self, name=own, **{**options, **given})

    first = (function.__doc__ or "").strip().partition("\n")[0]
    told = "".join(
        f"\n        {key}: as in ``{function.__module__.removeprefix('kbridge.')}.{function.__name__}``; {value!r} if left out."
        for key, value in options.items()
    )
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    taken = {**options, "name": None, "dtype": None}
    members = {
        "fn": staticmethod(function), "usual_name": usual_name, "__init__": __init__, "__module__": __name__,
        "__signature__": inspect.Signature([inspect.Parameter(key, kind, default=value) for key, value in taken.items()]),
        "__doc__": f"The mean over all samples of: {first}\n\n    Args:{told}\n        name: the name under which it is logged.\n        dtype: accepted for configs of later Keras, and not used.\n    ",
    }  # fmt: skip
    return type(name, (MeanMetricWrapper,), members)


Accuracy = _mean("Accuracy", accuracy, "accuracy")
BinaryAccuracy = _mean("BinaryAccuracy", binary_accuracy, "binary_accuracy", threshold=0.5)
CategoricalAccuracy = _mean("CategoricalAccuracy", categorical_accuracy, "categorical_accuracy")
SparseCategoricalAccuracy = _mean("SparseCategoricalAccuracy", sparse_categorical_accuracy, "sparse_categorical_accuracy")
TopKCategoricalAccuracy = _mean("TopKCategoricalAccuracy", top_k_categorical_accuracy, "top_k_categorical_accuracy", k=5)
SparseTopKCategoricalAccuracy = _mean(
    "SparseTopKCategoricalAccuracy", sparse_top_k_categorical_accuracy, "sparse_top_k_categorical_accuracy", k=5
)
MeanSquaredError = _mean("MeanSquaredError", objectives.mean_squared_error, "mean_squared_error")
MeanAbsoluteError = _mean("MeanAbsoluteError", objectives.mean_absolute_error, "mean_absolute_error")
MeanAbsolutePercentageError = _mean(
    "MeanAbsolutePercentageError", objectives.mean_absolute_percentage_error, "mean_absolute_percentage_error"
)
MeanSquaredLogarithmicError = _mean(
    "MeanSquaredLogarithmicError", objectives.mean_squared_logarithmic_error, "mean_squared_logarithmic_error"
)
CosineSimilarity = _mean("CosineSimilarity", cosine_similarity, "cosine_similarity", axis=-1)
LogCoshError = _mean("LogCoshError", functions.log_cosh, "logcosh")
Hinge = _mean("Hinge", functions.hinge, "hinge")
SquaredHinge = _mean("SquaredHinge", functions.squared_hinge, "squared_hinge")
CategoricalHinge = _mean("CategoricalHinge", functions.categorical_hinge, "categorical_hinge")
KLDivergence = _mean("KLDivergence", functions.kl_divergence, "kl_divergence")
Poisson = _mean("Poisson", objectives.poisson, "poisson")
BinaryCrossentropy = _mean(
    "BinaryCrossentropy", functions.binary_crossentropy, "binary_crossentropy", from_logits=False, label_smoothing=0.0, axis=-1
)
CategoricalCrossentropy = _mean(
    "CategoricalCrossentropy",
    functions.categorical_crossentropy,
    "categorical_crossentropy",
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
)
SparseCategoricalCrossentropy = _mean(
    "SparseCategoricalCrossentropy", functions.sparse_categorical_crossentropy, "sparse_categorical_crossentropy", from_logits=False,
    ignore_class=None, axis=-1,
)  # fmt: skip
PearsonCorrelation = _mean("PearsonCorrelation", pearson_correlation, "pearson_correlation", axis=-1)
ConcordanceCorrelation = _mean("ConcordanceCorrelation", concordance_correlation, "concordance_correlation", axis=-1)
MeanRelativeError = _mean("MeanRelativeError", _relative, "mean_relative_error", normalizer=1.0)


class RootMeanSquaredError(MeanMetricWrapper):
    """The root of the mean of all values' squared errors.

    The other arguments are those of ``Metric``.
    """

    fn = staticmethod(_squared)
    usual_name = "root_mean_squared_error"

    def __init__(self, name=None, dtype=None):
        super().__init__(name=name)

    def result_of(self, totals):
        return math.sqrt(super().result_of(totals))


#: name -> function with a value for each sample, as strings in ``weighted_metrics`` and in files mean them
ELEMENTWISE = {
    f.__name__: f
    for f in (
        accuracy, binary_accuracy, categorical_accuracy, sparse_categorical_accuracy, top_k_categorical_accuracy,
        sparse_top_k_categorical_accuracy, cosine_similarity, pearson_correlation, concordance_correlation,
        functions.log_cosh, functions.hinge, functions.squared_hinge, functions.categorical_hinge, functions.kl_divergence,
        functions.huber, functions.binary_crossentropy, functions.categorical_crossentropy, functions.sparse_categorical_crossentropy,
        functions.binary_focal_crossentropy, functions.categorical_focal_crossentropy, objectives.kullback_leibler_divergence,
        objectives.mean_squared_error, objectives.mean_absolute_error, objectives.mean_absolute_percentage_error,
        objectives.mean_squared_logarithmic_error, objectives.poisson,
    )
} | {name: getattr(losses, name) for name in ("mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "kld", "KLD", "logcosh")}  # fmt: skip

#: name -> class
CLASSES = {
    cls.__name__: cls
    for cls in (
        MeanMetricWrapper, Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
        SparseTopKCategoricalAccuracy, MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredLogarithmicError,
        CosineSimilarity, LogCoshError, Hinge, SquaredHinge, CategoricalHinge, KLDivergence, Poisson, BinaryCrossentropy,
        CategoricalCrossentropy, SparseCategoricalCrossentropy, PearsonCorrelation, ConcordanceCorrelation, MeanRelativeError,
        RootMeanSquaredError,
    )
}  # fmt: skip
