"""VGG19: 16 convolutions of 3 by 3 in five blocks, and three dense layers."""

from __future__ import annotations

import warnings

from .. import backend as K
from ..engine.topology import Input, get_source_inputs
from ..layers.convolutional import Convolution2D
from ..layers.core import Dense, Flatten
from ..layers.pooling import MaxPooling2D
from ..training.model import Model
from ..utils.data_utils import get_file
from ..utils.layer_utils import convert_all_kernels_in_model
from . import vgg
from .common import load_weights
from .imagenet_utils import decode_predictions, preprocess_input

# the names of Keras 1's module
__all__ = [
    "K", "TF_WEIGHTS_PATH", "TF_WEIGHTS_PATH_NO_TOP", "TH_WEIGHTS_PATH", "TH_WEIGHTS_PATH_NO_TOP", "VGG19", "Convolution2D",
    "Dense", "Flatten", "Input", "MaxPooling2D", "Model", "convert_all_kernels_in_model", "decode_predictions", "get_file",
    "get_source_inputs", "preprocess_input", "warnings",
]  # fmt: skip

_RELEASE = "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/vgg19_weights_"
TH_WEIGHTS_PATH = _RELEASE + "th_dim_ordering_th_kernels.h5"
TF_WEIGHTS_PATH = _RELEASE + "tf_dim_ordering_tf_kernels.h5"
TH_WEIGHTS_PATH_NO_TOP = _RELEASE + "th_dim_ordering_th_kernels_notop.h5"
TF_WEIGHTS_PATH_NO_TOP = _RELEASE + "tf_dim_ordering_tf_kernels_notop.h5"


def VGG19(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, classes=1000) -> Model:
    """Return the model for 224 by 224 images, in the dim ordering that is set. ``preprocess_input`` prepares images for it.

    The other arguments are those of ``VGG16``.

    References:
        Simonyan and Zisserman (2014), arXiv 1409.1556.
    """
    model = vgg.build("VGG19", (2, 2, 4, 4, 4), include_top, weights, input_tensor, input_shape, classes)
    if K.image_dim_ordering() == "th":
        origin = TH_WEIGHTS_PATH if include_top else TH_WEIGHTS_PATH_NO_TOP
    else:
        origin = TF_WEIGHTS_PATH if include_top else TF_WEIGHTS_PATH_NO_TOP
    return load_weights(model, weights, "imagenet", origin)
