"""Reverse-mode differentiation, from graph to graph.

The result is an ordinary graph: it can be differentiated again, and the planner sees forward pass,
backward pass and updates as one program. Branches that lead to no wanted variable are never built.
"""

from __future__ import annotations

from collections.abc import Sequence

from .graph import Tensor, ancestors
from .ops.common import is_float
from .ops.filling import ones_like


def gradients(loss: Tensor, variables: Sequence[Tensor]) -> list[Tensor | None]:
    """d(sum of loss)/d(variable) for each variable; None where there is no differentiable path.

    Raises TypeError for a loss that isn't a float.
    """
    if not is_float(loss.dtype):
        raise TypeError(f"Only floats have gradients, but the loss is {loss!r}.")
    return pullback([(loss, ones_like(loss))], variables)


def pullback(seeds: Sequence[tuple[Tensor, Tensor]], variables: Sequence[Tensor], independent: bool = False) -> list[Tensor | None]:
    """The gradient of sum over seeds of sum(tensor * cotangent), for ``seeds`` of (tensor, cotangent).

    ``independent``: the variables count as inputs, even where one is computed from another.
    """
    wanted = set(variables)
    stop = wanted if independent else ()
    order = ancestors([tensor for tensor, _ in seeds], stop)
    # nodes on a path from a wanted variable; nothing else gets a gradient
    relevant: set[Tensor] = set()
    for tensor in order:
        if tensor in wanted or any(i in relevant for i in tensor.inputs):
            relevant.add(tensor)

    received: dict[Tensor, Tensor] = {}
    for tensor, cotangent in seeds:
        if tensor in relevant:
            received[tensor] = received[tensor] + cotangent if tensor in received else cotangent
    for tensor in reversed(order):
        if tensor not in received or tensor in stop or not any(i in relevant for i in tensor.inputs):
            continue
        for source, g in zip(tensor.inputs, tensor.op.gradient(tensor, received[tensor])):
            if g is not None and source in relevant and is_float(source.dtype):
                received[source] = received[source] + g if source in received else g
    return [received.get(v) for v in variables]
