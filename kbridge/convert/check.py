"""``kbridge convert --check``: does the program that reads the target predict what the model predicts here?"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

#: of the largest value of an output
RELATIVE, ABSOLUTE = 1e-3, 1e-4


def largest_difference(model: Any, target: str | os.PathLike, to: str, custom_objects: Any = None) -> tuple[float, str]:
    """The largest difference of the predictions, relative to what is allowed (at most 1 is fine), and who predicted from ``target``.

    Inputs are drawn: floats, or valid indices for an Embedding. ImportError where the package that reads the target is missing.
    """
    from ..comparison.inputs import draw_inputs
    from ..comparison.layers import calls_of, graph_of

    x = draw_inputs(calls_of(model)[0], len(graph_of(model).inputs), 0)
    name, predict = _READERS[to](os.fspath(target), custom_objects)
    expected, found = _listed(model.predict(x)), _listed(predict(x))
    if [a.shape for a in expected] != [a.shape for a in found]:
        return float("inf"), name
    worst = 0.0
    for ours, theirs in zip(expected, found, strict=True):
        allowed = ABSOLUTE + RELATIVE * float(np.max(np.abs(ours), initial=0.0))
        worst = max(worst, float(np.max(np.abs(np.asarray(theirs, "float64") - ours), initial=0.0)) / allowed)
    return worst, name


def _listed(value: Any) -> list[np.ndarray]:
    if isinstance(value, dict):
        value = list(value.values())
    return [np.asarray(item) for item in (value if isinstance(value, (list, tuple)) else [value])]


def _needed(module: str, task: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{task} needs {module} ({error}): pip install {module.replace('_', '-')}.", name=module) from error


Reader = Callable[[list[np.ndarray]], Any]


def _onnx(path: str, custom_objects: Any) -> tuple[str, Reader]:
    runtime = _needed("onnxruntime", "Checking an ONNX file")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int32)": "int32", "tensor(int64)": "int64"}

    def predict(x: list[np.ndarray]) -> Any:
        return session.run(
            None, {i.name: value.astype(types.get(i.type, "float32")) for i, value in zip(session.get_inputs(), x, strict=True)}
        )

    return f"onnxruntime {runtime.__version__}", predict


def _keras3(path: str, custom_objects: Any) -> tuple[str, Reader]:
    keras = _needed("keras", "Checking a file of Keras 3")
    if not str(getattr(keras, "__version__", "")).startswith("3"):
        raise ImportError(f"Checking a file of Keras 3 needs keras 3, but this is {getattr(keras, '__version__', keras)}.")
    return f"keras {keras.__version__}", _by_keras(keras, path)


def _keras2(path: str, custom_objects: Any) -> tuple[str, Reader]:
    keras = _needed("tf_keras", "Checking a file of Keras 2")
    return f"tf_keras {keras.__version__}", _by_keras(keras, path)


def _by_keras(keras: Any, path: str) -> Reader:
    model = keras.models.load_model(path, compile=False)
    return lambda x: model.predict(x if len(x) > 1 else x[0], verbose=0)


def _here(path: str, custom_objects: Any) -> tuple[str, Reader]:
    from ..models import load_model, model_from_json
    from .files import weights_beside

    if path.lower().endswith(".json"):
        with open(path, encoding="utf8") as file:
            model = model_from_json(file.read(), custom_objects)
        model.load_weights(weights_beside(path))
    else:
        model = load_model(path, custom_objects, compile=False)
    return "kbridge", model.predict


_READERS = {"onnx": _onnx, "keras3": _keras3, "keras2": _keras2, "keras1": _here, "json": _here}
