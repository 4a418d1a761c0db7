"""ONNX's protocol buffers, written by hand: the few messages that a model needs (onnx.proto, IR version 8).

A field is its number and kind, then a number, or a length and bytes; a message is the fields one after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

IR_VERSION = 8
OPSET = 17

#: TensorProto.DataType
DATA_TYPES = {"float32": 1, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11}

_NUMBER, _BYTES, _FLOAT = 0, 2, 5


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers take all ten bytes
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """An integer."""
    return _varint(field << 3 | _NUMBER) + _varint(value)


def text(field: int, value: str | bytes) -> bytes:
    """A string, bytes, or a message inside this one."""
    raw = value.encode("utf8") if isinstance(value, str) else value
    return _varint(field << 3 | _BYTES) + _varint(len(raw)) + raw


def _real(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FLOAT) + struct.pack("<f", value)


def tensor(name: str, value: np.ndarray) -> bytes:
    """TensorProto."""
    raw = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    dims = b"".join(number(1, n) for n in value.shape)
    return dims + number(2, DATA_TYPES[str(value.dtype)]) + text(8, name) + text(9, raw)


def attribute(name: str, value: Any) -> bytes:
    """AttributeProto for an int, a float, a text, or a list of one kind of them."""
    head = text(1, name)
    if isinstance(value, (int, np.integer)):
        return head + number(3, int(value)) + number(20, 2)
    if isinstance(value, float):
        return head + _real(2, value) + number(20, 1)
    if isinstance(value, str):
        return head + text(4, value) + number(20, 3)
    items = list(value)
    if all(isinstance(item, str) for item in items):
        return head + b"".join(text(9, item) for item in items) + number(20, 8)
    if all(isinstance(item, (int, np.integer)) for item in items):
        return head + b"".join(number(8, int(item)) for item in items) + number(20, 7)
    return head + b"".join(_real(7, float(item)) for item in items) + number(20, 6)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], name: str, attributes: dict[str, Any]) -> bytes:
    """NodeProto."""
    parts = [text(1, item) for item in inputs] + [text(2, item) for item in outputs] + [text(3, name), text(4, op)]
    return b"".join(parts) + b"".join(text(5, attribute(key, value)) for key, value in attributes.items())


def value_info(name: str, dtype: str, shape: Sequence[int | str]) -> bytes:
    """ValueInfoProto of a tensor; a text in ``shape`` names a length that isn't fixed."""
    dims = b"".join(text(1, text(2, n) if isinstance(n, str) else number(1, n)) for n in shape)
    kind = number(1, DATA_TYPES[dtype]) + text(2, dims)
    return text(1, name) + text(2, text(1, kind))


def graph(name: str, nodes: Iterable[bytes], constants: Iterable[bytes], inputs: Iterable[bytes], outputs: Iterable[bytes]) -> bytes:
    """GraphProto."""
    parts = [text(1, item) for item in nodes] + [text(2, name)]
    parts += [text(5, item) for item in constants] + [text(11, item) for item in inputs] + [text(12, item) for item in outputs]
    return b"".join(parts)


def model(graph_: bytes, producer: str, version: str) -> bytes:
    """ModelProto."""
    opset = text(1, "") + number(2, OPSET)
    return number(1, IR_VERSION) + text(2, producer) + text(3, version) + text(7, graph_) + text(8, opset)
