"""TensorFlow Serving's REST API: ``/v1/models/NAME[/versions/N]`` with status, metadata and ``:predict``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..prediction.pictures import Fitting
from ..prediction.signature import Tensor, renamed
from .bodies import rows
from .models import Version
from .problems import bad
from .settings import Settings

#: the one signature that a Keras model has
SIGNATURE = "serving_default"

#: dtype -> TensorFlow's name for it
DTYPES = {
    "float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE", "int8": "DT_INT8", "int16": "DT_INT16", "int32": "DT_INT32",
    "int64": "DT_INT64", "uint8": "DT_UINT8", "uint16": "DT_UINT16", "bool": "DT_BOOL",
}  # fmt: skip


def status(version: Version) -> dict[str, Any]:
    """The answer to ``GET /v1/models/NAME``."""
    state = {"version": str(version.number), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    return {"model_version_status": [state]}


def metadata(version: Version) -> dict[str, Any]:
    """The answer to ``GET /v1/models/NAME/metadata``."""
    signature = {
        "inputs": {x.name: _described(x, f"serving_default_{x.name}:0") for x in version.inputs},
        "outputs": {x.name: _described(x, f"StatefulPartitionedCall:{i}") for i, x in enumerate(version.outputs)},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": version.name, "signature_name": "", "version": str(version.number)},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _described(x: Tensor, name: str) -> dict[str, Any]:
    sizes = [{"size": str(-1 if n is None else n), "name": ""} for n in (None, *x.shape)]
    return {"dtype": DTYPES.get(x.dtype, "DT_FLOAT"), "tensor_shape": {"dim": sizes, "unknown_rank": False}, "name": name}


def arrays(
    found: dict[str, Any], version: Version, fitting: Fitting, settings: Settings, words: bool = True
) -> tuple[list[np.ndarray], bool]:
    """The inputs of a ``:predict`` body, and whether it is by rows (``instances``) and not by columns (``inputs``).

    Args:
        found: the parsed body.
        version: whose inputs they are.
        fitting: how pictures get their size and values.
        settings: limits.
        words: whether ``true`` or ``false`` may stand in the body.

    Raises:
        Problem: 400 with what was expected.
    """
    signature = found.get("signature_name", SIGNATURE)
    if signature not in ("", SIGNATURE):
        raise bad(f'Serving signature name: "{signature}" not found in signature def; the only one is "{SIGNATURE}"')
    by_row, by_column = "instances" in found, "inputs" in found
    if by_row == by_column:
        problem = "Both 'instances' and 'inputs' were sent" if by_row else "Missing 'inputs' or 'instances' key"
        raise bad(f"{problem}: send exactly one of them.")
    unknown = set(found) - {"signature_name", "instances", "inputs"}
    if unknown:
        raise bad(f"Unknown key {sorted(unknown)[0]!r}; the known keys are signature_name, instances and inputs.")
    columns = _from_rows(found["instances"], version) if by_row else _from_columns(found["inputs"], version)
    batch = [rows(columns[x.name], x, fitting, settings, words) for x in version.inputs]
    counts = {x.name: len(array) for x, array in zip(version.inputs, batch)}
    if len(set(counts.values())) > 1:
        raise bad(f"The inputs have different numbers of samples: {', '.join(f'{n} {c}' for n, c in counts.items())}.")
    return batch, by_row


def _from_rows(instances: Any, version: Version) -> dict[str, Any]:
    names = [x.name for x in version.inputs]
    if not isinstance(instances, list):
        raise bad("'instances' must be a list with an entry for each sample.")
    named = [isinstance(x, dict) and set(x) != {"b64"} for x in instances]
    instances = [renamed(x, version.inputs) if has_names else x for x, has_names in zip(instances, named)] if any(named) else instances
    if not any(named):
        if len(names) > 1:
            raise bad(f"The model has {len(names)} inputs: each of 'instances' must be an object with {', '.join(names)}.")
        return {names[0]: instances}
    for number, x in enumerate(instances):
        if not named[number] or set(x) != set(names):
            found = ", ".join(map(str, x)) if isinstance(x, dict) else "no names"
            raise bad(f"Sample {number} has {found or 'no names'}, but {', '.join(names)} was expected.")
    return {name: [x[name] for x in instances] for name in names}


def _from_columns(inputs: Any, version: Version) -> dict[str, Any]:
    names = [x.name for x in version.inputs]
    if isinstance(inputs, dict) and set(inputs) != {"b64"}:
        inputs = renamed(inputs, version.inputs)
        if set(inputs) != set(names):
            raise bad(f"'inputs' has {', '.join(map(str, inputs)) or 'no names'}, but {', '.join(names)} was expected.")
        return inputs
    if len(names) > 1:
        raise bad(f"The model has {len(names)} inputs: 'inputs' must be an object with {', '.join(names)}.")
    return {names[0]: inputs}


def answer(outputs: list[np.ndarray], version: Version, by_row: bool) -> dict[str, Any]:
    """The body of the answer."""
    if len(outputs) == 1:
        return {"predictions" if by_row else "outputs": np.ascontiguousarray(outputs[0])}
    names = [x.name for x in version.outputs]
    if by_row:
        return {"predictions": [dict(zip(names, row)) for row in zip(*map(np.ascontiguousarray, outputs))]}
    return {"outputs": {name: np.ascontiguousarray(x) for name, x in zip(names, outputs)}}
