"""Vocabularies of lookup layers in a SavedModel of tf.keras.

Neither configs nor variables hold them, but the graph does: a layer's table is filled by a function, and two arrays of constants are bound to
that, the tokens and their numbers, or the name of a file in ``assets``. Only these are read; the function is not run. The way there, by the numbers of fields in
TensorFlow's descriptions of its records (saved_model.proto, saved_object_graph.proto, graph.proto, tensor.proto): the object of the layer, of
its table, of the table's ``_initialize``, the function's bound inputs, the names of constants, the nodes of the graph with these names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..keras2.detection import named_entries
from ..limits import MAX_TEXT, MAX_VALUES
from ..texts import parse_json
from . import wire
from .saved_model import GRAPH, METADATA, SavedModel, first_graph, mapped_graph, user_objects

#: classes with a table, and the attributes that lead to it
_TABLES = {
    "StringLookup": ("lookup_table",),
    "IntegerLookup": ("lookup_table",),
    "TextVectorization": ("_lookup_layer", "lookup_table"),
}
#: types of tensors in TensorFlow's numbering
_STRING, _INT32, _INT64 = 7, 3, 9
#: objects, functions and constants of a graph; large models have some ten thousand
_MAX_RECORDS = 200_000


def with_vocabularies(config: Any, saved: SavedModel) -> Any:
    """The config of the model in ``saved``, with the vocabularies of lookup layers that have none in their configs.

    A vocabulary that isn't found is left out. May raise ModelFileError for a damaged graph.
    """
    wanted = {options["name"]: entry for entry in named_entries(config) if (options := _without_tokens(entry))}
    if not wanted or not os.path.isfile(os.path.join(saved.folder, GRAPH)):
        return config
    with mapped_graph(saved.folder) as data:
        graph = _Graph(saved.folder, data)
        found: dict[str, list] = {}
        for item in saved.objects:
            metadata = parse_json(item.text, f"{saved.folder!r}, {METADATA}")
            name = metadata.get("name") if isinstance(metadata, Mapping) else None
            if isinstance(name, str) and name in wanted and item.kind.startswith("_tf_keras"):
                tokens = graph.tokens(item.node, wanted[name])
                if tokens:
                    found.setdefault(name, tokens)
    return _filled(config, found)


def _without_tokens(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The options of a lookup layer that has no vocabulary; None for others."""
    options = entry.get("config")
    if entry.get("class_name") not in _TABLES or not isinstance(options, Mapping) or options.get("vocabulary"):
        return None
    return options if isinstance(options.get("name"), str) else None


def _filled(config: Any, found: Mapping[str, list]) -> Any:
    if isinstance(config, list):
        return [_filled(item, found) for item in config]
    if not isinstance(config, Mapping):
        return config
    if (options := _without_tokens(config)) and options["name"] in found:
        return {**config, "config": {**options, "vocabulary": found[options["name"]]}}
    return {key: _filled(value, found) if key in ("config", "layers") else value for key, value in config.items()}


class _Graph:
    """The first graph in saved_model.pb."""

    def __init__(self, folder: str, data: memoryview):
        self.folder = folder
        operations, records = user_objects(data)
        #: how many tokens, and steps on the way to them, are still allowed
        self.left = MAX_VALUES
        self.objects = self._listed(records, 1)
        self.functions = dict(map(_entry_of_map, self._listed(records, 2)))
        #: names of files in the folder assets
        self.files = [next((wire.text(name) for name in wire.messages(record, 2)), "") for record in self._listed(first_graph(data), 6)]
        self.constants = {name: record for record in self._listed(operations, 1) if (name := _name_of_constant(record))}

    def _listed(self, records: memoryview | None, field: int) -> list[memoryview]:
        found: list[memoryview] = []
        for record in () if records is None else wire.messages(records, field):
            if len(found) == _MAX_RECORDS:
                raise wire.Damaged(f"its graph has more than {_MAX_RECORDS} objects, functions or operations.")
            found.append(record)
        return found

    def tokens(self, node: int, entry: Mapping[str, Any]) -> list | None:
        """The tokens of a lookup layer, in the order of their numbers."""
        place: int | None = node
        for attribute in (*_TABLES[entry["class_name"]], "_initialize"):
            place = None if place is None else self._child(place, attribute)
        names = [] if place is None else self._constants(place)
        if place is not None and not names:
            return self._tokens_of_file(place, entry["class_name"])
        if len(names) != 2:
            return None
        keys, values = map(self._array, reversed(names) if entry["config"].get("invert") else names)
        if not keys or not values or len(keys) != len(values) or not all(isinstance(value, int) for value in values):
            return None
        return [keys[i] for i in np.argsort(np.asarray(values, dtype="int64"), kind="stable")]

    def _tokens_of_file(self, node: int, class_name: str) -> list | None:
        """The lines of the file in the folder ``assets`` that is bound to a function, where a vocabulary was given as a file."""
        for place in self._bound(self._function_of(node)):
            for asset in wire.messages(self._object(place), 5):
                number = next((wire.number(value) for field, _, value in wire.fields(asset) if field == 1), 0)
                name = self.files[number] if number < len(self.files) else ""
                path = os.path.join(self.folder, "assets", name)
                if name != os.path.basename(name) or not os.path.isfile(path):
                    raise wire.Damaged(f"the vocabulary {name!r} is no file in the folder assets.")
                if os.path.getsize(path) > MAX_TEXT:
                    raise wire.Damaged(f"the vocabulary {name!r} has more than {MAX_TEXT} bytes.")
                with open(path, encoding="utf8") as file:
                    lines = file.read().removesuffix("\n").split("\n")
                self._spend(len(lines))
                return [int(line) for line in lines] if class_name == "IntegerLookup" else lines
        return None

    def _child(self, node: int, attribute: str) -> int | None:
        for record in wire.messages(self._object(node), 1):
            self._spend(1)
            to, name = 0, ""
            for number, _, value in wire.fields(record):
                if number == 1:
                    to = wire.number(value)
                elif number == 2:
                    name = wire.text(value)
            if name == attribute:
                return to
        return None

    def _object(self, node: int) -> memoryview:
        if node >= len(self.objects):
            raise wire.Damaged(f"it refers to object {node}, and has {len(self.objects)}.")
        return self.objects[node]

    def _constants(self, node: int) -> list[str]:
        """The names of the constants that are bound to a function's inputs, in order."""
        names = []
        for place in self._bound(self._function_of(node)):
            for constant in wire.messages(self._object(place), 9):
                names += [wire.text(name) for name in wire.messages(constant, 1)][:1]
        return names

    def _function_of(self, node: int) -> str:
        return next((wire.text(name) for function in wire.messages(self._object(node), 6) for name in wire.messages(function, 1)), "")

    def _bound(self, called: str) -> Iterator[int]:
        for place in _numbers(self.functions.get(called, memoryview(b"")), 2):
            self._spend(1)
            yield place

    def _array(self, name: str) -> list | None:
        """The values of the constant ``name``: texts or whole numbers."""
        for attribute in wire.messages(self.constants.get(name, memoryview(b"")), 5):
            self._spend(1)
            key, value = _entry_of_map(attribute)
            if key == "value":
                tensor = next(wire.messages(value, 8), None)
                return None if tensor is None else self._values(tensor)
        return None

    def _values(self, tensor: memoryview) -> list | None:
        kind = next((wire.number(value) for number, _, value in wire.fields(tensor) if number == 1), 0)
        if kind == _STRING:
            texts = []
            for value in wire.messages(tensor, 8):
                self._spend(1)
                texts.append(wire.text(value))
            if sum(map(len, texts)) > MAX_TEXT:
                raise wire.Damaged(f"a vocabulary has more than {MAX_TEXT} characters.")
            return texts
        if kind not in (_INT32, _INT64):
            return None
        packed = b"".join(bytes(value) for value in wire.messages(tensor, 4))
        if packed:
            size = 4 if kind == _INT32 else 8
            self._spend(len(packed) // size)
            return np.frombuffer(packed, f"<i{size}", len(packed) // size).tolist()
        found = [wire.signed(number) for number in _numbers(tensor, 7 if kind == _INT32 else 10)]
        self._spend(len(found))
        return found

    def _spend(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise wire.Damaged(f"its vocabularies have more than {MAX_VALUES} tokens, or its graph is too long.")


def _entry_of_map(record: memoryview) -> tuple[str, memoryview]:
    """The key and the value of an entry of a map."""
    key, inside = "", memoryview(b"")
    for number, _, value in wire.fields(record):
        if number == 1:
            key = wire.text(value)
        elif number == 2:
            inside = wire.message(value)
    return key, inside


def _name_of_constant(record: memoryview) -> str:
    """The name of an operation that is a constant; nothing for others."""
    name = kind = ""
    for number, _, value in wire.fields(record):
        if number == 1:
            name = wire.text(value)
        elif number == 2:
            kind = wire.text(value)
    return name if kind == "Const" else ""


def _numbers(record: memoryview, field: int) -> Iterator[int]:
    """The numbers of a repeated field, packed or one by one."""
    for number, kind, value in wire.fields(record):
        if number == field and kind == wire.VARINT:
            yield wire.number(value)
        elif number == field and kind == wire.BYTES:
            packed, at = wire.message(value), 0
            while at < len(packed):
                one, at = wire.varint(packed, at)
                yield one
