"""ResNet50, after He, Zhang, Ren and Sun (2015), "Deep Residual Learning for Image Recognition"."""

from __future__ import annotations

import warnings

from .. import backend as K
from ..engine.topology import Input, get_source_inputs, merge
from ..layers.convolutional import Convolution2D, ZeroPadding2D
from ..layers.core import Activation, Dense, Flatten
from ..layers.normalization import BatchNormalization
from ..layers.pooling import AveragePooling2D, MaxPooling2D
from ..training.model import Model
from ..utils.data_utils import get_file
from ..utils.layer_utils import convert_all_kernels_in_model
from .common import check_arguments, input_for, load_weights, model_of
from .imagenet_utils import _obtain_input_shape, decode_predictions, preprocess_input

# the names of Keras 1's module
__all__ = [
    "K", "TF_WEIGHTS_PATH", "TF_WEIGHTS_PATH_NO_TOP", "TH_WEIGHTS_PATH", "TH_WEIGHTS_PATH_NO_TOP", "Activation",
    "AveragePooling2D", "BatchNormalization", "Convolution2D", "Dense", "Flatten", "Input", "MaxPooling2D", "Model",
    "ResNet50", "ZeroPadding2D", "conv_block", "convert_all_kernels_in_model", "decode_predictions", "get_file",
    "get_source_inputs", "identity_block", "merge", "preprocess_input", "warnings",
]  # fmt: skip

_RELEASE = "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/resnet50_weights_"
TH_WEIGHTS_PATH = _RELEASE + "th_dim_ordering_th_kernels.h5"
TF_WEIGHTS_PATH = _RELEASE + "tf_dim_ordering_tf_kernels.h5"
TH_WEIGHTS_PATH_NO_TOP = _RELEASE + "th_dim_ordering_th_kernels_notop.h5"
TF_WEIGHTS_PATH_NO_TOP = _RELEASE + "tf_dim_ordering_tf_kernels_notop.h5"

#: the filters of each stage, and how many blocks it has
STAGES = {2: ((64, 64, 256), 3), 3: ((128, 128, 512), 4), 4: ((256, 256, 1024), 6), 5: ((512, 512, 2048), 3)}


def _channels() -> int:
    return 1 if K.image_dim_ordering() == "th" else 3


def _main_path(x, kernel_size, filters, stage, block, strides):
    """Three convolutions: 1 by 1, ``kernel_size``, 1 by 1, each normalized."""
    first, second, third = filters
    conv, norm = f"res{stage}{block}_branch", f"bn{stage}{block}_branch"
    x = Convolution2D(first, 1, 1, subsample=strides, name=conv + "2a")(x)
    x = Activation("relu")(BatchNormalization(axis=_channels(), name=norm + "2a")(x))
    x = Convolution2D(second, kernel_size, kernel_size, border_mode="same", name=conv + "2b")(x)
    x = Activation("relu")(BatchNormalization(axis=_channels(), name=norm + "2b")(x))
    x = Convolution2D(third, 1, 1, name=conv + "2c")(x)
    return BatchNormalization(axis=_channels(), name=norm + "2c")(x)


def identity_block(input_tensor, kernel_size, filters, stage, block):
    """A residual block that keeps the shape. ``stage`` and ``block`` ('a', 'b', ...) make the layers' names."""
    x = _main_path(input_tensor, kernel_size, filters, stage, block, (1, 1))
    return Activation("relu")(merge([x, input_tensor], mode="sum"))


def conv_block(input_tensor, kernel_size, filters, stage, block, strides=(2, 2)):
    """A residual block whose shortcut is a convolution too; the last of ``filters`` and ``strides`` give its shape."""
    x = _main_path(input_tensor, kernel_size, filters, stage, block, strides)
    shortcut = Convolution2D(filters[2], 1, 1, subsample=strides, name=f"res{stage}{block}_branch1")(input_tensor)
    shortcut = BatchNormalization(axis=_channels(), name=f"bn{stage}{block}_branch1")(shortcut)
    return Activation("relu")(merge([x, shortcut], mode="sum"))


def ResNet50(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, classes=1000) -> Model:
    """Return the model for 224 by 224 images, in the dim ordering that is set. ``preprocess_input`` prepares images for it.

    The other arguments are those of ``VGG16``.

    Args:
        input_shape: the shape of an image, for ``include_top=False``; at least 197 by 197.

    References:
        He et al. (2015), Deep Residual Learning for Image Recognition, arXiv 1512.03385.
    """
    check_arguments("ResNet50", weights, "imagenet", include_top, classes, 1000)
    shape = _obtain_input_shape(input_shape, 224, 197, K.image_dim_ordering(), include_top)
    start = x = input_for(input_tensor, shape)
    x = ZeroPadding2D((3, 3))(x)
    x = Convolution2D(64, 7, 7, subsample=(2, 2), name="conv1")(x)
    x = Activation("relu")(BatchNormalization(axis=_channels(), name="bn_conv1")(x))
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    for stage, (filters, blocks) in STAGES.items():
        x = conv_block(x, 3, filters, stage=stage, block="a", strides=(1, 1) if stage == 2 else (2, 2))
        for block in "bcdef"[: blocks - 1]:
            x = identity_block(x, 3, filters, stage=stage, block=block)
    x = AveragePooling2D((7, 7), name="avg_pool")(x)
    if include_top:
        x = Flatten()(x)
        x = Dense(classes, activation="softmax", name="fc1000")(x)
    model = model_of(input_tensor, start, x, "resnet50")
    if K.image_dim_ordering() == "th":
        origin = TH_WEIGHTS_PATH if include_top else TH_WEIGHTS_PATH_NO_TOP
    else:
        origin = TF_WEIGHTS_PATH if include_top else TF_WEIGHTS_PATH_NO_TOP
    return load_weights(model, weights, "imagenet", origin)
