"""Functions of tensors as operations of Keras 3: a functional model of them, in the place of the layer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import backend as K
from ...backends import settings
from ..problems import Unsupported, refusal
from ..recording import Recorded, Recorder, recorded
from .context import Context, data_format, safe_name
from .parts import Graph, Part, Ref

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
class _Length:
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
            if isinstance(value.place, _Length):
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


E = Keras3Recorder.emitters = {}


def emits(*names: str):
    def put(function):
        for name in names:
            E[name] = function
        return function

    return put


def _meeting(r: Keras3Recorder, shadow: Any, *operands: Any) -> list[Any]:
    return [r.as_type(x, K.dtype(shadow)) for x in operands]


for _name, _class in {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "divide": "TrueDivide", "floor_divide": "FloorDivide", "mod": "Mod",
    "maximum": "Maximum", "minimum": "Minimum",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, y, cls=_class: r.op(cls, *_meeting(r, shadow, x, y))


@emits("pow", "power")
def _power(r, shadow, x, y=None, a=None):
    return r.op("Power", *_meeting(r, shadow, x, a if y is None else y))


@emits("arctan2")
def _arctan2(r, shadow, y, x):
    return r.op("Arctan2", *_meeting(r, shadow, y, x))


for _name, _class in {
    "greater": "Greater", "greater_equal": "GreaterEqual", "lesser": "Less", "lesser_equal": "LessEqual", "equal": "Equal", "not_equal": "NotEqual",
    "logical_and": "LogicalAnd", "logical_or": "LogicalOr",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, y, cls=_class: r.op(cls, x, y)

for _name, _class in {
    "negative": "Negative", "abs": "Absolute", "sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil", "exp": "Exp", "expm1": "Expm1",
    "log": "Log", "log1p": "Log1p", "erf": "Erf", "sqrt": "Sqrt", "square": "Square", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Arcsin",
    "arccos": "Arccos", "arctan": "Arctan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Arcsinh", "arccosh": "Arccosh",
    "arctanh": "Arctanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign", "selu": "Selu", "silu": "Silu", "relu6": "Relu6",
    "logical_not": "LogicalNot", "stop_gradient": "StopGradient",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, cls=_class, **x: r.op(cls, *x.values())


@emits("round")
def _round(r, shadow, x):
    return r.op("Round", x, decimals=0)


@emits("relu")
def _relu(r, shadow, x, alpha=0.0, max_value=None):
    if max_value == 6 and not alpha:
        return r.op("Relu6", x)
    found = r.op("LeakyRelu", x, negative_slope=float(alpha)) if alpha else r.op("Relu", x)
    return found if max_value is None else r.op("Minimum", Recorded(r, found, shadow), max_value)


@emits("elu")
def _elu(r, shadow, x, alpha=1.0):
    return r.op("Elu", x, alpha=float(alpha))


@emits("leaky_relu")
def _leaky_relu(r, shadow, x, negative_slope=0.2):
    return r.op("LeakyRelu", x, negative_slope=float(negative_slope))


@emits("gelu")
def _gelu(r, shadow, x, approximate=False):
    return r.op("Gelu", x, approximate=bool(approximate))


@emits("softmax")
def _softmax(r, shadow, x, axis=-1):
    return r.op("Softmax", x, axis=axis)


@emits("log_softmax")
def _log_softmax(r, shadow, x, axis=-1):
    return r.op("LogSoftmax", x, axis=axis)


@emits("cast")
def _cast(r, shadow, x, dtype):
    found = r.as_type(x, dtype)
    return found.place if isinstance(found, Recorded) else np.asarray(found, dtype)


E["constant"] = lambda r, shadow, **_: None  # its place is made of its value


@emits("clip")
def _clip(r, shadow, x, min_value, max_value):
    if min_value is None or max_value is None:
        return (
            x.place
            if max_value is min_value is None
            else r.op("Minimum", x, max_value)
            if min_value is None
            else r.op("Maximum", x, min_value)
        )
    if isinstance(min_value, Recorded) or isinstance(max_value, Recorded):
        return r.op("Maximum", Recorded(r, r.op("Minimum", x, max_value), shadow), min_value)
    return r.op("Clip", x, x_min=min_value, x_max=max_value)


@emits("where")
def _where(r, shadow, condition, x, y):
    return r.op("Where", condition, *_meeting(r, shadow, x, y))


# ---------------------------------------------------------------------- reductions


def _axis(axis: Any) -> Any:
    return [int(a) for a in axis] if isinstance(axis, (list, tuple)) else axis


for _name, _class in {
    "sum": "Sum",
    "prod": "Prod",
    "mean": "Mean",
    "max": "Max",
    "min": "Min",
    "any": "Any",
    "all": "All",
    "std": "Std",
    "var": "Var",
    "logsumexp": "Logsumexp",
}.items():
    E[_name] = lambda r, shadow, x, axis=None, keepdims=False, cls=_class: r.op(cls, x, axis=_axis(axis), keepdims=bool(keepdims))
for _name, _class in {"argmax": "Argmax", "argmin": "Argmin"}.items():
    E[_name] = lambda r, shadow, x, axis=-1, cls=_class: r.op(cls, x, axis=int(axis), keepdims=False)


@emits("cumsum")
def _cumsum(r, shadow, x, axis=0):
    return r.op("Cumsum", r.as_type(x, K.dtype(shadow)), axis=int(axis))


@emits("host_call")
def _host_call(r, shadow, function, tensors, dtype, shape):
    sorts = getattr(function, "sorts", None)
    if sorts is None:
        raise r.refuse("a function of arrays")
    axis, descending, count = sorts
    x = tensors[0]
    if count is not None:
        return Ref(r.op("TopK", x, k=int(count), sorted=True)[0], 0, 1)
    if descending:
        x = Recorded(r, r.op("Negative", x), x.shadow)
    return r.op("Argsort", x, axis=int(axis))


# ---------------------------------------------------------------------- shapes


@emits("shape")
def _shape(r, shadow, x):
    return _Length(x, None)


def _lengths(r: Keras3Recorder, shape: Any) -> list[int]:
    """A shape as numbers, -1 for one that is only known at run time."""
    if isinstance(shape, Recorded):
        raise r.refuse("a shape that is only known at run time")
    found = [-1 if isinstance(n, Recorded) else int(n) for n in shape]
    if found.count(-1) > 1:
        raise r.refuse("a shape of which several lengths are only known at run time")
    return found


@emits("reshape")
def _reshape(r, shadow, x, shape):
    rest = x.shape[1:]
    if not isinstance(shape, Recorded) and None not in rest:
        numbers = [n for n in shape if not isinstance(n, Recorded)]
        lengths = [n for n in shape if isinstance(n, Recorded)]
        if len(lengths) == 1 and isinstance(lengths[0].place, _Length) and lengths[0].place.axis == 0 and -1 in numbers:
            # the number of samples, and one length that follows
            others = math.prod(n for n in numbers if n != -1)
            shape = [n if isinstance(n, Recorded) or n != -1 else math.prod(rest) // others for n in shape]
    return r.op("Reshape", x, newshape=_lengths(r, shape))


@emits("permute_dimensions")
def _permute(r, shadow, x, pattern):
    return r.op("Transpose", x, axes=[int(a) for a in pattern])


@emits("expand_dims")
def _expand_dims(r, shadow, x, dim=-1):
    if isinstance(x.place, (_Length, np.ndarray)):
        return x.place if isinstance(x.place, _Length) else np.expand_dims(x.place, dim)
    return r.op("ExpandDims", x, axis=int(dim))


@emits("squeeze")
def _squeeze(r, shadow, x, axis):
    return r.op("Squeeze", x, axis=int(axis))


@emits("concatenate")
def _concatenate(r, shadow, tensors, axis=-1):
    if any(isinstance(t.place, _Length) for t in tensors if isinstance(t, Recorded)):
        return _Length(tensors, None)  # a shape that is put together: its known parts come along
    return r.op("Concatenate", [r.as_type(t, K.dtype(shadow)) for t in tensors], axis=int(axis))


@emits("pad")
def _pad(r, shadow, x, padding):
    return r.op("Pad", x, _kwargs={"constant_values": None}, pad_width=[[int(n) for n in pair] for pair in padding], mode="constant")


@emits("tile")
def _tile(r, shadow, x, n):
    times = [n] if isinstance(n, int) else list(n)
    for axis, times_there in enumerate(times):
        if isinstance(times_there, Recorded):
            x, times[axis] = _along(r, x, axis, times_there.place), 1
    return r.op("Tile", x, repeats=[int(t) for t in times])


def _along(r: Keras3Recorder, x: Recorded, axis: int, length: Any) -> Recorded:
    """``x``, of length 1 along an axis, as often as another tensor is long: its product with ones of that length."""
    if not isinstance(length, _Length) or length.axis is None or not isinstance(length.tensor, Recorded) or x.shape[axis] != 1:
        raise r.refuse("repetition by a length that is only known at run time")
    other = length.tensor
    key = tuple(slice(None) if a == length.axis else 0 for a in range(len(other.shape)))
    ones = r.as_type(r.ones_like(other[key] if len(key) > 1 else other), x.dtype)
    return x * r.reshape(ones, [-1 if a == axis else 1 for a in range(len(x.shape))])


@emits("repeat_elements")
def _repeat_elements(r, shadow, x, rep, axis):
    return r.op("Repeat", x, repeats=int(rep), axis=int(axis))


@emits("reverse")
def _reverse(r, shadow, x, axes):
    return r.op("Flip", x, axis=[int(a) for a in axes] if isinstance(axes, (list, tuple)) else int(axes))


@emits("gather")
def _gather(r, shadow, reference, indices):
    return r.op("Take", reference, indices, axis=0)


@emits("getitem")
def _getitem(r, shadow, x, key):
    key = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    if isinstance(x.place, _Length):
        return _Length(x.place.tensor, key if isinstance(key, int) else None)
    return r.op("GetItem", x, key)


@emits("arange")
def _arange(r, shadow, start, stop=None, step=1, dtype="int32"):
    if any(isinstance(n, Recorded) for n in (start, stop, step)):
        raise r.refuse("a range up to a length that is only known at run time")
    return (np.arange(start, stop, step) if stop is not None else np.arange(start)).astype(dtype)


for _name, _class in {"zeros_like": "ZerosLike", "ones_like": "OnesLike"}.items():
    E[_name] = lambda r, shadow, x, dtype=None, name=None, cls=_class: r.op(cls, r.as_type(x, K.dtype(shadow)))


@emits("one_hot")
def _one_hot(r, shadow, indices, nb_classes, dtype=None):
    return r.op("OneHot", indices, num_classes=int(nb_classes), axis=-1, dtype=K.dtype(shadow), sparse=False)


# ---------------------------------------------------------------------- products, pictures


@emits("dot")
def _dot(r, shadow, x, y):
    return r.op("Dot", *_meeting(r, shadow, x, y))


@emits("batch_matmul")
def _batch_matmul(r, shadow, x, y):
    return r.op("Matmul", *_meeting(r, shadow, x, y))


@emits("einsum")
def _einsum(r, shadow, equation, operands):
    return r.op("Einsum", *_meeting(r, shadow, *operands), subscripts=equation.replace(" ", ""))


@emits("pool2d", "pool3d")
def _pool(r, shadow, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
    config = {"pool_size": list(pool_size), "strides": list(strides), "padding": border_mode}
    ordering = data_format(settings.resolve_dim_ordering(dim_ordering))
    return r.op("MaxPool" if pool_mode == "max" else "AveragePool", x, **config, data_format=ordering)


@emits("conv2d", "conv3d")
def _conv(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation, **_):
    if settings.resolve_dim_ordering(dim_ordering) == "th" or border_mode == "full":
        raise r.refuse("convolution with channels first")
    config = {"strides": list(strides), "padding": border_mode, "data_format": "channels_last", "dilation_rate": list(filter_dilation)}
    return r.op("Conv", x, r.as_type(kernel, x.dtype), **config)


@emits("depthwise_conv2d")
def _depthwise(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation):
    if settings.resolve_dim_ordering(dim_ordering) == "th":
        raise r.refuse("convolution with channels first")
    config = {"strides": list(strides), "padding": border_mode, "data_format": "channels_last", "dilation_rate": list(filter_dilation)}
    return r.op("DepthwiseConv", x, r.as_type(kernel, x.dtype), **config)


@emits("resize")
def _resize(r, shadow, x, size, interpolation="bilinear", dim_ordering="default", antialias=False):
    ordering = data_format(settings.resolve_dim_ordering(dim_ordering))
    plain = interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5") and all(isinstance(n, int) for n in size)
    if not plain:
        raise r.refuse(f"resizing by {interpolation}")
    return r.op("Resize", x, size=list(size), interpolation=interpolation, antialias=bool(antialias), data_format=ordering)
