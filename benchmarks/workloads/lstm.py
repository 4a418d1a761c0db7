"""A training step of an LSTM with 128 units over 50 steps of 64 numbers, batch of 32, mean squared error, Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import XLA, Ready, glorot, jax_step, on_backends, on_keras3, on_theano, set_parameters, theano_step, torch_step, trained

BATCH, STEPS, FEATURES, UNITS, RATE = 32, 50, 64, 128, 0.001


def weights(random: np.random.Generator, features: int) -> tuple[dict[str, list[np.ndarray]], list[np.ndarray]]:
    """({gate: [W, U, b]}, [W, b] of the output)."""
    gates = {gate: [glorot(random, features, UNITS), glorot(random, UNITS, UNITS), np.zeros(UNITS, "float32")] for gate in "ifco"}
    return gates, [glorot(random, UNITS, 1), np.zeros(1, "float32")]


def for_kbridge(gates: dict[str, list[np.ndarray]]) -> list[np.ndarray]:
    """The gates' weights in kbridge's order."""
    return [w for gate in "icfo" for w in gates[gate]]


def joined(gates: dict[str, list[np.ndarray]]) -> list[np.ndarray]:
    """[W, U, b] with the gates side by side, in the order of Keras 3 and PyTorch."""
    return [np.concatenate(parts, axis=-1) for parts in zip(*(gates[gate] for gate in "ifco"))]


def data() -> tuple[np.ndarray, np.ndarray, dict[str, list[np.ndarray]], list[np.ndarray]]:
    """(x, y, {gate: [W, U, b]}, [W, b] of the output), the same for everybody."""
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, STEPS, FEATURES)).astype("float32")
    y = np.sin(x.sum(axis=(1, 2)))[:, None].astype("float32")
    return x, y, *weights(random, FEATURES)


def kbridge_model() -> Ready:
    from kbridge.layers import LSTM, Dense
    from kbridge.models import Sequential
    from kbridge.optimizers import Adam

    x, y, gates, output = data()
    model = Sequential([LSTM(UNITS, inner_activation="sigmoid", input_shape=x.shape[1:]), Dense(1)])
    model.compile(loss="mse", optimizer=Adam(lr=RATE))
    model.set_weights([*for_kbridge(gates), *output])
    return model, x, y


def keras3_model() -> Ready:
    import keras

    x, y, gates, output = data()
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(RATE))
    model.set_weights([*joined(gates), *output])
    return model, x, y


def torch_module(features: int) -> Any:
    """An LSTM and a linear output from its last state."""
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.output = nn.LSTM(features, UNITS, batch_first=True), nn.Linear(UNITS, 1)
            # it has a second bias, which would learn the same again
            self.lstm.bias_hh_l0.requires_grad_(False)

        def forward(self, x):
            return self.output(self.lstm(x)[0][:, -1])

    return Network()


def for_torch(gates: dict[str, list[np.ndarray]], output: list[np.ndarray]) -> list[np.ndarray]:
    """The values of ``torch_module``'s parameters."""
    W, U, b = joined(gates)
    return [W.T, U.T, b, np.zeros_like(b), *(w.T for w in output)]


def torch_network() -> Ready:
    x, y, gates, output = data()
    network = torch_module(FEATURES)
    set_parameters(network, for_torch(gates, output))
    return network, x, y


def pytorch() -> Step:
    import torch

    network, x, y = torch_network()
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=RATE)
    return torch_step(network, optimizer, torch.nn.MSELoss(), x, y)


def raw_jax() -> Step:
    import jax
    from jax import numpy as jnp

    x, y, gates, output = data()

    def loss(weights: list, x: Any, y: Any) -> Any:
        W, U, b, V, d = weights

        def turn(states: tuple, z: Any) -> tuple:
            h, c = states
            i, f, g, o = jnp.split(z + h @ U, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((BATCH, UNITS))
        (h, _), _ = jax.lax.scan(turn, (zeros, zeros), (x @ W + b).transpose(1, 0, 2))
        return jnp.mean((h @ V + d - y) ** 2)

    return jax_step(loss, [*joined(gates), *output], (x, y), RATE)


def theano_loss(weights: list, x: Any, y: Any) -> Any:
    """The mean squared error of an LSTM and a linear output, in Theano; ``weights`` are [W, U, b] with the gates side by side, and the output's."""
    import theano
    from theano import tensor as T

    W, U, b, V, d = weights

    def turn(z: Any, h: Any, c: Any, U: Any) -> list:
        z = z + T.dot(h, U)
        i, f, g, o = (z[:, n * UNITS : (n + 1) * UNITS] for n in range(4))
        c = T.nnet.sigmoid(f) * c + T.nnet.sigmoid(i) * T.tanh(g)
        return [T.nnet.sigmoid(o) * T.tanh(c), c]

    zeros = T.zeros((x.shape[0], UNITS), "float32")
    (states, _), _ = theano.scan(turn, T.dot(x.dimshuffle(1, 0, 2), W) + b, [zeros, zeros], non_sequences=[U], strict=True)
    return T.mean(T.sqr(T.dot(states[-1], V) + d - y))


def raw_theano() -> Step:
    x, y, gates, output = data()
    return theano_step(theano_loss, [*joined(gates), *output], (x, y), RATE)


WORKLOAD = Workload(
    title="training step of an LSTM: 128 units over 50 x 64, batch 32, mse, Adam",
    contenders=[
        Contender("PyTorch eager", pytorch, ("torch",)),
        Contender("JAX jit", raw_jax, ("jax",)),
        on_theano(raw_theano),
        *on_keras3(trained(keras3_model)),
        *on_backends("train_on_batch", trained(kbridge_model)),
        Contender("kbridge tensorflow, XLA", trained(kbridge_model), ("tensorflow",), XLA),
    ],
    against=("PyTorch eager", "JAX jit", "Theano by hand", "Keras 3 tensorflow"),
    tolerance=1e-2,
    goals=(
        Goal("kbridge numpy, train_on_batch", 1.0, "PyTorch eager"),
        Goal("kbridge numpy, train_on_batch", 1.3, "PyTorch eager", "wall", threads=2),
        Goal("kbridge numpy, train_on_batch", 1.0, "JAX jit"),
        Goal("kbridge tensorflow, train_on_batch", 0.95, "Keras 3 tensorflow"),
        Goal("kbridge theano, train_on_batch", 1.05, "Theano by hand"),
    ),
)
