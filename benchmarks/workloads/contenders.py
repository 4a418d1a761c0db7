"""Contenders that several workloads share: a kbridge model on each backend, Keras 3 on each of its own, PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..contender import Contender, Step

BACKENDS = ("numpy", "tensorflow", "theano")
#: Keras 3's backends, and the package each needs
KERAS3 = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}

#: what compiles clusters of TensorFlow's operations with XLA
XLA = {"KBRIDGE_BACKEND": "tensorflow", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"}

#: a model with its weights set, of whatever library, its input and its targets
Ready = tuple[Any, np.ndarray, np.ndarray]


def on_backends(what: str, make: Callable[[], Step]) -> list[Contender]:
    """The same program of kbridge on each backend."""
    return [Contender(f"kbridge {backend}, {what}", make, (backend,), {"KBRIDGE_BACKEND": backend}) for backend in BACKENDS]


def on_keras3(make: Callable[[], Step]) -> list[Contender]:
    """The same program of Keras 3 on each of its backends."""
    return [Contender(f"Keras 3 {name}", make, ("keras", package), {"KERAS_BACKEND": name}) for name, package in KERAS3.items()]


def trained(make: Callable[[], Ready]) -> Callable[[], Step]:
    """A training step of a compiled model, of kbridge or of Keras 3; its loss."""

    def build() -> Step:
        model, x, y = make()

        def step() -> float:
            loss = model.train_on_batch(x, y)
            return float(loss[0] if isinstance(loss, list) else loss)

        return step

    return build


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


def jax_step(loss: Callable, weights: list, batch: tuple, rate: float, adam: bool = True) -> Step:
    """A training step of ``loss(weights, *batch)`` in JAX, compiled as a whole, with Adam or plain SGD; its loss."""
    import jax
    from jax import numpy as jnp

    @jax.jit
    def step(t: Any, weights: list, m: list, v: list) -> tuple:
        value, gradients = jax.value_and_grad(loss)(weights, *batch)
        if not adam:
            return value, [w - rate * g for w, g in zip(weights, gradients)], m, v
        m = [0.9 * old + 0.1 * g for old, g in zip(m, gradients)]
        v = [0.999 * old + 0.001 * g * g for old, g in zip(v, gradients)]
        scale = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return value, [w - scale * a / (jnp.sqrt(b) + 1e-8) for w, a, b in zip(weights, m, v)], m, v

    state = [[jnp.array(w) for w in weights], [jnp.zeros_like(w) for w in weights], [jnp.zeros_like(w) for w in weights]]
    done = 0

    def run() -> float:
        nonlocal done
        done += 1
        value, *state[:] = step(float(done), *state)
        return float(value)

    return run


def on_theano(make: Callable[[], Step], does: str = "") -> Contender:
    """The same step as one writes it in Theano, with kbridge's repairs of Theano and its flags."""

    def build() -> Step:
        # repairs Theano, before anything of it is imported
        from kbridge import backend  # noqa: F401

        return make()

    name = f"Theano by hand, {does}" if does else "Theano by hand"
    return Contender(name, build, ("theano",), {"KBRIDGE_BACKEND": "theano"}, does)


def theano_step(loss: Callable, weights: list, batch: tuple, rate: float, adam: bool = True, momentum: float = 0.0) -> Step:
    """A training step of ``loss(weights, *batch)`` in Theano, with Adam or SGD; its loss. ``loss`` may give a list of updates of its own
    beside the loss; weights without a gradient stay as they are."""
    import theano
    from theano import tensor as T

    inputs = [T.TensorType(x.dtype.name, (False,) * x.ndim)() for x in batch]
    shared = [theano.shared(np.ascontiguousarray(w)) for w in weights]
    value = loss(shared, *inputs)
    value, updates = value if isinstance(value, tuple) else (value, [])
    changed = [w for w in shared if w not in [old for old, _ in updates]]
    step = np.float32(rate)
    if adam:
        t = theano.shared(np.float32(0))
        now = t + np.float32(1)
        scale = step * T.sqrt(np.float32(1) - np.float32(0.999) ** now) / (np.float32(1) - np.float32(0.9) ** now)
        updates = [*updates, (t, now)]
    for weight, gradient in zip(changed, T.grad(value, changed)):
        m, v = (theano.shared(np.zeros_like(weight.get_value())) for _ in range(2))
        if adam:
            first = np.float32(0.9) * m + np.float32(0.1) * gradient
            second = np.float32(0.999) * v + np.float32(0.001) * T.sqr(gradient)
            updates += [(m, first), (v, second), (weight, weight - scale * first / (T.sqrt(second) + np.float32(1e-8)))]
        elif momentum:
            new = np.float32(momentum) * m - step * gradient
            updates += [(m, new), (weight, weight + new)]
        else:
            updates.append((weight, weight - step * gradient))
    function = theano.function(inputs, value, updates=updates)
    return lambda: float(function(*batch))


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
