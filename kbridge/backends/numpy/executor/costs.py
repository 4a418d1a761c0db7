"""About how long values take to compute: what decides whether a plan runs parts of them side by side."""

from __future__ import annotations

from math import prod

from .values import Value

#: seconds of a multiplication with its addition in a product, of a byte moved, of a call
MULTIPLICATION, BYTE, CALL = 1 / 35e9, 1 / 8e9, 0.7e-6
#: seconds that it takes to hand a part to another thread and to wait for it
HANDOVER = 60e-6
#: seconds of a region from which on parts pay
LEAST = 4e-4
#: of a loop: seconds of one turn, without those of calls, from which on parts pay
LEAST_TURN = 2.5e-5


def seconds(value: Value) -> float:
    """Return about how long a value takes."""
    if value.op.view or value.const is not None or value.leaf is not None:
        return 0.0
    if value.scan is not None:
        return value.scan.length * sum(seconds(v) + CALL for v in value.scan.live() if not v.op.of_turn)
    moved = value.size * value.dtype.itemsize + sum(v.size * v.dtype.itemsize for v in value.operands())
    return multiplications(value) * MULTIPLICATION + moved * BYTE + CALL


def multiplications(value: Value) -> float:
    """Return the multiplications of a product or convolution; 0 for other values."""
    name, inputs = value.op.name, value.inputs
    if name == "matmul":
        return value.size * inputs[0].shape[-1]
    if name in ("conv", "fused_conv"):
        return value.size * prod(inputs[1].shape[:-1])
    if name == "conv_input":
        return inputs[0].size * prod(inputs[1].shape[:-1])
    if name == "conv_kernel":
        return inputs[1].size * prod(value.shape[:-1])
    if name in ("winograd_conv", "fused_winograd"):
        # 9 positions, of which the method saves some
        return value.size * inputs[0].shape[-1] * 5
    if name == "winograd_kernel_gradient":
        return inputs[1].size * inputs[0].shape[-1] * 5
    if name in ("depthwise", "depthwise_input", "depthwise_kernel"):
        # each is a pass over the whole, at the speed of additions
        return 8 * max(v.size for v in (value, *inputs)) * prod(min((v.shape[:2] for v in (value, *inputs)), key=prod))
    return 0.0
