"""Which keys a query may look at."""

from __future__ import annotations

from ... import backend as K


def masked_scores(scores, allowed):
    """Scores with so low a number where ``allowed`` (bool, broadcast) is False that softmax gives 0."""
    if allowed is None:
        return scores
    low = 6e4 if K.dtype(scores) == "float16" else 1e9
    return scores - low * (1.0 - K.cast(allowed, K.dtype(scores)))


def causal(scores):
    """A mask (1, ..., queries, keys): each query sees keys up to its own place."""
    shape = K.shape(scores)
    ndim = K.ndim(scores)
    rows, columns = K.arange(0, shape[ndim - 2]), K.arange(0, shape[ndim - 1])
    allowed = K.greater_equal(K.expand_dims(rows, 1), K.expand_dims(columns, 0))
    for _ in range(ndim - 2):
        allowed = K.expand_dims(allowed, 0)
    return allowed


def both(first, second):
    """A mask of the places that both masks allow; None allows all."""
    if first is None or second is None:
        return second if first is None else first
    return K.logical_and(first, second)


def mask_list(mask, count: int) -> list:
    """A layer's mask or masks as a list of ``count``, None where there is none."""
    masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
    return masks + [None] * (count - len(masks))
