"""One process of a comparison: loads the files that a library wrote, on the backend that is set, and predicts.

    python -m keras_applications.reader FOLDER converted|read NAME ...

prints a line of JSON for each file. ``converted``: the model is written to ONNX and for Keras 3 too, and read by these.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from .recorded import apart

FILES = ("model.h5", "model.keras", "saved_model", "model.weights.h5")


def load(path: Path) -> Any:
    from kbridge.models import load_model

    if path.name == "model.weights.h5":
        model = load_model(path.with_name("model.keras"), compile=False)
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.load_weights(path)
        return model
    return load_model(path, compile=False)


def read(path: Path) -> dict[str, Any]:
    """Load a file and predict: processor seconds, and how far it is off."""
    x, expected = (np.load(path.with_name(f"{name}.npy")) for name in ("pictures", "predicted"))
    started = time.process_time()
    model = load(path)
    loaded = time.process_time()
    got = model.predict(x)
    # the first prediction makes plans; what takes time afterwards is the second one's
    again = time.process_time()
    model.predict(x)
    done = time.process_time()
    return {
        "load": loaded - started, "first": again - loaded, "predict": done - again, "off": apart(got, expected),
        "weights": int(sum(np.prod(w.shape) for w in model.get_weights())),
    }  # fmt: skip


def onnx(path: Path) -> dict[str, Any]:
    """The model as ONNX, computed by onnxruntime."""
    import onnxruntime

    from kbridge.convert import save_onnx

    target = path.with_name("ours.onnx")
    save_onnx(load(path), target)
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {session.get_inputs()[0].name: np.load(path.with_name("pictures.npy"))})
    return {"off": apart(got, np.load(path.with_name("predicted.npy")))}


def keras3(path: Path) -> dict[str, Any]:
    """The model for Keras 3, loaded and computed by it."""
    import keras

    from kbridge.convert import save_keras3

    target = path.with_name("ours.keras")
    save_keras3(load(path), target)
    keras.backend.clear_session()
    got = np.asarray(keras.models.load_model(target)(np.load(path.with_name("pictures.npy")), training=False))
    return {"off": apart(got, np.load(path.with_name("predicted.npy")))}


def main(folder: str, what: str, *names: str) -> None:
    from kbridge import backend as K

    tasks: dict[str, Any] = {"onnx": onnx, "keras3": keras3} if what == "converted" else {}
    for name in names:
        for file in ("model.h5",) if tasks else FILES:
            path = Path(folder) / name / file
            if not path.exists():
                continue
            for task, function in (tasks or {K.backend(): read}).items():
                try:
                    result = function(path)
                except Exception as error:
                    result = {"failed": f"{type(error).__name__}: {error}"[:400]}
                K.clear_session()
                print(json.dumps({"name": name, "file": file, "by": task, **result}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
