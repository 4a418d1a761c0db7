"""Losses as objects: a function with its options, and how its values become one number."""

from __future__ import annotations

import inspect
from typing import Any

from .. import backend as K
from .. import objectives
from . import functions
from .reductions import REDUCTIONS, reduced


class Loss:
    """The base of losses that are objects; a subclass defines ``call(y_true, y_pred)``.

    Args:
        reduction: how the values become one number: 'sum_over_batch_size' (the mean of all values; 'auto' and 'mean' are the same), 'sum', 'none'
            (each value stays; in training they are summed) or 'mean_with_sample_weight' (the mean by the samples' weights).
        name: a name that is stored with the loss.

    Raises:
        ValueError: another reduction.

    Example:
        >>> from kbridge import losses
        >>> losses.get("Huber").get_config()["delta"]
        1.0
    """

    def __init__(self, reduction="sum_over_batch_size", name=None):
        if reduction not in REDUCTIONS:
            raise ValueError(f"{type(self).__name__}: reduction must be one of {', '.join(map(repr, REDUCTIONS))}, got {reduction!r}.")
        self.reduction = reduction
        self.name = name

    def call(self, y_true, y_pred):
        """Return a value for each sample (and time step) of the tensors ``y_true`` (targets) and ``y_pred`` (predictions)."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred).")

    def __call__(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the reduced loss of two tensors.

        Args:
            y_true: the targets.
            y_pred: the predictions, in the shape of the targets.
            sample_weight: a weight for each sample, or None.
            mask: a bool tensor (samples, time) that is False where a step doesn't count, or None.
        """
        return reduced(self.call(y_true, y_pred), sample_weight, self.mask(y_true, mask), self.reduction)

    def mask(self, y_true, mask=None):
        """Return which values count: ``mask``, less those that the loss itself leaves out because of ``y_true``."""
        return mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss, as a dict."""
        return {"reduction": self.reduction, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return a new loss from ``config``, a dict that ``get_config`` gave."""
        return cls(**config)


class _OfFunction(Loss):
    """A loss whose function takes the options as keyword arguments."""

    function: Any = None
    #: option -> its usual value
    options: dict[str, Any] = {}
    usual_name = ""

    def __init__(self, *args, **kwargs):
        given = inspect.signature(type(self)).bind(*args, **kwargs)
        given.apply_defaults()
        values = dict(given.arguments)
        super().__init__(values.pop("reduction"), values.pop("name"))
        self.chosen = values

    def call(self, y_true, y_pred):
        return type(self).function(y_true, y_pred, **self.chosen)

    def mask(self, y_true, mask=None):
        ignored = self.chosen.get("ignore_class")
        if ignored is None:
            return mask
        kept = K.cast(K.not_equal(y_true, float(ignored)), K.floatx())
        if K.int_shape(kept)[-1] == 1 and K.ndim(kept) > 1:
            kept = K.squeeze(kept, K.ndim(kept) - 1)
        return kept if mask is None else kept * K.cast(mask, K.floatx())

    def get_config(self):
        return {**super().get_config(), **self.chosen}


def _loss(name: str, function, usual_name: str, **options) -> type[Loss]:
    """The class of the loss that a function computes, with its options as arguments."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    every = {**options, "reduction": "sum_over_batch_size", "name": usual_name}
    signature = inspect.Signature([inspect.Parameter(key, kind, default=value) for key, value in every.items()])
    first = (function.__doc__ or "").strip().partition("\n")[0]
    told = "".join(f"\n        {key}: {_TOLD[key]}; {value!r} if left out." for key, value in options.items())
    doc = f"""{first}

    The loss as an object; ``losses.{function.__name__}`` is its function.

    Args:{told}
        reduction: how the values become one number, as for ``Loss``.
        name: a name that is stored with the loss.
    """
    members = {
        "function": staticmethod(function), "options": options, "usual_name": usual_name, "__doc__": doc, "__signature__": signature,
        "__module__": __name__,
    }  # fmt: skip
    return type(name, (_OfFunction,), members)


_TOLD = {
    "from_logits": "whether the outputs are logits, not probabilities",
    "label_smoothing": "the part of the labels that is spread over the classes",
    "axis": "the axis (or axes) of the classes",
    "ignore_class": "the index of a class that doesn't count",
    "delta": "where the square ends and the line begins",
    "alpha": "the factor of the first kind",
    "beta": "the factor of the second kind",
    "gamma": "the exponent that plays well predicted samples down",
    "apply_class_balancing": "whether the classes count ``alpha`` and 1 - ``alpha``",
    "q": "the exponent, from the cross-entropy (near 0) to the absolute error (1)",
}

MeanSquaredError = _loss("MeanSquaredError", objectives.mean_squared_error, "mean_squared_error")
MeanAbsoluteError = _loss("MeanAbsoluteError", objectives.mean_absolute_error, "mean_absolute_error")
MeanAbsolutePercentageError = _loss(
    "MeanAbsolutePercentageError", objectives.mean_absolute_percentage_error, "mean_absolute_percentage_error"
)
MeanSquaredLogarithmicError = _loss(
    "MeanSquaredLogarithmicError", objectives.mean_squared_logarithmic_error, "mean_squared_logarithmic_error"
)
Poisson = _loss("Poisson", objectives.poisson, "poisson")
KLDivergence = _loss("KLDivergence", functions.kl_divergence, "kl_divergence")
Hinge = _loss("Hinge", functions.hinge, "hinge")
SquaredHinge = _loss("SquaredHinge", functions.squared_hinge, "squared_hinge")
CategoricalHinge = _loss("CategoricalHinge", functions.categorical_hinge, "categorical_hinge")
LogCosh = _loss("LogCosh", functions.log_cosh, "log_cosh")
Huber = _loss("Huber", functions.huber, "huber_loss", delta=1.0)
CosineSimilarity = _loss("CosineSimilarity", functions.cosine_similarity, "cosine_similarity", axis=-1)
BinaryCrossentropy = _loss(
    "BinaryCrossentropy", functions.binary_crossentropy, "binary_crossentropy", from_logits=False, label_smoothing=0.0, axis=-1
)
CategoricalCrossentropy = _loss(
    "CategoricalCrossentropy",
    functions.categorical_crossentropy,
    "categorical_crossentropy",
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
)
SparseCategoricalCrossentropy = _loss(
    "SparseCategoricalCrossentropy", functions.sparse_categorical_crossentropy, "sparse_categorical_crossentropy", from_logits=False,
    ignore_class=None, axis=-1,
)  # fmt: skip
BinaryFocalCrossentropy = _loss(
    "BinaryFocalCrossentropy", functions.binary_focal_crossentropy, "binary_focal_crossentropy", apply_class_balancing=False, alpha=0.25,
    gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1,
)  # fmt: skip
CategoricalFocalCrossentropy = _loss(
    "CategoricalFocalCrossentropy", functions.categorical_focal_crossentropy, "categorical_focal_crossentropy", alpha=0.25, gamma=2.0,
    from_logits=False, label_smoothing=0.0, axis=-1,
)  # fmt: skip
CategoricalGeneralizedCrossEntropy = _loss(
    "CategoricalGeneralizedCrossEntropy", functions.categorical_generalized_cross_entropy, "categorical_generalized_cross_entropy", q=0.5
)
Dice = _loss("Dice", functions.dice, "dice", axis=None)
Tversky = _loss("Tversky", functions.tversky, "tversky", alpha=0.5, beta=0.5, axis=None)

#: name -> class
CLASSES = {
    cls.__name__: cls
    for cls in (
        MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredLogarithmicError, Poisson, KLDivergence, Hinge,
        SquaredHinge, CategoricalHinge, LogCosh, Huber, CosineSimilarity, BinaryCrossentropy, CategoricalCrossentropy,
        SparseCategoricalCrossentropy, BinaryFocalCrossentropy, CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, Dice,
        Tversky,
    )
}  # fmt: skip


def value_of(loss, y_true, y_pred):
    """Return a value for each sample (and time step) of ``y_true`` and ``y_pred``, for a ``loss`` that is an object or a function."""
    return loss.call(y_true, y_pred) if isinstance(loss, Loss) else loss(y_true, y_pred)


def is_over_classes(loss) -> bool:
    """Return whether targets of ``loss`` are class indices."""
    return isinstance(loss, SparseCategoricalCrossentropy) or loss is objectives.sparse_categorical_crossentropy


__all__ = ["Loss", *CLASSES]  # noqa: PLE0604
