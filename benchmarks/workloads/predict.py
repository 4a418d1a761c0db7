"""Predictions of the tiny MLP, the MLP, the CNN and the LSTM, one sample or 256 at once: the bare function, and the methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from . import cnn, lstm, mlp, tiny_mlp
from .contenders import BACKENDS, on_keras3

MODELS: dict[str, Any] = {"tiny": tiny_mlp, "mlp": mlp, "cnn": cnn, "lstm": lstm}


def _batch(x: np.ndarray, size: int) -> np.ndarray:
    return np.ascontiguousarray(np.resize(x, (size, *x.shape[1:])))


def _sum(output: Any) -> float:
    # a softmax' sum would be the same for every model
    return float(output[0, 0])


def function(make: Callable, size: int) -> Step:
    """The model's output by one ``K.function``."""
    from kbridge import backend as K

    model, x, _ = make()
    run = K.function([model.input], [model.output])
    batch = [_batch(x, size)]
    return lambda: _sum(run(batch)[0])


def method(name: str, make: Callable, size: int) -> Step:
    """A method of the model, of kbridge or of Keras 3."""
    model, x, _ = make()
    batch = _batch(x, size)
    if name == "predict_on_batch":
        return lambda: _sum(model.predict_on_batch(batch))
    return lambda: _sum(model.predict(batch, batch_size=size, verbose=0))


def pytorch(make: Callable, size: int, softmax: bool) -> Step:
    """The forward pass in PyTorch."""
    import torch

    network, x, _ = make()
    batch = torch.from_numpy(_batch(x, size))

    def step() -> float:
        with torch.inference_mode():
            output = network(batch)
            return _sum((output.softmax(-1) if softmax else output).numpy())

    return step


def _workload(name: str, size: int) -> Workload:
    model = MODELS[name]
    makers = {"K.function": partial(function, model.kbridge_model, size)}
    makers |= {what: partial(method, what, model.kbridge_model, size) for what in ("predict_on_batch", "predict")}
    ours = [
        Contender(f"kbridge {backend}, {what}", make, (backend,), {"KBRIDGE_BACKEND": backend})
        for backend in BACKENDS
        for what, make in makers.items()
    ]
    goals: tuple[Goal, ...] = ()
    if size == 1:
        bare = "kbridge numpy, K.function"
        goals = (
            Goal("kbridge numpy, predict_on_batch", 20e-6, bare, over=True),
            Goal("kbridge numpy, predict", 60e-6, bare, over=True),
        )
        if name == "lstm":
            goals += (Goal(bare, 1.6, "PyTorch eager"),)
        else:
            goals += (Goal(bare, 1.0, "PyTorch eager"), Goal("kbridge numpy, predict", 0.01, "Keras 3 tensorflow"))
    return Workload(
        title=f"prediction of the {name} model, {size} sample{'s' * (size > 1)} at once",
        contenders=[
            Contender("PyTorch eager", partial(pytorch, model.torch_network, size, name in ("mlp", "cnn")), ("torch",)),
            *on_keras3(partial(method, "predict", model.keras3_model, size)),
            *ours,
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        tolerance=1e-3,
        goals=goals,
    )


WORKLOADS = {f"predict_{name}" + ("_256" if size == 256 else ""): _workload(name, size) for size in (1, 256) for name in MODELS}
