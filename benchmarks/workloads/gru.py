"""A training step of a GRU with 128 units over 50 steps of 64 numbers, batch of 32, Adam: as Keras 1 computes it, and with ``reset_after``."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import BACKENDS, Ready, set_parameters, torch_step, trained
from .lstm import BATCH, FEATURES, RATE, STEPS, UNITS, data


def kbridge_model(reset_after: bool) -> Ready:
    from kbridge.layers import GRU, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    x, y, gates, output = data()
    model = Sequential([GRU(UNITS, inner_activation="sigmoid", reset_after=reset_after, input_shape=(STEPS, FEATURES)), Dense(1)])
    model.compile(loss="mse", optimizer=Adam(lr=RATE))
    zeros = [np.zeros(w.shape, "float32") for w in model.get_weights()]
    # the names of the weights say nothing of their order here: kernels get values of their shapes, in turn
    kernels = {(FEATURES, UNITS): [gates[g][0] for g in "ifc"], (UNITS, UNITS): [gates[g][1] for g in "ifc"], (UNITS, 1): [output[0]]}
    model.set_weights([kernels[w.shape].pop(0) if kernels.get(w.shape) else w for w in zeros])
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
    joined = [np.concatenate([gates[g][i] for g in "ifc"], axis=-1).T for i in (0, 1)]
    set_parameters(network, [*joined, *[np.zeros(3 * UNITS, "float32")] * 2, output[0].T, output[1]])
    return torch_step(network, torch.optim.Adam(network.parameters(), lr=RATE), nn.MSELoss(), x, y)


WORKLOAD = Workload(
    title=f"training step of a GRU: {UNITS} units over {STEPS} x {FEATURES}, batch {BATCH}, mse, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        *(
            Contender(f"kbridge {backend}, {what}", trained(partial(kbridge_model, after)), (backend,), {"KBRIDGE_BACKEND": backend})
            for backend in BACKENDS
            for what, after in (("as in Keras 1", False), ("reset_after", True))
        ),
    ],
    against=("PyTorch eager",),
    tolerance=None,  # two different layers
    goals=(
        Goal("kbridge numpy, reset_after", 1.0, "kbridge numpy, as in Keras 1"),
        Goal("kbridge numpy, reset_after", 1.0, "PyTorch eager"),
        Goal("kbridge numpy, reset_after", 1.3, "PyTorch eager", "wall", threads=2),
    ),
)
