"""A training step of a network of dense layers: 784-512-512-10, batch of 128, cross-entropy, SGD with momentum or Adam."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, glorot, jax_step, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

SIZES = (784, 512, 512, 10)
BATCH, RATE, MOMENTUM, ADAM_RATE = 128, 0.01, 0.9, 0.001


def data() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(x, labels, [W, b, ...]), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, SIZES[0])).astype("float32")
    weights = [w for n, m in zip(SIZES, SIZES[1:]) for w in (glorot(random, n, m), np.zeros(m, "float32"))]
    return x, random.integers(0, SIZES[-1], BATCH), weights


def kbridge_model(adam: bool = False) -> Ready:
    from kbridge.layers.core import Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD, Adam

    x, labels, weights = data()
    model = Sequential([Dense(SIZES[1], input_dim=SIZES[0], activation="relu"), Dense(SIZES[2], activation="relu")])
    model.add(Dense(SIZES[3], activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=Adam(ADAM_RATE) if adam else SGD(lr=RATE, momentum=MOMENTUM))
    model.set_weights(weights)
    return model, x, np.eye(SIZES[-1], dtype="float32")[labels]


def keras3_model(adam: bool = False) -> Ready:
    import keras

    x, labels, weights = data()
    layers = [keras.layers.Dense(n, activation="relu") for n in SIZES[1:-1]]
    model = keras.Sequential([keras.Input((SIZES[0],)), *layers, keras.layers.Dense(SIZES[-1], activation="softmax")])
    optimizer = keras.optimizers.Adam(ADAM_RATE) if adam else keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    model.compile(loss="categorical_crossentropy", optimizer=optimizer)
    model.set_weights(weights)
    return model, x, np.eye(SIZES[-1], dtype="float32")[labels]


def torch_network() -> Ready:
    from torch import nn

    x, labels, weights = data()
    layers = [layer for n, m in zip(SIZES, SIZES[1:]) for layer in (nn.Linear(n, m), nn.ReLU())][:-1]
    network = nn.Sequential(*layers)
    set_parameters(network, [w.T for w in weights])
    return network, x, labels


def pytorch(adam: bool = False) -> Step:
    import torch

    network, x, labels = torch_network()
    parameters = network.parameters()
    optimizer = torch.optim.Adam(parameters, ADAM_RATE) if adam else torch.optim.SGD(parameters, RATE, momentum=MOMENTUM)
    return torch_step(network, optimizer, torch.nn.CrossEntropyLoss(), x, labels)


def raw_jax() -> Step:
    """The Adam step in JAX, compiled."""
    import jax

    def loss(weights: list, x: Any, labels: Any) -> Any:
        h = x
        for i in range(0, len(weights), 2):
            h = h @ weights[i] + weights[i + 1]
            h = jax.nn.relu(h) if i + 2 < len(weights) else h
        return -jax.nn.log_softmax(h)[jax.numpy.arange(BATCH), labels].mean()

    x, labels, weights = data()
    return jax_step(loss, weights, (x, labels), ADAM_RATE)


def raw_theano(adam: bool = False) -> Step:
    from theano import tensor as T

    def loss(weights: list, x: Any, targets: Any) -> Any:
        h = x
        for i in range(0, len(weights), 2):
            h = T.dot(h, weights[i]) + weights[i + 1]
            h = T.nnet.relu(h) if i + 2 < len(weights) else T.nnet.softmax(h)
        return T.mean(T.nnet.categorical_crossentropy(h, targets))

    x, labels, weights = data()
    batch = (x, np.eye(SIZES[-1], dtype="float32")[labels])
    return theano_step(loss, weights, batch, ADAM_RATE if adam else RATE, adam, MOMENTUM)


def _workload(adam: bool) -> Workload:
    how = "Adam" if adam else "SGD with momentum"
    theano = on_theano(partial(raw_theano, adam))
    raw = [Contender("JAX jit", raw_jax, ("jax",)), theano] if adam else [theano]
    return Workload(
        title=f"training step of an MLP: 784-512-512-10, batch 128, cross-entropy, {how}",
        contenders=[
            Contender("PyTorch eager", partial(pytorch, adam), ("torch",)),
            *on_keras3(trained(partial(keras3_model, adam))),
            *raw,
            *on_backends("train_on_batch", trained(partial(kbridge_model, adam))),
        ],
        against=("PyTorch eager", *(c.name for c in raw), "Keras 3 tensorflow"),
        # Adam divides by small numbers at first
        tolerance=1e-2 if adam else 1e-3,
        goals=(
            Goal("kbridge numpy, train_on_batch", 0.9, "PyTorch eager", "wall", threads=2),
            Goal("kbridge numpy, train_on_batch", 0.8, "PyTorch eager"),
            Goal("kbridge tensorflow, train_on_batch", 0.8, "Keras 3 tensorflow"),
            Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
        ),
    )


WORKLOADS = {"mlp": _workload(adam=False), "mlp_adam": _workload(adam=True)}
