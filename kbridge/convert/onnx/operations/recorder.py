"""The recorder that writes calls of functions down as nodes of ONNX, and the table of what it can write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .... import backend as K
from ...problems import Unsupported, refusal
from ...recording import Recorded, Recorder, recorded
from ..proto import DATA_TYPES


class OnnxRecorder(Recorder):
    """Writes calls down as nodes of a graph; a place is a tensor's name."""

    def __init__(self, layer: Any, graph: Any):
        super().__init__(layer)
        self.g = graph

    def refuse(self, what: str) -> Unsupported:
        return refusal(self.layer, "onnx-operations", f"{what}, for which there are no operators")

    def constant_place(self, value: np.ndarray) -> str:
        return self.g.constant(np.asarray(value))

    def name(self, x: Any, dtype: str | None = None) -> str:
        """The tensor's name, cast to ``dtype`` where it has another; numbers and arrays become constants."""
        if not isinstance(x, Recorded):
            return self.g.constant(np.asarray(x).astype(dtype or K.dtype(K.constant(np.asarray(x)))))
        return x.place if dtype in (None, x.dtype) else self.g.op("Cast", x.place, to=self.type(dtype))

    def type(self, dtype: str) -> int:
        """ONNX's number of a dtype."""
        if dtype not in DATA_TYPES:
            raise self.refuse(f"the dtype {dtype}")
        return DATA_TYPES[dtype]

    def lengths(self, shape: Any) -> str:
        """A shape as a tensor of int64: of numbers and scalar tensors."""
        if isinstance(shape, Recorded):
            return self.name(shape, "int64")
        if not any(isinstance(n, Recorded) for n in shape):
            return self.g.integers(*(int(n) for n in shape))
        parts = [self.g.unsqueeze(self.name(n, "int64"), 0) if isinstance(n, Recorded) else self.g.integers(int(n)) for n in shape]
        return self.g.op("Concat", *parts, axis=0)


def operators(context: Any, layer: Any, graph: Any, call: Any, tensors: Any) -> Any:
    """The output tensors' names of a function on the inputs of a call. ``tensors``: the backend's tensors like those inputs."""
    recorder = OnnxRecorder(layer, context.graph)
    places = []
    for place, tensor in zip(call.inputs, tensors, strict=True):
        places.append(place)
        if K.dtype(tensor) not in DATA_TYPES:
            raise recorder.refuse(f"the dtype {K.dtype(tensor)}")
    results = recorded(recorder, graph, places, tensors)
    names = [r.place for r in results]
    return names if len(names) > 1 else names[0]


#: primitive -> the function that writes it down; the families fill it
E: dict[str, Callable[..., Any]] = {}
OnnxRecorder.emitters = E


def emits(*names: str):
    """Enter a function into the table under the names of the primitives that it writes down."""

    def put(function):
        for name in names:
            E[name] = function
        return function

    return put
