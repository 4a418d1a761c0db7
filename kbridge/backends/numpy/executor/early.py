"""The gradients of kernels come as soon as they can be computed.

A plan's values come in the order in which its outputs and updates ask for them. The first layer's update asks for the gradients of all activations, so
that these would wait for the other updates to read them, all at once. A kernel's gradient that follows what it is computed from leaves
them to be overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from .values import Value

#: gradients of kernels, and what biases' gradients are
KERNELS = frozenset(("conv_kernel", "winograd_kernel_gradient", "depthwise_kernel"))
SUMS = frozenset(("sum", "sum_to", "mean"))


def early(order: Sequence[Value]) -> list[Value]:
    """The same values, the gradients of kernels right behind what they read, and then the sums of that."""
    keys = {v: (i, 0) for i, v in enumerate(order)}
    read: set[Value] = set()
    for kinds, place in ((KERNELS, 1), (SUMS, 2)):
        for v in order:
            if v.op.name in kinds and (operands := v.operands()) and (place == 1 or operands[0] in read):
                last = max(keys[o] for o in operands)
                if last[1] == 0:
                    keys[v] = (last[0], place)
                    if place == 1:
                        read.update(operands)
    return sorted(order, key=keys.__getitem__) if read else list(order)
