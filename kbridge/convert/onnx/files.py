"""Writing an ONNX file."""

from __future__ import annotations

import os

from ...files.atomic import write_bytes
from ..problems import NotConvertible, with_id
from .builder import Builder

#: Protocol buffers end here.
MAX_BYTES = 2**31 - 1


def write_onnx(graph: Builder, path: str | os.PathLike) -> None:
    """Write the file. NotConvertible for a model of 2 GB or more."""
    data = graph.serialized()
    if len(data) > MAX_BYTES:
        raise NotConvertible("ONNX", [with_id("onnx-size", f"it takes {len(data):,} bytes, but an ONNX file can hold only {MAX_BYTES:,}")])
    write_bytes(path, data)
