"""Elementwise operations without a compiler, on whole arrays.

Theano's own way, for all that isn't one function of NumPy, calls a Python function for each element, with Python's
numbers: 1.0 / 0.0 and ``uint8(-1)`` raise an error where arrays give infinity and 255, and NumPy's functions of that
kind take 32 operands at most. What stands here counts as the compiled code does, and is a thousand times faster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np


def _cast(op: Any, x: np.ndarray) -> np.ndarray:
    dtype = op.o_type.dtype
    return x != 0 if dtype == "bool" else x.astype(dtype)


def _clip(op: Any, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.where(x < low, low, np.where(x > high, high, x))


def _softplus(op: Any, x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _table() -> dict[type, Callable]:
    from theano.scalar import basic
    from theano.tensor.nnet.sigm import ScalarSoftplus

    from .quotient import QuotientSlope

    return {
        basic.Add: lambda op, *xs: functools.reduce(np.add, xs),
        basic.Mul: lambda op, *xs: functools.reduce(np.multiply, xs),
        basic.Cast: _cast,
        basic.Clip: _clip,
        basic.Identity: lambda op, x: x,
        basic.Second: lambda op, x, y: np.broadcast_arrays(x, y)[1],
        ScalarSoftplus: _softplus,
        QuotientSlope: lambda op, g, x, y: op.impl(g, x, y),
    }


def _evaluated(table: dict[type, Callable], op: Any, inputs: list[np.ndarray], dtypes: list[str]) -> list[np.ndarray] | None:
    """The outputs of a scalar operation for arrays; None if it isn't known how."""
    from theano.scalar.basic import Composite

    if isinstance(op, Composite):
        return _composite(table, op, inputs)
    function = table.get(type(op))
    if function is not None:
        found = [function(op, *inputs)]
    elif op.nfunc_spec is not None and op.nfunc_spec[1:] == (len(inputs), 1) and hasattr(np, op.nfunc_spec[0]):
        # of a small integer NumPy would take the logarithm in float16
        wide = [x.astype(dtypes[0]) if dtypes[0].startswith("float") and x.dtype.kind in "iu" else x for x in inputs]
        found = [getattr(np, op.nfunc_spec[0])(*(inputs if op.nfunc_spec[0] == "where" else wide))]
    else:
        return None
    return [np.asarray(x).astype(d, copy=False) for x, d in zip(found, dtypes)]


def _composite(table: dict[type, Callable], op: Any, inputs: list[np.ndarray]) -> list[np.ndarray] | None:
    """Several operations that were fused into one."""
    values = dict(zip(op.fgraph.inputs, inputs))

    def value(x):
        return values[x] if x in values else np.asarray(x.data)

    for node in op.fgraph.toposort():
        found = _evaluated(table, node.op, [value(x) for x in node.inputs], [o.dtype for o in node.outputs])
        if found is None:
            return None
        values.update(zip(node.outputs, found))
    return [value(x) for x in op.fgraph.outputs]


def _broadcast_unasked(node: Any, inputs: list[np.ndarray]) -> bool:
    """Does an axis of length 1 meet a longer one and isn't marked to broadcast? Theano refuses that."""
    patterns = [x.type.broadcastable for x in node.inputs]
    for axis, lengths in enumerate(zip(*(x.shape for x in inputs))):
        if len(set(lengths)) > 1 and any(n == 1 and not p[axis] for n, p in zip(lengths, patterns)):
            return True
    return False


def install() -> None:
    """Put this before the Python version of Theano's elementwise operations."""
    from theano.scalar.basic import Cast
    from theano.tensor.elemwise import Elemwise

    original = Elemwise.perform
    table = _table()

    def perform(self, node, inputs, outputs):
        if _broadcast_unasked(node, inputs):
            return original(self, node, inputs, outputs)
        dtypes = [o.type.dtype for o in node.outputs]
        with np.errstate(all="ignore"):
            found = _evaluated(table, self.scalar_op, inputs, dtypes)
            if found is None:
                return original(self, node, inputs, outputs)
        for i, (array, storage) in enumerate(zip(found, outputs)):
            if i in self.inplace_pattern:
                into = inputs[self.inplace_pattern[i]]
                into[...] = array
                storage[0] = into
            else:
                shape = np.broadcast_shapes(*(x.shape for x in inputs))
                fresh = array.shape == shape and array.flags.owndata and not any(array is x for x in inputs)
                storage[0] = array if fresh else np.array(np.broadcast_to(array, shape))

    Elemwise.perform = perform
    Cast.impl = lambda self, x: _cast(self, np.asarray(x))[()]
