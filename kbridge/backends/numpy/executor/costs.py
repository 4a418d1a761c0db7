"""About how long values take to compute: what decides whether a plan runs parts of them side by side."""

from __future__ import annotations

from math import prod

from .values import Value

#: seconds of a multiplication with its addition in a product, and of a byte moved
MULTIPLICATION, BYTE = 1 / 35e9, 1 / 8e9
#: seconds that each part must take for a handover to another thread, which takes 0.05 to 0.1 ms, to pay
LEAST_PART = 2e-4
#: the same for a part of a loop's turn: its calls take turns at Python's lock
LEAST_TURN = 2.5e-5
#: seconds that calls must take on average, for the same reason
LEAST_CALL = 2e-6
#: seconds of a region from which on another one begins: storage of one size only is reused within a region
MOST = 2.5e-2


def seconds(value: Value) -> float:
    """Return about how long a value takes, without the time that it takes to call NumPy."""
    if value.op.view or value.const is not None or value.leaf is not None:
        return 0.0
    if value.scan is not None:
        return value.scan.length * sum(seconds(v) for v in value.scan.live() if not v.op.of_turn)
    moved = value.size * value.dtype.itemsize + sum(v.size * v.dtype.itemsize for v in value.operands())
    return multiplications(value) * MULTIPLICATION + moved * BYTE


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
