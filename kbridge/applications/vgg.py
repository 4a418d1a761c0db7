"""The models of Simonyan and Zisserman (2014), "Very Deep Convolutional Networks for Large-Scale Image Recognition"."""

from __future__ import annotations

from .. import backend as K
from ..layers.convolutional import Convolution2D
from ..layers.core import Dense, Flatten
from ..layers.pooling import MaxPooling2D
from .common import check_arguments, input_for, model_of
from .imagenet_utils import _obtain_input_shape

FILTERS = (64, 128, 256, 512, 512)


def build(owner: str, depths: tuple[int, ...], include_top, weights, input_tensor, input_shape, classes):
    """The model with ``depths`` convolutions in its five blocks, without trained weights."""
    check_arguments(owner, weights, "imagenet", include_top, classes, 1000)
    shape = _obtain_input_shape(input_shape, 224, 48, K.image_dim_ordering(), include_top)
    start = x = input_for(input_tensor, shape)
    for block, (filters, depth) in enumerate(zip(FILTERS, depths, strict=True), 1):
        for number in range(1, depth + 1):
            x = Convolution2D(filters, 3, 3, activation="relu", border_mode="same", name=f"block{block}_conv{number}")(x)
        x = MaxPooling2D((2, 2), strides=(2, 2), name=f"block{block}_pool")(x)
    if include_top:
        x = Flatten(name="flatten")(x)
        x = Dense(4096, activation="relu", name="fc1")(x)
        x = Dense(4096, activation="relu", name="fc2")(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    return model_of(input_tensor, start, x, owner.lower())
