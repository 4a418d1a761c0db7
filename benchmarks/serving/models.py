"""The models that all servers answer for: trained nowhere, with the same weights everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("digits_mlp", "digits_cnn", "mobilenet_v2")
#: blocks of MobileNetV2 (Sandler et al., 2018, arXiv 1801.04381, table 2): expansion, channels, how many, first stride
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
CLASSES = 1000


def make(name: str, folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """The model's file, samples, and what kbridge predicts for them one by one."""
    from kbridge.layers import Convolution2D, Dense, Flatten, MaxPooling2D
    from kbridge.models import Sequential

    np.random.seed(0)
    count = 64
    if name == "digits_mlp":
        model = Sequential([Dense(64, input_dim=64, activation="relu"), Dense(64, activation="relu"), Dense(10, activation="softmax")])
        shape: tuple[int, ...] = (64,)
    elif name == "digits_cnn":
        model = Sequential([
            Convolution2D(32, 3, 3, border_mode="same", activation="relu", dim_ordering="tf", input_shape=(28, 28, 1)),
            MaxPooling2D(dim_ordering="tf"),
            Convolution2D(64, 3, 3, border_mode="same", activation="relu", dim_ordering="tf"),
            MaxPooling2D(dim_ordering="tf"),
            Flatten(),
            Dense(10, activation="softmax"),
        ])  # fmt: skip
        shape = (28, 28, 1)
    else:
        # a sample is 190 KB of JSON
        model, shape, count = mobilenet(), (96, 96, 3), 16
    samples = np.random.rand(count, *shape)
    if name == "mobilenet_v2":
        # noise looks alike to a network: each sample has a colour of its own, and what the answers have in common is taken off
        samples *= np.random.rand(count, 1, 1, 3)
        *weights, bias = model.get_weights()
        model.set_weights([*weights, bias - np.log(model.predict(samples) + 1e-9).mean(0)])
    samples = np.round(samples, 4)
    path = folder / f"{name}.h5"
    model.save(path)
    return path, samples, model.predict(samples, batch_size=1)


def mobilenet() -> Any:
    """MobileNetV2 for 96x96 colour pictures and 1000 classes."""
    from kbridge.layers import BatchNormalization, Convolution2D, Dense, DepthwiseConv2D, GlobalAveragePooling2D, Input, ReLU, add
    from kbridge.models import Model

    def normalized(x, active=True):
        x = BatchNormalization(axis=-1)(x)
        return ReLU(max_value=6.0)(x) if active else x

    def convolution(x, filters, size, stride=1):
        return Convolution2D(filters, size, size, border_mode="same", subsample=(stride, stride), bias=False, dim_ordering="tf")(x)

    x = inputs = Input((96, 96, 3))
    x, before = normalized(convolution(x, 32, 3, 2)), 32
    for expansion, filters, repeats, first in BLOCKS:
        for number in range(repeats):
            stride, start = first if number == 0 else 1, x
            if expansion > 1:
                x = normalized(convolution(x, before * expansion, 1))
            x = normalized(DepthwiseConv2D(3, (stride, stride), "same", data_format="channels_last", use_bias=False)(x))
            x = normalized(convolution(x, filters, 1), active=False)
            x = add([start, x]) if stride == 1 and before == filters else x
            before = filters
    x = normalized(convolution(x, 1280, 1))
    model = Model(inputs, Dense(CLASSES, activation="softmax")(GlobalAveragePooling2D(dim_ordering="tf")(x)))
    # weights by which values keep their size on their way, and the answers for different pictures differ
    weights = [
        np.random.uniform(0.8, 1.2, w.shape) if w.ndim == 1
        else np.random.randn(*w.shape) * np.sqrt(2 / (9 if w.shape[:2] == (3, 3) and w.shape[-1] == 1 else np.prod(w.shape[:-1])))
        for w in model.get_weights()
    ]  # fmt: skip
    weights[-2] *= 4
    model.set_weights(weights)
    return model
