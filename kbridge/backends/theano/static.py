"""Static shapes: what is known of a tensor's shape from its graph, None for what isn't.

Theano's types know the number of axes only. Placeholders and variables carry their shape; for all else it is
derived, node by node, from the operations between. So it survives operators, indexing and Theano's own
functions. Along with shapes the values of small integer tensors are followed (a reshape's target is one).
Results are kept on the variables. Without recursion: graphs of deep models are thousands of nodes deep.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from theano.graph.basic import Constant, Variable

Shape = tuple["int | None", ...]

#: longest vector whose elements are followed
MAX_FOLLOWED = 16


class Known(NamedTuple):
    """The facts that are known of a tensor: its shape and, for integer scalars and short vectors, its values
    (an int or None; a list of them)."""

    shape: Shape
    value: Any = None


def set_shape(x: Variable, shape: Any) -> Variable:
    """Note that ``x`` has this shape, and give it back."""
    x._kbridge_known = Known(tuple(shape))
    return x


def int_shape(x: Any) -> Shape:
    """The static shape of a tensor, an array or a number."""
    return known(x).shape if isinstance(x, Variable) else np.shape(x)


def known(x: Variable) -> Known:
    """Return the facts that are known of ``x``; computed once for everything it depends on."""
    found = getattr(x, "_kbridge_known", None)
    if found is None:
        for variable in _unknown_ancestors(x):
            if getattr(variable, "_kbridge_known", None) is None:
                _derive(variable)
        found = x._kbridge_known
    return _with_frontend_shape(x, found)


def _unknown_ancestors(x: Variable) -> list[Variable]:
    """``x`` and the variables that must be known before it, inputs first."""
    order: list[Variable] = []
    seen: set[Variable] = set()
    stack: list[tuple[Variable, bool]] = [(x, False)]
    while stack:
        variable, expanded = stack.pop()
        if expanded:
            order.append(variable)
            continue
        if variable in seen or hasattr(variable, "_kbridge_known"):
            continue
        seen.add(variable)
        stack.append((variable, True))
        if variable.owner is not None:
            stack.extend((i, False) for i in variable.owner.inputs)
    return order


def _derive(x: Variable) -> None:
    from .static_rules import outputs_of

    if isinstance(x, Constant):
        x._kbridge_known = _of_constant(x)
    elif x.owner is None:
        x._kbridge_known = Known(of_type(x))
    else:
        node = x.owner
        inputs = [_with_frontend_shape(i, i._kbridge_known) for i in node.inputs]
        for output, found in zip(node.outputs, outputs_of(node, inputs)):
            if getattr(output, "_kbridge_known", None) is None:
                output._kbridge_known = _checked(output, found)


def of_type(x: Variable) -> Shape:
    """Return the facts that the type alone tells: 1 for axes that broadcast."""
    pattern = getattr(x.type, "broadcastable", None)
    return () if pattern is None else tuple(1 if b else None for b in pattern)


def _of_constant(x: Constant) -> Known:
    data = x.data
    shape = np.shape(data)
    if getattr(data, "dtype", None) is None or data.dtype.kind not in "iub" or len(shape) > 1 or np.size(data) > MAX_FOLLOWED:
        return Known(shape)
    return Known(shape, np.asarray(data).tolist())


def _checked(x: Variable, found: Known | None) -> Known:
    """Return the facts that a rule found, if they agree with the type's number of axes; axes that broadcast have length 1."""
    base = of_type(x)
    if found is None or len(found.shape) != len(base):
        return Known(base)
    shape = tuple(1 if b == 1 else n for n, b in zip(found.shape, base))
    value = _cut(found.value, x.type.dtype)
    return Known(shape, value if not isinstance(value, list) or shape == (len(value),) else None)


def _cut(value: Any, dtype: str) -> Any:
    """An integer or a list of them as its dtype holds it; None for what isn't known."""
    if isinstance(value, list):
        return [_cut(v, dtype) for v in value]
    if value is None or np.dtype(dtype).kind not in "iub":
        return None
    return np.array(value).astype(dtype).item()


def _with_frontend_shape(x: Variable, found: Known) -> Known:
    """Layers know more where Python code of a user decides the shape (``output_shape`` of a Lambda): what
    isn't known otherwise is taken from their ``_keras_shape``."""
    told = getattr(x, "_keras_shape", None)
    if told is None or None not in found.shape or not isinstance(told, tuple) or len(told) != len(found.shape):
        return found
    return found._replace(shape=tuple(t if n is None else n for n, t in zip(found.shape, told)))
