"""What was recorded, as models of kbridge: files of tf_keras, configs and weights of Keras 3's layers."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

from kbridge import backend as K
from kbridge.engine.topology import Input
from kbridge.layers import Embedding, Masking
from kbridge.models import Model, load_model
from kbridge.saving.configs import layer_classes
from kbridge.saving.keras2.calls import Call
from kbridge.saving.keras2.models import to_keras1
from kbridge.saving.keras2.weights import slots_of
from kbridge.saving.keras3.models import to_keras2

from .case import INPUTS, Case, cases, names_of_inputs, samples

DATA = Path(__file__).parents[1] / "data" / "layer_options"


@functools.lru_cache(maxsize=2)
def recorded(library: str, family: str) -> dict[str, np.ndarray]:
    """All arrays of a family."""
    with np.load(DATA / f"{library}_{family}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def series(arrays: dict[str, np.ndarray], what: str) -> list[np.ndarray]:
    """The arrays of one kind, in order."""
    return [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays))]


def listed(value) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def loaded(library: str, family: str, table: list[Case] | None = None) -> Model:
    """The model of a family, from a file of tf_keras, or of cases of it from the configs and weights that Keras 3 has."""
    if library == "tf_keras":
        return load_model(DATA / f"{library}_{family}.h5", compile=False)
    return model_of(table or cases(family, library), recorded(library, family), cases(family, library))


def model_of(table: list[Case], arrays: dict[str, np.ndarray], everything: list[Case]) -> Model:
    """The model of the cases in ``table``, with the weights that were recorded for them among ``everything``."""
    configs = json.loads(str(arrays["configs"]))
    names = names_of_inputs(table)
    inputs = {n: Input(batch_shape=(samples(n), *INPUTS[n]), name=n, dtype="int32" if n.startswith("whole") else K.floatx()) for n in names}
    outputs = []
    for number, (case, config) in enumerate(zip(everything, configs, strict=True)):
        if not any(case is c for c in table):
            continue
        config["class_name"] = case.layer
        call = Call(config["config"]["name"], config["class_name"], [["x", 0, 0, dict(case.call)]])
        config = to_keras2(config)
        config["config"] |= call.options
        translated = to_keras1({"class_name": "Sequential", "config": {"name": "one", "layers": [config]}}, warn=False, version="3.15.0")
        entry = translated["config"][0]
        layer = layer_classes()[entry["class_name"]].from_config(entry["config"])
        x = [inputs[n] for n in case.inputs]
        if case.masked:
            x = [Embedding(7, 4, mask_zero=True)(t) if n.startswith("whole") else Masking()(t) for n, t in zip(case.inputs, x)]
        made = layer(x if len(x) > 1 else x[0], **{key: True for key in ("reverse",) if case.call.get(key)})
        outputs += made if isinstance(made, list) else [made]
        weights = [arrays[f"weights/{number}/{i}"] for i in range(sum(key.startswith(f"weights/{number}/") for key in arrays))]
        slots = slots_of(layer)
        assert [w.shape for w in weights] == [slot.shape for slot in slots], (
            f"{case.text}: {[w.shape for w in weights]}, {[s.shape for s in slots]}"
        )
        for slot, value in zip(slots, weights, strict=True):
            for assignment in slot.fill(value):
                K.set_value(assignment.variable, assignment.value)
    return Model([inputs[n] for n in names], outputs)
