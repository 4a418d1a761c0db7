"""Choices whose condition is known when a function is made, such as that of the learning phase: the other branch is left out, and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import theano.tensor as T
from theano.compile.mode import optdb
from theano.graph.basic import Apply, Constant, Variable
from theano.graph.opt import in2out, local_optimizer
from theano.ifelse import IfElse, ifelse
from theano.scalar import basic as scalars
from theano.tensor.basic import Alloc, Dot, Rebroadcast
from theano.tensor.elemwise import DimShuffle, Elemwise, Sum

from .setup.quotient import QuotientSlope


@local_optimizer([IfElse])
def known_branch(fgraph: Any, node: Any) -> Any:
    """The branch that a constant condition chooses, in place of the choice."""
    # Theano asks about nodes of all kinds, whatever the decorator says
    if not isinstance(node.op, IfElse) or not isinstance(node.inputs[0], Constant):
        return False
    first = 1 if node.inputs[0].data else 1 + node.op.n_outs
    chosen = node.inputs[first : first + node.op.n_outs]
    return chosen if all(x.type == y.type for x, y in zip(chosen, node.outputs)) else False


class NoGradient(Alloc):
    """The zeros that the gradient of a branch consists of where the other one was chosen. What would be computed from them is left out."""


def gradients_of_choice(node: Apply, g: Variable) -> list[Variable]:
    """The gradients of the inputs of a choice between two tensors, where ``g`` is that of its output."""
    condition, chosen, other = node.inputs
    return [T.zeros_like(condition), ifelse(condition, g, _nothing(g.dtype, chosen)), ifelse(condition, _nothing(g.dtype, other), g)]


def _nothing(dtype: str, *likes: Variable) -> Variable:
    """Nothing, of the shape that ``likes`` have together."""
    lengths = []
    for axis in range(likes[0].ndim):
        long = next((x for x in likes if not x.type.broadcastable[axis]), None)
        lengths.append(1 if long is None else long.shape[axis])
    return NoGradient()(np.zeros((), dtype), *lengths)


@local_optimizer([Elemwise, DimShuffle, Rebroadcast, Sum, Dot])
def no_gradient(fgraph: Any, node: Any) -> Any:
    """Nothing in place of products of nothing, and sums without it."""
    where = [i for i, x in enumerate(node.inputs) if x.owner is not None and isinstance(x.owner.op, NoGradient)]
    if not where:
        return False
    new = _without(node, where)
    return [new] if new is not None and new.type == node.outputs[0].type else False


def _without(node: Apply, where: Sequence[int]) -> Variable | None:
    """Return the replacement of ``node``, whose inputs at ``where`` are gradients of nothing; None: it stays."""
    op, inputs = node.op, node.inputs
    dtype = node.outputs[0].dtype
    lengths = inputs[where[0]].owner.inputs[1:]
    if isinstance(op, DimShuffle):
        return NoGradient()(np.zeros((), dtype), *(1 if a == "x" else lengths[a] for a in op.new_order))
    if isinstance(op, Rebroadcast):
        return NoGradient()(np.zeros((), dtype), *(1 if b else n for n, b in zip(lengths, node.outputs[0].type.broadcastable)))
    if isinstance(op, Sum):
        axes = range(len(lengths)) if op.axis is None else op.axis
        return NoGradient()(np.zeros((), dtype), *(n for a, n in enumerate(lengths) if a not in axes))
    if isinstance(op, Dot):
        x, y = inputs
        return NoGradient()(np.zeros((), dtype), x.shape[0], y.shape[1]) if x.ndim == y.ndim == 2 else None
    if not isinstance(op, Elemwise):
        return None
    kind = op.scalar_op
    if isinstance(kind, (scalars.Add, scalars.Sub)):
        kept = [x for i, x in enumerate(inputs) if i not in where]
        if isinstance(kind, scalars.Sub) and where != [1]:
            return None
        return (kept[0] if len(kept) == 1 else T.add(*kept)) if kept else _nothing(dtype, *inputs)
    vanishes = (
        isinstance(kind, (scalars.Mul, scalars.Neg, scalars.Cast, scalars.Identity))
        or (isinstance(kind, (scalars.TrueDiv, QuotientSlope)) and where[0] == 0)
        or (isinstance(kind, scalars.Second) and where[-1] == 1)
        or (isinstance(kind, scalars.Switch) and all(i in where or _is_zero(inputs[i]) for i in (1, 2)))
    )
    return _nothing(dtype, *inputs) if vanishes else None


def _is_zero(x: Variable) -> bool:
    while x.owner is not None and (isinstance(x.owner.op, DimShuffle) or x.owner.op == T.fill):
        x = x.owner.inputs[-1]
    return isinstance(x, Constant) and not np.any(x.data)


# before all others, and before Theano notes the shapes of all results: what is left out needn't be optimized
optdb.register("kbridge_known_branch", in2out(known_branch, name="kbridge_known_branch"), 0.01, "fast_run", "fast_compile")
optdb.register("kbridge_no_gradient", in2out(no_gradient, name="kbridge_no_gradient"), 0.02, "fast_run", "fast_compile")
