"""Choices whose condition is known when a function is made, such as that of the learning phase: the other branch is left out."""

from __future__ import annotations

from typing import Any

from theano.compile.mode import optdb
from theano.graph.basic import Constant
from theano.graph.opt import in2out, local_optimizer
from theano.ifelse import IfElse


@local_optimizer([IfElse])
def known_branch(fgraph: Any, node: Any) -> Any:
    """The branch that a constant condition chooses, in place of the choice."""
    # Theano asks about nodes of all kinds, whatever the decorator says
    if not isinstance(node.op, IfElse) or not isinstance(node.inputs[0], Constant):
        return False
    first = 1 if node.inputs[0].data else 1 + node.op.n_outs
    chosen = node.inputs[first : first + node.op.n_outs]
    return chosen if all(x.type == y.type for x, y in zip(chosen, node.outputs)) else False


# before all others: what is left out needn't be optimized
optdb.register("kbridge_known_branch", in2out(known_branch, name="kbridge_known_branch"), 0.1, "fast_run", "fast_compile")
