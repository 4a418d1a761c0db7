"""Losses and metrics that a program of tf.keras added to a functional model: layers of the file that no output needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ...utils.generic_utils import get_custom_objects
from .values import bare_name

_ADDED = {"AddLoss": "losses", "AddMetric": "metrics"}


def without_added(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A functional model's config without ``AddLoss`` and ``AddMetric`` and what only they read. A warning says what training lacks."""
    entries = config["layers"]
    found = [
        entry for entry in entries if isinstance(entry, Mapping) and _class(entry) in _ADDED and _class(entry) not in get_custom_objects()
    ]
    if not found:
        return config
    readings = {str(entry.get("name")): entry.get("inbound_nodes") for entry in entries if isinstance(entry, Mapping)}
    needed: set[str] = set()
    pending = [name for name in _texts([config["input_layers"], config["output_layers"]]) if name in readings]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            # also texts among the arguments of functions, one of which may be called like a layer: too much does no harm
            pending.extend(text for text in _texts(readings[name]) if text in readings)
    kinds = " and ".join(dict.fromkeys(_ADDED[_class(entry)] for entry in found))
    warnings.warn(
        f"The model {config.get('name')!r} has {kinds} that its program added with add_loss or add_metric. It predicts as there, but they aren't "
        "part of its training here: before you train on, call compile with a loss that contains them. [differences: added-losses]",
        stacklevel=2,
    )
    return {**config, "layers": [entry for entry in entries if not isinstance(entry, Mapping) or str(entry.get("name")) in needed]}


def _class(entry: Mapping[str, Any]) -> str:
    return bare_name(entry["class_name"]) if isinstance(entry.get("class_name"), str) else ""


def _texts(value: Any) -> Iterator[str]:
    """All texts in lists and dicts."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, Mapping):
            pending.extend(item.values())
