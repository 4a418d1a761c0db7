"""Products of a column and a row: as an elementwise operation, which Theano joins with its neighbours, where BLAS would add to a matrix of zeros."""

from __future__ import annotations

from typing import Any

import theano.tensor as T
from theano.compile.mode import optdb
from theano.graph.opt import in2out, local_optimizer
from theano.tensor.basic import Dot


@local_optimizer([Dot])
def outer_product(fgraph: Any, node: Any) -> Any:
    """``x * y`` for a dot product over an axis of length 1."""
    if not isinstance(node.op, Dot):
        return False
    x, y = node.inputs
    if x.ndim != 2 or y.ndim != 2 or not (x.type.broadcastable[1] and y.type.broadcastable[0]):
        return False
    new = T.mul(x, y)
    return [new] if new.type == node.outputs[0].type else False


optdb.register("kbridge_outer_product", in2out(outer_product, name="kbridge_outer_product"), 0.05, "fast_run")
