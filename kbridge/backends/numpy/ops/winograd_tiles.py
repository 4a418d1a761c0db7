"""The tiles of a convolution's input, transformed for all that read them; the planner makes this of several readers (``executor/tiles.py``)."""

from __future__ import annotations

from math import prod

from ..graph import Op
from .winograd import Tiling, blocks, tiled_for


class WinogradTiles(Op):
    """The tiles of x (n, h, w, c), transformed: (points, tiles, c), as ``Tiling.given`` tells others that they come."""

    name = "winograd_tiles"

    def infer(self, attrs: Tiling, x):
        return (attrs.points, x.shape[0] * prod(attrs.counts(x.shape[1:3])), x.shape[3]), x.dtype

    def emit(self, ctx, attrs: Tiling, out, x):
        parts = list(blocks(attrs, x.shape, x.shape[-1], x.shape[-1], out.itemsize))
        tiled, begin = tiled_for(ctx, attrs, parts, x, x.shape[-1]), 0
        for part, start, rows in parts:
            end = begin + (part.stop - part.start) * rows * tiled.columns
            tiled.input(x, part, start, rows, out[:, begin:end])
            begin = end


WINOGRAD_TILES = WinogradTiles()
