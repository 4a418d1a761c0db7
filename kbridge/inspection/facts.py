"""The facts of a model file, read under the limits of ``kbridge.saving`` and without building a layer."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from ..saving.configs import upgrade, with_group_names
from ..saving.errors import ModelFileError
from ..saving.functions import put_graphs, stored_graphs
from ..saving.kinds import CHECKPOINT, JSON, SAVED_MODEL, YAML, Kind, kind_of
from ..saving.limits import MAX_ARRAYS
from ..saving.origin import WRITTEN, forced_origin
from ..saving.reading import Group, StoredArray, failures_named, open_file
from ..saving.texts import parse_json, parse_yaml
from ..saving.weights import weights_origin
from .layers import Row, rows_of
from .statistics import statistics_of
from .verdict import loading, safety

#: how the text of an architecture is read
_PARSERS = {JSON: parse_json, YAML: parse_yaml}


def inspect_file(
    path: str | os.PathLike, weights: bool = False, original_backend: str | None = None, custom_objects: Any = ()
) -> dict[str, Any]:
    """What ``path`` holds, as plain values (``--json`` prints them): a model file, a weights file, an architecture (JSON, YAML), a checkpoint
    or a SavedModel folder of TensorFlow, told apart by content.

    ``weights`` adds statistics of each array, which reads all of them. ``custom_objects``: names that will be given
    when the file is loaded. Raises ModelFileError for a damaged or hostile file, OSError where there is none.
    """
    path = os.fspath(path)
    kind = kind_of(path)
    if kind.name in _PARSERS:
        return _architecture(path, _PARSERS[kind.name], custom_objects)
    if kind.name in (CHECKPOINT, SAVED_MODEL):
        return _checkpoint(kind, weights, custom_objects)
    forced = forced_origin(original_backend) if original_backend else None
    with open_file(path) as root, failures_named(path):
        text = root.text("model_config")
        config = None if text is None else parse_json(text, f"{path!r}, model_config")
        training = root.text("training_config")
        group = weights_group(root)
        stored = stored_weights(group)
        origin = forced or weights_origin(root, group)
        if config is not None:
            config = with_group_names(upgrade(put_graphs(config, stored_graphs(root))), list(stored))
        rows = rows_of(config, stored) if config is not None else [_weights_row(*item) for item in stored.items()]
        arrays = [(layer, name, array) for layer, members in stored.items() for name, array in members]
        optimizer = _optimizer_arrays(root)
        compiled = None if training is None else parse_json(training, f"{path!r}, training_config")
        version = root.text("keras_version") or (group.text("keras_version") if group is not root else None)
        facts = {
            "file": path,
            "size": os.path.getsize(path),
            "kind": "weights" if config is None else "model",
            "keras_version": version,
            "kbridge_version": root.text("kbridge_version"),
            "written_on": root.text("kbridge_backend") or root.text("backend"),
            # "engine" is the old name of "backend", for programs that read this JSON
            "kernels": {"backend": origin.backend, "engine": origin.backend, "reason": origin.reason, "mixed": origin.mixed, "flipped": origin.flipped},
            "class_name": config.get("class_name") if isinstance(config, dict) else None,
            "layers": [row.as_dict() for row in rows],
            "parameters": sum(math.prod(array.shape) for _, _, array in arrays),
            "arrays": len(arrays),
            "weights_bytes": sum(array.nbytes for _, _, array in arrays),
            "dtypes": sorted({str(array.dtype) for _, _, array in arrays}),
            "training": _training(compiled, optimizer),
            **safety(config, others_in(root, group)),
            **loading(config, compiled, version, custom_objects),
        }
        if weights:
            facts["statistics"] = _statistics(arrays, optimizer)
    return facts


def _statistics(arrays: list, optimizer: list) -> list[dict[str, Any]]:
    """Statistics of each array of layers, then of the optimizer's."""
    named = [*arrays, *(("optimizer", name, array) for name, array in optimizer)]
    return [{"layer": layer, "weight": name, **statistics_of(array)} for layer, name, array in named]


def _checkpoint(kind: Kind, weights: bool, custom_objects: Any) -> dict[str, Any]:
    """The facts of a checkpoint or a SavedModel folder."""
    from .checkpoints import contents

    with contents(kind) as found:
        config, arrays = found.config, [(layer, name, array) for layer, members in found.stored.items() for name, array in members]
        rows = rows_of(config, found.stored) if config is not None else [_weights_row(*item) for item in found.stored.items()]
        facts = {
            "file": found.path,
            "size": found.size,
            "kind": "weights" if config is None else "model",
            "keras_version": found.version,
            "written_on": WRITTEN,
            "class_name": config.get("class_name") if isinstance(config, dict) else None,
            "layers": [row.as_dict() for row in rows],
            "parameters": sum(math.prod(array.shape) for _, _, array in arrays),
            "arrays": len(arrays),
            "weights_bytes": sum(array.nbytes for _, _, array in arrays),
            "dtypes": sorted({str(array.dtype) for _, _, array in arrays}),
            "training": _training(found.training, found.optimizer),
            **safety(config, []),
            **loading(config, found.training, found.version, custom_objects),
        }
        facts["notes"] = [*facts["notes"], *found.notes]
        if weights:
            facts["statistics"] = _statistics(arrays, found.optimizer)
    return facts


def _architecture(path: str, parse: Any, custom_objects: Any) -> dict[str, Any]:
    """The facts of a text that ``to_json`` or ``to_yaml`` made."""
    text = Path(path).read_bytes()
    with failures_named(path):
        return _facts_of_text(path, upgrade(parse(text, repr(path))), custom_objects)


def _facts_of_text(path: str, config: Any, custom_objects: Any) -> dict[str, Any]:
    version = config.get("keras_version") if isinstance(config, dict) else None
    return {
        "file": path,
        "size": os.path.getsize(path),
        "kind": "architecture",
        "keras_version": version if isinstance(version, str) else None,
        "class_name": config.get("class_name") if isinstance(config, dict) else None,
        "layers": [row.as_dict() for row in rows_of(config, {})],
        "training": None,
        **safety(config, []),
        **loading(config, None, version if isinstance(version, str) else None, custom_objects),
    }


# ---------------------------------------------------------------------- weights


def weights_group(root: Group) -> Group:
    """The group with the weights in a model's file or a file of weights. ModelFileError if it is neither."""
    if root.names("layer_names") is None and not root.has_attribute("nb_layers"):
        if "model_weights" in root:
            return root.group("model_weights")
        raise ModelFileError(f"{root.path!r}: an HDF5 file, but neither a model nor weights of Keras (no layer_names).")
    return root


def stored_weights(group: Group) -> dict[str, list[tuple[str, StoredArray]]]:
    """Layer name -> (name, array) of its weights; also for the layout of Keras 0.x."""
    if not group.has_attribute("nb_layers"):
        stored: dict[str, list[tuple[str, StoredArray]]] = {}
        layers = group.names("layer_names")
        if layers is None:
            raise group.error("no weights: the attribute 'layer_names' is missing.")
        for layer in layers:
            inner = group.group(layer)
            names = inner.names("weight_names")
            if names is None:
                raise inner.error("the attribute 'weight_names' is missing.")
            stored[layer] = [(name, inner.array(name)) for name in names]
        return stored
    count = group.integer("nb_layers") or 0
    if count > MAX_ARRAYS:
        raise group.error(f"nb_layers is {count}; the limit is {MAX_ARRAYS}.")
    stored = {}
    for number in range(count):
        inner = group.group(f"layer_{number}")
        params = inner.integer("nb_params") or 0
        if params > MAX_ARRAYS:
            raise inner.error(f"nb_params is {params}; the limit is {MAX_ARRAYS}.")
        stored[f"layer_{number}"] = [(f"param_{k}", inner.array(f"param_{k}")) for k in range(params)]
    return stored


def _weights_row(name: str, arrays: list[tuple[str, StoredArray]]) -> Row:
    row = Row(name, "", "", 0)
    row.hold(arrays)
    return row


def _optimizer_arrays(root: Group) -> list[tuple[str, StoredArray]]:
    if "optimizer_weights" not in root:
        return []
    group = root.group("optimizer_weights")
    return [(name, group.array(name)) for name in group.names("weight_names") or []]


def _training(compiled: Any, optimizer: list) -> dict[str, Any] | None:
    if not isinstance(compiled, dict):
        return None
    settings = compiled.get("optimizer_config")
    settings = settings if isinstance(settings, dict) else {}
    return {
        "optimizer": settings.get("class_name"),
        "optimizer_settings": settings.get("config"),
        "optimizer_arrays": len(optimizer),
        "optimizer_values": sum(math.prod(array.shape) for _, array in optimizer),
        **{key: compiled.get(key) for key in ("loss", "metrics", "loss_weights", "sample_weight_mode")},
    }


def others_in(root: Group, weights: Group) -> list[str]:
    """Members at the top of the file that no reader of models looks at."""
    known = {"model_weights", "optimizer_weights"} if weights is not root else {"optimizer_weights", *root.keys()}
    return [name for name in root.keys() if name not in known]
