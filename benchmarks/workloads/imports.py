"""What it costs to start: a Python process that imports a package, or builds a network and predicts once, and ends."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from ..contender import Contender, Goal, Step, Workload
from .contenders import BACKENDS


def process(*arguments: str) -> Step:
    """A process of Python with these ``arguments``; the sum of its exit codes."""
    command = [sys.executable, *arguments]
    return lambda: float(subprocess.run(command, stderr=subprocess.DEVNULL, check=True).returncode)


def _contender(name: str, statement: str, *needs: str, **environment: str) -> Contender:
    return Contender(name, partial(process, "-c", statement), needs, environment)


WORKLOAD = Workload(
    title="a process that imports and ends",
    contenders=[
        _contender("Python alone", "pass"),
        _contender("numpy", "import numpy", "numpy"),
        *(_contender(f"kbridge {e}", "import kbridge", e, KBRIDGE_BACKEND=e) for e in BACKENDS),
        *(_contender(f"kbridge.models {e}", "import kbridge.models", e, KBRIDGE_BACKEND=e) for e in BACKENDS),
        _contender("torch", "import torch", "torch"),
        _contender("jax", "import jax", "jax"),
        _contender("keras 3 on TensorFlow", "import keras", "keras", "tensorflow", KERAS_BACKEND="tensorflow"),
    ],
    against=("numpy",),
    goals=(Goal("kbridge numpy", 2.0, "numpy"), Goal("kbridge.models numpy", 1.6, "numpy")),
    warm_up=2,
    unit="process",
)

START = Workload(
    title="a process that builds ResNet50 with random weights, predicts one image and ends",
    contenders=[
        Contender("PyTorch eager", partial(process, "-m", "benchmarks.started", "torch"), ("torch",)),
        Contender("kbridge numpy", partial(process, "-m", "benchmarks.started", "kbridge"), ("numpy",), {"KBRIDGE_BACKEND": "numpy"}),
    ],
    against=("PyTorch eager",),
    goals=(Goal("kbridge numpy", 0.8, "PyTorch eager"),),
    warm_up=2,
    unit="process",
)
