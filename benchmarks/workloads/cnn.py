"""A training step of a convolutional network on 28x28x1: conv 32 - conv 32 - pool - dense 128 - 10, batch of 64, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, glorot, jax_step, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

BATCH, SIDE, CLASSES, RATE = 64, 28, 10, 0.001


def data() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(images with the channels last, labels, weights in Keras' shapes), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, SIDE, SIDE, 1)).astype("float32")
    shapes = [(3, 3, 1, 32), (3, 3, 32, 32), (12 * 12 * 32, 128), (128, CLASSES)]
    weights = [w for shape in shapes for w in (glorot(random, *shape), np.zeros(shape[-1], "float32"))]
    return x, random.integers(0, CLASSES, BATCH), weights


def kbridge_model() -> Ready:
    from kbridge.layers import Convolution2D, Dense, Flatten, MaxPooling2D
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    x, labels, weights = data()
    model = Sequential()
    model.add(Convolution2D(32, 3, 3, activation="relu", dim_ordering="tf", input_shape=x.shape[1:]))
    model.add(Convolution2D(32, 3, 3, activation="relu", dim_ordering="tf"))
    model.add(MaxPooling2D((2, 2), dim_ordering="tf"))
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(CLASSES, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=RATE))
    model.set_weights(weights)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def keras3_model() -> Ready:
    import keras
    from keras import layers

    x, labels, weights = data()
    model = keras.Sequential([
        keras.Input(x.shape[1:]),
        layers.Conv2D(32, 3, activation="relu", data_format="channels_last"),
        layers.Conv2D(32, 3, activation="relu", data_format="channels_last"),
        layers.MaxPooling2D(data_format="channels_last"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(CLASSES, activation="softmax"),
    ])  # fmt: skip
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(RATE))
    model.set_weights(weights)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def channels_first() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The data for libraries whose channels come first, in images, kernels and what is flattened."""
    x, labels, weights = data()
    weights[0], weights[2] = weights[0].transpose(3, 2, 0, 1), weights[2].transpose(3, 2, 0, 1)
    weights[4] = weights[4].reshape(12, 12, 32, 128).transpose(2, 0, 1, 3).reshape(-1, 128)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)), labels, weights


def torch_network() -> Ready:
    from torch import nn

    x, labels, weights = channels_first()
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(12 * 12 * 32, 128), nn.ReLU(), nn.Linear(128, CLASSES),
    )  # fmt: skip
    set_parameters(network, [w.T if w.ndim == 2 else w for w in weights])
    return network, x, labels


def pytorch() -> Step:
    import torch

    network, x, labels = torch_network()
    return torch_step(network, torch.optim.Adam(network.parameters(), lr=RATE), torch.nn.CrossEntropyLoss(), x, labels)


def raw_jax() -> Step:
    import jax
    from jax import lax

    def loss(weights: list, x: Any, labels: Any) -> Any:
        h = x
        for kernel, bias in (weights[:2], weights[2:4]):
            h = lax.conv_general_dilated(h, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            h = jax.nn.relu(h + bias)
        h = lax.reduce_window(h, -jax.numpy.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID").reshape(BATCH, -1)
        h = jax.nn.relu(h @ weights[4] + weights[5]) @ weights[6] + weights[7]
        return -jax.nn.log_softmax(h)[jax.numpy.arange(BATCH), labels].mean()

    x, labels, weights = data()
    return jax_step(loss, weights, (x, labels), RATE)


def raw_theano() -> Step:
    from theano import tensor as T
    from theano.tensor.signal.pool import pool_2d

    def loss(weights: list, x: Any, targets: Any) -> Any:
        h = x
        for kernel, bias in (weights[:2], weights[2:4]):
            h = T.nnet.relu(T.nnet.conv2d(h, kernel, filter_flip=False) + bias.dimshuffle("x", 0, "x", "x"))
        h = pool_2d(h, (2, 2), ignore_border=True).flatten(2)
        h = T.nnet.relu(T.dot(h, weights[4]) + weights[5])
        h = T.nnet.softmax(T.dot(h, weights[6]) + weights[7])
        return T.mean(T.nnet.categorical_crossentropy(h, targets))

    x, labels, weights = channels_first()
    return theano_step(loss, weights, (x, np.eye(CLASSES, dtype="float32")[labels]), RATE)


WORKLOAD = Workload(
    title="training step of a CNN: conv 32 - conv 32 - pool - dense 128 - 10 on 28x28x1, batch 64, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        Contender("JAX jit", raw_jax, ("jax",)),
        on_theano(raw_theano),
        *on_keras3(trained(keras3_model)),
        *on_backends("train_on_batch", trained(kbridge_model)),
    ],
    against=("PyTorch eager", "Theano by hand", "Keras 3 tensorflow"),
    # Adam divides by small numbers at first
    tolerance=1e-2,
    goals=(
        Goal("kbridge numpy, train_on_batch", 0.85, "PyTorch eager", "wall", threads=2),
        Goal("kbridge numpy, train_on_batch", 0.75, "PyTorch eager"),
        Goal("kbridge tensorflow, train_on_batch", 1.0, "Keras 3 tensorflow"),
        Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
        Goal("kbridge numpy, train_on_batch", 0.4, "PyTorch eager", "memory"),
    ),
)
