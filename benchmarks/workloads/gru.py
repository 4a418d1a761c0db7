"""A training step of a GRU with 128 units over 50 steps of 64 numbers, batch of 32, Adam: as Keras 1 computes it, and with ``reset_after``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import BACKENDS, Ready, on_theano, set_parameters, theano_step, torch_step, trained
from .lstm import BATCH, FEATURES, RATE, STEPS, UNITS, data

#: the two layers: (what it is called, whether the reset gate comes after the product with the state)
LAYERS = (("as in Keras 1", False), ("reset_after", True))


def joined(gates: dict[str, list[np.ndarray]], order: str) -> list[np.ndarray]:
    """[W, U] with the gates side by side: update i, reset f and candidate c, in this order."""
    return [np.concatenate([gates[g][i] for g in order], axis=-1) for i in (0, 1)]


def kbridge_model(reset_after: bool) -> Ready:
    from kbridge.layers import GRU, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    x, y, gates, output = data()
    model = Sequential([GRU(UNITS, inner_activation="sigmoid", reset_after=reset_after, input_shape=(STEPS, FEATURES)), Dense(1)])
    model.compile(loss="mse", optimizer=Adam(lr=RATE))
    zeros = np.zeros(3 * UNITS, "float32")
    weights = [*joined(gates, "ifc"), zeros, zeros] if reset_after else [w for g in "ifc" for w in gates[g]]
    model.set_weights([*weights, *output])
    return model, x, y


def pytorch() -> Step:
    import torch
    from torch import nn

    x, y, gates, output = data()

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.output = nn.GRU(FEATURES, UNITS, batch_first=True), nn.Linear(UNITS, 1)

        def forward(self, x):
            return self.output(self.gru(x)[0][:, -1])

    network = Network()
    kernels = [w.T for w in joined(gates, "fic")]
    set_parameters(network, [*kernels, *[np.zeros(3 * UNITS, "float32")] * 2, output[0].T, output[1]])
    return torch_step(network, torch.optim.Adam(network.parameters(), lr=RATE), nn.MSELoss(), x, y)


def raw_theano(reset_after: bool) -> Step:
    import theano
    from theano import tensor as T

    x, y, gates, output = data()
    W, U = joined(gates, "ifc")
    zeros = np.zeros(3 * UNITS, "float32")
    # as in Keras 1, the candidate's product can't be joined with those of the gates
    recurrent = [U, zeros] if reset_after else [U[:, : 2 * UNITS], U[:, 2 * UNITS :]]

    def loss(weights: list, x: Any, y: Any) -> Any:
        W, b, A, B, V, d = weights

        def turn(z: Any, h: Any, A: Any, B: Any) -> Any:
            inner = T.dot(h, A) + B if reset_after else T.dot(h, A)
            update, reset = (T.nnet.sigmoid(z[:, part] + inner[:, part]) for part in (slice(0, UNITS), slice(UNITS, 2 * UNITS)))
            rest = reset * inner[:, 2 * UNITS :] if reset_after else T.dot(reset * h, B)
            return update * h + (np.float32(1) - update) * T.tanh(z[:, 2 * UNITS :] + rest)

        first = T.zeros((x.shape[0], UNITS), "float32")
        states, _ = theano.scan(turn, T.dot(x.dimshuffle(1, 0, 2), W) + b, [first], non_sequences=[A, B], strict=True)
        return T.mean(T.sqr(T.dot(states[-1], V) + d - y))

    return theano_step(loss, [W, zeros, *recurrent, *output], (x, y), RATE)


WORKLOAD = Workload(
    title=f"training step of a GRU: {UNITS} units over {STEPS} x {FEATURES}, batch {BATCH}, mse, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",), does="reset_after"),
        *(on_theano(partial(raw_theano, after), what) for what, after in LAYERS),
        *(
            Contender(f"kbridge {backend}, {what}", trained(partial(kbridge_model, after)), (backend,), {"KBRIDGE_BACKEND": backend}, what)
            for backend in BACKENDS
            for what, after in LAYERS
        ),
    ],
    against=("PyTorch eager",),
    # Adam divides by small numbers at first
    tolerance=1e-2,
    goals=(
        Goal("kbridge numpy, reset_after", 1.0, "kbridge numpy, as in Keras 1"),
        Goal("kbridge numpy, reset_after", 1.0, "PyTorch eager"),
        Goal("kbridge numpy, reset_after", 1.3, "PyTorch eager", "wall", threads=2),
        *(Goal(f"kbridge theano, {what}", 1.05, f"Theano by hand, {what}") for what, _ in LAYERS),
    ),
)
