"""Reverse-mode gradients over Theano's graph, from the gradients of its operations.

``theano.grad`` itself recurses once a node, so deep models exceed Python's stack; and it can't tell a gradient
that is zero by the rules of its integers (behind argmax) from one that is zero by value. This loop does both.
"""

from __future__ import annotations

import theano.tensor as T
from theano.gradient import DisconnectedType, NullType, disconnected_grad
from theano.graph.basic import Apply, Variable
from theano.ifelse import IfElse

from .branches import gradients_of_choice
from .operators import native
from .static import int_shape, set_shape
from .tensors import as_tensor, is_float, is_sparse


def gradients(loss, variables: list) -> list:
    """d(sum of loss)/d(variable) for each variable; None where no differentiable path leads to it."""
    loss = as_tensor(loss)
    if not is_float(loss):
        return [None] * len(variables)
    with native():
        found = _accumulate(loss, variables)
        results = [found.get(v) for v in variables]
    return [None if g is None else _like(g, v) for g, v in zip(results, variables)]


def stop_gradient(x):
    """The same values, constant for gradients."""
    x = as_tensor(x)
    return disconnected_grad(x) if not is_sparse(x) else x


def _like(g: Variable, x: Variable) -> Variable:
    """The gradient with the dtype and shape of its variable, and never the variable's own object."""
    if g.dtype != x.dtype:
        g = T.cast(g, x.dtype)
    if g.owner is not None and getattr(g, "_kbridge_known", None) is None:
        set_shape(g, [n if n is not None else m for n, m in zip(int_shape(x), int_shape(g))])
    return g


def _differentiable(x: Variable) -> bool:
    return getattr(x.type, "dtype", "").startswith("float")


def pattern_of(node: Apply) -> list[list[bool]]:
    """For each input and output of a node: does one depend on the other differentiably?"""
    op = node.op
    pattern = op.connection_pattern(node) if hasattr(op, "connection_pattern") else None
    return [
        [_differentiable(i) and _differentiable(o) and (pattern is None or bool(pattern[a][b])) for b, o in enumerate(node.outputs)]
        for a, i in enumerate(node.inputs)
    ]


def _accumulate(loss: Variable, variables: list) -> dict[Variable, Variable]:
    """The gradients of everything between ``loss`` and ``variables``."""
    order, patterns = _path(loss, set(variables))
    found: dict[Variable, Variable] = {loss: T.ones_like(loss)}
    for node in reversed(order):
        pattern = patterns[node]
        outputs = [found.get(o) for o in node.outputs]
        wanted = [any(p and g is not None for p, g in zip(row, outputs)) for row in pattern]
        if not any(wanted):
            continue
        given = [DisconnectedType()() if g is None else _as_type_of(g, o) for g, o in zip(outputs, node.outputs)]
        choice = isinstance(node.op, IfElse) and node.op.n_outs == 1
        terms = gradients_of_choice(node, *given) if choice else node.op.L_op(_undestroyed(node), node.outputs, given)
        for i, (x, term) in enumerate(zip(node.inputs, terms)):
            if not wanted[i] or isinstance(term.type, DisconnectedType):
                continue
            if isinstance(term.type, NullType):
                if x not in patterns.needed:
                    continue
                raise NotImplementedError(
                    f"Theano has no gradient of {node.op} with respect to its input {i}. To leave it out, put K.stop_gradient around it."
                )
            if x in patterns.needed:
                term = _as_type_of(term, x)
                found[x] = term if x not in found else found[x] + term
    return found


class _Patterns(dict):
    """The nodes' patterns, and the variables whose gradients are needed."""

    needed: set[Variable]


def _path(loss: Variable, variables: set[Variable]) -> tuple[list[Apply], _Patterns]:
    """The nodes on differentiable paths from ``variables`` to ``loss``, in the order in which they run."""
    order: list[Apply] = []
    patterns = _Patterns()
    seen: set[Apply] = set()
    stack: list[tuple[Apply, bool]] = [(loss.owner, False)] if loss.owner is not None else []
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
            continue
        if node in seen:
            continue
        seen.add(node)
        patterns[node] = pattern_of(node)
        stack.append((node, True))
        for x, row in zip(node.inputs, patterns[node]):
            if any(row) and x.owner is not None:
                stack.append((x.owner, False))
    needed = set(variables)
    kept = []
    for node in order:
        reached = [o for b, o in enumerate(node.outputs) if any(x in needed and row[b] for x, row in zip(node.inputs, patterns[node]))]
        if reached:
            needed.update(reached)
            kept.append(node)
    patterns.needed = needed
    return kept, patterns


def _as_type_of(g: Variable, x: Variable) -> Variable:
    dtype = getattr(x.type, "dtype", None)
    return T.cast(g, dtype) if _differentiable(x) and g.dtype != dtype and not is_sparse(g) else g


def _undestroyed(node: Apply) -> list[Variable]:
    """The inputs; copies of those that the operation overwrites, which its gradient couldn't read any more."""
    destroyed = {i for inputs in getattr(node.op, "destroy_map", {}).values() for i in inputs}
    return [x.copy() if i in destroyed else x for i, x in enumerate(node.inputs)]
