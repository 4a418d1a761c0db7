"""How cost grows: with the number of layers, their width, the batch, and the length of sequences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, on_backends, torch_step, trained

WIDTH, BATCH, RATE = 16, 32, 0.01


def dense_model(depth: int, width: int, batch: int) -> Ready:
    """``depth`` layers of ``width`` relu units and an output."""
    from kbridge.layers.core import Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD

    model = Sequential([Dense(width, activation="relu", input_dim=width)])
    for _ in range(depth - 1):
        model.add(Dense(width, activation="relu"))
    model.add(Dense(1))
    model.compile(loss="mse", optimizer=SGD(lr=RATE))
    return model, *_data(batch, width)


def dense_torch(depth: int, width: int, batch: int) -> Step:
    import torch
    from torch import nn

    layers = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())]
    network = nn.Sequential(*layers, nn.Linear(width, 1))
    return torch_step(network, torch.optim.SGD(network.parameters(), lr=RATE), nn.MSELoss(), *_data(batch, width))


def lstm_model(length: int) -> Ready:
    """An LSTM of 16 units over sequences of ``length``."""
    from kbridge.layers import LSTM, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import SGD

    model = Sequential([LSTM(WIDTH, input_shape=(length, WIDTH)), Dense(1)])
    model.compile(loss="mse", optimizer=SGD(lr=RATE))
    x, y = _data(BATCH * length, WIDTH)
    return model, x.reshape(BATCH, length, WIDTH), y[:BATCH]


def lstm_torch(length: int) -> Step:
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.output = nn.LSTM(WIDTH, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

        def forward(self, x):
            return self.output(self.lstm(x)[0][:, -1])

    network = Network()
    x, y = _data(BATCH * length, WIDTH)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    return torch_step(network, optimizer, nn.MSELoss(), x.reshape(BATCH, length, WIDTH), y[:BATCH])


def _data(rows: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((rows, width)).astype("float32"), random.standard_normal((rows, 1)).astype("float32")


def _workload(
    title: str, what: str, sizes: dict[int, tuple], kbridge: Callable, pytorch: Callable, goals: tuple[Goal, ...] = ()
) -> Workload:
    contenders = []
    for size, args in sizes.items():
        contenders.append(Contender(f"PyTorch eager, {what} {size}", partial(pytorch, *args), ("torch",)))
        # Theano compiles many minutes for the largest
        largest = size == max(sizes)
        makers = on_backends(f"{what} {size}", trained(partial(kbridge, *args)))
        contenders += [c for c in makers if not (largest and "theano" in c.needs)]
    return Workload(title=title, contenders=contenders, tolerance=None, goals=goals, warm_up=3)


WORKLOADS = {
    "depth": _workload(
        "training step by the number of Dense(16) layers, batch 32; 'first' is building, compiling and the first step",
        "depth",
        {depth: (depth, WIDTH, BATCH) for depth in (10, 100, 1000)},
        dense_model,
        dense_torch,
        (
            Goal("kbridge numpy, depth 1000", 0.8, measure="first_cpu"),
            Goal("kbridge numpy, depth 1000", 12.0, "kbridge numpy, depth 100", "first_cpu"),
            Goal("kbridge numpy, depth 1000", 12.0, "kbridge numpy, depth 100"),
        ),
    ),
    "width": _workload(
        "training step by the width of 2 Dense layers, batch 32: 2 width^2 + ... weights",
        "width",
        {width: (2, width, BATCH) for width in (16, 128, 1024, 2048)},
        dense_model,
        dense_torch,
    ),
    "batch": _workload(
        "training step by the size of the batch, 2 Dense(128) layers",
        "batch",
        {batch: (2, 128, batch) for batch in (1, 32, 1024, 8192)},
        dense_model,
        dense_torch,
    ),
    "length": _workload(
        "training step of an LSTM of 16 units by the length of sequences, batch 32",
        "length",
        {length: (length,) for length in (10, 100, 500, 2000)},
        lstm_model,
        lstm_torch,
        (Goal("kbridge numpy, length 2000", 0.5, measure="first_cpu"),),
    ),
}
