"""``fit`` with all that belongs to it (shuffling, callbacks, progress bar), beside the bare training function: what the loop costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..contender import Goal, Step, Workload
from . import mlp, tiny_mlp
from .contenders import on_backends, on_keras3

MODELS: dict[str, Any] = {"tiny": tiny_mlp, "mlp": mlp}
#: in an epoch
BATCHES = {"tiny": 200, "mlp": 20}


def _samples(x: np.ndarray, y: np.ndarray, batches: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.concatenate([a] * batches) for a in (x, y))  # type: ignore[return-value]


def fit(make: Callable, batches: int, verbose: int) -> Step:
    """An epoch of ``fit``, of kbridge or of Keras 3."""
    model, x, y = make()
    batch_size = len(x)
    x, y = _samples(x, y, batches)
    # the same number of epochs in both: Keras 1 called it nb_epoch, and 1 is Keras 3's default
    epochs = {"nb_epoch": 1} if "kbridge" in type(model).__module__ else {}

    def step() -> float:
        return float(model.fit(x, y, batch_size=batch_size, verbose=verbose, **epochs).history["loss"][0])

    return step


def function(make: Callable, batches: int) -> Step:
    """The same batches by the model's training function alone."""
    model, x, y = make()
    model.train_on_batch(x, y)
    inner = getattr(model, "model", model)
    values = [x, y, np.ones(len(x), "float32")]
    if inner.uses_learning_phase:
        values.append(1.0)

    def step() -> float:
        for _ in range(batches):
            loss = inner.train_function(values)[0]
        return float(loss)

    return step


def _workload(name: str) -> Workload:
    make, count = MODELS[name].kbridge_model, BATCHES[name]
    # of the larger model's time the loop is too small a part to be seen
    goals = [
        Goal(f"kbridge numpy, fit verbose={verbose}", limit, "kbridge numpy, train function", over=True)
        for verbose, limit in ((0, 30e-6), (1, 60e-6))
        if name == "tiny"
    ]
    return Workload(
        title=f"an epoch of the {name} model in {count} batches",
        contenders=[
            *on_keras3(partial(fit, MODELS[name].keras3_model, count, 0)),
            *on_backends("train function", partial(function, make, count)),
            *(c for verbose in (0, 1) for c in on_backends(f"fit verbose={verbose}", partial(fit, make, count, verbose))),
        ],
        against=("kbridge numpy, train function", "Keras 3 tensorflow"),
        tolerance=None,
        goals=tuple(goals),
        warm_up=2,
        units=count,
        unit="batch",
    )


WORKLOADS = {f"fit_{name}": _workload(name) for name in MODELS}
