"""A training step of a tiny network: 20 inputs, 64 relu, 1 output, batch of 32, mean squared error, SGD.

The arithmetic takes some microseconds, so this measures what each call costs beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, jax_step, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

RATE = 0.01


def data() -> tuple[np.ndarray, ...]:
    """(x, y, W1, b1, W2, b2), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((32, 20))
    y = np.sin(x.sum(axis=1, keepdims=True))
    weights = [random.standard_normal((20, 64)) / 5, np.zeros(64), random.standard_normal((64, 1)) / 8, np.zeros(1)]
    return tuple(np.ascontiguousarray(a, dtype=np.float32) for a in (x, y, *weights))


def by_hand() -> Step:
    """The step as one would write it in NumPy: forward, backward, update."""
    x, y, W1, b1, W2, b2 = data()
    rate, scale = np.float32(RATE), np.float32(2 / len(x))

    def step() -> float:
        h = x @ W1 + b1
        a = np.maximum(h, 0)
        difference = a @ W2 + b2 - y
        loss = np.mean(np.square(difference))
        d_out = scale * difference
        d_h = (d_out @ W2.T) * (h > 0)
        for weight, gradient in ((W2, a.T @ d_out), (b2, d_out.sum(axis=0)), (W1, x.T @ d_h), (b1, d_h.sum(axis=0))):
            weight -= rate * gradient
        return float(loss)

    return step


def k_function() -> Step:
    """The step as one ``K.function``."""
    from kbridge import backend as K

    arrays = data()
    x, y = K.placeholder((32, 20)), K.placeholder((32, 1))
    W1, b1, W2, b2 = weights = [K.variable(a) for a in arrays[2:]]
    prediction = K.dot(K.relu(K.dot(x, W1) + b1), W2) + b2
    loss = K.mean(K.square(prediction - y))
    updates = [K.update_sub(w, RATE * g) for w, g in zip(weights, K.gradients(loss, weights))]
    function = K.function([x, y], [loss], updates=updates)
    batch = list(arrays[:2])
    return lambda: float(function(batch)[0])


def kbridge_model() -> Ready:
    from kbridge.layers.core import Activation, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD

    x, y, *weights = data()
    network = Sequential([Dense(64, input_dim=20), Activation("relu"), Dense(1)])
    network.compile(loss="mse", optimizer=SGD(lr=RATE))
    network.set_weights(weights)
    return network, x, y


def keras3_model() -> Ready:
    import keras

    x, y, *weights = data()
    network = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
    network.compile(loss="mse", optimizer=keras.optimizers.SGD(RATE))
    network.set_weights(weights)
    return network, x, y


def torch_network() -> Ready:
    import torch

    x, y, W1, b1, W2, b2 = data()
    network = torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    set_parameters(network, (W1.T, b1, W2.T, b2))
    return network, x, y


def pytorch() -> Step:
    """The step in PyTorch, eagerly."""
    import torch

    network, x, y = torch_network()
    return torch_step(network, torch.optim.SGD(network.parameters(), lr=RATE), torch.nn.MSELoss(), x, y)


def raw_jax() -> Step:
    """The step in JAX, compiled."""
    from jax import numpy as jnp

    def loss(weights: list, x: Any, y: Any) -> Any:
        W1, b1, W2, b2 = weights
        return jnp.mean((jnp.maximum(x @ W1 + b1, 0) @ W2 + b2 - y) ** 2)

    x, y, *weights = data()
    return jax_step(loss, weights, (x, y), RATE, adam=False)


def raw_theano() -> Step:
    from theano import tensor as T

    def loss(weights: list, x: Any, y: Any) -> Any:
        W1, b1, W2, b2 = weights
        return T.mean(T.sqr(T.dot(T.nnet.relu(T.dot(x, W1) + b1), W2) + b2 - y))

    x, y, *weights = data()
    return theano_step(loss, weights, (x, y), RATE, adam=False)


WORKLOAD = Workload(
    title="training step of a tiny MLP: 20-64-1, batch 32, mse, SGD",
    contenders=[
        Contender("NumPy by hand", by_hand),
        Contender("PyTorch eager", pytorch, ("torch",)),
        Contender("JAX jit", raw_jax, ("jax",)),
        on_theano(raw_theano),
        *on_keras3(trained(keras3_model)),
        *on_backends("K.function", k_function),
        *on_backends("train_on_batch", trained(kbridge_model)),
    ],
    against=("PyTorch eager", "JAX jit", "Theano by hand", "Keras 3 tensorflow"),
    goals=(
        Goal("kbridge numpy, K.function", 3.0, "NumPy by hand"),
        Goal("kbridge numpy, K.function", 0.2, "PyTorch eager"),
        Goal("kbridge numpy, K.function", 0.6, "JAX jit"),
        Goal("kbridge numpy, train_on_batch", 0.2, "PyTorch eager", "wall", threads=2),
        Goal("kbridge numpy, train_on_batch", 0.2, "PyTorch eager"),
        Goal("kbridge tensorflow, train_on_batch", 0.15, "Keras 3 tensorflow"),
        Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
    ),
)
