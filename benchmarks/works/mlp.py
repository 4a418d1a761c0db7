"""A training step of a network of dense layers: 784-512-512-10, batch of 128, cross-entropy, SGD with momentum."""

from __future__ import annotations

import numpy as np

from ..contender import Contender, Step, Work
from .contenders import glorot, on_engines, on_keras3, set_parameters, torch_step, train_on_batch

SIZES = (784, 512, 512, 10)
BATCH, RATE, MOMENTUM = 128, 0.01, 0.9


def data() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(x, labels, [W, b, ...]), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, SIZES[0])).astype("float32")
    weights = [w for n, m in zip(SIZES, SIZES[1:]) for w in (glorot(random, n, m), np.zeros(m, "float32"))]
    return x, random.integers(0, SIZES[-1], BATCH), weights


def kbridge() -> Step:
    from kbridge.layers.core import Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD

    x, labels, weights = data()
    model = Sequential([Dense(SIZES[1], input_dim=SIZES[0], activation="relu"), Dense(SIZES[2], activation="relu")])
    model.add(Dense(SIZES[3], activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=RATE, momentum=MOMENTUM))
    model.set_weights(weights)
    return train_on_batch(model, x, np.eye(SIZES[-1], dtype="float32")[labels])


def keras3() -> Step:
    import keras

    x, labels, weights = data()
    layers = [keras.layers.Dense(n, activation="relu") for n in SIZES[1:-1]]
    model = keras.Sequential([keras.Input((SIZES[0],)), *layers, keras.layers.Dense(SIZES[-1], activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(RATE, momentum=MOMENTUM))
    model.set_weights(weights)
    return train_on_batch(model, x, np.eye(SIZES[-1], dtype="float32")[labels])


def pytorch() -> Step:
    import torch
    from torch import nn

    x, labels, weights = data()
    layers = [layer for n, m in zip(SIZES, SIZES[1:]) for layer in (nn.Linear(n, m), nn.ReLU())][:-1]
    network = nn.Sequential(*layers)
    set_parameters(network, [w.T for w in weights])
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
    return torch_step(network, optimizer, nn.CrossEntropyLoss(), x, labels)


WORK = Work(
    title="training step of an MLP: 784-512-512-10, batch 128, cross-entropy, SGD with momentum",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        *on_keras3(keras3),
        *on_engines("train_on_batch", kbridge),
    ],
    against=("PyTorch eager", "Keras 3 tensorflow"),
    tolerance=1e-3,
    goals=(
        ("kbridge numpy, train_on_batch", "PyTorch eager", 0.9),
        ("kbridge tensorflow, train_on_batch", "Keras 3 tensorflow", 0.8),
    ),
)
