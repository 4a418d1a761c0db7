"""Weights of classes and samples, and losses that respect them and masks."""

from __future__ import annotations

import warnings

import numpy as np

from .. import backend as K
from ..backends.ranges import counting
from ..losses import Loss, reduced
from .shares import share


def standardize_sample_or_class_weights(x_weight, output_names, weight_type):
    """One entry for each output, from None, one value (for one output), a list or a dict by output name."""
    if x_weight is None or (isinstance(x_weight, (list, dict)) and len(x_weight) == 0):
        return [None] * len(output_names)
    if len(output_names) == 1:
        if isinstance(x_weight, (list, tuple)) and len(x_weight) == 1 and not np.isscalar(x_weight[0]):
            return list(x_weight)
        if isinstance(x_weight, dict) and output_names[0] in x_weight:
            return [x_weight[output_names[0]]]
        return [x_weight]
    if isinstance(x_weight, list):
        if len(x_weight) != len(output_names):
            raise ValueError(
                f"The model has {len(output_names)} outputs, but {weight_type} is a list of {len(x_weight)}. Give one entry for "
                "each output."
            )
        return x_weight
    if isinstance(x_weight, dict):
        unknown = [name for name in x_weight if name not in output_names]
        if unknown:
            raise ValueError(
                f"{weight_type} has an entry for {unknown[0]!r}, which isn't an output. The outputs are {', '.join(output_names)}."
            )
        return [x_weight.get(name) for name in output_names]
    raise TypeError(f"The model has {len(output_names)} outputs, so {weight_type} must be a list or a dict, got {x_weight!r}.")


def standardize_class_weights(class_weight, output_names):
    """``class_weight`` for each output."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight, output_names):
    """``sample_weight`` for each output."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(y, sample_weight=None, class_weight=None, sample_weight_mode=None):
    """An array of weights for the samples (time steps, if the mode is 'temporal') of the targets ``y``.

    Weights of samples come before weights of classes, if both are given.
    """
    if sample_weight_mode not in (None, "temporal"):
        raise ValueError(f"sample_weight_mode must be None or 'temporal', got {sample_weight_mode!r}.")
    if sample_weight_mode == "temporal" and len(y.shape) < 3:
        raise ValueError(
            f"Found a sample_weight_mode 'temporal' for targets of shape {tuple(y.shape)}: timestep-wise weights need "
            f"targets with at least 3 dimensions (samples, time, ...)."
        )
    if sample_weight is not None:
        if class_weight is not None:
            warnings.warn("class_weight is ignored because sample_weight is given. To use both, multiply them yourself.", stacklevel=5)
        return _of_samples(y, sample_weight, sample_weight_mode)
    if isinstance(class_weight, dict):
        return _of_classes(y, class_weight, sample_weight_mode)
    if isinstance(class_weight, str) and class_weight == "auto":
        warnings.warn("class_weight='auto' has had no effect since Keras 1.0. Pass a dict from class index to weight.", stacklevel=5)
    elif class_weight is not None:
        raise TypeError(f"class_weight must be a dict from class index to weight, got {class_weight!r}.")
    return np.ones(y.shape[:2] if sample_weight_mode == "temporal" else y.shape[:1], dtype=K.floatx())


def _of_samples(y, sample_weight, mode) -> np.ndarray:
    weights = np.asarray(sample_weight)
    if mode == "temporal" and weights.ndim != 2:
        raise ValueError(f"Found a sample_weight array with shape {weights.shape}: timestep-wise weights have shape (samples, time).")
    if mode is None and weights.ndim != 1:
        raise ValueError(
            f"Found a sample_weight array with shape {weights.shape}: sample-wise weights have shape (samples,). "
            f"For timestep-wise weights compile with sample_weight_mode='temporal'."
        )
    if weights.shape != tuple(y.shape[: weights.ndim]):
        raise ValueError(f"Found a sample_weight array with shape {weights.shape} for targets with shape {tuple(y.shape)}.")
    return weights


def _of_classes(y, class_weight: dict, mode) -> np.ndarray:
    if len(y.shape) > 2 or mode == "temporal":
        raise ValueError(f"class_weight is not supported for targets with 3 or more dimensions, got shape {tuple(y.shape)}.")
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y[:])
    classes, places = np.unique(y.argmax(axis=1) if y.shape[1] > 1 else y.reshape(-1), return_inverse=True)
    missing = [label for label in classes.tolist() if label not in class_weight]
    if missing:
        raise ValueError(f"class_weight must have a weight for each class of the targets; these are missing: {missing[:10]}.")
    return np.asarray([class_weight[label] for label in classes.tolist()])[places]


def weighted_objective(fn):
    """A loss that also takes weights and a mask: (y_true, y_pred, weights, mask=None) to a scalar.

    The mean runs over unmasked values, and over samples whose weight isn't 0. Where nothing is left it is 0. A ``Loss`` is reduced
    as it says.
    """
    if isinstance(fn, Loss):
        return _as_it_says(fn)

    def weighted(y_true, y_pred, weights, mask=None):
        with counting(y_true, weights, mask):
            score = masked(fn(y_true, y_pred), mask)
        if weights is not None:
            ndim = K.ndim(weights)
            if K.ndim(score) > ndim:
                score = K.mean(score, axis=list(range(ndim, K.ndim(score))))
            score = score * weights / share(K.cast(K.not_equal(weights, 0), K.floatx()), weights)
        return K.mean(score)

    weighted.__name__ = getattr(fn, "__name__", type(fn).__name__)
    return weighted


def _as_it_says(loss):
    def weighted(y_true, y_pred, weights, mask=None):
        with counting(y_true, weights, mask):
            values = loss.call(y_true, y_pred)
        value = reduced(values, weights, loss.mask(y_true, mask), loss.reduction, share)
        return value if K.ndim(value) == 0 else K.sum(value)

    weighted.__name__ = loss.name or type(loss).__name__
    return weighted


def masked(score, mask):
    """``score`` with masked values at 0 and the others scaled so that its mean is theirs. A scalar stays."""
    if mask is None or K.ndim(score) == 0:
        return score
    if K.ndim(score) < K.ndim(mask):
        raise ValueError(
            f"A mask with {K.ndim(mask)} dimensions can't be applied to a loss with {K.ndim(score)}. The loss should return "
            "one value for each time step, or one for the whole batch."
        )
    kept = K.cast(mask, K.floatx())
    for _ in range(K.ndim(score) - K.ndim(mask)):
        kept = K.expand_dims(kept)
    return score * kept / share(kept, mask)
