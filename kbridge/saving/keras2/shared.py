"""Layers that stand in several models of a file: which entries of a config are one layer, and which only have one name.

Later Keras gives the entries of an object that it meets again a number, ``shared_object_id``; Keras 3 leaves it out of the first of
them where that one lies in a functional model. Here such entries get kbridge's own number, and so do layers that have the name of
another one in another model, which would be one layer in Keras 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..limits import MAX_DEPTH

#: The key of an entry with the number of its layer (``kbridge.engine.entries``).
NUMBER = "kbridge_number"

_ID = "shared_object_id"
#: options that are layers, or lists of them
_INNER = ("layers", "layer", "backward_layer", "cell", "cells")


def numbered(config: Any) -> Any:
    """``config`` of a whole model of Keras 2 or 3, with the numbers of its layers."""
    entries = [(entry, holder) for entry, holder in _entries(config, None, 0) if _name(entry) is not None]
    if any(NUMBER in entry for entry, _ in entries):
        return config  # which has been here, on its way from Keras 3
    groups: dict[Any, list[Mapping]] = {}
    for place, (entry, _) in enumerate(entries):
        shared = entry.get(_ID)
        if type(shared) is not int:
            continue
        group = groups.setdefault(shared, [])
        if not group and (first := _first(entry, entries[:place])) is not None:
            group.append(first)
        group.append(entry)
    shared = [group for group in groups.values() if len(group) > 1]
    number_of = {id(entry): number for number, group in enumerate(shared) for entry in group}
    holders: dict[str | None, set] = {}
    for entry, holder in entries:
        holders.setdefault(_name(entry), set()).add(holder)
    count = len(shared)
    for entry, _ in entries:
        if id(entry) not in number_of and len(holders[_name(entry)]) > 1:
            number_of[id(entry)] = count
            count += 1
    return _with(config, number_of) if number_of else config


def _name(entry: Mapping[str, Any]) -> str | None:
    name = entry.get("name") or entry["config"].get("name")
    return name if isinstance(name, str) else None


def _entries(value: Any, holder: Any, depth: int) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """The entries of layers, in the order in which they were written, with what tells apart the models that they are in."""
    if depth > 4 * MAX_DEPTH or not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping):
        return
    for key in _INNER:
        inner = value["config"].get(key)
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, Mapping) and isinstance(item.get("class_name"), str) and isinstance(item.get("config"), Mapping):
                if key == "layers" and item["class_name"] != "InputLayer":
                    yield item, id(value)
                yield from _entries(item, value, depth + 1)


def _first(entry: Mapping[str, Any], before: list) -> Mapping[str, Any] | None:
    """The entry among those before that is the same layer, of which the file doesn't say it."""
    wanted = entry["class_name"], _without_ids(entry["config"])
    named = (e for e, _ in before if _ID not in e and _name(e) == _name(entry))
    return next((e for e in named if (e["class_name"], _without_ids(e["config"])) == wanted), None)


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    return {key: _without_ids(item) for key, item in value.items() if key != _ID} if isinstance(value, Mapping) else value


def _with(value: Any, number_of: Mapping[int, int]) -> Any:
    if isinstance(value, list):
        return [_with(item, number_of) for item in value]
    if not isinstance(value, Mapping):
        return value
    new = {key: _with(item, number_of) for key, item in value.items()}
    number = number_of.get(id(value))
    return new if number is None else {**new, NUMBER: number}
