"""Configs of Keras 3 as those of Keras 2: its calls, ends of models, dtypes, and the options that have other names or meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...layers import contrast, only_predicting, random_colors, random_images, random_regions
from ...utils.generic_utils import get_custom_objects
from ..errors import ModelFileError
from ..keras2 import major_version, to_keras1
from ..keras2.operations import of_keras3
from ..keras2.shared import numbered
from .detection import speaks_keras3
from .layers import as_of_keras2
from .masks import is_operation, without_masks

#: keys of an entry that say how an object is found again or was made, and nothing about what it computes
_BOOKKEEPING = ("module", "registered_name", "build_config", "compile_config", "shared_object_id")

#: classes that do the same in training and in prediction, whatever flag they are called with
_UNTRAINED = frozenset({"CenterCrop", "Resizing", "Rescaling", "Normalization"})
#: classes whose calls say training=True in files where nothing was given; the model's mode goes first
_RANDOM = frozenset(
    [name for module in (random_images, random_colors, random_regions, contrast, only_predicting) for name in module.__all__]
)

#: classes that take states behind their input
_WITH_STATES = frozenset({"SimpleRNN", "GRU", "LSTM", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"})
#: options that are layers, or lists of them
_INNER = ("layer", "backward_layer", "cell", "cells")

#: classes of models
FUNCTIONAL = ("Functional", "Model")


def to_keras2(config: Any) -> dict[str, Any]:
    """Keras 2's {'class_name', 'config'} for a whole model's of Keras 3. ModelFileError names a layer that can't be represented."""
    return _entry(numbered(_plain(config)))


def keras1_config(config: Any, version: str | None) -> dict[str, Any]:
    """The config of Keras 2 or 3 as Keras 1's."""
    major = major_version(version)
    if major == 3 or major is None and speaks_keras3(config):
        return to_keras1(to_keras2(config), warn=False, version="3")
    if major is not None and major > 3:
        raise ModelFileError(f"it was written by Keras {version}; kbridge reads files of Keras 1 to 3.")
    return to_keras1(config, warn=False, version=version)


def _plain(value: Any) -> Any:
    """``value`` with tuples, arrays and tensors of the file as lists."""
    if isinstance(value, dict):
        name, inner = value.get("class_name"), value.get("config")
        if name == "__tuple__" and isinstance(value.get("items"), list):
            return [_plain(item) for item in value["items"]]
        if name in ("__numpy__", "__tensor__") and isinstance(inner, dict) and "value" in inner:
            return _plain(inner["value"])
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def class_of(entry: Any) -> str:
    """The name under which an entry's class is looked up: one of the user's own goes by the name that it is registered under."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("class_name"), str):
        raise ModelFileError(f"A layer's config should be a dict with 'class_name' and 'config', got {type(entry).__name__}.")
    name, registered, module = entry["class_name"], entry.get("registered_name"), entry.get("module")
    for known in (registered, name):
        if isinstance(known, str) and known in get_custom_objects():
            return known
    foreign = isinstance(module, str) and module.partition(".")[0] not in ("keras", "tf_keras")
    if foreign or isinstance(registered, str) and (">" in registered or module is None and "module" in entry):
        shown = registered if isinstance(registered, str) else name
        raise ModelFileError(
            f"Unknown layer: {shown!r}, a custom class (from {module!r}). Pass custom_objects={{{shown!r}: {name}}} to load it."
        )
    return name


def _entry(entry: Any) -> dict[str, Any]:
    name = class_of(entry)
    config = entry.get("config")
    if not isinstance(config, Mapping):
        raise ModelFileError(f"The config of a {name} layer should be a dict, got {type(config).__name__}.")
    kept = {key: value for key, value in entry.items() if key not in _BOOKKEEPING}
    if name in get_custom_objects():
        return {**kept, "class_name": name, "config": dict(config)}
    if name in FUNCTIONAL:
        return {**kept, "class_name": "Functional", "config": _functional(config)}
    if name == "Sequential":
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise ModelFileError(
                f"The layers of the Sequential model {config.get('name')!r} should be a list, got {type(layers).__name__}."
            )
        return {**kept, "class_name": name, "config": {**config, "layers": [_entry(layer) for layer in layers]}}
    inner = {key: _inside(value) if key in _INNER else value for key, value in config.items()}
    return {**kept, "class_name": name, "config": as_of_keras2(name, inner)}


def _inside(value: Any) -> Any:
    if isinstance(value, list):
        return [_inside(item) for item in value]
    return _entry(value) if isinstance(value, Mapping) else value


# ---------------------------------------------------------------------- functional models


def _functional(config: Mapping[str, Any]) -> dict[str, Any]:
    name, entries = config.get("name"), config.get("layers")
    if not isinstance(entries, list) or not all(
        isinstance(entry, Mapping) and isinstance(entry.get("config"), Mapping) for entry in entries
    ):
        raise ModelFileError(f"The layers of the model {name!r} should be a list of dicts with 'class_name' and 'config'.")
    models = {entry.get("name") for entry in entries if entry.get("class_name") in (*FUNCTIONAL, "Sequential")}
    layers = []
    for entry in without_masks(name, entries):
        if is_operation(entry):
            layers.append(_operation(entry, models))
            continue
        made = _entry(entry)
        calls = entry.get("inbound_nodes", [])
        if not isinstance(calls, list):
            raise ModelFileError(f"Layer {entry.get('name')!r}: inbound_nodes should be a list of calls, got {type(calls).__name__}.")
        layers.append(
            {**made, "name": entry.get("name", made["config"].get("name")), "inbound_nodes": [_call(entry, call, models) for call in calls]}
        )
    # at the ends of a model, and only there, Keras 3 counts the making of a functional model inside as its call 0; Keras 2 does so
    # everywhere, and for Sequential models too
    counted = {entry.get("name") for entry in entries if entry.get("class_name") == "Sequential"}
    return {
        "name": name,
        "layers": layers,
        "input_layers": _ends(name, config.get("input_layers"), counted),
        "output_layers": _ends(name, config.get("output_layers"), counted),
    }


def _operation(entry: Mapping[str, Any], models: set) -> dict[str, Any]:
    """A call of a function of ``keras.ops`` as a layer ``Operations``."""
    config, sources = of_keras3(entry)
    calls = [[[name, node + (name in models), tensor, {}] for name, node, tensor in places] for places in sources]
    return {"class_name": "Operations", "config": config, "name": entry.get("name"), "inbound_nodes": calls}


def _ends(model: Any, ends: Any, counted: set) -> list:
    """A list of [name, node, tensor] for one, a list or a dict of them. ``counted``: whose calls count from 1 in Keras 2, and don't yet."""
    if isinstance(ends, Mapping):
        ends = list(ends.values())
    if isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str):
        ends = [ends]
    if not isinstance(ends, list) or not all(_is_place(end) for end in ends):
        raise ModelFileError(f"The inputs and outputs of the model {model!r} should be lists of [name, node, tensor].")
    return [[name, node + (name in counted), tensor] for name, node, tensor in ends]


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and all(type(n) is int for n in value[1:])


def _call(entry: Mapping[str, Any], call: Any, models: set) -> list:
    """A call as Keras 2 writes it: a list of [name, node, tensor, arguments]. ``models``: whose calls count from 1 there."""
    layer = entry.get("name")
    if isinstance(call, list):  # tf.keras writes its archives with Keras 2's calls
        return call
    if not isinstance(call, Mapping) or not isinstance(call.get("args"), list) or not isinstance(call.get("kwargs", {}), Mapping):
        raise ModelFileError(f"Layer {layer!r}: a call should be a dict of 'args' and 'kwargs'.")
    sources: list[list] = []

    def tensors(value: Any) -> list[list]:
        return [[name, node + (name in models), tensor] for name, node, tensor in _tensors(layer, value)]

    for argument in call["args"]:
        sources += tensors(argument)
    keywords = {}
    for key, value in call.get("kwargs", {}).items():
        if key in ("training", "mask") and value in (None, False) or key == "training" and entry.get("class_name") in _UNTRAINED | _RANDOM:
            continue  # what Keras puts in where nothing was given
        found = [] if value is None or isinstance(value, (bool, int, float, str)) else tensors(value)
        keywords[key] = value if not found else found[0] if isinstance(value, Mapping) else found
    if not sources:
        for key in ("inputs", "query", "x", "sequences", "sequence"):
            found = keywords.pop(key, None)
            if found is not None:
                sources = [found] if _is_place(found) else found
                break
    if not sources:
        raise ModelFileError(f"Layer {layer!r} is called without a tensor.")
    states = keywords.pop("initial_state", None) if entry.get("class_name") in _WITH_STATES else None
    if states is not None:
        sources += [states] if _is_place(states) else states
    return [*([*source, {}] for source in sources[:-1]), [*sources[-1], keywords]]


def _tensors(layer: Any, argument: Any) -> list[list]:
    """The places of the tensors in one argument of a call."""
    if isinstance(argument, Mapping) and argument.get("class_name") == "__keras_tensor__" and isinstance(argument.get("config"), Mapping):
        history = argument["config"].get("keras_history")
        if _is_place(history):
            return [history]
    elif isinstance(argument, list):
        return [place for item in argument for place in _tensors(layer, item)]
    elif isinstance(argument, Mapping) and "class_name" not in argument:
        return [place for item in argument.values() for place in _tensors(layer, item)]
    elif argument is None:
        return []
    raise ModelFileError(f"Layer {layer!r} is called with {str(argument)[:100]!r}, which can't be represented here. [convert: keras3-call]")
