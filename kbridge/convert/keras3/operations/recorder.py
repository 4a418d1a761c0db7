"""The recorder that writes calls of functions down as operations of Keras 3, and the table of what it can write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .... import backend as K
from ...problems import Unsupported, refusal
from ...recording import Recorded, Recorder, recorded
from ..context import Context, safe_name
from ..parts import Graph, Part, Ref

#: modules of operations' classes, where it isn't numpy
_MODULES = {
    "core": ("Cast", "StopGradient", "Unstack"),
    "math": ("Erf", "Logsumexp", "Rsqrt", "TopK"),
    "nn": (
        "Sigmoid", "Softplus", "Softsign", "Relu", "Relu6", "Elu", "LeakyRelu", "Softmax", "Selu", "Silu", "Gelu", "LogSoftmax", "MaxPool", "AveragePool",
        "Conv", "DepthwiseConv", "OneHot",
    ),
    "image": ("Resize",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


@dataclass
class OperationPart(Part):
    """An operation with the arguments of its one call: Recorded tensors, numbers, arrays, slices and lists of them."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)

    def entry(self, registered: bool) -> dict[str, Any]:
        module = f"keras.src.ops.{_MODULE_OF.get(self.class_name, 'numpy')}"
        return {"module": module, "class_name": self.class_name, "config": self.config, "registered_name": self.class_name}

    def call(self) -> dict[str, Any]:
        """The call as it stands in a config."""
        return {"args": [_argument(a) for a in self.args], "kwargs": {key: _argument(a) for key, a in self.kwargs.items()}}


def _argument(value: Any) -> Any:
    if isinstance(value, Recorded):
        if isinstance(value.place, np.ndarray):
            return _argument(value.place)
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": list(value.place)}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, np.ndarray):
        return (
            value.item() if value.ndim == 0 else {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
        )
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_argument(item) for item in value]
    if isinstance(value, slice):
        config = {key: _argument(getattr(value, key)) for key in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": config}
    return value


@dataclass(frozen=True)
class Length:
    """The place of what is only known at run time: the length of an axis of a tensor (None: its whole shape)."""

    tensor: Any
    axis: int | None


class Keras3Recorder(Recorder):
    """Writes calls down as operations; a place is a Ref, an array, or a length that is only known at run time."""

    def __init__(self, layer: Any):
        super().__init__(layer)
        self.parts: list[OperationPart] = []
        self.reads: dict[str, list[Ref]] = {}
        self._count: dict[str, int] = {}

    def refuse(self, what: str) -> Unsupported:
        return refusal(self.layer, "keras3-operations", f"{what}, for which it has no operation")

    def op(self, class_name: str, *args: Any, _kwargs: dict[str, Any] | None = None, **config: Any) -> Ref:
        """Write an operation of a class down; ``config``: the arguments of its constructor."""
        number = self._count[class_name] = self._count.get(class_name, -1) + 1
        name = class_name.lower() + (f"_{number}" if number else "")
        found: list[Ref] = []
        self._sources([*args, *(_kwargs or {}).values()], found)
        self.parts.append(OperationPart(class_name, {"name": name, **config}, args=list(args), kwargs=_kwargs or {}))
        self.reads[name] = found
        return Ref(name)

    def _sources(self, value: Any, found: list[Ref]) -> None:
        if isinstance(value, Recorded):
            if isinstance(value.place, Length):
                raise self.refuse("a length that is only known at run time")
            if isinstance(value.place, Ref):
                found.append(value.place)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self._sources(item, found)
        elif isinstance(value, slice):
            self._sources([value.start, value.stop, value.step], found)

    def as_type(self, x: Any, dtype: str) -> Any:
        """A tensor of a dtype, cast where it has another; numbers as they are, arrays of that dtype."""
        if not isinstance(x, Recorded):
            return np.asarray(x).astype(dtype) if np.ndim(x) else x
        if isinstance(x.place, np.ndarray):
            return x.place.astype(dtype)
        return x if x.dtype == dtype else Recorded(self, self.op("Cast", x, dtype=dtype), K.cast(x.shadow, dtype))


def as_model(context: Context, layer: Any, graph: Any, shapes: Any, tensors: Any) -> list[Part]:
    """A functional model of operations in the place of ``layer``, which computes ``graph``."""
    recorder = Keras3Recorder(layer)
    made = Graph("Functional", {"name": safe_name(layer.name), "trainable": True})
    for i, (shape, tensor) in enumerate(zip(shapes, tensors, strict=True)):
        config = {"batch_shape": list(shape), "dtype": K.dtype(tensor), "sparse": False, "name": f"input_{i}"}
        made.add(Part("InputLayer", config), [])
        made.inputs.append(Ref(f"input_{i}"))
        made.shapes[Ref(f"input_{i}")], made.dtypes[Ref(f"input_{i}")] = tuple(shape), K.dtype(tensor)
    results = recorded(recorder, graph, made.inputs, tensors)
    for result in results:
        if not isinstance(result.place, Ref):
            raise recorder.refuse("a result that depends on no value of a tensor")
        place = result.place
        if place in made.inputs:
            place = recorder.op("Copy", result)
        made.outputs.append(place)
    for part in recorder.parts:
        made.add(part, [list(recorder.reads[part.name])])
    return [made]


#: primitive -> the function that writes it down; the families fill it
E: dict[str, Callable[..., Any]] = {}
Keras3Recorder.emitters = E


def emits(*names: str):
    """Enter a function into the table under the names of the primitives that it writes down."""

    def put(function):
        for name in names:
            E[name] = function
        return function

    return put


def meeting(r: Keras3Recorder, shadow: Any, *operands: Any) -> list[Any]:
    """The operands in the dtype of the result."""
    return [r.as_type(x, K.dtype(shadow)) for x in operands]
