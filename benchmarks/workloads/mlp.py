"""A training step of a network of dense layers: 784-512-512-10, batch of 128, cross-entropy, SGD with momentum or Adam."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, glorot, jax_step, on_backends, on_keras3, set_parameters, torch_step, trained

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


def raw_theano() -> Step:
    """The SGD step as one writes it in Theano, with kbridge's repairs of Theano and its flags."""
    from kbridge import backend  # noqa: F401

    # isort: split
    import theano
    from theano import tensor as T

    x, labels, weights = data()
    inputs, targets = T.matrix(), T.matrix()
    shared = [theano.shared(w) for w in weights]
    h = inputs
    for i in range(0, len(shared), 2):
        h = T.dot(h, shared[i]) + shared[i + 1]
        h = T.nnet.relu(h) if i + 2 < len(shared) else T.nnet.softmax(h)
    loss = T.mean(T.nnet.categorical_crossentropy(h, targets))
    updates = []
    for weight, gradient in zip(shared, T.grad(loss, shared)):
        velocity = theano.shared(np.zeros_like(weight.get_value()))
        new = np.float32(MOMENTUM) * velocity - np.float32(RATE) * gradient
        updates += [(velocity, new), (weight, weight + new)]
    function = theano.function([inputs, targets], loss, updates=updates)
    one_hot = np.eye(SIZES[-1], dtype="float32")[labels]
    return lambda: float(function(x, one_hot))


def _workload(adam: bool) -> Workload:
    how = "Adam" if adam else "SGD with momentum"
    theano = Contender("Theano by hand", raw_theano, ("theano",), {"KBRIDGE_BACKEND": "theano"})
    raw = Contender("JAX jit", raw_jax, ("jax",)) if adam else theano
    return Workload(
        title=f"training step of an MLP: 784-512-512-10, batch 128, cross-entropy, {how}",
        contenders=[
            Contender("PyTorch eager", partial(pytorch, adam), ("torch",)),
            *on_keras3(trained(partial(keras3_model, adam))),
            raw,
            *on_backends("train_on_batch", trained(partial(kbridge_model, adam))),
        ],
        against=("PyTorch eager", raw.name, "Keras 3 tensorflow"),
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
