"""Nodes of TensorFlow's graphs: their attributes as plain values, and the text of protocol buffers that holds one."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from ..errors import ModelFileError

_TYPES = {
    "DT_HALF": "float16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT8": "int8", "DT_INT16": "int16", "DT_INT32": "int32",
    "DT_INT64": "int64", "DT_UINT8": "uint8", "DT_UINT16": "uint16", "DT_UINT32": "uint32", "DT_UINT64": "uint64", "DT_BOOL": "bool",
    "DT_BFLOAT16": "bfloat16",
}  # fmt: skip
_NUMBERED = {
    1: "DT_FLOAT",
    2: "DT_DOUBLE",
    3: "DT_INT32",
    4: "DT_UINT8",
    6: "DT_INT8",
    9: "DT_INT64",
    10: "DT_BOOL",
    14: "DT_BFLOAT16",
    19: "DT_HALF",
}

#: attributes that say which types come in or how it is computed, and nothing about what
_SILENT = (
    "T", "Tidx", "Tindices", "Tparams", "Taxis", "Tperm", "Tshape", "Tdim", "Tdims", "Tlen", "Tmultiples", "Tpaddings", "Index", "N", "SrcT", "Truncate",
    "Targmax", "TI", "index_type", "output_type", "out_type", "grad_x", "grad_y", "incompatible_shape_error", "use_cudnn_on_gpu", "explicit_paddings",
    "validate_indices", "U", "is_training", "Tsegmentids", "half", "message",
)  # fmt: skip


def attributes_of(node: Mapping[str, Any], inputs: list[Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """(the operation's name in the table, its arguments, its keywords) of a node."""
    attributes = node.get("attr", {})
    if not isinstance(attributes, Mapping):
        raise ModelFileError(f"The attributes of the TensorFlow node {node['op']!r:.80} should be a dict.")
    found = {key: _value(key, value) for key, value in attributes.items() if key not in _SILENT and not key.startswith("_")}
    op = node["op"]
    if op in ("ConcatV2", "Concat", "Pack", "AddN", "Einsum"):  # several tensors are one argument
        many = inputs[:-1] if op == "ConcatV2" else inputs[1:] if op == "Concat" else inputs
        rest = inputs[-1:] if op == "ConcatV2" else inputs[:1] if op == "Concat" else []
        return (f"node.{op}", [*many], found) if op == "Einsum" else (f"node.{op}", [many, *rest], found)
    if op == "IdentityN":
        return f"node.{op}", [inputs], found
    return f"node.{op}", list(inputs), found


def _value(key: str, value: Any) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ModelFileError(f"kbridge can't read the attribute {key!r:.80} of a TensorFlow node: {value!r:.80}.")
    kind, inner = next(iter(value.items()))
    try:
        if kind == "i":
            return int(inner)
        if kind == "f":
            return float(inner)
        if kind == "b":
            return bool(inner)
        if kind == "type":
            return _TYPES.get(str(_NUMBERED.get(inner, inner)), inner)
        if kind == "s":
            return base64.b64decode(inner, validate=True).decode("utf8") if isinstance(inner, str) else bytes(inner).decode("utf8")
        if kind == "list" and isinstance(inner, Mapping):
            return [_value(key, {k: item}) for k, items in inner.items() for item in items]
    except (ValueError, TypeError, binascii.Error):
        pass
    raise ModelFileError(f"kbridge can't read the attribute {key!r:.80} of a TensorFlow node: {value!r:.80}.")


_TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*)*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][\w.]*)|([-+]?[\d.][\w.+-]*)|([{}:<>,;\[\]]))')


def node_of_text(text: str) -> dict[str, Any]:
    """A node written as the text of a protocol buffer, as JSON would have it. ModelFileError where it isn't one."""
    tokens: list[Any] = []
    place = 0
    text = text[: 2**20]
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None or len(tokens) > 100_000:
            raise ModelFileError(f"kbridge can't read a TensorFlow node from {text[place : place + 40]!r} on.")
        tokens.append(found[0].strip())
        place = found.end()
    fields, rest = _message(tokens, 0, 0)
    if rest != len(tokens):
        raise ModelFileError("A TensorFlow node has more closing than opening braces.")
    node: dict[str, Any] = {"input": fields.get("input", []), "attr": {}}
    for key in ("name", "op"):
        node[key] = fields.get(key, [None])[0]
    for entry in fields.get("attr", []):
        if not isinstance(entry, dict) or not entry.get("key") or not isinstance(entry.get("value", [None])[0], dict):
            raise ModelFileError("An attribute of a TensorFlow node has no key or no value.")
        node["attr"][entry["key"][0]] = {kind: _single(kind, items) for kind, items in entry["value"][0].items()}
    return node


def _single(kind: str, items: list[Any]) -> Any:
    if kind == "list":
        return items[0]
    if kind == "s":
        return base64.b64encode(str(items[0]).encode("utf8")).decode("ascii")
    return items[0] == "true" if kind == "b" else items[0]


def _message(tokens: list[str], place: int, depth: int) -> tuple[dict[str, list[Any]], int]:
    """The fields of a message, each a list, and where it ends."""
    fields: dict[str, list[Any]] = {}
    if depth > 8:
        raise ModelFileError("A TensorFlow node is nested too deeply.")
    while place < len(tokens) and tokens[place] != "}":
        name = tokens[place]
        place += 1
        if place < len(tokens) and tokens[place] == ":":
            place += 1
        if place >= len(tokens):
            raise ModelFileError("The text of a TensorFlow node ends within a field.")
        value: Any
        if tokens[place] == "{":
            value, place = _message(tokens, place + 1, depth + 1)
            if place >= len(tokens):
                raise ModelFileError("The text of a TensorFlow node ends within a message.")
        else:
            value = tokens[place]
            value = value[1:-1] if value.startswith('"') else value
        place += 1
        fields.setdefault(name, []).append(value)
    return fields, place
