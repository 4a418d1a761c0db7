"""An ONNX graph under construction: operators by name, constants stored once, names that are used once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import proto


class Builder:
    """Nodes, constants, inputs and outputs of one graph; tensors are names."""

    def __init__(self, name: str):
        self.name = name
        self.nodes: list[bytes] = []
        self.constants: dict[str, bytes] = {}
        self.inputs: list[bytes] = []
        self.outputs: list[bytes] = []
        self._known: dict[tuple, str] = {}
        self._taken: Counter[str] = Counter()
        #: put before the names of new tensors: the layer at hand
        self.scope = ""

    def unique(self, name: str) -> str:
        """``name``, or with a number where it is taken."""
        number = self._taken[name]
        self._taken[name] += 1
        return self.unique(f"{name}_{number}") if number else name

    def op(self, op: str, *inputs: str | np.ndarray, outputs: int = 1, **attributes: Any) -> Any:
        """The output of an operator (a list of them for several). Arrays among its inputs become constants."""
        sources = [self.constant(item) if isinstance(item, np.ndarray) else item for item in inputs]
        name = self.unique(f"{self.scope}/{op}" if self.scope else op)
        results = [name if n == 0 else f"{name}:{n}" for n in range(outputs)]
        self.nodes.append(proto.node(op, sources, results, name, attributes))
        return results[0] if outputs == 1 else results

    def constant(self, value: np.ndarray) -> str:
        """The name of a constant. Numbers with a fraction are float32."""
        value = np.asarray(value)
        if value.dtype.kind == "f":
            value = value.astype("float32")
        key = (str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).digest())
        if key not in self._known:
            name = self.unique(f"{self.scope}/constant" if self.scope else "constant")
            self._known[key] = name
            self.constants[name] = proto.tensor(name, value)
        return self._known[key]

    def input(self, name: str, dtype: str, shape: Sequence[int | None]) -> str:
        """An input of the graph."""
        name = self.unique(name)
        dims = ["N" if a == 0 and n is None else f"{name}_{a}" if n is None else n for a, n in enumerate(shape)]
        self.inputs.append(proto.value_info(name, dtype, dims))
        return name

    def output(self, name: str, tensor: str, shape: Sequence[int | None], dtype: str = "float32") -> None:
        """An output of the graph."""
        self.scope = ""
        name = self.unique(name)
        self.nodes.append(proto.node("Identity", [tensor], [name], name, {}))
        dims = ["N" if a == 0 and n is None else f"{name}_{a}" if n is None else n for a, n in enumerate(shape)]
        self.outputs.append(proto.value_info(name, dtype, dims))

    # ------------------------------------------------------------------ what many layers need

    def integers(self, *values: int) -> str:
        """A constant of whole numbers."""
        return self.constant(np.array(values, dtype="int64"))

    def number(self, value: float) -> str:
        """A constant number."""
        return self.constant(np.array(value, dtype="float32"))

    def transpose(self, x: str, *axes: int) -> str:
        return x if list(axes) == sorted(axes) else self.op("Transpose", x, perm=list(axes))

    def reshape(self, x: str, *shape: int) -> str:
        """To ``shape``: 0 keeps the length that stands there, -1 takes what is left."""
        return self.op("Reshape", x, self.integers(*shape))

    def squeeze(self, x: str, axis: int) -> str:
        return self.op("Squeeze", x, self.integers(axis))

    def unsqueeze(self, x: str, axis: int) -> str:
        return self.op("Unsqueeze", x, self.integers(axis))

    def slice(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        return self.op("Slice", x, self.integers(start), self.integers(stop), self.integers(axis), self.integers(step))

    def reverse(self, x: str, axis: int) -> str:
        return self.slice(x, axis, -1, -(2**62), -1)

    def serialized(self) -> bytes:
        """The whole model."""
        from ..._version import __version__

        body = proto.graph(self.name, self.nodes, self.constants.values(), self.inputs, self.outputs)
        return proto.model(body, "kbridge", __version__)
