"""Rewrites of convolutions by Winograd's method where that is faster."""

from __future__ import annotations

from typing import Any

from ..ops.winograd import TRANSFORM_KERNEL, WINOGRAD_CONV, WINOGRAD_KERNEL_GRADIENT
from ..ops.winograd_choice import choose
from .table import rewrite


@rewrite("conv")
def conv_by_tiles(value: Any) -> Any:
    """A convolution."""
    x, kernel = value.inputs
    pads = [value.attrs.padding(i, n) for i, n in enumerate(x.shape[1:-1])]
    return _by_tiles(value, x, kernel, pads, kernel.shape[-1])


@rewrite("conv_input")
def conv_input_by_tiles(value: Any) -> Any:
    """The gradient with respect to the input: a convolution with the kernel turned round."""
    g, kernel, _ = value.inputs
    window = value.attrs
    pads = [window.padding(i, n) for i, n in enumerate(value.shape[1:-1])]
    around = [(window.extent(i) - 1 - before, window.extent(i) - 1 - after) for i, (before, after) in enumerate(pads)]
    return _by_tiles(value, g, kernel, around, kernel.shape[-2], turned=True)


@rewrite("conv_kernel")
def conv_kernel_by_tiles(value: Any) -> Any:
    """The gradient with respect to the kernel."""
    x, g, like = value.inputs
    pads = [value.attrs.padding(i, n) for i, n in enumerate(x.shape[1:-1])]
    tiling = choose(value.attrs, pads, x.shape, g.shape[-1], value.dtype, steady=False)
    return tiling and value.planner.value(WINOGRAD_KERNEL_GRADIENT, (x, g, like), tiling)


def _by_tiles(value: Any, x: Any, kernel: Any, pads: list, filters: int, turned: bool = False) -> Any:
    tiling = choose(value.attrs, pads, x.shape, filters, value.dtype, kernel.steady, turned)
    if tiling is None:
        return None
    transformed = value.planner.value(TRANSFORM_KERNEL, (kernel,), (tiling.tiles, turned))
    return value.planner.value(WINOGRAD_CONV, (x, transformed), tiling)
