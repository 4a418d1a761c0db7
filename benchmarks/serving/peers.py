"""The same answers by hand: FastAPI with PyTorch, and with onnxruntime. ``uvicorn benchmarks.serving.peers:app``.

``KBRIDGE_PEER`` names the library, ``KBRIDGE_PEER_MODEL`` the file: ``.npz`` weights for PyTorch, ``.onnx``.
"""

from __future__ import annotations

import os

import numpy as np
from fastapi import FastAPI

from .models import BLOCKS, CLASSES

app = FastAPI()


def _small(weights: list):
    """The MLP and the CNN."""
    from torch import nn

    if len(weights[0].shape) == 2:
        layers: list[nn.Module] = [nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(-1)]
        places = (0, 2, 4)
    else:
        # kbridge flattens with the channels last
        class Last(nn.Module):
            def forward(self, x):
                return x.permute(0, 2, 3, 1).flatten(1)

        layers = [nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding="same"), nn.ReLU(),
                  nn.MaxPool2d(2), Last(), nn.Linear(7 * 7 * 64, 10), nn.Softmax(-1)]  # fmt: skip
        places = (0, 3, 7)
    for place, kernel, bias in zip(places, weights[::2], weights[1::2]):
        layers[place].weight.data = (kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T).contiguous()
        layers[place].bias.data = bias
    return nn.Sequential(*layers)


def _mobilenet(weights: list):
    """MobileNetV2; the weights come in the order in which the layers are made."""
    from torch import nn

    left = iter(weights)

    def convolution(before: int, filters: int, size: int, stride: int = 1, groups: int = 1, active: bool = True) -> list[nn.Module]:
        # a stride of 2 is padded at the end alone, as TensorFlow does
        padding = [nn.ZeroPad2d((0, 1, 0, 1))] if stride == 2 else []
        made = nn.Conv2d(before, filters, size, stride, padding=size // 2 if stride == 1 else 0, groups=groups, bias=False)
        made.weight.data = next(left).permute((2, 3, 0, 1) if groups > 1 else (3, 2, 0, 1)).contiguous()
        norm = nn.BatchNorm2d(filters, eps=1e-3)
        norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var = (next(left) for _ in range(4))
        return [*padding, made, norm, *([nn.ReLU6()] if active else [])]

    class Added(nn.Module):
        def __init__(self, *parts: nn.Module):
            super().__init__()
            self.inner = nn.Sequential(*parts)

        def forward(self, x):
            return x + self.inner(x)

    layers, before = convolution(3, 32, 3, 2), 32
    for expansion, filters, repeats, first in BLOCKS:
        for number in range(repeats):
            stride, wide = first if number == 0 else 1, before * expansion
            parts = convolution(before, wide, 1) if expansion > 1 else []
            parts += convolution(wide, wide, 3, stride, groups=wide)
            parts += convolution(wide, filters, 1, active=False)
            layers += [Added(*parts)] if stride == 1 and before == filters else parts
            before = filters
    layers += [*convolution(before, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    dense = nn.Linear(1280, CLASSES)
    dense.weight.data, dense.bias.data = next(left).T.contiguous(), next(left)
    return nn.Sequential(*layers, dense, nn.Softmax(-1))


def _pytorch(path: str):
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with np.load(path) as file:
        weights = [torch.from_numpy(file[f"arr_{i}"]) for i in range(len(file.files))]
    model = (_mobilenet if len(weights) > 6 else _small)(weights).eval()

    def predict(rows: list) -> list:
        x = torch.tensor(rows, dtype=torch.float32)
        with torch.inference_mode():
            return model(x.permute(0, 3, 1, 2) if x.ndim == 4 else x).tolist()

    return predict


def _onnxruntime(path: str):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda rows: session.run(None, {name: np.asarray(rows, "float32")})[0].tolist()


_predict = {"pytorch": _pytorch, "onnxruntime": _onnxruntime}[os.environ["KBRIDGE_PEER"]](os.environ["KBRIDGE_PEER_MODEL"])


@app.post("/predict")
def predict(body: dict) -> dict:
    """As people write it: a function that FastAPI runs in its pool of threads."""
    return {"predictions": _predict(body["instances"])}
