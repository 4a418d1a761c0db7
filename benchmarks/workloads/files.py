"""Reading 100 MB of weights: into a model that is there, and as a whole model; h5py reading the same arrays is the measure."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from ..contender import Contender, Goal, Step, Workload

UNITS, LAYERS = 2000, 7
#: bytes of all weights: a kernel and a bias in each layer
BYTES = 4 * LAYERS * UNITS * (UNITS + 1)


def _model(units: int = UNITS):
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    return Sequential([Dense(units, input_dim=units, init="zero"), *(Dense(units, init="zero") for _ in range(LAYERS - 1))])


def _file(suffix: str, units: int = UNITS) -> str:
    """A file with the model of so many units, gone when the process ends. Another process writes it, so that this one's memory tells of reading alone."""
    import subprocess
    import sys

    folder = tempfile.mkdtemp(prefix="kbridge-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = str(Path(folder) / f"model{suffix}")
    code = "import sys; from benchmarks.workloads.files import _model; _model(int(sys.argv[2])).save(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, path, str(units)], check=True, stderr=subprocess.DEVNULL)
    return path


def by_h5py() -> Step:
    """All arrays of the file by h5py alone."""
    import h5py

    path = _file(".h5")

    def step() -> float:
        arrays: list[np.ndarray] = []
        with h5py.File(path) as h5:
            h5.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
        return float(sum(array.size for array in arrays))

    return step


def weights(suffix: str) -> Step:
    """``load_weights`` into a model."""
    path, model = _file(suffix), _model()

    def step() -> float:
        model.load_weights(path)
        return float(model.count_params())

    return step


def whole(suffix: str) -> Step:
    """``load_model``."""
    import gc

    from kbridge import backend as K
    from kbridge.models import load_model

    path, small = _file(suffix), _file(suffix, 1)
    load_model(small, compile=False)  # what is imported by the first one isn't memory of the model

    def step() -> float:
        # the model before this one is gone, so that the peak is that of one
        K.clear_session()
        gc.collect()
        return float(load_model(path, compile=False).count_params())

    return step


_NUMPY = {"KBRIDGE_BACKEND": "numpy"}

WORKLOAD = Workload(
    title=f"reading {BYTES / 1e6:.0f} MB of weights",
    contenders=[
        Contender("h5py", by_h5py, ("h5py",)),
        Contender("load_weights .h5", partial(weights, ".h5"), (), _NUMPY),
        Contender("load_weights .keras", partial(weights, ".keras"), (), _NUMPY),
        Contender("load_model .h5", partial(whole, ".h5"), (), _NUMPY),
        Contender("load_model .keras", partial(whole, ".keras"), (), _NUMPY),
    ],
    against=("h5py",),
    goals=(
        Goal("load_weights .h5", 1.5, "h5py"),
        Goal("load_weights .keras", 1.5, "h5py"),
        Goal("load_model .h5", 1.3 * BYTES, measure="raised"),
        Goal("load_model .keras", 1.3 * BYTES, measure="raised"),
    ),
    warm_up=2,
    unit="file",
)
