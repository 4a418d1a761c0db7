"""MobileNetV2 (Sandler et al., 2018, arXiv 1801.04381) on pictures of 96x96: predictions of one, and training steps of 8 with SGD."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import Ready, on_backends, on_keras3, set_parameters, torch_step, trained
from .predict import method
from .predict import pytorch as torch_prediction

SIDE, BATCH, CLASSES, RATE = 96, 8, 10, 1e-4
EPSILON, MOMENTUM = 1e-3, 0.99
#: (expansion, channels, blocks, strides of the first) of each group
GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
FIRST, LAST = 32, 1280


def blocks() -> list[tuple[int, int, int, int]]:
    """(expansion, channels in, channels out, strides) of each."""
    found, before = [], FIRST
    for expansion, channels, count, strides in GROUPS:
        for i in range(count):
            found.append((expansion, before, channels, strides if not i else 1))
            before = channels
    return found


def kernels() -> list[np.ndarray]:
    """All kernels in order, as (rows, columns, in, out), those of depthwise convolutions as (rows, columns, channels, 1), then [W, b]."""
    random = np.random.default_rng(0)

    def draw(fan: int, *shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * np.sqrt(2 / fan)).astype("float32")

    found = [draw(27, 3, 3, 3, FIRST)]
    for expansion, before, after, _ in blocks():
        inner = before * expansion
        if expansion > 1:
            found.append(draw(before, 1, 1, before, inner))
        found += [draw(9, 3, 3, inner, 1), draw(inner, 1, 1, inner, after)]
    found.append(draw(GROUPS[-1][1], 1, 1, GROUPS[-1][1], LAST))
    # small, so that no class is certain
    return [*found, draw(100 * LAST, LAST, CLASSES), np.zeros(CLASSES, "float32")]


def data(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """(pictures, labels)"""
    random = np.random.default_rng(1)
    return random.standard_normal((batch, SIDE, SIDE, 3)).astype("float32"), random.integers(0, CLASSES, batch)


def build(conv: Any, depthwise: Any, norm: Any, relu: Any, add: Any, x: Any) -> Any:
    """The network up to the pooling, of the layers that are given."""
    h = relu(norm(conv(x, FIRST, 3, 2)))
    for expansion, before, after, strides in blocks():
        y = relu(norm(conv(h, before * expansion, 1, 1))) if expansion > 1 else h
        y = norm(conv(relu(norm(depthwise(y, strides))), after, 1, 1))
        h = add(y, h) if strides == 1 and before == after else y
    return relu(norm(conv(h, LAST, 1, 1)))


def _filled(model: Any) -> None:
    """Give a model of kbridge or Keras 3 the kernels; its statistics stay as they begin."""
    left = iter(kernels())
    for layer in model.layers:
        values = layer.get_weights()
        if values and "norm" not in layer.name:
            layer.set_weights([next(left) for _ in values])


def kbridge_model(batch: int) -> Ready:
    from kbridge.layers import (
        Activation,
        BatchNormalization,
        Convolution2D,
        Dense,
        DepthwiseConv2D,
        GlobalAveragePooling2D,
        Input,
        ReLU,
        merge,
    )
    from kbridge.models import Model
    from kbridge.optimizers import SGD

    x, labels = data(batch)
    inputs = Input(x.shape[1:])
    h = build(
        lambda h, n, size, s: Convolution2D(n, size, size, subsample=(s, s), border_mode="same", bias=False, dim_ordering="tf")(h),
        lambda h, s: DepthwiseConv2D(3, strides=(s, s), padding="same", use_bias=False, data_format="channels_last")(h),
        lambda h: BatchNormalization(axis=3, epsilon=EPSILON, momentum=MOMENTUM)(h),
        lambda h: ReLU(6.0)(h),
        lambda y, h: merge([y, h], mode="sum"),
        inputs,
    )
    h = Dense(CLASSES)(GlobalAveragePooling2D(dim_ordering="tf")(h))
    model = Model(inputs, Activation("softmax")(h))
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=RATE))
    _filled(model)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def keras3_model(batch: int) -> Ready:
    import keras
    from keras import layers

    x, labels = data(batch)
    inputs = keras.Input(x.shape[1:])
    last = {"data_format": "channels_last", "padding": "same", "use_bias": False}
    h = build(
        lambda h, n, size, s: layers.Conv2D(n, size, strides=s, **last)(h),
        lambda h, s: layers.DepthwiseConv2D(3, strides=s, **last)(h),
        lambda h: layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM)(h),
        lambda h: layers.ReLU(6.0)(h),
        lambda y, h: layers.Add()([y, h]),
        inputs,
    )
    h = layers.Dense(CLASSES, activation="softmax")(layers.GlobalAveragePooling2D(data_format="channels_last")(h))
    model = keras.Model(inputs, h)
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(RATE))
    _filled(model)
    return model, x, np.eye(CLASSES, dtype="float32")[labels]


def torch_network(batch: int) -> Ready:
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Sequential):
        """Convolution, normalization and perhaps the activation; zeros where Keras puts them: with steps of 2 after, not before."""

        def __init__(self, before: int, after: int, size: int, strides: int, groups: int, active: bool):
            pad = [nn.ZeroPad2d((0, 1, 0, 1))] if strides == 2 else []
            conv = nn.Conv2d(before, after, size, strides, 0 if strides == 2 else size // 2, groups=groups, bias=False)
            super().__init__(*pad, conv, nn.BatchNorm2d(after, EPSILON, 1 - MOMENTUM), *([nn.ReLU6(inplace=True)] if active else []))

    class Inverted(nn.Module):
        def __init__(self, expansion: int, before: int, after: int, strides: int):
            super().__init__()
            inner = before * expansion
            wide = [Block(before, inner, 1, 1, 1, True)] if expansion > 1 else []
            self.path = nn.Sequential(*wide, Block(inner, inner, 3, strides, inner, True), Block(inner, after, 1, 1, 1, False))
            self.adds = strides == 1 and before == after

        def forward(self, x):
            return x + self.path(x) if self.adds else self.path(x)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(
                Block(3, FIRST, 3, 2, 1, True), *(Inverted(*b) for b in blocks()), Block(GROUPS[-1][1], LAST, 1, 1, 1, True)
            )
            self.output = nn.Linear(LAST, CLASSES)

        def forward(self, x):
            return self.output(F.adaptive_avg_pool2d(self.blocks(x), 1).flatten(1))

    x, labels = data(batch)
    network = Network()
    values = iter(kernels())
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            kernel = next(values)
            # a depthwise kernel is (channels, 1, rows, columns) there
            set_parameters(module, [kernel.transpose((3, 2, 0, 1) if module.groups == 1 else (2, 3, 0, 1))])
    set_parameters(network.output, [w.T for w in values])
    return network, np.ascontiguousarray(x.transpose(0, 3, 1, 2)), labels


def pytorch() -> Step:
    import torch

    network, x, labels = torch_network(BATCH)
    return torch_step(network, torch.optim.SGD(network.parameters(), lr=RATE), torch.nn.CrossEntropyLoss(), x, labels)


def _evaluated() -> Ready:
    network, x, labels = torch_network(1)
    return network.eval(), x, labels


_ours, _theirs = partial(kbridge_model, 1), partial(keras3_model, 1)
WORKLOADS = {
    "mobilenet": Workload(
        title="training step of MobileNetV2: 96x96, batch 8, SGD",
        contenders=[
            Contender("PyTorch eager", pytorch, ("torch",)),
            *on_keras3(trained(partial(keras3_model, BATCH))),
            *on_backends("train_on_batch", trained(partial(kbridge_model, BATCH))),
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        # so deep a network turns roundings into more, all the more with larger steps
        tolerance=1e-2,
        warm_up=5,
        goals=(Goal("kbridge numpy, train_on_batch", 1.2, "PyTorch eager"),),
    ),
    "predict_mobilenet": Workload(
        title="prediction of MobileNetV2: one picture of 96x96",
        contenders=[
            Contender("PyTorch eager", partial(torch_prediction, _evaluated, 1, True), ("torch",)),
            *on_keras3(partial(method, "predict", _theirs, 1)),
            *on_backends("predict_on_batch", partial(method, "predict_on_batch", _ours, 1)),
            *on_backends("predict", partial(method, "predict", _ours, 1)),
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        tolerance=1e-3,
        goals=(Goal("kbridge numpy, predict", 1.2, "PyTorch eager"),),
    ),
}
