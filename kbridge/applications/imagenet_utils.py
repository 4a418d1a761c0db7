"""Images for models trained on ImageNet, and the names of its 1000 classes."""

from __future__ import annotations

import json

import numpy as np

from .. import backend as K
from ..utils.data_utils import get_file

CLASS_INDEX: dict | None = None
CLASS_INDEX_PATH = "https://s3.amazonaws.com/deep-learning-models/image-models/imagenet_class_index.json"

#: mean colours of ImageNet: blue, green, red
_MEANS = (103.939, 116.779, 123.68)


def preprocess_input(x, dim_ordering="default") -> np.ndarray:
    """Return a batch of images as VGG16, VGG19 and ResNet50 take them: BGR, less ImageNet's mean colours.

    Args:
        x: RGB images with values 0 to 255, an array (samples, rows, columns, 3), or (samples, 3, rows, columns).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """
    dim_ordering = K.image_dim_ordering() if dim_ordering == "default" else dim_ordering
    if dim_ordering not in ("th", "tf"):
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Allowed: 'th', 'tf'.")
    x = np.asarray(x)
    axis = 1 if dim_ordering == "th" else 3
    if x.ndim != 4 or x.shape[axis] != 3:
        raise ValueError(f"preprocess_input takes a batch of images with 3 channels on axis {axis}, got shape {x.shape}.")
    means = np.array(_MEANS).reshape((3, 1, 1) if axis == 1 else 3)
    dtype = x.dtype if x.dtype.kind == "f" else K.floatx()
    return (np.flip(x, axis) - means).astype(dtype)


def decode_predictions(preds, top=5) -> list[list[tuple[str, str, float]]]:
    """Return the most probable classes of each sample as (WordNet id, name, probability), the most probable first.

    Args:
        preds: the probabilities, an array (samples, 1000).
        top: how many classes.
    """
    global CLASS_INDEX
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(f"decode_predictions takes probabilities of shape (samples, 1000), got shape {preds.shape}.")
    if CLASS_INDEX is None:
        path = get_file("imagenet_class_index.json", CLASS_INDEX_PATH, cache_subdir="models")
        with open(path, encoding="utf-8") as file:
            CLASS_INDEX = json.load(file)
    index = CLASS_INDEX
    return [[(*index[str(i)], row[i]) for i in np.argsort(row)[::-1][:top]] for row in preds]


def _obtain_input_shape(input_shape, default_size, min_size, dim_ordering, include_top) -> tuple:
    """The shape of one image: the default with ``include_top``, else ``input_shape`` (sizes may be None) or any size."""
    axis = 0 if dim_ordering == "th" else 2
    default = _with_channels((default_size, default_size), axis)
    if include_top:
        if input_shape is not None and tuple(input_shape) != default:
            raise ValueError(f"With include_top=True the input_shape should be {default}, got {input_shape!r}.")
        return default
    if input_shape is None:
        return _with_channels((None, None), axis)
    shape = tuple(input_shape)
    if len(shape) != 3 or shape[axis] != 3:
        raise ValueError(
            f"input_shape should have 3 entries, and 3 channels at position {axis} (dim_ordering={dim_ordering!r}), got {input_shape!r}."
        )
    if any(size is not None and size < min_size for size in np.delete(np.array(shape, dtype=object), axis)):
        raise ValueError(f"Images should be at least {min_size} x {min_size}, got input_shape={input_shape!r}.")
    return shape


def _with_channels(size: tuple, axis: int) -> tuple:
    return (3, *size) if axis == 0 else (*size, 3)
