"""Reductions and sorting as operators of ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from .... import backend as K
from ...recording import Recorded
from .elementwise import compared
from .recorder import E, emits


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
    truth = r.name(x, "int32") if x.dtype == "bool" else r.g.op("Cast", compared("Equal", True)(r, None, x, 0), to=r.type("int32"))
    return r.g.op("Cast", r.g.op("ReduceMax", truth, axes=_axes(x, axis), keepdims=int(keepdims)), to=r.type("bool"))


@emits("all")
def _all(r, shadow, x, axis=None, keepdims=False):
    truth = r.name(x, "int32") if x.dtype == "bool" else r.g.op("Cast", compared("Equal", True)(r, None, x, 0), to=r.type("int32"))
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
