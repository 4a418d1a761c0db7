"""The Open Inference Protocol, version 2, with its extension for binary tensors.

A tensor's data stands in the JSON as a list, or behind it as bytes: then the header ``Inference-Header-Content-Length``
tells where the JSON ends, and ``binary_data_size`` how many bytes a tensor has, in the order of the tensors.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson

from .. import __version__
from ..prediction.signature import Tensor, renamed
from .bodies import array_of, batch, has_words, parsed
from .models import Version
from .problems import bad
from .settings import Settings

#: dtype -> the protocol's name for it
DATATYPES = {
    "float16": "FP16", "float32": "FP32", "float64": "FP64", "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64",
    "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "bool": "BOOL",
}  # fmt: skip
DTYPES = {name: dtype for dtype, name in DATATYPES.items()}

#: the header with the length of the JSON part
LENGTH = "inference-header-content-length"


def server() -> dict[str, Any]:
    """The answer to ``GET /v2``."""
    return {"name": "kbridge", "version": __version__, "extensions": ["binary_tensor_data"]}


def metadata(version: Version) -> dict[str, Any]:
    """The answer to ``GET /v2/models/NAME``."""
    return {
        "name": version.name,
        "versions": [str(version.number)],
        "platform": "kbridge",
        "inputs": [_described(x) for x in version.inputs],
        "outputs": [_described(x) for x in version.outputs],
    }


def _described(x: Tensor) -> dict[str, Any]:
    return {"name": x.name, "datatype": DATATYPES.get(x.dtype, "FP32"), "shape": [-1 if n is None else n for n in (None, *x.shape)]}


class Inference:
    """One ``infer`` request.

    Args:
        body: of the request.
        length: bytes of its JSON part, None if all of it is.

    Raises:
        Problem: 400 with what was expected.
    """

    def __init__(self, body: bytes, length: str | None, version: Version, settings: Settings):
        size = len(body)
        if length is not None:
            if not length.isdecimal() or int(length) > len(body):
                raise bad(f"{LENGTH} is {length!r}, but the body has {len(body)} bytes.")
            size = int(length)
        self.version, self.settings = version, settings
        self.request = parsed(body[:size], settings)
        self.words = has_words(body[:size])
        self.rest = memoryview(body)[size:]
        self.arrays = self._arrays()
        self.wanted = self._wanted()

    def _arrays(self) -> list[np.ndarray]:
        given = self.request.get("inputs")
        if not isinstance(given, list) or not all(isinstance(x, dict) for x in given):
            raise bad("'inputs' must be a list of tensors with name, shape, datatype and data.")
        by_name = {x.get("name"): x for x in given if isinstance(x.get("name"), str)}
        by_name = renamed(by_name, self.version.inputs)
        names = [x.name for x in self.version.inputs]
        if len(by_name) != len(given) or set(by_name) != set(names):
            raise bad(
                f"The request has the tensors {', '.join(str(x.get('name')) for x in given) or 'none'}; {', '.join(names)} was expected."
            )
        # bytes come in the order in which the request names its tensors
        found = renamed({x["name"]: self._tensor(x) for x in given}, self.version.inputs)
        if len(self.rest):
            raise bad(f"The body has {len(self.rest)} bytes after the tensors, which belong to none of them.")
        batches = [batch(found[x.name], x, self.settings) for x in self.version.inputs]
        if len({len(x) for x in batches}) > 1:
            raise bad(f"The inputs have different numbers of samples: {', '.join(str(len(x)) for x in batches)}.")
        return batches

    def _tensor(self, given: dict[str, Any]) -> np.ndarray:
        name, shape, datatype = given.get("name"), given.get("shape"), given.get("datatype")
        if datatype not in DTYPES:
            raise bad(f"Tensor {name!r}: the datatype {datatype!r} is unknown; use {', '.join(DTYPES)}.")
        if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise bad(f"Tensor {name!r}: shape must be a list of whole numbers, got {shape!r:.60}.")
        count, dtype = math.prod(shape), np.dtype(DTYPES[datatype]).newbyteorder("<")
        if count > self.settings.max_values:
            raise bad(f"Tensor {name!r} has more than {self.settings.max_values:,} values.")
        parameters = given.get("parameters") or {}
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if size is not None:
            if size != count * dtype.itemsize or "data" in given:
                raise bad(
                    f"Tensor {name!r} of shape {shape} and type {datatype} needs {count * dtype.itemsize} bytes of binary data, or "
                    f"'data', got {size!r:.40}."
                )
            if size > len(self.rest):
                raise bad(f"Tensor {name!r}: the body ends before its {size} bytes.")
            found = np.frombuffer(self.rest[:size], dtype).reshape(shape)
            self.rest = self.rest[size:]
            return found
        if not isinstance(given.get("data"), list):
            raise bad(f"Tensor {name!r} of shape {shape} needs a list of {count} numbers as 'data'.")
        data = array_of(given["data"], repr(name), DTYPES[datatype], self.words)
        if data.size != count:
            raise bad(f"Tensor {name!r} of shape {shape} needs {count} numbers as 'data', got {data.size}.")
        return data.reshape(shape)

    def _wanted(self) -> list[tuple[int, bool]]:
        """The places of the outputs that were asked for, and whether each goes as bytes."""
        parameters = self.request.get("parameters") or {}
        binary = bool(parameters.get("binary_data_output")) if isinstance(parameters, dict) else False
        names = [x.name for x in self.version.outputs]
        asked = self.request.get("outputs")
        if not asked:
            return [(i, binary) for i in range(len(names))]
        if not isinstance(asked, list) or not all(isinstance(x, dict) for x in asked):
            raise bad("'outputs' must be a list of objects with a name.")
        found = []
        for x in asked:
            if x.get("name") not in names:
                raise bad(f"There is no output {x.get('name')!r}; the outputs are {', '.join(names)}.")
            own = x.get("parameters") or {}
            found.append((names.index(x["name"]), bool(own.get("binary_data", binary)) if isinstance(own, dict) else binary))
        return found

    def answer(self, outputs: list[np.ndarray]) -> tuple[bytes, dict[str, str]]:
        """The body of the answer and its headers."""
        told, rest = [], []
        for place, binary in self.wanted:
            x = np.ascontiguousarray(outputs[place])
            tensor: dict[str, Any] = {"name": self.version.outputs[place].name, "datatype": DATATYPES[x.dtype.name], "shape": list(x.shape)}
            if binary:
                rest.append(x.astype(x.dtype.newbyteorder("<"), copy=False).tobytes())
                tensor["parameters"] = {"binary_data_size": len(rest[-1])}
            else:
                tensor["data"] = x.ravel()
            told.append(tensor)
        found: dict[str, Any] = {"model_name": self.version.name, "model_version": str(self.version.number), "outputs": told}
        if isinstance(self.request.get("id"), str):
            found["id"] = self.request["id"]
        body = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
        if not rest:
            return body, {"content-type": "application/json"}
        return b"".join([body, *rest]), {"content-type": "application/octet-stream", LENGTH: str(len(body))}
