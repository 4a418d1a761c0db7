"""Broadcasting: the shape of elementwise results, operands repeated along axes, and gradients summed up over these."""

from __future__ import annotations

import numpy as np

from ..graph import Op, Shape, Tensor, make


def broadcast(a: Shape, b: Shape, what: str = "operands") -> Shape:
    """The shape of an elementwise result. An unknown length is taken to fit the other one."""
    if a == b or not b:
        return a
    result: list[int | None] = []
    for i in range(1, max(len(a), len(b)) + 1):
        m = a[-i] if i <= len(a) else 1
        n = b[-i] if i <= len(b) else 1
        if m is not None and n is not None and m != n and 1 not in (m, n):
            raise ValueError(f"The {what} have shapes {a} and {b}, which don't fit together: axis -{i} has the lengths {m} and {n}.")
        if m == 1:
            result.append(n)
        elif n == 1 or n is None:
            result.append(m)
        else:
            result.append(n)
    return tuple(reversed(result))


class SumTo(Op):
    """Sum a gradient over the axes along which its operand was broadcast (``like`` gives the shape)."""

    name = "sum_to"
    shape_only = (1,)

    def infer(self, attrs, x, like):
        return like.shape, x.dtype

    def gradient(self, node, g):
        return [broadcast_like(g, node.inputs[0]), None]

    def emit(self, ctx, attrs, out, x, like):
        extra = x.ndim - like.ndim
        axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(like.shape) if n == 1 and x.shape[i + extra] != 1)
        ctx.reduce_sum(x, axes, out.reshape([1] * extra + list(out.shape)) if extra else out)


class BroadcastTo(Op):
    """Repeat axes of length 1 to a shape: ints in ``attrs`` (with x's axes last) or an int vector."""

    name = "broadcast_to"
    view = True
    broadcasts = True
    static = (1,)

    def infer(self, attrs, x, size=None):
        if attrs is not None:
            return tuple(x.shape[i] if n is None else n for i, n in enumerate(attrs)), x.dtype
        value = size.constant_value()
        return ((None,) * size.shape[0] if value is None else tuple(int(n) for n in value)), x.dtype

    def gradient(self, node, g):
        return [sum_to(g, node.inputs[0]), None]

    def view_of(self, attrs, shape, x):
        return np.broadcast_to(x, shape)


class BroadcastLike(Op):
    """Repeat axes of length 1 to the shape of the second input."""

    name = "broadcast_like"
    view = True
    broadcasts = True
    shape_only = (1,)

    def infer(self, attrs, x, like):
        return like.shape, x.dtype

    def gradient(self, node, g):
        return [sum_to(g, node.inputs[0]), None]

    def view_of(self, attrs, shape, x):
        return np.broadcast_to(x, shape)


SUM_TO, BROADCAST_TO, BROADCAST_LIKE = SumTo(), BroadcastTo(), BroadcastLike()


def sum_to(g: Tensor, like: Tensor) -> Tensor:
    """``g`` summed to the shape of ``like``; ``g`` itself where the shapes are known to agree."""
    if g.shape == like.shape and None not in g.shape:
        return g
    return make(SUM_TO, (g, like))


def broadcast_like(x: Tensor, like: Tensor) -> Tensor:
    """``x`` repeated to the shape of ``like``."""
    return x if x.shape == like.shape and None not in x.shape else make(BROADCAST_LIKE, (x, like))
