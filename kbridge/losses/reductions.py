"""How the values of a loss become one number, as in Keras 2 and 3."""

from __future__ import annotations

from .. import backend as K

#: what a loss may be reduced by
REDUCTIONS = ("sum_over_batch_size", "auto", "mean", "sum", "none", "mean_with_sample_weight", None)


def reduced(values, weights=None, mask=None, reduction="sum_over_batch_size", share=None):
    """Return ``values`` times the ``weights`` of samples (or of time steps), without those that ``mask`` leaves out, reduced.

    Means run over all values that the mask leaves, also where a weight is 0.

    Args:
        values: the value of each sample (and step), or a scalar.
        weights: a weight for each sample (and step), or None.
        mask: False where a step doesn't count, or None.
        reduction: one of ``REDUCTIONS``, as for ``Loss``.
        share: a function of what is kept and of the mask that gives the part of the batch that counts.
    """
    if K.ndim(values) == 0:
        if weights is None:
            return values
        # a loss of the whole batch counts for each sample
        return _over(values * weights, reduction, weights)
    counted = None
    if mask is not None and K.ndim(values) >= K.ndim(mask):
        counted = _beside(K.cast(mask, K.floatx()), values)
        if reduction in ("sum_over_batch_size", "auto", "mean"):
            counted = counted / (share(counted, mask) if share else K.maximum(K.mean(counted), K.epsilon()))
    if weights is not None:
        while K.ndim(weights) > K.ndim(values):
            weights = K.squeeze(weights, K.ndim(weights) - 1)
        weights = _beside(weights, values)
        counted = weights if counted is None else counted * weights
    return _over(values if counted is None else values * counted, reduction, counted)


def _over(values, reduction, counted):
    if reduction in ("none", None):
        return values
    if reduction == "sum":
        return K.sum(values)
    if reduction == "mean_with_sample_weight" and counted is not None:
        whole = K.sum(counted)  # Keras counts the weight of a sample once, however many steps it has
        return K.sum(values) / K.switch(K.equal(whole, 0.0), K.ones_like(whole), whole)
    return K.mean(values)


def _beside(weights, values):
    """``weights`` with axes of length 1 behind, as many as ``values`` has axes."""
    for _ in range(K.ndim(values) - K.ndim(weights)):
        weights = K.expand_dims(weights)
    return weights
