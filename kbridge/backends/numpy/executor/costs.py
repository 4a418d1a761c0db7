"""About how long values take to compute: what decides whether a plan runs parts of them side by side.

Measured with two cores of a server's processor. The order of magnitude is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from ..ops.linalg import IN_PANELS
from .blocks import Chain
from .threads import LARGE, SHARE
from .values import Value

#: seconds of a multiplication with its addition in a product, and of a byte moved
MULTIPLICATION, BYTE = 1 / 35e9, 1 / 8e9
#: seconds that each part must take for a handover to another thread, which takes 0.05 to 0.1 ms, to pay
LEAST_PART = 2e-4
#: seconds that a call of NumPy in a lane costs on top: it lets go of Python's lock, and may have to wake up for it again
CALL = 2e-5
#: the part of one thread's time that lanes may take at most
MOST_TIME = 0.9
#: seconds of a region from which on another one begins: storage of one size only is reused within a region
MOST = 2.5e-2
#: the part of an op's time that is one product: a convolution also copies windows
PRODUCT = {
    "matmul": 1.0,
    "conv": 0.7,
    "fused_conv": 0.7,
    "conv_input": 0.7,
    "conv_kernel": 0.7,
    "winograd_conv": 0.5,
    "fused_winograd": 0.5,
}
#: convolutions whose second attribute tells what finishes them
FUSED = frozenset(("fused_conv", "fused_winograd"))
#: how well the threads of BLAS share a product: the part of the time that each further thread saves
SHARED = 0.9


def wait() -> float:
    """Return about how many seconds lanes take to wait for each other between two stages of a fork."""
    return LEAST_PART / 4


def seconds(value: Value) -> float:
    """Return about how long a value takes, without the time that it takes to call NumPy."""
    if value.op.view or value.const is not None or value.leaf is not None:
        return 0.0
    if value.scan is not None:
        return value.scan.length * sum(seconds(v) for v in value.scan.live() if not v.op.of_turn)
    moved = value.size * value.dtype.itemsize + sum(v.size * v.dtype.itemsize for v in value.operands())
    return multiplications(value) * MULTIPLICATION + moved * BYTE


def seconds_of_lane(cost: float, lanes: int, calls: float) -> float:
    """Return about how long a lane takes for its part of what takes one thread ``cost`` seconds, in ``calls`` calls of NumPy."""
    return cost / lanes + CALL * calls


def seconds_with_blas(value: Value, threads: int) -> float:
    """Return about how long a value takes if the threads of BLAS share its products."""
    alone = seconds(value)
    part = PRODUCT.get(value.op.name, 0.0) if multiplications(value) >= LARGE and not in_panels(value) else 0.0
    return alone * (1 - part * SHARED * (1 - 1 / threads))


def calls(items: Iterable[Any], lanes: int = 1) -> float:
    """Return about how many calls of NumPy each of ``lanes`` makes for its part of the items."""
    return sum(_calls_of_chain(item, lanes) if isinstance(item, Chain) else not item.op.view for item in items)


def _calls_of_chain(chain: Chain, lanes: int) -> float:
    computed = sum(not v.op.view for v in chain.values)
    return computed * max(1.0, chain.values[0].size / chain.block / lanes)


def products(values: Iterable[Value]) -> tuple[float, float]:
    """Return the multiplications (in large products, in all), those of loops' turns included."""
    large = total = 0.0
    for v in values:
        turns, body = (1, [v]) if v.scan is None else (v.scan.length, v.scan.live())
        counts = [(multiplications(inner), in_panels(inner)) for inner in body if not inner.op.of_turn]
        total += turns * sum(n for n, _ in counts)
        large += turns * sum(n for n, panels in counts if n >= LARGE and not panels)
    return large, total


def in_panels(value: Value) -> bool:
    """Return whether a kernel comes in panels: its products are small then, and the threads of BLAS don't share them."""
    return value.attrs[1].panels if value.op.name in FUSED else value.op.name == "matmul" and value.attrs == IN_PANELS


def blas_shares(values: Iterable[Value]) -> bool:
    """Return whether a plan of these values, if it has no lanes, will use the threads of BLAS (``threads.py``)."""
    large, total = products(values)
    return total > 0 and large >= SHARE * total


def multiplications(value: Value) -> float:
    """Return the multiplications of a product or convolution; 0 for other values."""
    name, inputs = value.op.name, value.inputs
    if name == "matmul":
        return value.size * inputs[0].shape[-1]
    if name in ("conv", "fused_conv"):
        return inputs[1].size * prod(value.shape[:-1])
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
