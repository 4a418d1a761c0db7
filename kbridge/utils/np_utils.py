"""Helpers on NumPy arrays: one-hot classes, lengths of convolution outputs, kernels of other backends."""

from __future__ import annotations

import numpy as np

from .. import backend as K

__all__ = [
    "K",
    "accuracy",
    "binary_logloss",
    "categorical_probas_to_classes",
    "conv_input_length",
    "conv_output_length",
    "convert_kernel",
    "multiclass_logloss",
    "normalize",
    "probas_to_classes",
    "to_categorical",
]

BORDER_MODES = ("valid", "same", "full")


def to_categorical(y, nb_classes=None) -> np.ndarray:
    """Return class numbers as a binary matrix (samples, nb_classes).

    Args:
        y: the class numbers, of any shape, read as one vector.
        nb_classes: the number of classes; the largest number plus 1 if left out.

    Raises:
        ValueError: numbers that are no classes.

    Example:
        >>> from kbridge.utils.np_utils import to_categorical
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    given = np.asarray(y).ravel()
    classes = given.astype("int64")
    if not np.array_equal(classes, given):
        raise ValueError(f"to_categorical takes whole numbers, got {given[classes != given][0]!r}.")
    if nb_classes is None:
        nb_classes = int(classes.max()) + 1 if classes.size else 0
    nb_classes = int(nb_classes)
    if classes.size and (classes.min() < 0 or classes.max() >= nb_classes):
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise ValueError(f"to_categorical: the class {wrong} is not between 0 and {nb_classes - 1} (nb_classes={nb_classes}).")
    categorical = np.zeros((len(classes), nb_classes))
    categorical[np.arange(len(classes)), classes] = 1
    return categorical


def normalize(a, axis=-1, order=2) -> np.ndarray:
    """``a`` divided by its norm of ``order`` along ``axis``; zeros stay zeros."""
    norms = np.atleast_1d(np.linalg.norm(a, order, axis))
    norms[norms == 0] = 1
    return a / np.expand_dims(norms, axis)


def binary_logloss(p, y) -> float:
    """Mean cross-entropy of the probabilities ``p`` for the binary labels ``y``."""
    p, y = np.asarray(p, dtype="float64"), np.asarray(y)
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return float(-np.sum(y * np.log(p) + (1 - y) * np.log1p(-p)) / len(y))


def multiclass_logloss(p, y) -> float:
    """Mean cross-entropy of the probabilities ``p`` (samples, classes) for the class numbers ``y``, which count from 1."""
    p = np.asarray(p, dtype="float64")
    chosen = p[np.arange(len(p)), np.asarray(y).ravel().astype("int64") - 1]
    return float(-np.mean(np.log(np.clip(chosen, 1e-15, 1 - 1e-15))))


def accuracy(p, y) -> float:
    """Return the fraction of entries that are equal in ``p`` and ``y``."""
    p, y = np.asarray(p), np.asarray(y)
    return float(np.mean(p == y))


def probas_to_classes(y_pred) -> np.ndarray:
    """Return the class numbers of the probabilities ``y_pred``: the largest of several columns, or whether one is above 0.5."""
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return np.array([1 if p > 0.5 else 0 for p in y_pred.ravel()])


def categorical_probas_to_classes(p) -> np.ndarray:
    """Return the number of the largest column of each row of ``p``."""
    return np.argmax(p, axis=1)


def convert_kernel(kernel, dim_ordering=None) -> np.ndarray:
    """Return a convolution kernel flipped along its spatial axes: from Theano's convention to TensorFlow's, or back.

    Args:
        kernel: an array with 4 or 5 axes.
        dim_ordering: 'th' (filters, channels, spatial ...), 'tf' (spatial ..., channels, filters) or None for the setting of keras.json.
    """
    kernel = np.asarray(kernel)
    ordering = K.image_dim_ordering() if dim_ordering in (None, "default") else dim_ordering
    if ordering not in ("th", "tf"):
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Allowed: 'th', 'tf'.")
    if kernel.ndim not in (4, 5):
        raise ValueError(f"A convolution kernel has 4 or 5 axes, got shape {kernel.shape}.")
    spatial = range(2, kernel.ndim) if ordering == "th" else range(kernel.ndim - 2)
    return np.flip(kernel, tuple(spatial)).copy()


def conv_output_length(input_length, filter_size, border_mode, stride, dilation=1):
    """Return the length of a convolution's or pooling's output along one axis; None for an unknown input.

    Args:
        input_length: the length of the input, or None.
        filter_size: the length of the window.
        border_mode: 'valid', 'same' or 'full'.
        stride: the steps between windows.
        dilation: the distance of neighbouring values of the window.
    """
    if border_mode not in BORDER_MODES:
        raise ValueError(f"Invalid border_mode: {border_mode!r}. Allowed: {', '.join(map(repr, BORDER_MODES))}.")
    if input_length is None:
        return None
    extent = filter_size + (filter_size - 1) * (dilation - 1)
    length = {"same": input_length, "valid": input_length - extent + 1, "full": input_length + extent - 1}[border_mode]
    return (length + stride - 1) // stride


def conv_input_length(output_length, filter_size, border_mode, stride):
    """Return the smallest input length that gives an output of some length; None for an unknown output.

    Args:
        output_length: the length of the output, or None.
        filter_size: the length of the window.
        border_mode: 'valid', 'same' or 'full'.
        stride: the steps between windows.
    """
    if border_mode not in BORDER_MODES:
        raise ValueError(f"Invalid border_mode: {border_mode!r}. Allowed: {', '.join(map(repr, BORDER_MODES))}.")
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[border_mode]
    return (output_length - 1) * stride - 2 * pad + filter_size
