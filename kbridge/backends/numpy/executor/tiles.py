"""Tiles that several calls read are transformed once: those of a convolution's input, which the gradient of its kernel needs again.

The tiles are 2.25 times the input (4 times if they are small), and are kept from the forward pass to the gradient. So only those are shared that a processor's
last cache may keep, and of so few channels that the transform takes a good part of the convolution's time.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..ops.winograd import Tiling
from ..ops.winograd_tiles import WINOGRAD_TILES
from .lowering import Lowering
from .ordering import ordered
from .scan import mark
from .values import Value

#: bytes of transformed tiles up to which they are kept, and channels
KEPT_BYTES, FEW_CHANNELS = 12 << 20, 64


#: names of what reads tiles
TILED = frozenset(("winograd_conv", "winograd_kernel_gradient", "fused_winograd"))


def share_tiles(lowering: Lowering, wanted: Sequence[Value]) -> None:
    """Let the convolutions and gradients of kernels that ``wanted`` needs share the tiles that they read, and order the values anew."""
    if not any([v.op.name in TILED for v in lowering.order]):
        return
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    readers: dict[Hashable, list[Value]] = {}
    for v in lowering.order:
        if v.op.name in TILED and v in needed and (tiling := _tiling(v)) is not None:
            readers.setdefault((v.inputs[0], tiling.tiles, tiling.pads), []).append(v)
    found = False
    for values in readers.values():
        if len(values) > 1:
            found |= _shared(lowering, values)
    if found:
        lowering.order = ordered(lowering.order, wanted)


def _tiling(value: Value) -> Tiling | None:
    """How ``value`` cuts its first input into tiles."""
    if value.op.name in ("winograd_conv", "winograd_kernel_gradient"):
        return value.attrs
    return value.attrs[0] if value.op.name == "fused_winograd" else None


def _shared(lowering: Lowering, values: list[Value]) -> bool:
    x, tiling = values[0].inputs[0], _tiling(values[0])
    assert tiling is not None
    if x.shape[-1] > FEW_CHANNELS:
        return False
    tiles = lowering.value(WINOGRAD_TILES, (x,), tiling._replace(turned=False))
    if tiles.size * tiles.dtype.itemsize > KEPT_BYTES:
        return False
    for v in values:
        own = _tiling(v)
        assert own is not None
        given = own._replace(given=x.shape)
        v.become(v.op, (tiles, *v.inputs[1:]), (given, *v.attrs[1:]) if v.op.name == "fused_winograd" else given)
    return True
