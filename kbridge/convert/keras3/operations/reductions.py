"""Reductions and sorting as operations of Keras 3."""

from __future__ import annotations

from typing import Any

from .... import backend as K
from ...recording import Recorded
from ..parts import Ref
from .recorder import E, emits


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
