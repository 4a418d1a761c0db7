"""What runs where tf_keras or Keras 3 is installed: architectures built, given the weights of the rule, written, and recorded.

    python -m keras_applications.library LIBRARY FOLDER LIMIT NAME ...

writes for each name FOLDER/NAME with the files (.h5 alone from LIMIT weights on), pictures.npy, predicted.npy and made.json.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .architectures import FIRST, build, picture, size, value


def library(name: str) -> Any:
    """The module ``tf_keras`` or ``keras``."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", message=".*HDF5 file.*")
    return importlib.import_module({"keras3": "keras"}.get(name, name))


def filled(k: Any, name: str, path: Path) -> tuple[Any, dict[str, Any]]:
    """(the model with the weights of the rule, which ``path`` holds too, what a record of it holds)"""
    k.backend.clear_session()
    model = build(k, name)
    model.save(path)
    kept = fill(path)
    model.load_weights(path)
    kept["size"] = size(name)
    # without ``predict``, whose tracing of a graph takes longer than all else
    found = model(picture(kept["size"]), training=False)
    kept["predicted"] = np.asarray(k.ops.convert_to_numpy(found) if hasattr(k, "ops") else found).tolist()
    return model, kept


def fill(path: Path) -> dict[str, Any]:
    """Put the weights of the rule into a file; what it holds besides."""
    import h5py

    with h5py.File(path, "r+") as h5:
        texts = {key: h5.attrs[key] for key in ("keras_version", "backend", "model_config")}
        root, layers = h5["model_weights"], []
        for layer in map(_text, root.attrs["layer_names"]):
            names = [_text(name) for name in root[layer].attrs["weight_names"]]
            layers.append([layer, [[name, list(root[layer][name].shape)] for name in names]])
            for name in names:
                root[layer][name][...] = value(layer, name, root[layer][name].shape)
    return {**{key: _text(text) for key, text in texts.items()}, "layers": layers}


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def record(k: Any, called: str, name: str, scratch: Path, folder: Path) -> None:
    """Write FOLDER/LIBRARY-NAME.json.gz."""
    _, kept = filled(k, name, scratch / "model.h5")
    with gzip.GzipFile(folder / f"{called}-{name}.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(kept).encode())


def write(k: Any, name: str, folder: Path, limit: int) -> None:
    """Write the files of an architecture into ``folder``."""
    started = time.process_time()
    folder.mkdir(parents=True)
    model, kept = filled(k, name, folder / "model.h5")
    np.save(folder / "pictures.npy", picture(kept["size"]))
    np.save(folder / "predicted.npy", np.array(kept["predicted"], "float32"))
    if model.count_params() < limit:
        model.save(folder / "model.keras")
        if name in FIRST:
            if k.__name__ == "tf_keras":
                model.save(folder / "saved_model", save_format="tf")
            else:
                model.save_weights(folder / "model.weights.h5")
    facts = {"weights": int(model.count_params()), "layers": len(model.layers), "seconds": time.process_time() - started}
    (folder / "made.json").write_text(json.dumps(facts))


if __name__ == "__main__":
    module = library(sys.argv[1])
    for chosen in sys.argv[4:]:
        try:
            write(module, chosen, Path(sys.argv[2]) / chosen, int(sys.argv[3]))
        except Exception as error:
            (Path(sys.argv[2]) / chosen / "failed.txt").write_text(f"{type(error).__name__}: {error}"[:500])
