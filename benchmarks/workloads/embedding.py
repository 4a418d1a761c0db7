"""A training step of Embedding(20000, 128) and an LSTM of 128 units on 50 word numbers, batch of 32, mean squared error, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from . import lstm
from .contenders import Ready, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

WORDS, SIZE = 20000, 128


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, list[np.ndarray]], list[np.ndarray]]:
    """(word numbers, y, table, {gate: [W, U, b]}, [W, b] of the output), the same for everybody."""
    random = np.random.default_rng(0)
    words = random.integers(0, WORDS, (lstm.BATCH, lstm.STEPS))
    table = random.uniform(-0.05, 0.05, (WORDS, SIZE)).astype("float32")
    # large targets: where gradients are near its epsilon, the place of Adam's epsilon matters, and libraries differ
    y = 10 * random.standard_normal((lstm.BATCH, 1)).astype("float32")
    return words, y, table, *lstm.weights(random, SIZE)


def kbridge_model() -> Ready:
    from kbridge.layers import LSTM, Dense, Embedding
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    words, y, table, gates, output = data()
    model = Sequential([Embedding(WORDS, SIZE, input_length=lstm.STEPS), LSTM(lstm.UNITS, inner_activation="sigmoid"), Dense(1)])
    model.compile(loss="mse", optimizer=Adam(lr=lstm.RATE))
    model.set_weights([table, *lstm.for_kbridge(gates), *output])
    return model, words.astype("int32"), y


def keras3_model() -> Ready:
    import keras

    words, y, table, gates, output = data()
    layers = [keras.layers.Embedding(WORDS, SIZE), keras.layers.LSTM(lstm.UNITS), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((lstm.STEPS,), dtype="int32"), *layers])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(lstm.RATE))
    model.set_weights([table, *lstm.joined(gates), *output])
    return model, words.astype("int32"), y


def pytorch() -> Step:
    import torch

    words, y, table, gates, output = data()
    network = torch.nn.Sequential(torch.nn.Embedding(WORDS, SIZE), lstm.torch_module(SIZE))
    set_parameters(network, [table, *lstm.for_torch(gates, output)])
    optimizer = torch.optim.Adam(network.parameters(), lr=lstm.RATE)
    return torch_step(network, optimizer, torch.nn.MSELoss(), words, y)


def raw_theano() -> Step:
    words, y, table, gates, output = data()

    def loss(weights: list, words: Any, y: Any) -> Any:
        return lstm.theano_loss(weights[1:], weights[0][words], y)

    return theano_step(loss, [table, *lstm.joined(gates), *output], (words.astype("int32"), y), lstm.RATE)


WORKLOAD = Workload(
    title="training step of Embedding(20000, 128) and LSTM 128 over 50 words, batch 32, mse, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        on_theano(raw_theano),
        *on_keras3(trained(keras3_model)),
        *on_backends("train_on_batch", trained(kbridge_model)),
    ],
    against=("PyTorch eager", "Theano by hand", "Keras 3 tensorflow"),
    # Adam divides by small numbers at first
    tolerance=5e-2,
    goals=(
        Goal("kbridge numpy, train_on_batch", 0.9, "PyTorch eager"),
        Goal("kbridge numpy, train_on_batch", 0.75, "PyTorch eager", "wall", threads=2),
        Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
    ),
)
