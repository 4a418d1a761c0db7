"""A training step of a residual block with batch normalization (He et al., 2016) on 16x16x32, batch of 32, and an output of 10, SGD."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, glorot, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

BATCH, SIDE, CHANNELS, CLASSES, RATE = 32, 16, 32, 10, 0.01
EPSILON, MOMENTUM = 1e-3, 0.99


def data() -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """(images with the channels last, labels, [kernel, bias] of the convolutions, [W, b] of the output)."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, SIDE, SIDE, CHANNELS)).astype("float32")
    kernels = [w for _ in range(2) for w in (glorot(random, 3, 3, CHANNELS, CHANNELS), np.zeros(CHANNELS, "float32"))]
    output = [glorot(random, CHANNELS, CLASSES), np.zeros(CLASSES, "float32")]
    return x, random.integers(0, CLASSES, BATCH), kernels, output


def _statistics() -> list[np.ndarray]:
    """gamma, beta, and running mean and variance of one batch normalization."""
    ones, zeros = np.ones(CHANNELS, "float32"), np.zeros(CHANNELS, "float32")
    return [ones, zeros, zeros, ones]


def _set(model, kernels, output) -> None:
    model.set_weights([*kernels[:2], *_statistics(), *kernels[2:], *_statistics(), *output])


def kbridge_model() -> Ready:
    from kbridge.layers import Activation, BatchNormalization, Convolution2D, Dense, GlobalAveragePooling2D, Input, merge
    from kbridge.models import Model
    from kbridge.optimizers import SGD

    x, labels, kernels, output = data()

    def conv(h):
        h = Convolution2D(CHANNELS, 3, 3, border_mode="same", dim_ordering="tf")(h)
        return BatchNormalization(axis=3, epsilon=EPSILON, momentum=MOMENTUM)(h)

    inputs = Input(x.shape[1:])
    h = conv(Activation("relu")(conv(inputs)))
    h = Activation("relu")(merge([h, inputs], mode="sum"))
    h = Dense(CLASSES, activation="softmax")(GlobalAveragePooling2D(dim_ordering="tf")(h))
    model = Model(inputs, h)
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=RATE))
    _set(model, kernels, output)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def keras3_model() -> Ready:
    import keras
    from keras import layers

    x, labels, kernels, output = data()

    def conv(h):
        h = layers.Conv2D(CHANNELS, 3, padding="same", data_format="channels_last")(h)
        return layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM)(h)

    inputs = keras.Input(x.shape[1:])
    h = conv(layers.ReLU()(conv(inputs)))
    h = layers.ReLU()(layers.Add()([h, inputs]))
    h = layers.Dense(CLASSES, activation="softmax")(layers.GlobalAveragePooling2D(data_format="channels_last")(h))
    model = keras.Model(inputs, h)
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(RATE))
    _set(model, kernels, output)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def pytorch() -> Step:
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(2))
            self.output = nn.Linear(CHANNELS, CLASSES)
            self.norms = nn.ModuleList(nn.BatchNorm2d(CHANNELS, EPSILON, 1 - MOMENTUM) for _ in range(2))

        def forward(self, x):
            h = self.norms[0](self.convs[0](x)).relu()
            h = (self.norms[1](self.convs[1](h)) + x).relu()
            return self.output(h.mean((2, 3)))

    x, labels, kernels, output = data()
    network = Block()
    set_parameters(network, [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T for w in (*kernels, *output)])
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    return torch_step(network, optimizer, nn.CrossEntropyLoss(), np.ascontiguousarray(x.transpose(0, 3, 1, 2)), labels)


def raw_theano() -> Step:
    from theano import tensor as T

    momentum = np.float32(MOMENTUM)
    x, labels, kernels, output = data()

    def loss(weights: list, x: Any, targets: Any) -> tuple:
        updates: list[tuple] = []

        def conv(h: Any, kernel: Any, bias: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
            h = T.nnet.conv2d(h, kernel, border_mode="half", filter_flip=False) + bias.dimshuffle("x", 0, "x", "x")
            centre = T.mean(h, (0, 2, 3))
            spread = T.mean(T.sqr(h - centre.dimshuffle("x", 0, "x", "x")), (0, 2, 3))
            updates.extend((old, momentum * old + (1 - momentum) * new) for old, new in ((mean, centre), (variance, spread)))
            scale = gamma / T.sqrt(spread + np.float32(EPSILON))
            return (h - centre.dimshuffle("x", 0, "x", "x")) * scale.dimshuffle("x", 0, "x", "x") + beta.dimshuffle("x", 0, "x", "x")

        h = conv(T.nnet.relu(conv(x, *weights[:6])), *weights[6:12])
        h = T.mean(T.nnet.relu(h + x), (2, 3))
        h = T.nnet.softmax(T.dot(h, weights[12]) + weights[13])
        return T.mean(T.nnet.categorical_crossentropy(h, targets)), updates

    kernels = [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w for w in kernels]
    weights = [*kernels[:2], *_statistics(), *kernels[2:], *_statistics(), *output]
    targets = np.eye(CLASSES, dtype="float32")[labels]
    return theano_step(loss, weights, (np.ascontiguousarray(x.transpose(0, 3, 1, 2)), targets), RATE, adam=False)


WORKLOAD = Workload(
    title="training step of a residual block with batch normalization: 16x16x32, batch 32, SGD",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        on_theano(raw_theano),
        *on_keras3(trained(keras3_model)),
        *on_backends("train_on_batch", trained(kbridge_model)),
    ],
    against=("PyTorch eager", "Theano by hand", "Keras 3 tensorflow"),
    tolerance=1e-2,
    goals=(
        Goal("kbridge numpy, train_on_batch", 0.95, "PyTorch eager"),
        Goal("kbridge tensorflow, train_on_batch", 1.0, "Keras 3 tensorflow"),
        Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
        Goal("kbridge numpy, train_on_batch", 1.0, "PyTorch eager", "wall", threads=2),
    ),
)
