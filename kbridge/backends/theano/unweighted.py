"""Weights of samples that are known to be 1 when a function is made: products with them are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import theano.tensor as T
from theano.compile.mode import optdb
from theano.graph.basic import Variable
from theano.graph.opt import in2out, local_optimizer
from theano.tensor.basic import Alloc
from theano.tensor.elemwise import DimShuffle, Elemwise


class OnesOf(Alloc):
    """Ones of the length that weights of samples have."""


def without_weights(pairs: Sequence[tuple[Variable, Variable]], shares: Sequence[Variable]) -> list[tuple[Variable, Variable]]:
    """Return the replacements of weights that are all 1, as ``givens`` of ``theano.function``.

    Args:
        pairs: (weights, the targets whose samples they belong to).
        shares: parts of the samples that count, which are 1 then.
    """
    ones = [(w, OnesOf()(np.ones((), w.dtype), *(target.shape[axis] for axis in range(w.ndim)))) for w, target in pairs]
    return [*ones, *((share, T.constant(np.ones((), share.dtype))) for share in shares)]


@local_optimizer([T.mul])
def times_one(fgraph: Any, node: Any) -> Any:
    """A product without weights that are 1, if what is left has its shape. Theano itself would keep a check of the lengths in each call: here they are
    those of the targets, which the loss has checked."""
    if not isinstance(node.op, Elemwise) or node.op != T.mul:
        return False
    kept = [x for x in node.inputs if not _are_ones(x)]
    pattern = node.outputs[0].type.broadcastable
    if not kept or len(kept) == len(node.inputs) or not any(x.type.broadcastable == pattern for x in kept):
        return False
    new = kept[0] if len(kept) == 1 else T.mul(*kept)
    return [new] if new.type == node.outputs[0].type else False


def _are_ones(x: Variable) -> bool:
    while x.owner is not None and isinstance(x.owner.op, DimShuffle):
        x = x.owner.inputs[0]
    return x.owner is not None and isinstance(x.owner.op, OnesOf)


# before all others, as Theano may join the product with other operations
optdb.register("kbridge_times_one", in2out(times_one, name="kbridge_times_one"), 0.04, "fast_run", "fast_compile")
