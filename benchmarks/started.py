"""Programs that build ResNet50 with random weights and predict one image, each as a process of its own: ``python -m benchmarks.started kbridge`` (or torch)."""

from __future__ import annotations

import sys


def kbridge() -> None:
    """The program in kbridge."""
    import numpy as np

    from kbridge.applications import ResNet50

    model = ResNet50(weights=None)
    model.predict_on_batch(np.ones((1, 224, 224, 3), "float32"))


def torch() -> None:
    """The same in PyTorch."""
    import torch

    from .torch_resnet50 import ResNet50

    network = ResNet50().eval()
    with torch.no_grad():
        network(torch.ones((1, 3, 224, 224))).softmax(1)


if __name__ == "__main__":
    {"kbridge": kbridge, "torch": torch}[sys.argv[1]]()
