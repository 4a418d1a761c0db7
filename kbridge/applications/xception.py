"""Xception, after Chollet (2016), "Xception: Deep Learning with Depthwise Separable Convolutions"."""

from __future__ import annotations

import warnings

import numpy as np

from .. import backend as K
from ..engine.topology import Input, get_source_inputs, merge
from ..layers.convolutional import Conv2D, SeparableConv2D
from ..layers.core import Activation, Dense
from ..layers.normalization import BatchNormalization
from ..layers.pooling import GlobalAveragePooling2D, MaxPooling2D
from ..training.model import Model
from ..utils.data_utils import get_file
from .common import check_arguments, input_for, load_weights, model_of
from .imagenet_utils import _obtain_input_shape, decode_predictions

# the names of Keras 1's module
__all__ = [
    "K", "TF_WEIGHTS_PATH", "TF_WEIGHTS_PATH_NO_TOP", "Activation", "BatchNormalization", "Conv2D", "Dense",
    "GlobalAveragePooling2D", "Input", "MaxPooling2D", "Model", "SeparableConv2D", "Xception", "decode_predictions",
    "get_file", "get_source_inputs", "merge", "preprocess_input",
]  # fmt: skip

_RELEASE = "https://github.com/fchollet/deep-learning-models/releases/download/v0.4/xception_weights_"
TF_WEIGHTS_PATH = _RELEASE + "tf_dim_ordering_tf_kernels.h5"
TF_WEIGHTS_PATH_NO_TOP = _RELEASE + "tf_dim_ordering_tf_kernels_notop.h5"


def preprocess_input(x) -> np.ndarray:
    """Images with values 0 to 255 as values from -1 to 1."""
    return np.asarray(x) / 255.0 * 2.0 - 1.0


def _separable(x, nb_filter, name):
    """A separable 3 by 3 convolution without bias, normalized."""
    x = SeparableConv2D(nb_filter, 3, 3, border_mode="same", bias=False, name=name)(x)
    return BatchNormalization(name=f"{name}_bn")(x)


def _relu(x, name):
    return Activation("relu", name=f"{name}_act")(x)


def _halving_block(x, block, first, last, relu_first=True):
    """Two separable convolutions and a pooling that halves height and width, with a convolution as shortcut."""
    shortcut = Conv2D(last, 1, 1, subsample=(2, 2), border_mode="same", bias=False)(x)
    shortcut = BatchNormalization()(shortcut)
    if relu_first:
        x = _relu(x, f"block{block}_sepconv1")
    x = _separable(x, first, f"block{block}_sepconv1")
    x = _separable(_relu(x, f"block{block}_sepconv2"), last, f"block{block}_sepconv2")
    x = MaxPooling2D((3, 3), strides=(2, 2), border_mode="same", name=f"block{block}_pool")(x)
    return merge([x, shortcut], mode="sum")


def _body(x):
    """All but the classifier: from 299 by 299 by 3 to 10 by 10 by 2048."""
    x = Conv2D(32, 3, 3, subsample=(2, 2), bias=False, name="block1_conv1")(x)
    x = _relu(BatchNormalization(name="block1_conv1_bn")(x), "block1_conv1")
    x = Conv2D(64, 3, 3, bias=False, name="block1_conv2")(x)
    x = _relu(BatchNormalization(name="block1_conv2_bn")(x), "block1_conv2")
    x = _halving_block(x, 2, 128, 128, relu_first=False)
    x = _halving_block(x, 3, 256, 256)
    x = _halving_block(x, 4, 728, 728)
    for block in range(5, 13):
        shortcut = x
        for number in (1, 2, 3):
            name = f"block{block}_sepconv{number}"
            x = _separable(_relu(x, name), 728, name)
        x = merge([x, shortcut], mode="sum")
    x = _halving_block(x, 13, 728, 1024)
    x = _relu(_separable(x, 1536, "block14_sepconv1"), "block14_sepconv1")
    return _relu(_separable(x, 2048, "block14_sepconv2"), "block14_sepconv2")


def Xception(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, classes=1000) -> Model:
    """Return the model for 299 by 299 images, with the channels last. ``preprocess_input`` prepares images for it.

    The other arguments are those of ``VGG16``.

    Args:
        input_shape: the shape of an image, for ``include_top=False``; at least 71 by 71.

    References:
        Chollet (2016), Xception, arXiv 1610.02357.
    """
    check_arguments("Xception", weights, "imagenet", include_top, classes, 1000)
    running = K.image_dim_ordering()
    if running != "tf":
        warnings.warn(
            f"Xception only exists for images with channels last, but dim_ordering is {running!r}. The model takes inputs of "
            "shape (samples, rows, columns, 3).",
            stacklevel=2,
        )
    K.set_image_dim_ordering("tf")
    try:
        shape = _obtain_input_shape(input_shape, 299, 71, "tf", include_top)
        start = input_for(input_tensor, shape)
        x = _body(start)
        if include_top:
            x = GlobalAveragePooling2D(name="avg_pool")(x)
            x = Dense(classes, activation="softmax", name="predictions")(x)
        model = model_of(input_tensor, start, x, "xception")
    finally:
        K.set_image_dim_ordering(running)
    return load_weights(model, weights, "imagenet", TF_WEIGHTS_PATH if include_top else TF_WEIGHTS_PATH_NO_TOP)
