"""Contenders that several works share: a kbridge model on each engine, Keras 3 on each of its own, PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..contender import Contender, Step

ENGINES = ("numpy", "tensorflow", "theano")
#: Keras 3's engines, and the package each needs
KERAS3 = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}


def on_engines(what: str, make: Callable[[], Step]) -> list[Contender]:
    """The same program of kbridge on each engine."""
    return [Contender(f"kbridge {engine}, {what}", make, (engine,), {"KBRIDGE_BACKEND": engine}) for engine in ENGINES]


def on_keras3(make: Callable[[], Step]) -> list[Contender]:
    """The same program of Keras 3 on each of its engines."""
    return [Contender(f"Keras 3 {name}", make, ("keras", package), {"KERAS_BACKEND": name}) for name, package in KERAS3.items()]


def train_on_batch(model: Any, x: np.ndarray, y: np.ndarray) -> Step:
    """A training step of a compiled model, of kbridge or of Keras 3; its loss."""
    return lambda: float(np.ravel(model.train_on_batch(x, y))[0])


def torch_step(network: Any, optimizer: Any, criterion: Any, x: np.ndarray, y: np.ndarray) -> Step:
    """A training step of a PyTorch network, eagerly; its loss."""
    import torch

    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(network(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def set_parameters(network: Any, values: Iterable[np.ndarray]) -> None:
    """Give a PyTorch network these values, in the order of its parameters."""
    import torch

    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def glorot(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Weights that keep the scale of what goes through them."""
    fan_in = int(np.prod(shape[:-1]))
    return (random.standard_normal(shape) / np.sqrt(fan_in)).astype("float32")
