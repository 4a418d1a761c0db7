"""What it costs to meet a new shape: batches of changing size, sequences of many lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle

import numpy as np

from ..contender import Contender, Goal, Step, Workload

#: more than any backend keeps plans for, so that in turn each of them is new
MANY = range(10, 170)
#: as long on average
FEW = range(20, 170, 20)


def batches():
    """20-64-1 on batches of any size."""
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    model = Sequential([Dense(64, activation="relu", input_dim=20), Dense(1)])
    model.compile("sgd", "mse")
    return model, lambda n: (_normal(n, 20), _normal(n, 1))


def convolutions():
    """Two convolutions over sequences."""
    from kbridge.layers import Convolution1D, Dense, GlobalMaxPooling1D, MaxPooling1D
    from kbridge.models import Sequential

    model = Sequential([Convolution1D(32, 3, activation="relu", input_shape=(None, 16)), MaxPooling1D(2)])
    for layer in (Convolution1D(32, 3, activation="relu"), GlobalMaxPooling1D(), Dense(1)):
        model.add(layer)
    model.compile("adam", "mse")
    return model, lambda n: (_normal(16, n, 16), _normal(16, 1))


def lstm():
    """An LSTM over sequences."""
    from kbridge.layers import LSTM, Dense
    from kbridge.models import Sequential

    model = Sequential([LSTM(32, input_shape=(None, 16)), Dense(1)])
    model.compile("adam", "mse")
    return model, lambda n: (_normal(16, n, 16), _normal(16, 1))


def tagger():
    """A tag for each word of sentences, by LSTMs in both directions."""
    from kbridge.layers import LSTM, Bidirectional, Dense, Embedding, TimeDistributed
    from kbridge.models import Sequential

    model = Sequential([Embedding(1000, 32, mask_zero=True), Bidirectional(LSTM(32, return_sequences=True))])
    model.add(TimeDistributed(Dense(10, activation="softmax")))
    model.compile("adam", "categorical_crossentropy")
    random = np.random.default_rng(0)
    return model, lambda n: (random.integers(1, 1000, (8, n)), np.eye(10, dtype="float32")[random.integers(0, 10, (8, n))])


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def trained(build: Callable, lengths: Iterable[int]) -> Step:
    """Training steps on one length after the other, again and again."""
    model, data = build()
    fed = cycle([data(n) for n in lengths])
    return lambda: float(model.train_on_batch(*next(fed)))


def _contenders(name: str, build: Callable) -> list[Contender]:
    environment = {"KBRIDGE_BACKEND": "numpy"}
    return [
        Contender(f"{name}, {what}", partial(trained, build, lengths), environment=environment)
        for what, lengths in (("new shapes", MANY), ("known shapes", FEW))
    ]


MODELS = {"batches": batches, "convolutions": convolutions, "lstm": lstm, "tagger": tagger}

WORKLOAD = Workload(
    title="training step on shapes that were not met before, and on known ones; a new one may cost 10 steps or 2 ms more",
    contenders=[c for name, build in MODELS.items() for c in _contenders(name, build)],
    tolerance=None,
    goals=(
        Goal("batches, new shapes", 2e-3, "batches, known shapes", over=True),
        *(Goal(f"{name}, new shapes", 11, f"{name}, known shapes") for name in ("convolutions", "lstm", "tagger")),
    ),
    warm_up=len(FEW) + 1,
)
