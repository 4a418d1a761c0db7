"""Strips: parts of one value that threads compute side by side, where there is a single sample, and no branches.

A convolution or pooling of one image is cut into strips of rows, each with the rows of the input that its windows reach, or, where it has more filters than
places, by its filters: each thread reads a part of the kernel then, and all of the image. A product of one row is cut into columns.
The threads wait for each other behind each value, which takes 0.05 to 0.1 ms. In return they share the copies, transforms and sums of a convolution, not only
its product, as the threads of BLAS do. The partition depends on the shapes and on the number of lanes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm, prod
from typing import Any, NamedTuple

from ..ops.windows import Window
from . import costs
from .costs import seconds
from .values import Value

#: places along an axis
Range = tuple[int, int]
#: of a part of an array
Index = tuple[Any, ...]

#: places of a result (or tiles) for each filter up to which a convolution is cut by its filters; a lane gets a multiple of FILTERS
PLACES, FILTERS = 0.25, 16


class Strip(NamedTuple):
    """How one lane computes its part: other ``attrs``, and the index of its part of the result and of each input (None: all of it).

    ``dense``: the op needs a result that lies densely.
    """

    attrs: Any
    result: Index
    inputs: tuple[Index | None, ...]
    dense: bool = True


class Rows(NamedTuple):
    """A window with its zeros given, as the strips of one image have them."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    def padding(self, i: int, n: int) -> tuple[int, int]:
        """Zeros before and after axis ``i``."""
        return self.pads[i]


class Strips:
    """A value that lanes compute side by side."""

    def __init__(self, value: Value, parts: list[Strip]):
        self.value, self.parts = value, parts

    @property
    def name(self) -> str:
        """The op, for people who look at a trace."""
        return f"{self.value.op.name} in strips"

    @property
    def items(self) -> list[Value]:
        """The value alone."""
        return [self.value]

    def seconds(self) -> float:
        """Return about how long it takes in its lanes."""
        return costs.seconds_of_lane(seconds(self.value), len(self.parts), costs.CALL) + costs.wait()


def in_strips(item: Any, lanes: int) -> Any:
    """Return the item of a schedule, as ``Strips`` if it is a value of one sample, or made of weights alone, for which they pay."""
    if not isinstance(item, Value) or item.scan is not None or not item.shape:
        return item
    name = item.op.name
    found, least = (WEIGHTS[name], 1) if name in WEIGHTS else (RULES.get(name) if item.shape[0] == 1 else None, 2)
    if found is None or seconds(item) < least * costs.LEAST_PART:
        return item
    parts = list(found(item, lanes))
    return Strips(item, parts) if len(parts) > 1 else item


def _parts(length: int, unit: int, lanes: int) -> Iterator[Range]:
    """Parts of an axis, that begin at whole units: as many as there are lanes, if there are so many units."""
    units = -(-length // unit)
    lanes = min(lanes, units)
    for lane in range(lanes):
        yield lane * units // lanes * unit, min((lane + 1) * units // lanes * unit, length)


def _reached(rows: Range, stride: int, extent: int, top: int, length: int) -> tuple[Range, tuple[int, int]]:
    """The rows of an input of ``length`` that the windows of some results reach, and the zeros before and behind them."""
    first, last = rows[0] * stride - top, (rows[1] - 1) * stride + extent - top
    inside = max(0, first), min(length, last)
    return inside, (inside[0] - first, last - inside[1])


def _strip(value: Value, attrs: Any, rows: Range, reached: Range, residual: int | None) -> Strip:
    whole = slice(None)
    inputs: list = [(whole, slice(*reached)), *[None] * (len(value.inputs) - 1)]
    if residual is not None:
        inputs[residual] = (whole, slice(*rows))
    return Strip(attrs, (whole, slice(*rows)), tuple(inputs))


def _of_filters(value: Value, lanes: int) -> Iterator[Strip]:
    """Strips of some filters, which are the last axis of kernels, transformed or not."""
    filters, kernel = value.shape[-1], value.inputs[1]
    # panels stay whole
    width = kernel.shape[-1] if costs.in_panels(value) else 1
    for part in _parts(filters, lcm(FILTERS, width), lanes):
        index = (Ellipsis, slice(*part))
        of_kernel = index if width == 1 else (Ellipsis, slice(part[0] // width, part[1] // width), slice(None), slice(None))
        extra = [index if v.shape and v.shape[-1] == filters else None for v in value.inputs[2:]]
        yield Strip(value.attrs, index, (None, of_kernel, *extra))


def _convolution(value: Value, window: Window, with_attrs: Callable[[Any], Any], residual: int | None, lanes: int) -> Iterator[Strip]:
    spatial = value.inputs[0].shape[1:-1]
    if prod(value.shape[1:-1]) <= PLACES * value.shape[-1]:
        yield from _of_filters(value, lanes)
        return
    pads = tuple(window.padding(i, n) for i, n in enumerate(spatial))
    if len(spatial) != 2:
        return
    for rows in _parts(value.shape[1], 1, lanes):
        reached, zeros = _reached(rows, window.strides[0], window.extent(0), pads[0][0], spatial[0])
        if reached[0] >= reached[1]:
            return
        attrs = Rows(window.size, window.strides, window.dilation, (zeros, *pads[1:]))
        yield _strip(value, with_attrs(attrs), rows, reached, residual)


def _conv(value: Value, lanes: int) -> Iterator[Strip]:
    return _convolution(value, value.attrs, lambda attrs: attrs, None, lanes)


def _fused_conv(value: Value, lanes: int) -> Iterator[Strip]:
    window, finish = value.attrs
    return _convolution(value, window, lambda attrs: (attrs, finish), _residual(finish), lanes)


def _residual(finish: Any) -> int | None:
    """The place of the residual among the inputs, or of the result of a relu."""
    return 2 + finish.shift if finish.residual or finish.slope else None


def _tiled(value: Value, tiling: Any, with_attrs: Callable[[Any], Any], residual: int | None, lanes: int) -> Iterator[Strip]:
    tile, shape = tiling.tiles[0], tiling.shape(value.inputs[0])
    length = shape[1]
    if prod(tiling.counts(shape[1:3])) <= PLACES * value.shape[-1]:
        yield from _of_filters(value, lanes)
        return
    if tiling.given is not None:
        # tiles of all rows are there already
        return
    for rows in _parts(value.shape[1], tile.results, lanes):
        reached, zeros = _reached(rows, 1, tile.window, tiling.pads[0][0], length)
        if reached[0] >= reached[1]:
            return
        yield _strip(value, with_attrs(tiling._replace(pads=(zeros, tiling.pads[1]))), rows, reached, residual)


def _winograd(value: Value, lanes: int) -> Iterator[Strip]:
    return _tiled(value, value.attrs, lambda attrs: attrs, None, lanes)


def _fused_winograd(value: Value, lanes: int) -> Iterator[Strip]:
    tiling, finish = value.attrs
    return _tiled(value, tiling, lambda attrs: (attrs, finish), _residual(finish), lanes)


def _pooling(value: Value, lanes: int) -> Iterator[Strip]:
    window, axis = value.attrs
    if axis != 1 or window.border_mode != "valid":
        return
    for rows in _parts(value.shape[1], 1, lanes):
        reached, _ = _reached(rows, window.strides[0], window.extent(0), 0, value.inputs[0].shape[1])
        yield _strip(value, value.attrs, rows, reached, None)


def _matmul(value: Value, lanes: int) -> Iterator[Strip]:
    if len(value.shape) != 2:
        return
    for columns in _parts(value.shape[1], FILTERS, lanes):
        index = (slice(None), slice(*columns))
        yield Strip(value.attrs, index, (None, index))


def _transformed_kernel(value: Value, lanes: int) -> Iterator[Strip]:
    _, turned = value.attrs
    for part in _parts(value.shape[1], FILTERS, lanes):
        index = slice(*part)
        yield Strip(value.attrs, (slice(None), index), ((Ellipsis, index) if turned else (Ellipsis, index, slice(None)),), dense=False)


#: op on weights -> how it is cut
WEIGHTS: dict[str, Callable[[Value, int], Iterator[Strip]]] = {"winograd_kernel": _transformed_kernel}

#: op on one sample -> how it is cut
RULES: dict[str, Callable[[Value, int], Iterator[Strip]]] = {
    "conv": _conv,
    "fused_conv": _fused_conv,
    "winograd_conv": _winograd,
    "fused_winograd": _fused_winograd,
    "max_pool": _pooling,
    "average_pool": _pooling,
    "matmul": _matmul,
}
