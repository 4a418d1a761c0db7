"""The facts of a model file, read under the limits of ``kbridge.saving`` and without building a layer."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from ..saving.configs import upgrade
from ..saving.keras2 import major_version, speaks_keras2
from ..saving.keras3 import speaks_keras3
from ..saving.kinds import CHECKPOINT, JSON, SAVED_MODEL, YAML, Kind, kind_of
from ..saving.origin import WRITTEN
from ..saving.reading import failures_named
from ..saving.texts import parse_json, parse_yaml
from ..saving.unstated import unclear
from .contents import Arrays, open_contents
from .layers import Row, rows_of
from .statistics import statistics_of
from .verdict import loading, safety

#: how the text of an architecture is read
_PARSERS = {JSON: parse_json, YAML: parse_yaml}


def inspect_file(
    path: str | os.PathLike, weights: bool = False, original_backend: str | None = None, custom_objects: Any = ()
) -> dict[str, Any]:
    """Return what a file holds, as plain values (``kbridge inspect --json`` prints them). No layer is built and nothing is run.

    Args:
        path: a model file, a weights file, an architecture (JSON, YAML), a checkpoint or a SavedModel folder of TensorFlow, told apart by
            content.
        weights: whether to add statistics of each array, which reads all of them.
        original_backend: 'theano' or 'tensorflow', as for ``load_model``.
        custom_objects: names that will be given when the file is loaded.

    Raises:
        ModelFileError: a damaged or hostile file.
        OSError: there is none.
    """
    path = os.fspath(path)
    kind = kind_of(path)
    if kind.name in _PARSERS:
        return _architecture(path, _PARSERS[kind.name], custom_objects)
    if kind.name in (CHECKPOINT, SAVED_MODEL):
        return _checkpoint(kind, weights, custom_objects)
    with open_contents(path, original_backend) as contents, failures_named(path):
        config, stored, optimizer, origin = contents.config, contents.weights, contents.optimizer, contents.origin
        rows = rows_of(config, stored) if config is not None else [_weights_row(*item) for item in stored.items()]
        arrays = contents.arrays
        facts = {
            "file": path,
            "size": os.path.getsize(path),
            "kind": "weights" if config is None else "model",
            "keras_version": contents.version,
            "kbridge_version": contents.kbridge_version,
            "written_on": contents.written_on,
            # "engine" is the old name of "backend", for programs that read this JSON
            "kernels": {
                "backend": origin.backend,
                "engine": origin.backend,
                "reason": origin.reason,
                "mixed": origin.mixed,
                "flipped": origin.flipped,
            },
            "class_name": config.get("class_name") if isinstance(config, dict) else None,
            "layers": [row.as_dict() for row in rows],
            "parameters": sum(math.prod(array.shape) for _, _, array in arrays),
            "arrays": len(arrays),
            "weights_bytes": sum(array.nbytes for _, _, array in arrays),
            "dtypes": sorted({str(array.dtype) for _, _, array in arrays}),
            "training": _training(contents.training, optimizer, contents.names_optimizer),
            **safety(config, contents.others),
            **loading(config, contents.training, contents.version, custom_objects),
        }
        if (major_version(contents.version) or 1) == 1 and not speaks_keras2(config) and not speaks_keras3(config):
            facts["notes"] += unclear(config)
        if weights:
            facts["statistics"] = _statistics(arrays, optimizer)
    return facts


def _statistics(arrays: list, optimizer: Arrays) -> list[dict[str, Any]]:
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
    facts = {
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
    if (major_version(version) or 1) == 1 and not speaks_keras2(config) and not speaks_keras3(config):
        facts["notes"] += unclear(config)
    return facts


# ---------------------------------------------------------------------- weights


def _weights_row(name: str, arrays: Arrays) -> Row:
    row = Row(name, "", "", 0)
    row.hold(arrays)
    return row


def _training(compiled: Any, optimizer: Arrays, named: bool = True) -> dict[str, Any] | None:
    if not isinstance(compiled, dict):
        return None
    settings = compiled.get("optimizer_config")
    settings = settings if isinstance(settings, dict) else {}
    return {
        "optimizer": settings.get("class_name"),
        "optimizer_settings": settings.get("config"),
        "optimizer_arrays": len(optimizer),
        "optimizer_named": named,
        "optimizer_values": sum(math.prod(array.shape) for _, array in optimizer),
        **{key: compiled.get(key) for key in ("loss", "metrics", "loss_weights", "sample_weight_mode")},
    }
