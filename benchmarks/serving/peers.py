"""The same answers by hand: FastAPI with PyTorch, and with onnxruntime. ``uvicorn benchmarks.serving.peers:app``.

``KBRIDGE_PEER`` names the library, ``KBRIDGE_PEER_MODEL`` the file: ``.npz`` weights for PyTorch, ``.onnx``.
"""

from __future__ import annotations

import os

import numpy as np
from fastapi import FastAPI

app = FastAPI()


def _pytorch(path: str):
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with np.load(path) as file:
        weights = [torch.from_numpy(file[f"arr_{i}"]) for i in range(len(file.files))]
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
    model = nn.Sequential(*layers).eval()

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
