"""A transformer encoder (Vaswani et al., 2017, arXiv 1706.03762) of 4 layers on 64 places of 128 numbers, with 4 heads or 8.

Predictions of one sequence, and training steps of 16 with Adam. Each layer: attention, sum, layer normalization, 512 relu, 128, sum, layer
normalization; then the mean over the places and an output of 10.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, glorot, on_backends, on_keras3, set_parameters, torch_step, trained
from .predict import function, method
from .predict import pytorch as torch_prediction

LAYERS, LENGTH, WIDTH, INNER, CLASSES, BATCH, RATE, EPSILON = 4, 64, 128, 512, 10, 16, 1e-4, 1e-5


def data(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """(sequences, labels)"""
    random = np.random.default_rng(1)
    return random.standard_normal((batch, LENGTH, WIDTH)).astype("float32"), random.integers(0, CLASSES, batch)


def weights() -> tuple[list[dict[str, list[np.ndarray]]], list[np.ndarray]]:
    """([{part: [W, b] of each of its products} of each layer], [W, b] of the output)"""
    random = np.random.default_rng(0)

    def product(n: int, m: int) -> list[np.ndarray]:
        return [glorot(random, n, m), (0.1 * random.standard_normal(m)).astype("float32")]

    layers = []
    for _ in range(LAYERS):
        parts = {name: product(WIDTH, WIDTH) for name in ("query", "key", "value", "result")}
        layers.append({**parts, "inner": product(WIDTH, INNER), "outer": product(INNER, WIDTH)})
    return layers, product(WIDTH, CLASSES)


def _by_heads(layer: dict[str, list[np.ndarray]], heads: int) -> list[np.ndarray]:
    """The weights of attention as Keras has them."""
    size = WIDTH // heads
    found = [
        a for name in ("query", "key", "value") for w, b in [layer[name]] for a in (w.reshape(WIDTH, heads, size), b.reshape(heads, size))
    ]
    return [*found, layer["result"][0].reshape(heads, size, WIDTH), layer["result"][1]]


def kbridge_model(heads: int, batch: int) -> Ready:
    from kbridge.layers import Dense, GlobalAveragePooling1D, Input, LayerNormalization, MultiHeadAttention, merge
    from kbridge.models import Model
    from kbridge.optimizers import Adam

    (x, labels), (values, output) = data(batch), weights()
    inputs = h = Input(x.shape[1:])
    for layer in values:
        attention = MultiHeadAttention(heads, WIDTH // heads)
        h = LayerNormalization(epsilon=EPSILON)(merge([h, attention([h, h])], mode="sum"))
        attention.set_weights(_by_heads(layer, heads))
        inner = Dense(INNER, activation="relu", weights=layer["inner"])(h)
        h = LayerNormalization(epsilon=EPSILON)(merge([h, Dense(WIDTH, weights=layer["outer"])(inner)], mode="sum"))
    model = Model(inputs, Dense(CLASSES, activation="softmax", weights=output)(GlobalAveragePooling1D()(h)))
    model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=RATE))
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def keras3_model(heads: int, batch: int) -> Ready:
    import keras
    from keras import layers as L

    (x, labels), (values, output) = data(batch), weights()
    inputs = h = keras.Input(x.shape[1:])
    for layer in values:
        attention = L.MultiHeadAttention(heads, WIDTH // heads)
        h = L.LayerNormalization(epsilon=EPSILON)(h + attention(h, h))
        attention.set_weights(_by_heads(layer, heads))
        inner, outer = L.Dense(INNER, activation="relu"), L.Dense(WIDTH)
        h = L.LayerNormalization(epsilon=EPSILON)(h + outer(inner(h)))
        inner.set_weights(layer["inner"])
        outer.set_weights(layer["outer"])
    last = L.Dense(CLASSES, activation="softmax")
    model = keras.Model(inputs, last(L.GlobalAveragePooling1D()(h)))
    last.set_weights(output)
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(RATE))
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def torch_network(heads: int, batch: int) -> Ready:
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            layer = nn.TransformerEncoderLayer(WIDTH, heads, INNER, dropout=0.0, layer_norm_eps=EPSILON, batch_first=True)
            self.encoder, self.output = nn.TransformerEncoder(layer, LAYERS), nn.Linear(WIDTH, CLASSES)

        def forward(self, x):
            return self.output(self.encoder(x).mean(1))

    (x, labels), (values, output) = data(batch), weights()
    network = Network()
    for layer, w in zip(network.encoder.layers, values):
        (q, a), (k, b), (v, c) = w["query"], w["key"], w["value"]
        set_parameters(layer.self_attn, [np.concatenate([q, k, v], 1).T, np.concatenate([a, b, c]), w["result"][0].T, w["result"][1]])
        set_parameters(layer.linear1, [w["inner"][0].T, w["inner"][1]])
        set_parameters(layer.linear2, [w["outer"][0].T, w["outer"][1]])
    set_parameters(network.output, [w.T for w in output])
    return network, x, labels


def pytorch(heads: int) -> Step:
    import torch

    network, x, labels = torch_network(heads, BATCH)
    return torch_step(network, torch.optim.Adam(network.parameters(), lr=RATE), torch.nn.CrossEntropyLoss(), x, labels)


def _evaluated(heads: int) -> Ready:
    network, x, labels = torch_network(heads, 1)
    return network.eval(), x, labels


def _training(heads: int) -> Workload:
    return Workload(
        title=f"training step of a transformer encoder: 4 layers of width 128, {heads} heads, length 64, batch 16, Adam",
        contenders=[
            Contender("PyTorch eager", partial(pytorch, heads), ("torch",)),
            *on_keras3(trained(partial(keras3_model, heads, BATCH))),
            *on_backends("train_on_batch", trained(partial(kbridge_model, heads, BATCH))),
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        tolerance=1e-2,
        warm_up=5,
        goals=(Goal("kbridge numpy, train_on_batch", 1.2, "PyTorch eager"),),
    )


def _prediction(heads: int) -> Workload:
    ours, theirs = partial(kbridge_model, heads, 1), partial(keras3_model, heads, 1)
    return Workload(
        title=f"prediction of a transformer encoder: 4 layers of width 128, {heads} heads, one sequence of length 64",
        contenders=[
            Contender("PyTorch eager", partial(torch_prediction, partial(_evaluated, heads), 1, True), ("torch",)),
            *on_keras3(partial(method, "predict", theirs, 1)),
            *on_backends("K.function", partial(function, ours, 1)),
            *on_backends("predict", partial(method, "predict", ours, 1)),
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        tolerance=1e-3,
        goals=(Goal("kbridge numpy, predict", 1.2, "PyTorch eager"),),
    )


WORKLOADS = {
    "transformer": _training(4), "transformer_8": _training(8), "predict_transformer": _prediction(4), "predict_transformer_8": _prediction(8),
}  # fmt: skip
