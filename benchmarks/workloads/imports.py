"""What it costs to start: a Python process that imports a package and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from ..contender import Contender, Goal, Step, Workload
from .contenders import BACKENDS


def importing(statement: str) -> Step:
    """A process that runs ``statement``; the sum of its exit codes."""
    # as installed: with the byte code of the time before
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", statement]
    return lambda: float(subprocess.run(command, env=env, stderr=subprocess.DEVNULL, check=True).returncode)


def _contender(name: str, statement: str, *needs: str, **environment: str) -> Contender:
    return Contender(name, partial(importing, statement), needs, environment)


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
