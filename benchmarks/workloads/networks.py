"""Well-known networks on images of their own size, with weights by a rule: predictions beside onnxruntime, and training ResNet50."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from .contenders import on_backends, torch_step

#: for each network: the side of its images, and goals against onnxruntime for 1 and 8 images
NETWORKS = {"VGG16": (224, 0.8, 0.8), "ResNet50": (224, 1.05, 1.1), "InceptionV3": (299, 1.1, 1.15)}
CLASSES, EPSILON, RATE, TRAINED = 1000, 1e-3, 1e-3, 8


def weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values that depend on the name only: kernels that keep the scale of what goes through, other weights near 1 or 0."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) > 1:
        return (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype("float32")
    return (random.uniform(0.9, 1.1, shape) if name.endswith(("gamma", "std")) else random.uniform(-0.1, 0.1, shape)).astype("float32")


def images(side: int, count: int) -> np.ndarray:
    """Images with the channels last."""
    return np.random.default_rng(0).standard_normal((count, side, side, 3)).astype("float32")


def network(name: str) -> Any:
    """The model of kbridge, with its weights set."""
    from kbridge import applications

    model = getattr(applications, name)(weights=None)
    for i, layer in enumerate(model.layers):
        names = KINDS.get(type(layer).__name__, ())
        # some networks leave layers unnamed, whose names count up in a process
        own = layer.name if name == "ResNet50" else str(i)
        layer.set_weights([weights(f"{own} {kind}", value.shape) for kind, value in zip(names, layer.get_weights())])
    return model


#: the weights of layers, in their order
KINDS = {"Convolution2D": ("W", "b"), "Dense": ("W", "b"), "BatchNormalization": ("gamma", "beta", "mean", "std")}


def predicted(name: str, count: int) -> Step:
    """A prediction of kbridge; its largest probability."""
    model, x = network(name), images(NETWORKS[name][0], count)
    return lambda: float(model.predict_on_batch(x).max())


def onnxruntime(name: str, count: int) -> Step:
    """The same of onnxruntime, on the model that ``kbridge convert`` writes."""
    import os

    import onnxruntime as ort

    from kbridge.convert import save_onnx

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        save_onnx(network(name), str(path))
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    x, fed = images(NETWORKS[name][0], count), session.get_inputs()[0].name
    return lambda: float(session.run(None, {fed: x})[0].max())


def predictions(name: str, count: int, goal: float) -> Workload:
    """A prediction of a network beside onnxruntime."""
    return Workload(
        title=f"prediction of {name}, {count} image{'s' if count > 1 else ''}",
        contenders=[
            Contender("onnxruntime", lambda: onnxruntime(name, count), ("onnxruntime",), {"KBRIDGE_BACKEND": "numpy"}),
            *on_backends("predict_on_batch", lambda: predicted(name, count))[:2],
        ],
        against=("onnxruntime",),
        tolerance=1e-3,
        goals=(
            Goal("kbridge numpy, predict_on_batch", goal, "onnxruntime"),
            Goal("kbridge numpy, predict_on_batch", 0.9 if name == "VGG16" else 1.2, "onnxruntime", "wall", threads=2),
        ),
        warm_up=2,
    )


def trained() -> Step:
    """A training step of kbridge's ResNet50; its loss."""
    from kbridge.optimizers import SGD

    model, x = network("ResNet50"), images(224, TRAINED)
    model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=RATE))
    y = np.eye(CLASSES, dtype="float32")[np.arange(TRAINED)]
    return lambda: float(np.ravel(model.train_on_batch(x, y))[0])


def pytorch() -> Step:
    """The same network in plain PyTorch."""
    import torch
    from torch import nn
    from torch.nn import functional

    def tensor(name: str, shape: tuple[int, ...]) -> Any:
        value = weights(name, shape)
        return torch.from_numpy(np.ascontiguousarray(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T))

    class Normalized(nn.Module):
        def __init__(self, conv: str, norm: str, size: int, channels: int, filters: int, stride: int = 1, padding: int = 0):
            super().__init__()
            self.conv = nn.Conv2d(channels, filters, size, stride, padding)
            self.norm = nn.BatchNorm2d(filters, EPSILON, 0.01)
            with torch.no_grad():
                self.conv.weight.copy_(tensor(f"{conv} W", (size, size, channels, filters)))
                self.conv.bias.copy_(tensor(f"{conv} b", (filters,)))
                self.norm.weight.copy_(tensor(f"{norm} gamma", (filters,)))
                self.norm.bias.copy_(tensor(f"{norm} beta", (filters,)))

        def forward(self, x):
            return self.norm(self.conv(x))

    class Block(nn.Module):
        def __init__(self, name: str, channels: int, filters: tuple[int, ...], stride: int, shortcut: bool):
            super().__init__()

            def part(suffix: str, *args: int) -> Normalized:
                return Normalized(f"res{name}_branch{suffix}", f"bn{name}_branch{suffix}", *args)

            self.first = part("2a", 1, channels, filters[0], stride)
            self.second = part("2b", 3, filters[0], filters[1], 1, 1)
            self.third = part("2c", 1, filters[1], filters[2])
            self.shortcut = part("1", 1, channels, filters[2], stride) if shortcut else nn.Identity()

        def forward(self, x):
            h = self.third(self.second(self.first(x).relu()).relu())
            return (h + self.shortcut(x)).relu()

    from kbridge.applications.resnet50 import STAGES

    blocks, channels = [], 64
    for stage, (filters, count) in STAGES.items():
        for i, letter in enumerate("abcdef"[:count]):
            blocks.append(Block(f"{stage}{letter}", channels, filters, 1 if i or stage == 2 else 2, not i))
            channels = filters[-1]

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.start = Normalized("conv1", "bn_conv1", 7, 3, 64, 2, 3)
            self.blocks = nn.Sequential(*blocks)
            self.output = nn.Linear(channels, CLASSES)
            with torch.no_grad():
                self.output.weight.copy_(tensor("fc1000 W", (channels, CLASSES)))
                self.output.bias.copy_(tensor("fc1000 b", (CLASSES,)))

        def forward(self, x):
            h = functional.max_pool2d(self.start(x).relu(), 3, 2)
            return self.output(functional.avg_pool2d(self.blocks(h), 7).flatten(1))

    model = Network()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    x = np.ascontiguousarray(images(224, TRAINED).transpose(0, 3, 1, 2))
    return torch_step(model, optimizer, nn.CrossEntropyLoss(), x, np.arange(TRAINED))


WORKLOADS = {
    **{f"predict_{name.lower()}": predictions(name, 1, goal) for name, (_, goal, _) in NETWORKS.items()},
    **{f"predict_{name.lower()}_8": predictions(name, 8, goal) for name, (_, _, goal) in NETWORKS.items()},
    "train_resnet50": Workload(
        title=f"training step of ResNet50, {TRAINED} images of 224x224, SGD",
        contenders=[
            Contender("PyTorch eager", pytorch, ("torch",), {"KBRIDGE_BACKEND": "numpy"}),
            *on_backends("train_on_batch", trained)[:2],
        ],
        against=("PyTorch eager",),
        tolerance=1e-2,
        goals=(
            Goal("kbridge numpy, train_on_batch", 0.95, "PyTorch eager"),
            Goal("kbridge numpy, train_on_batch", 1.05, "PyTorch eager", "wall", threads=2),
            Goal("kbridge numpy, train_on_batch", 0.9, "PyTorch eager", "memory"),
        ),
        warm_up=2,
    ),
}
