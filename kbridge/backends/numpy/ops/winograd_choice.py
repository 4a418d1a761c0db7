"""Which convolutions take less time by Winograd's method, and with which tiles: a model of its products, transforms and copies."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ....config import exact_convolutions
from .transforms import Tile
from .windows import Window
from .winograd import Tiling, blocks

#: nanoseconds of a multiplication in a matrix product, of an element of its second matrix, of an addition in the cache, of a
#: copied column, of an element of a transformed kernel: what a choice is made from
PRODUCT, SECOND, ADDITION, COPY, KERNEL = 1 / 38, 1 / 4, 1 / 6, 1 / 4, 1.0
#: additions for each element of a transformed tile
ADDITIONS = {1: 1.0, 4: 2.0, 6: 4.5}
#: channels or filters below which it isn't tried
FEWEST = 16


def tilings(window: Window, pads: Any, turned: bool = False) -> list[Tiling]:
    """The ways to cut a convolution into tiles, if any: windows of 3 or 5 on one or two axes, without strides and dilation."""
    if len(window.size) != 2 or set(window.size) - {1, 3, 5} or window.size == (1, 1) or {*window.strides, *window.dilation} != {1}:
        return []
    (top, bottom), (left, right) = pads
    pads = ((top, bottom), (left, right))
    # tiles of 4 or 6 elements, of which windows of 5 take the latter
    return [Tiling((_tile(window.size[0], n), _tile(window.size[1], n)), pads, turned) for n in (4, 6)]


def _tile(length: int, points: int) -> Tile:
    return Tile({1: 1, 5: 2}.get(length, points - 2), length)


def time_of(tiling: Tiling, shape: tuple[int, ...], channels: int, filters: int, steady: bool) -> float:
    """About how many nanoseconds a convolution takes; ``steady``: its kernel needs no transform in a run."""
    tiles = shape[0] * prod(tiling.counts(shape[1:3]))
    parts = len(list(blocks(tiling, shape, channels, filters, 4)))
    weights = tiling.points * channels * filters
    additions = sum(ADDITIONS[tile.points] for tile in tiling.tiles) / 2
    work = weights * tiles * PRODUCT + weights * parts * SECOND + tiling.points * tiles * (channels + filters) * additions * ADDITION
    return work if steady else work + weights * KERNEL


def time_of_columns(window: Window, positions: int, channels: int, filters: int) -> float:
    """About how many nanoseconds the product of all windows with the kernel takes."""
    weights = prod(window.size) * channels * filters
    return weights * positions * PRODUCT + weights * SECOND + prod(window.size) * channels * positions * COPY


def choose(window: Window, pads: Any, shape: tuple[int, ...], filters: int, dtype: np.dtype, steady: bool, turned: bool = False):
    """The tiling by which a convolution of an input of this shape is fastest, or None where columns are."""
    channels = shape[-1]
    if dtype != np.float32 or min(channels, filters) < FEWEST or not prod(shape) or exact_convolutions():
        return None
    found = tilings(window, pads, turned)
    if not found or not prod(found[0].lengths(shape[1:3])):
        return None
    positions = shape[0] * prod(found[0].lengths(shape[1:3]))
    times = {tiling: time_of(tiling, shape, channels, filters, steady) for tiling in found}
    best = min(found, key=times.__getitem__)
    return best if times[best] < time_of_columns(window, positions, channels, filters) else None
