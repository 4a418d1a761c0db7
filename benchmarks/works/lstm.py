"""A training step of an LSTM with 128 units over 50 steps of 64 numbers, batch of 32, mean squared error, Adam."""

from __future__ import annotations

import numpy as np

from ..contender import Contender, Step, Work
from .contenders import glorot, on_engines, on_keras3, set_parameters, torch_step, train_on_batch

BATCH, STEPS, FEATURES, UNITS, RATE = 32, 50, 64, 128, 0.001


def data() -> tuple[np.ndarray, np.ndarray, dict[str, list[np.ndarray]], list[np.ndarray]]:
    """(x, y, {gate: [W, U, b]}, [W, b] of the output), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, STEPS, FEATURES)).astype("float32")
    y = np.sin(x.sum(axis=(1, 2)))[:, None].astype("float32")
    gates = {
        gate: [glorot(random, FEATURES, UNITS), glorot(random, UNITS, UNITS), np.zeros(UNITS, "float32")] for gate in "ifco"
    }
    return x, y, gates, [glorot(random, UNITS, 1), np.zeros(1, "float32")]


def kbridge() -> Step:
    from kbridge.layers import LSTM, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    x, y, gates, output = data()
    model = Sequential([LSTM(UNITS, inner_activation="sigmoid", input_shape=x.shape[1:]), Dense(1)])
    model.compile(loss="mse", optimizer=Adam(lr=RATE))
    model.set_weights([w for gate in "icfo" for w in gates[gate]] + output)
    return train_on_batch(model, x, y)


def keras3() -> Step:
    import keras

    x, y, gates, output = data()
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(RATE))
    model.set_weights([np.concatenate(parts, axis=-1) for parts in zip(*(gates[gate] for gate in "ifco"))] + output)
    return train_on_batch(model, x, y)


def pytorch() -> Step:
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.output = nn.LSTM(FEATURES, UNITS, batch_first=True), nn.Linear(UNITS, 1)

        def forward(self, x):
            return self.output(self.lstm(x)[0][:, -1])

    x, y, gates, output = data()
    network = Network()
    W, U, b = (np.concatenate(parts, axis=-1) for parts in zip(*(gates[gate] for gate in "ifco")))
    set_parameters(network, [W.T, U.T, b, np.zeros_like(b), *(w.T for w in output)])
    # it has a second bias, which would learn the same again
    network.lstm.bias_hh_l0.requires_grad_(False)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=RATE)
    return torch_step(network, optimizer, nn.MSELoss(), x, y)


WORK = Work(
    title="training step of an LSTM: 128 units over 50 x 64, batch 32, mse, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        *on_keras3(keras3),
        *on_engines("train_on_batch", kbridge),
    ],
    against=("PyTorch eager", "Keras 3 tensorflow"),
    tolerance=1e-2,
    goals=(
        ("kbridge numpy, train_on_batch", "PyTorch eager", 1.25),
        ("kbridge tensorflow, train_on_batch", "Keras 3 tensorflow", 1.15),
    ),
)
