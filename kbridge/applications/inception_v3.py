"""Inception V3, after Szegedy et al. (2015), "Rethinking the Inception Architecture for Computer Vision".

This is the variant of Keras 1.2, which its files of weights fit: convolutions have a bias and their ReLU comes
before the normalization, the first three mixed blocks are alike, and some widths and poolings differ from the paper's.
"""

from __future__ import annotations

import warnings

import numpy as np

from .. import backend as K
from ..engine.topology import Input, get_source_inputs, merge
from ..layers.convolutional import Convolution2D
from ..layers.core import Dense, Flatten
from ..layers.normalization import BatchNormalization
from ..layers.pooling import AveragePooling2D, MaxPooling2D
from ..training.model import Model
from ..utils.data_utils import get_file
from ..utils.layer_utils import convert_all_kernels_in_model
from .common import check_arguments, input_for, load_weights, model_of
from .imagenet_utils import _obtain_input_shape, decode_predictions

# the names of Keras 1's module
__all__ = [
    "K", "TF_WEIGHTS_PATH", "TF_WEIGHTS_PATH_NO_TOP", "TH_WEIGHTS_PATH", "TH_WEIGHTS_PATH_NO_TOP", "AveragePooling2D",
    "BatchNormalization", "Convolution2D", "Dense", "Flatten", "InceptionV3", "Input", "MaxPooling2D", "Model", "conv2d_bn",
    "convert_all_kernels_in_model", "decode_predictions", "get_file", "get_source_inputs", "merge", "preprocess_input",
    "warnings",
]  # fmt: skip

_RELEASE = "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/inception_v3_weights_"
TH_WEIGHTS_PATH = _RELEASE + "th_dim_ordering_th_kernels.h5"
TF_WEIGHTS_PATH = _RELEASE + "tf_dim_ordering_tf_kernels.h5"
TH_WEIGHTS_PATH_NO_TOP = _RELEASE + "th_dim_ordering_th_kernels_notop.h5"
TF_WEIGHTS_PATH_NO_TOP = _RELEASE + "tf_dim_ordering_tf_kernels_notop.h5"


def conv2d_bn(x, nb_filter, nb_row, nb_col, border_mode="same", subsample=(1, 1), name=None):
    """Convolution, ReLU and batch normalization; their names are ``name`` + '_conv' and '_bn'."""
    conv_name, bn_name = (None, None) if name is None else (f"{name}_conv", f"{name}_bn")
    x = Convolution2D(nb_filter, nb_row, nb_col, subsample=subsample, activation="relu", border_mode=border_mode, name=conv_name)(x)
    return BatchNormalization(axis=_channels(), name=bn_name)(x)


def preprocess_input(x) -> np.ndarray:
    """Images with values 0 to 255 as values from -1 to 1."""
    return np.asarray(x) / 255.0 * 2.0 - 1.0


def _channels() -> int:
    return 1 if K.image_dim_ordering() == "th" else 3


def _chain(x, *widths_and_sizes):
    """``conv2d_bn`` after ``conv2d_bn``, each (filters, rows, columns)."""
    for nb_filter, nb_row, nb_col in widths_and_sizes:
        x = conv2d_bn(x, nb_filter, nb_row, nb_col)
    return x


def _halved(x, nb_filter):
    """A 3 by 3 convolution that halves height and width."""
    return conv2d_bn(x, nb_filter, 3, 3, subsample=(2, 2), border_mode="valid")


def _pooled(x, nb_filter):
    """The average of 3 by 3 neighbours, and a 1 by 1 convolution."""
    return _chain(AveragePooling2D((3, 3), strides=(1, 1), border_mode="same")(x), (nb_filter, 1, 1))


def _concatenated(branches, name):
    return merge(branches, mode="concat", concat_axis=_channels(), name=name)


def _body(x):
    """All but the classifier: from 299 by 299 by 3 to 8 by 8 by 2048."""
    x = conv2d_bn(x, 32, 3, 3, subsample=(2, 2), border_mode="valid")
    x = conv2d_bn(x, 32, 3, 3, border_mode="valid")
    x = conv2d_bn(x, 64, 3, 3)
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    x = conv2d_bn(x, 80, 1, 1, border_mode="valid")
    x = conv2d_bn(x, 192, 3, 3, border_mode="valid")
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)

    for number in range(3):  # 35 x 35 x 256
        branch1x1 = _chain(x, (64, 1, 1))
        branch5x5 = _chain(x, (48, 1, 1), (64, 5, 5))
        branch3x3dbl = _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3))
        x = _concatenated([branch1x1, branch5x5, branch3x3dbl, _pooled(x, 32)], f"mixed{number}")

    branch3x3 = _halved(x, 384)
    branch3x3dbl = _halved(_chain(x, (64, 1, 1), (96, 3, 3)), 96)
    branch_pool = MaxPooling2D((3, 3), strides=(2, 2))(x)
    x = _concatenated([branch3x3, branch3x3dbl, branch_pool], "mixed3")

    for number, inner in ((4, 128), (5, 160), (6, 160)):  # 17 x 17 x 768
        branch1x1 = _chain(x, (192, 1, 1))
        branch7x7 = _chain(x, (inner, 1, 1), (inner, 1, 7), (192, 7, 1))
        branch7x7dbl = _chain(x, (inner, 1, 1), (inner, 7, 1), (inner, 1, 7), (inner, 7, 1), (192, 1, 7))
        x = _concatenated([branch1x1, branch7x7, branch7x7dbl, _pooled(x, 192)], f"mixed{number}")

    branch1x1 = _chain(x, (192, 1, 1))
    branch7x7 = _chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1))
    branch7x7dbl = _chain(x, (160, 1, 1), (192, 7, 1), (192, 1, 7), (192, 7, 1), (192, 1, 7))
    x = _concatenated([branch1x1, branch7x7, branch7x7dbl, _pooled(x, 192)], "mixed7")

    branch3x3 = _halved(_chain(x, (192, 1, 1)), 320)
    branch7x7x3 = _halved(_chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192)
    branch_pool = AveragePooling2D((3, 3), strides=(2, 2))(x)
    x = _concatenated([branch3x3, branch7x7x3, branch_pool], "mixed8")

    for number in range(2):  # 8 x 8 x 2048
        branch1x1 = _chain(x, (320, 1, 1))
        branch3x3 = _chain(x, (384, 1, 1))
        parts = [_chain(branch3x3, (384, 1, 3)), _chain(branch3x3, (384, 3, 1))]
        branch3x3 = _concatenated(parts, f"mixed9_{number}")
        branch3x3dbl = _chain(x, (448, 1, 1), (384, 3, 3))
        parts = [_chain(branch3x3dbl, (384, 1, 3)), _chain(branch3x3dbl, (384, 3, 1))]
        branch3x3dbl = _concatenated(parts, None)
        x = _concatenated([branch1x1, branch3x3, branch3x3dbl, _pooled(x, 192)], f"mixed{9 + number}")
    return x


def InceptionV3(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, classes=1000) -> Model:
    """Return the model for 299 by 299 images, in the dim ordering that is set. ``preprocess_input`` prepares images for it.

    The other arguments are those of ``VGG16``.

    Args:
        input_shape: the shape of an image, for ``include_top=False``; at least 139 by 139.

    References:
        Szegedy et al. (2015), Rethinking the Inception Architecture, arXiv 1512.00567.
    """
    check_arguments("InceptionV3", weights, "imagenet", include_top, classes, 1000)
    shape = _obtain_input_shape(input_shape, 299, 139, K.image_dim_ordering(), include_top)
    start = input_for(input_tensor, shape)
    x = _body(start)
    if include_top:
        x = AveragePooling2D((8, 8), strides=(8, 8), name="avg_pool")(x)
        x = Flatten(name="flatten")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    model = model_of(input_tensor, start, x, "inception_v3")
    if K.image_dim_ordering() == "th":
        origin = TH_WEIGHTS_PATH if include_top else TH_WEIGHTS_PATH_NO_TOP
    else:
        origin = TF_WEIGHTS_PATH if include_top else TF_WEIGHTS_PATH_NO_TOP
    return load_weights(model, weights, "imagenet", origin)
