"""Well-known networks on images of their own size, with weights by a rule: predictions beside onnxruntime, and training ResNet50."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..contender import Contender, Goal, Step, Workload
from . import contenders
from .contenders import Ready, on_backends, torch_step

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

    from ..torch_resnet50 import ResNet50

    network = ResNet50(CLASSES, EPSILON, 0.01)
    with torch.no_grad():
        for name, module in network.by_keras_name():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.copy_(torch.from_numpy(weights(f"{name} gamma", tuple(module.weight.shape))))
                module.bias.copy_(torch.from_numpy(weights(f"{name} beta", tuple(module.bias.shape))))
                continue
            # kernels of kbridge have the filters last
            turned = (2, 3, 1, 0) if module.weight.ndim == 4 else (1, 0)
            value = weights(f"{name} W", tuple(module.weight.shape[i] for i in turned))
            module.weight.copy_(torch.from_numpy(np.ascontiguousarray(value.transpose(np.argsort(turned)))))
            module.bias.copy_(torch.from_numpy(weights(f"{name} b", tuple(module.bias.shape))))
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    x = np.ascontiguousarray(images(224, TRAINED).transpose(0, 3, 1, 2))
    return torch_step(network, optimizer, nn.CrossEntropyLoss(), x, np.arange(TRAINED))


def keras3_model() -> Ready:
    """The same network of Keras 3, with its weights set."""
    import keras
    from keras import layers

    from kbridge.applications.resnet50 import STAGES

    def normalized(h: Any, conv: str, norm: str, filters: int, size: int, stride: int = 1, padding: str = "valid") -> Any:
        options = {"strides": stride, "padding": padding, "data_format": "channels_last"}
        h = layers.Conv2D(filters, size, name=conv, **options)(h)
        return layers.BatchNormalization(epsilon=EPSILON, name=norm)(h)

    x = images(224, TRAINED)
    inputs = keras.Input(x.shape[1:])
    h = layers.ZeroPadding2D(3, data_format="channels_last")(inputs)
    h = layers.ReLU()(normalized(h, "conv1", "bn_conv1", 64, 7, 2))
    h = layers.MaxPooling2D(3, 2, data_format="channels_last")(h)
    for stage, (filters, count) in STAGES.items():
        for i, letter in enumerate("abcdef"[:count]):
            stride = 1 if i or stage == 2 else 2
            conv, norm = f"res{stage}{letter}_branch", f"bn{stage}{letter}_branch"
            shortcut = h if i else normalized(h, f"{conv}1", f"{norm}1", filters[2], 1, stride)
            h = layers.ReLU()(normalized(h, f"{conv}2a", f"{norm}2a", filters[0], 1, stride))
            h = layers.ReLU()(normalized(h, f"{conv}2b", f"{norm}2b", filters[1], 3, 1, "same"))
            h = layers.ReLU()(layers.Add()([normalized(h, f"{conv}2c", f"{norm}2c", filters[2], 1), shortcut]))
    h = layers.Flatten()(layers.AveragePooling2D(7, data_format="channels_last")(h))
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", name="fc1000")(h))
    kinds = {"Conv2D": "Convolution2D"}
    for layer in model.layers:
        names = KINDS.get(kinds.get(kind := type(layer).__name__, kind), ())
        layer.set_weights([weights(f"{layer.name} {name}", value.shape) for name, value in zip(names, layer.get_weights())])
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(RATE))
    return model, x, np.eye(CLASSES, dtype="float32")[np.arange(TRAINED)]


def on_keras3_of_tensorflow() -> Contender:
    """Keras 3 on TensorFlow. The names of the stages come from kbridge."""
    environment = {"KERAS_BACKEND": "tensorflow", "KBRIDGE_BACKEND": "numpy"}
    return Contender("Keras 3 tensorflow", contenders.trained(keras3_model), ("keras", "tensorflow"), environment)


WORKLOADS = {
    **{f"predict_{name.lower()}": predictions(name, 1, goal) for name, (_, goal, _) in NETWORKS.items()},
    **{f"predict_{name.lower()}_8": predictions(name, 8, goal) for name, (_, _, goal) in NETWORKS.items()},
    "train_resnet50": Workload(
        title=f"training step of ResNet50, {TRAINED} images of 224x224, SGD",
        contenders=[
            Contender("PyTorch eager", pytorch, ("torch",), {"KBRIDGE_BACKEND": "numpy"}),
            on_keras3_of_tensorflow(),
            *on_backends("train_on_batch", trained)[:2],
        ],
        against=("PyTorch eager", "Keras 3 tensorflow"),
        tolerance=1e-2,
        goals=(
            Goal("kbridge numpy, train_on_batch", 0.95, "PyTorch eager"),
            Goal("kbridge numpy, train_on_batch", 1.05, "PyTorch eager", "wall", threads=2),
            Goal("kbridge numpy, train_on_batch", 0.9, "PyTorch eager", "memory"),
            Goal("kbridge tensorflow, train_on_batch", 1.0, "Keras 3 tensorflow"),
        ),
        warm_up=2,
    ),
}
