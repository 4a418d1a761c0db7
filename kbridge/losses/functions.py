"""Losses that Keras 2 and 3 added or changed, as functions of (y_true, y_pred) that give a value for each sample (and step).

Losses that are the same in Keras 1 are in ``objectives``; this module has those whose name means something else in later Keras.
"""

from __future__ import annotations

import math

import numpy as np

from ..backends.in_use import K
from ..objectives import kullback_leibler_divergence


def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between ``y_true`` and ``y_pred`` along ``axis`` (Keras 1's ``cosine_proximity`` divides it by their length)."""
    return -K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)


def huber(y_true, y_pred, delta=1.0):
    """Mean over the last axis of error ** 2 / 2 where abs(error) is at most ``delta``, and a straight line beyond; error is y_pred - y_true.

    References:
        Huber (1964), Robust Estimation of a Location Parameter.
    """
    error = K.abs(y_pred - y_true)
    inside = K.minimum(error, float(delta))
    return K.mean(0.5 * K.square(inside) + delta * (error - inside), axis=-1)


def log_cosh(y_true, y_pred):
    """Mean over the last axis of log(cosh(y_pred - y_true))."""
    error = y_pred - y_true
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


logcosh = log_cosh


def hinge(y_true, y_pred):
    """Mean of max(1 - y_true * y_pred, 0) over the last axis; y_true is -1 or 1, or else all of it is 0 or 1."""
    return K.mean(K.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true, y_pred):
    """Mean of max(1 - y_true * y_pred, 0) ** 2 over the last axis; y_true is -1 or 1, or else all of it is 0 or 1."""
    return K.mean(K.square(K.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def _signs(y_true):
    """-1 for 0 and 1 for 1, if there is nothing else."""
    others = K.sum(K.abs(y_true * (y_true - 1.0)))
    labels = K.cast(K.equal(others, 0.0), K.dtype(y_true))
    return labels * (2.0 * y_true - 1.0) + (1.0 - labels) * y_true


def categorical_hinge(y_true, y_pred):
    """max(1 + the largest value in y_pred of another class - that of the right one, 0) over the last axis; y_true is one-hot."""
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(wrong - right + 1.0, 0.0)


def kl_divergence(y_true, y_pred):
    """Sum of y_true * log(y_true / y_pred) over the last axis, both clipped to [epsilon, 1]."""
    return kullback_leibler_divergence(y_true, y_pred)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over ``axis`` of the cross-entropy of two classes.

    Args:
        y_true: the labels, 0 or 1.
        y_pred: the probability of class 1, in the same shape.
        from_logits: whether ``y_pred`` holds logits, not probabilities.
        label_smoothing: how far labels are drawn towards 1/2, from 0 (not at all) to 1.
        axis: the axis (or axes) of the mean.
    """
    return K.mean(K.binary_crossentropy(y_pred, _halved(y_true, label_smoothing), from_logits), axis=axis)


def _halved(y_true, smoothing):
    return y_true * (1.0 - smoothing) + 0.5 * smoothing if smoothing else y_true


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Cross-entropy of class probabilities.

    Args:
        y_true: the labels, one-hot or a distribution over ``axis``.
        y_pred: the probabilities, in the same shape.
        from_logits: whether ``y_pred`` holds logits, not probabilities.
        label_smoothing: the part of each label that is shared among all classes, from 0 to 1.
        axis: the axis of the classes.
    """
    y_true, y_pred = _spread(y_true, y_pred, label_smoothing, axis)
    return K.categorical_crossentropy(y_pred, y_true, from_logits)


def _spread(y_true, y_pred, smoothing, axis):
    """Both with the classes last, the labels smoothed."""
    y_true, y_pred = _last(y_true, axis), _last(y_pred, axis)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + smoothing / _classes(y_pred)
    return y_true, y_pred


def _classes(y_pred):
    size = K.int_shape(y_pred)[-1]
    return float(size) if size else K.cast(K.shape(y_pred)[K.ndim(y_pred) - 1], K.floatx())


def _last(x, axis):
    """``x`` with ``axis`` moved to the end."""
    ndim = K.ndim(x)
    place = axis % ndim
    return x if place == ndim - 1 else K.permute_dimensions(x, [*(i for i in range(ndim) if i != place), place])


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Cross-entropy of class probabilities whose labels are indices.

    Args:
        y_true: the index of the right class, (samples, ...) or with a last axis of 1.
        y_pred: the probabilities, with the classes along ``axis``.
        from_logits: whether ``y_pred`` holds logits, not probabilities.
        ignore_class: a class index; where ``y_true`` has it the value is 0. None for none.
        axis: the axis of the classes.
    """
    y_pred = _last(y_pred, axis)
    if ignore_class is None:
        return K.sparse_categorical_crossentropy(y_pred, y_true, from_logits)
    ignored = K.equal(y_true, float(ignore_class))
    kept = K.where(ignored, K.zeros_like(y_true), y_true)
    value = K.sparse_categorical_crossentropy(y_pred, kept, from_logits)
    counted = 1.0 - K.cast(ignored, K.dtype(value))
    return value * (K.squeeze(counted, K.ndim(counted) - 1) if K.ndim(counted) > K.ndim(value) else counted)


def binary_focal_crossentropy(
    y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """The cross-entropy of two classes times (1 - p) ** gamma, where p is the probability of the right one; mean over ``axis``.

    Args:
        y_true: the labels, 0 or 1.
        y_pred: the probability of class 1, in the same shape.
        apply_class_balancing: whether class 1 counts ``alpha`` and class 0 counts 1 - ``alpha``.
        alpha: the weight of class 1.
        gamma: the exponent that plays well predicted samples down.
        from_logits: whether ``y_pred`` holds logits, not probabilities.
        label_smoothing: how far labels are drawn towards 1/2, from 0 to 1.
        axis: the axis (or axes) of the mean.

    References:
        Lin et al. (2017), Focal Loss for Dense Object Detection, arXiv 1708.02002.
    """
    y_true = _halved(y_true, label_smoothing)
    value = K.binary_crossentropy(y_pred, y_true, from_logits)
    p = K.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    value = K.pow(1.0 - right, float(gamma)) * value
    if apply_class_balancing:
        value = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * value
    return K.mean(value, axis=axis)


def categorical_focal_crossentropy(y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1):
    """The cross-entropy of classes, each class's part times alpha (1 - p) ** gamma.

    Args:
        y_true: the labels, one-hot over ``axis``.
        y_pred: the probabilities, in the same shape.
        alpha: the weight of all classes, or one for each.
        gamma: the exponent that plays well predicted samples down.
        from_logits: whether ``y_pred`` holds logits, not probabilities.
        label_smoothing: the part of each label that is shared among all classes, from 0 to 1.
        axis: the axis of the classes.

    References:
        Lin et al. (2017), Focal Loss for Dense Object Detection, arXiv 1708.02002.
    """
    y_true, y_pred = _spread(y_true, y_pred, label_smoothing, axis)
    p = K.softmax(y_pred) if from_logits else y_pred / K.sum(y_pred, axis=-1, keepdims=True)
    p = K.clip(p, K.epsilon(), 1.0 - K.epsilon())
    alpha = np.asarray(alpha, K.floatx()) if np.ndim(alpha) else alpha
    return K.sum(alpha * K.pow(1.0 - p, float(gamma)) * -y_true * K.log(p), axis=-1)


def categorical_generalized_cross_entropy(y_true, y_pred, q=0.5):
    """(1 - p ** q) / q, where p is the probability in ``y_pred`` of the class whose index ``y_true`` holds.

    References:
        Zhang and Sabuncu (2018), Generalized Cross Entropy Loss, arXiv 1805.07836.
    """
    index = K.cast(y_true, "int32")
    if K.ndim(index) == K.ndim(y_pred):
        index = K.squeeze(index, K.ndim(index) - 1)
    chosen = K.one_hot(index, K.int_shape(y_pred)[-1], dtype=K.dtype(y_pred))
    p = K.clip(K.sum(chosen * y_pred, axis=-1), K.epsilon(), 1.0 - K.epsilon())
    return (1.0 - K.pow(p, float(q))) / q


def dice(y_true, y_pred, axis=None):
    """1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred)) over ``axis``, or over the whole batch for None.

    References:
        Milletari et al. (2016), V-Net, arXiv 1606.04797.
    """
    axis = _axes(axis)
    both = K.sum(y_true * y_pred, axis=axis)
    return 1.0 - 2.0 * both / (K.sum(y_true, axis=axis) + K.sum(y_pred, axis=axis) + K.epsilon())


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """1 - the overlap of ``y_true`` and ``y_pred``, in which both kinds of errors have a weight.

    Args:
        y_true: the labels, 0 or 1.
        y_pred: the probabilities, in the same shape.
        alpha: the weight of false negatives.
        beta: the weight of false positives.
        axis: the axis (or axes) of the sums; None for the whole batch.

    References:
        Salehi et al. (2017), Tversky Loss Function for Image Segmentation, arXiv 1706.05721.
    """
    axis = _axes(axis)
    both = K.sum(y_true * y_pred, axis=axis)
    positives, negatives = K.sum((1.0 - y_true) * y_pred, axis=axis), K.sum(y_true * (1.0 - y_pred), axis=axis)
    return 1.0 - both / (both + alpha * negatives + beta * positives + K.epsilon())


def _axes(axis):
    return axis if axis is None or isinstance(axis, int) else list(axis)
