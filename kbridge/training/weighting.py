"""Weights of classes and samples, and losses that respect them and masks."""

from __future__ import annotations

import numpy as np

from .. import backend as K


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
            raise ValueError(f"The model has {len(output_names)} outputs, {weight_type} was a list of {len(x_weight)}. Give one entry for each output.")
        return x_weight
    if isinstance(x_weight, dict):
        unknown = [name for name in x_weight if name not in output_names]
        if unknown:
            raise ValueError(f"{weight_type} has an entry for {unknown[0]!r}, which is no output. Outputs: {', '.join(output_names)}.")
        return [x_weight.get(name) for name in output_names]
    raise TypeError(f"The model has {len(output_names)} outputs, so {weight_type} must be a list or a dict, got {x_weight!r}.")


def standardize_class_weights(class_weight, output_names):
    """``class_weight`` for each output."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight, output_names):
    """``sample_weight`` for each output."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(y, sample_weight=None, class_weight=None, sample_weight_mode=None):
    """An array of weights for the samples (time steps, if the mode is 'temporal') of the targets ``y``."""
    if sample_weight_mode not in (None, "temporal"):
        raise ValueError(f"sample_weight_mode is None or 'temporal', got {sample_weight_mode!r}.")
    if sample_weight_mode == "temporal":
        if len(y.shape) < 3:
            raise ValueError(
                f"Found a sample_weight_mode 'temporal' for targets of shape {tuple(y.shape)}: timestep-wise weights need "
                f"targets with at least 3 dimensions (samples, time, ...)."
            )
        if sample_weight is not None and np.ndim(sample_weight) != 2:
            raise ValueError(f"Found a sample_weight array with shape {np.shape(sample_weight)}: timestep-wise weights have shape (samples, time).")
    elif sample_weight is not None and np.ndim(sample_weight) != 1:
        raise ValueError(
            f"Found a sample_weight array with shape {np.shape(sample_weight)}: sample-wise weights have shape (samples,). "
            f"For timestep-wise weights compile with sample_weight_mode='temporal'."
        )
    if sample_weight is not None:
        weights = np.asarray(sample_weight)
        if weights.shape != tuple(y.shape[: weights.ndim]):
            raise ValueError(f"Found a sample_weight array with shape {weights.shape} for targets with shape {tuple(y.shape)}.")
        return weights
    if isinstance(class_weight, dict):
        return _of_classes(y, class_weight)
    if class_weight is not None:
        raise TypeError(f"class_weight must be a dict from class index to weight, got {class_weight!r}.")
    return np.ones(y.shape[:2] if sample_weight_mode == "temporal" else y.shape[:1], dtype=K.floatx())


def _of_classes(y, class_weight: dict):
    if len(y.shape) > 2:
        raise ValueError(f"class_weight is not supported for targets with 3 or more dimensions, got shape {tuple(y.shape)}.")
    y = np.asarray(y)
    classes = y.argmax(axis=1) if y.shape[1] > 1 else y.reshape(-1)
    missing = sorted(set(classes.tolist()) - set(class_weight))
    if missing:
        raise ValueError(f"class_weight must hold all classes of the targets; it lacks {missing[:10]}.")
    return np.asarray([class_weight[c] for c in classes.tolist()])


def weighted_objective(fn):
    """A loss that also takes weights and a mask: (y_true, y_pred, weights, mask=None) to a scalar.

    The mean runs over unmasked values, and over samples whose weight isn't 0.
    """

    def weighted(y_true, y_pred, weights, mask=None):
        score = fn(y_true, y_pred)
        if mask is not None:
            mask = K.cast(mask, K.floatx())
            score = score * mask
            score = score / K.mean(mask)
        if weights is not None:
            ndim = K.ndim(weights)
            if K.ndim(score) > ndim:
                score = K.mean(score, axis=list(range(ndim, K.ndim(score))))
            score = score * weights
            score = score / K.mean(K.cast(K.not_equal(weights, 0), K.floatx()))
        return K.mean(score)

    weighted.__name__ = getattr(fn, "__name__", type(fn).__name__)
    return weighted


def masked_metric(fn):
    """A metric as a scalar tensor of (y_true, y_pred, mask): the mean over unmasked values."""

    def metric(y_true, y_pred, mask=None):
        score = fn(y_true, y_pred)
        if mask is not None and K.ndim(score) > 0:
            mask = K.cast(mask, K.floatx())
            score = score * mask
            score = score / K.mean(mask)
        return K.mean(score)

    metric.__name__ = getattr(fn, "__name__", type(fn).__name__)
    return metric
