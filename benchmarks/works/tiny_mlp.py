"""A training step of a tiny network: 20 inputs, 64 relu, 1 output, batch of 32, mean squared error, SGD.

The arithmetic takes some microseconds, so this measures what each call costs beside it.
"""

from __future__ import annotations

import numpy as np

from ..contender import Contender, Step, Work
from .contenders import on_engines, set_parameters, torch_step, train_on_batch

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


def model() -> Step:
    """``train_on_batch`` of a model."""
    from kbridge.layers.core import Activation, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD

    x, y, *weights = data()
    network = Sequential([Dense(64, input_dim=20), Activation("relu"), Dense(1)])
    network.compile(loss="mse", optimizer=SGD(lr=RATE))
    network.set_weights(weights)
    return train_on_batch(network, x, y)


def pytorch() -> Step:
    """The step in PyTorch, eagerly."""
    import torch

    x, y, W1, b1, W2, b2 = data()
    network = torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    set_parameters(network, (W1.T, b1, W2.T, b2))
    return torch_step(network, torch.optim.SGD(network.parameters(), lr=RATE), torch.nn.MSELoss(), x, y)


WORK = Work(
    title="training step of a tiny MLP: 20-64-1, batch 32, mse, SGD",
    contenders=[
        Contender("NumPy by hand", by_hand),
        Contender("PyTorch eager", pytorch, ("torch",)),
        *on_engines("K.function", k_function),
        *on_engines("train_on_batch", model),
    ],
    against=("NumPy by hand", "PyTorch eager"),
    goals=(
        ("kbridge numpy, K.function", "NumPy by hand", 3.0),
        ("kbridge numpy, K.function", "PyTorch eager", 1.0),
        ("kbridge numpy, train_on_batch", "PyTorch eager", 1.0),
    ),
)
