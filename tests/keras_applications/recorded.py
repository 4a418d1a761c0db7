"""What was recorded, as the .h5 file that the library wrote, and how far kbridge's predictions for it are off."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from .architectures import picture, value

DATA = Path(__file__).parents[1] / "data" / "keras_applications"


def recorded(source: Path) -> dict[str, Any]:
    """What a file holds."""
    return json.loads(gzip.decompress(source.read_bytes()))


def write(kept: dict[str, Any], path: Path) -> None:
    """The .h5 file that the library wrote."""
    import h5py

    with h5py.File(path, "w") as h5:
        for key in ("keras_version", "backend", "model_config"):
            h5.attrs[key] = kept[key]
        root = h5.create_group("model_weights")
        for key in ("keras_version", "backend"):
            root.attrs[key] = kept[key]
        root.attrs["layer_names"] = [layer.encode() for layer, _ in kept["layers"]]
        for layer, weights in kept["layers"]:
            group = root.require_group(layer)  # names with a slash lie inside of others
            group.attrs["weight_names"] = [name.encode() for name, _ in weights] or np.zeros(0)
            for name, shape in weights:
                group[name] = value(layer, name, tuple(shape))


def apart(got: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a fraction of the largest number."""
    if got.shape != expected.shape or not np.all(np.isfinite(got)):
        return float("inf")
    return float(np.abs(got - expected).max() / np.abs(expected).max())


def error(source: Path, folder: Path) -> float:
    """How far kbridge's predictions are off, as a fraction of the largest."""
    from kbridge.models import load_model

    kept = recorded(source)
    path = folder / "model.h5"
    write(kept, path)
    return apart(load_model(path, compile=False).predict(picture(kept["size"])), np.asarray(kept["predicted"]))


def check(folder: Path = DATA) -> int:
    """Print how far each record's predictions are off; the number of those that are wrong."""
    from kbridge import backend as K

    bad = 0
    for source in sorted(folder.glob("*.json.gz")):
        started = time.process_time()
        with tempfile.TemporaryDirectory() as scratch:
            try:
                off = error(source, Path(scratch))
                said = f"off by {off:.1e}"
            except Exception as problem:
                off, said = 1.0, f"{type(problem).__name__}: {str(problem)[:200]}"
        K.clear_session()
        bad += not off <= 1e-4
        name = source.name.removesuffix(".json.gz")
        print(f"{name}: {said} ({time.process_time() - started:.1f} s){'' if off <= 1e-4 else '  BAD'}", flush=True)
    return bad
