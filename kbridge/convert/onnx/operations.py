"""Functions of tensors as operators of ONNX: the primitives that all operations are composed of."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import backend as K
from ...backends import settings
from ..problems import Unsupported, refusal
from ..recording import Recorded, Recorder, recorded
from .proto import DATA_TYPES


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


E = OnnxRecorder.emitters = {}


def emits(*names: str):
    def put(function):
        for name in names:
            E[name] = function
        return function

    return put


def _common(r: OnnxRecorder, x: Any, y: Any) -> str:
    """The dtype in which two operands meet."""
    found = [v.dtype for v in (x, y) if isinstance(v, Recorded)]
    floats = [d for d in found if d.startswith("float")]
    wide = max(floats or [d for d in found if d != "bool"] or found, key=lambda d: np.dtype(d).itemsize)
    return (
        wide if wide != "bool" or all(isinstance(v, (Recorded, bool, np.bool_)) or np.asarray(v).dtype == bool for v in (x, y)) else "int32"
    )


def _binary(op: str):
    def emit(r, shadow, x, y=None, a=None):
        y = a if y is None else y
        dtype = K.dtype(shadow)
        return r.g.op(op, r.name(x, dtype), r.name(y, dtype))

    return emit


for _name, _op in {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min"}.items():
    E[_name] = _binary(_op)


@emits("pow", "power")
def _pow(r, shadow, x, y=None, a=None):
    return r.g.op("Pow", r.name(x, K.dtype(shadow)), r.name(a if y is None else y, K.dtype(shadow)))


@emits("floor_divide")
def _floor_divide(r, shadow, x, y):
    dtype = K.dtype(shadow)
    if not dtype.startswith("float"):
        quotient = r.g.op("Floor", r.g.op("Div", r.name(x, "float32"), r.name(y, "float32")))
        return r.g.op("Cast", quotient, to=r.type(dtype))
    return r.g.op("Floor", r.g.op("Div", r.name(x, dtype), r.name(y, dtype)))


@emits("mod")
def _mod(r, shadow, x, y):
    dtype = K.dtype(shadow)
    x, y = r.name(x, dtype), r.name(y, dtype)
    if not dtype.startswith("float"):
        return r.g.op("Mod", x, y)
    return r.g.op("Sub", x, r.g.op("Mul", r.g.op("Floor", r.g.op("Div", x, y)), y))


def _compared(op: str, negated: bool = False):
    def emit(r, shadow, x, y):
        dtype = _common(r, x, y)
        found = r.g.op(op, r.name(x, dtype), r.name(y, dtype))
        return r.g.op("Not", found) if negated else found

    return emit


for _name, _op in {
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "lesser": "Less",
    "lesser_equal": "LessOrEqual",
    "equal": "Equal",
}.items():
    E[_name] = _compared(_op)
E["not_equal"] = _compared("Equal", negated=True)
for _name, _op in {"logical_and": "And", "logical_or": "Or"}.items():
    E[_name] = lambda r, shadow, x, y, op=_op: r.g.op(op, r.name(x, "bool"), r.name(y, "bool"))
E["logical_not"] = lambda r, shadow, x: r.g.op("Not", r.name(x, "bool"))

for _name, _op in {
    "abs": "Abs", "sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil", "exp": "Exp", "log": "Log", "erf": "Erf", "sin": "Sin", "cos": "Cos",
    "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Asinh",
    "arccosh": "Acosh", "arctanh": "Atanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign", "negative": "Neg",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, op=_op: r.g.op(op, r.name(x, K.dtype(shadow)))


E["stop_gradient"] = lambda r, shadow, variables: r.name(variables)


@emits("square")
def _square(r, shadow, x):
    return r.g.op("Mul", r.name(x), r.name(x))


@emits("sqrt")
def _sqrt(r, shadow, x):
    return r.g.op("Sqrt", r.g.op("Max", r.name(x), r.name(0.0, K.dtype(shadow))))


@emits("log1p")
def _log1p(r, shadow, x):
    return r.g.op("Log", r.g.op("Add", r.name(x), r.name(1.0, K.dtype(shadow))))


@emits("expm1")
def _expm1(r, shadow, x):
    return r.g.op("Sub", r.g.op("Exp", r.name(x)), r.name(1.0, K.dtype(shadow)))


@emits("relu")
def _relu(r, shadow, x, alpha=0.0, max_value=None):
    dtype = K.dtype(shadow)
    found = r.g.op("Relu", r.name(x)) if not alpha else r.g.op("LeakyRelu", r.name(x), alpha=float(alpha))
    return found if max_value is None else r.g.op("Min", found, r.name(max_value, dtype))


@emits("elu")
def _elu(r, shadow, x, alpha=1.0):
    return r.g.op("Elu", r.name(x), alpha=float(alpha))


@emits("softmax")
def _softmax(r, shadow, x, axis=-1):
    if not isinstance(axis, int):
        raise r.refuse("softmax over several axes")
    return r.g.op("Softmax", r.name(x), axis=axis)


@emits("arctan2")
def _arctan2(r, shadow, y, x):
    g, dtype = r.g, K.dtype(shadow)
    y, x = r.name(y, dtype), r.name(x, dtype)
    zero, pi = r.name(0.0, dtype), r.name(np.pi, dtype)
    # the angle to the nearer axis, turned by the quadrant
    slope = g.op("Atan", g.op("Div", y, g.op("Where", g.op("Equal", x, zero), r.name(1e-30, dtype), x)))
    turn = g.op("Where", g.op("Less", y, zero), g.op("Neg", pi), pi)
    return g.op("Where", g.op("Less", x, zero), g.op("Add", slope, turn), slope)


@emits("cast")
def _cast(r, shadow, x, dtype):
    if isinstance(x, Recorded) and x.dtype.startswith("float") and dtype == "bool":
        return r.g.op("Not", r.g.op("Equal", r.name(x), r.name(0.0, x.dtype)))
    return r.name(x, dtype)


E["constant"] = lambda r, shadow, **_: None  # its place is made of its value


@emits("clip")
def _clip(r, shadow, x, min_value, max_value):
    found, dtype = r.name(x), K.dtype(shadow)
    found = found if max_value is None else r.g.op("Min", found, r.name(max_value, dtype))
    return found if min_value is None else r.g.op("Max", found, r.name(min_value, dtype))


@emits("where")
def _where(r, shadow, condition, x, y):
    return r.g.op("Where", r.name(condition, "bool"), r.name(x, K.dtype(shadow)), r.name(y, K.dtype(shadow)))


# ---------------------------------------------------------------------- reductions


def _axes(x: Recorded, axis: Any) -> list[int]:
    ndim = len(x.shape)
    return list(range(ndim)) if axis is None else [a % ndim for a in (axis if isinstance(axis, (list, tuple)) else [axis])]


@emits("sum")
def _sum(r, shadow, x, axis=None, keepdims=False):
    return r.g.op("ReduceSum", r.name(x, K.dtype(shadow)), r.g.integers(*_axes(x, axis)), keepdims=int(keepdims))


def _reduced(op: str, dtype: str | None = None):
    def emit(r, shadow, x, axis=None, keepdims=False):
        return r.g.op(op, r.name(x, dtype or K.dtype(shadow)), axes=_axes(x, axis), keepdims=int(keepdims))

    return emit


for _name, _op in {"mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd"}.items():
    E[_name] = _reduced(_op)


@emits("any")
def _any(r, shadow, x, axis=None, keepdims=False):
    truth = r.name(x, "int32") if x.dtype == "bool" else r.g.op("Cast", _compared("Equal", True)(r, None, x, 0), to=r.type("int32"))
    return r.g.op("Cast", r.g.op("ReduceMax", truth, axes=_axes(x, axis), keepdims=int(keepdims)), to=r.type("bool"))


@emits("all")
def _all(r, shadow, x, axis=None, keepdims=False):
    truth = r.name(x, "int32") if x.dtype == "bool" else r.g.op("Cast", _compared("Equal", True)(r, None, x, 0), to=r.type("int32"))
    return r.g.op("Cast", r.g.op("ReduceMin", truth, axes=_axes(x, axis), keepdims=int(keepdims)), to=r.type("bool"))


@emits("argmax")
def _argmax(r, shadow, x, axis=-1):
    return r.g.op("ArgMax", r.name(x), axis=int(axis), keepdims=0)


@emits("argmin")
def _argmin(r, shadow, x, axis=-1):
    return r.g.op("ArgMin", r.name(x), axis=int(axis), keepdims=0)


@emits("cumsum")
def _cumsum(r, shadow, x, axis=0):
    return r.g.op("CumSum", r.name(x, K.dtype(shadow)), r.g.constant(np.asarray(axis, "int64")))


@emits("host_call")
def _host_call(r, shadow, function, tensors, dtype, shape):
    sorts = getattr(function, "sorts", None)
    if sorts is None:
        raise r.refuse("a function of arrays")
    axis, descending, count = sorts
    x = tensors[0]
    count = x.shape[axis] if count is None else count
    if count is None:
        raise r.refuse("sorting along an axis of unknown length")
    _, places = r.g.op("TopK", r.name(x), r.g.integers(count), outputs=2, axis=axis, largest=int(descending))
    return r.g.op("Cast", places, to=r.type("int32"))


# ---------------------------------------------------------------------- shapes


@emits("shape")
def _shape(r, shadow, x):
    return r.g.op("Cast", r.g.op("Shape", r.name(x)), to=r.type("int32"))


@emits("reshape")
def _reshape(r, shadow, x, shape):
    return r.g.op("Reshape", r.name(x), r.lengths(shape), allowzero=0)


@emits("permute_dimensions")
def _permute(r, shadow, x, pattern):
    return r.g.transpose(r.name(x), *(int(a) for a in pattern))


@emits("expand_dims")
def _expand_dims(r, shadow, x, dim=-1):
    return r.g.unsqueeze(r.name(x), int(dim))


@emits("squeeze")
def _squeeze(r, shadow, x, axis):
    return r.g.squeeze(r.name(x), int(axis))


@emits("concatenate")
def _concatenate(r, shadow, tensors, axis=-1):
    return r.g.op("Concat", *(r.name(t, K.dtype(shadow)) for t in tensors), axis=int(axis))


@emits("pad")
def _pad(r, shadow, x, padding):
    widths = [int(before) for before, _ in padding] + [int(after) for _, after in padding]
    return r.g.op("Pad", r.name(x), r.g.integers(*widths))


@emits("tile")
def _tile(r, shadow, x, n):
    return r.g.op("Tile", r.name(x), r.lengths([n] * len(x.shape) if isinstance(n, int) else n))


@emits("repeat_elements")
def _repeat_elements(r, shadow, x, rep, axis):
    length, axis = x.shape[axis], axis % len(x.shape)
    if length is not None:
        return r.g.op("Gather", r.name(x), r.g.integers(*np.repeat(np.arange(length), rep).tolist()), axis=axis)
    repeated = r.g.op(
        "Tile", r.g.unsqueeze(r.name(x), axis + 1), r.g.integers(*(rep if a == axis + 1 else 1 for a in range(len(x.shape) + 1)))
    )
    shape = [0 if a < axis else -1 if a == axis else (n or 0) for a, n in enumerate(x.shape)]
    if None in x.shape[axis + 1 :]:
        raise r.refuse("repeated elements before axes of unknown length")
    return r.g.reshape(repeated, *shape)


@emits("reverse")
def _reverse(r, shadow, x, axes):
    found = r.name(x)
    for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
        found = r.g.reverse(found, axis % len(x.shape))
    return found


@emits("gather")
def _gather(r, shadow, reference, indices):
    return r.g.op("Gather", r.name(reference), r.name(indices, "int64"), axis=0)


@emits("getitem")
def _getitem(r, shadow, x, key):
    found, axis = r.name(x), 0
    squeezed = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            start, stop, step = (r.lengths([n]) if isinstance(n, Recorded) else n for n in (part.start, part.stop, part.step))
            step = 1 if step is None else step
            if (start, stop, step) != (None, None, 1):
                backwards = isinstance(step, int) and step < 0
                start = (-1 if backwards else 0) if start is None else start
                stop = (-(2**62) if backwards else 2**62) if stop is None else stop
                bounds = [n if isinstance(n, str) else r.g.integers(n) for n in (start, stop)]
                found = r.g.op("Slice", found, *bounds, r.g.integers(axis), r.g.integers(step))
        elif isinstance(part, Recorded):
            found = r.g.op("Gather", found, r.g.unsqueeze(r.name(part, "int64"), 0), axis=axis)
            squeezed.append(axis)
        else:
            found = r.g.op("Gather", found, r.g.integers(int(part)), axis=axis)
            squeezed.append(axis)
        axis += 1
    return r.g.op("Squeeze", found, r.g.integers(*squeezed)) if squeezed else found


@emits("arange")
def _arange(r, shadow, start, stop=None, step=1, dtype="int32"):
    if any(isinstance(n, Recorded) for n in (start, stop, step)):
        first, last = (0, start) if stop is None else (start, stop)
        return r.g.op("Cast", r.g.op("Range", *(r.g.squeeze(r.lengths([n]), 0) for n in (first, last, step))), to=r.type(dtype))
    return r.g.constant((np.arange(start, stop, step) if stop is not None else np.arange(start)).astype(dtype))


def _alike(value: float):
    def emit(r, shadow, x, dtype=None, name=None):
        return r.g.op("Expand", r.g.constant(np.asarray(value).astype(K.dtype(shadow))), r.g.op("Shape", r.name(x)))

    return emit


E["zeros_like"], E["ones_like"] = _alike(0), _alike(1)


# ---------------------------------------------------------------------- products, pictures


@emits("dot")
def _dot(r, shadow, x, y):
    dtype = K.dtype(shadow)
    rank_x, rank_y = (len(v.shape) if isinstance(v, Recorded) else np.ndim(v) for v in (x, y))
    if rank_y <= 2:
        return r.g.op("MatMul", r.name(x, dtype), r.name(y, dtype))
    left, right = "abcdefgh"[:rank_x], "nopqrstu"[:rank_y]
    right = right[:-2] + left[-1] + right[-1]
    return r.g.op("Einsum", r.name(x, dtype), r.name(y, dtype), equation=f"{left},{right}->{left[:-1]}{right[:-2]}{right[-1]}")


@emits("batch_matmul")
def _batch_matmul(r, shadow, x, y):
    return r.g.op("MatMul", r.name(x, K.dtype(shadow)), r.name(y, K.dtype(shadow)))


@emits("einsum")
def _einsum(r, shadow, equation, operands):
    return r.g.op("Einsum", *(r.name(x, K.dtype(shadow)) for x in operands), equation=equation.replace(" ", ""))


def _first(r, x, ordering: str) -> tuple[str, bool]:
    """A picture with channels first, and whether it was so."""
    first = settings.resolve_dim_ordering(ordering) == "th"
    rank = len(x.shape)
    return (r.name(x) if first else r.g.transpose(r.name(x), 0, rank - 1, *range(1, rank - 1))), first


def _back(r, found: str, first: bool, rank: int) -> str:
    return found if first else r.g.transpose(found, 0, *range(2, rank), 1)


@emits("pool2d", "pool3d")
def _pool(r, shadow, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
    found, first = _first(r, x, dim_ordering)
    pads = {"auto_pad": "SAME_UPPER"} if border_mode == "same" else {}
    more = {} if pool_mode == "max" else {"count_include_pad": 0}
    op = "MaxPool" if pool_mode == "max" else "AveragePool"
    return _back(r, r.g.op(op, found, kernel_shape=list(pool_size), strides=list(strides), **pads, **more), first, len(x.shape))


def _convolved(r, x, kernel, strides, border_mode, dim_ordering, dilation, group=1):
    found, first = _first(r, x, dim_ordering)
    if border_mode == "full":
        raise r.refuse("full convolution")
    pads = {"auto_pad": "SAME_UPPER"} if border_mode == "same" else {}
    made = r.g.op("Conv", found, kernel, strides=list(strides), dilations=list(dilation), group=group, **pads)
    return _back(r, made, first, len(x.shape))


@emits("conv2d", "conv3d")
def _conv(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation, **_):
    rank = len(x.shape)
    weights = r.name(kernel, x.dtype)
    if settings.resolve_dim_ordering(dim_ordering) == "tf":
        weights = r.g.transpose(weights, rank - 1, rank - 2, *range(rank - 2))
    return _convolved(r, x, weights, strides, border_mode, dim_ordering, filter_dilation)


@emits("depthwise_conv2d")
def _depthwise(r, shadow, x, kernel, strides, border_mode, dim_ordering, filter_dilation):
    rows, columns, channels, multiplier = kernel.shape
    if settings.resolve_dim_ordering(dim_ordering) == "th":
        raise r.refuse("depthwise convolution with channels first")
    weights = r.g.reshape(r.g.transpose(r.name(kernel, x.dtype), 2, 3, 0, 1), channels * multiplier, 1, rows, columns)
    return _convolved(r, x, weights, strides, border_mode, dim_ordering, filter_dilation, channels)


@emits("phase_switch")
def _phase_switch(r, shadow, x, alt):
    return r.name(alt, K.dtype(shadow))


@emits("random_uniform")
def _random_uniform(r, shadow, shape, low=0.0, high=1.0, dtype=None, seed=None):
    if any(isinstance(n, Recorded) for n in shape):
        zeros = r.g.op("Expand", r.g.constant(np.zeros((), K.dtype(shadow))), r.lengths(shape))
        return r.g.op("RandomUniformLike", zeros, low=float(low), high=float(high))
    return r.g.op("RandomUniform", shape=[int(n) for n in shape], low=float(low), high=float(high))


@emits("random_normal")
def _random_normal(r, shadow, shape, mean=0.0, std=1.0, dtype=None, seed=None):
    if any(isinstance(n, Recorded) for n in shape):
        zeros = r.g.op("Expand", r.g.constant(np.zeros((), K.dtype(shadow))), r.lengths(shape))
        return r.g.op("RandomNormalLike", zeros, mean=float(mean), scale=float(std))
    return r.g.op("RandomNormal", shape=[int(n) for n in shape], mean=float(mean), scale=float(std))
