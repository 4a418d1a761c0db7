"""Geometry of convolution and pooling windows along spatial axes."""

from __future__ import annotations

from typing import NamedTuple, overload

MODES = ("valid", "same", "full")


class Window(NamedTuple):
    """Windows along the spatial axes of a tensor: sizes, strides, dilations and border mode.

    Hashable, so that it can be an attribute of a node.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    border_mode: str

    def extent(self, i: int) -> int:
        """How many positions one window spans along spatial axis i."""
        return (self.size[i] - 1) * self.dilation[i] + 1

    @overload
    def output_length(self, i: int, n: int) -> int: ...

    @overload
    def output_length(self, i: int, n: None) -> None: ...

    def output_length(self, i: int, n: int | None) -> int | None:
        """The number of windows along an axis of length ``n``."""
        if n is None:
            return None
        span, stride = self.extent(i), self.strides[i]
        if self.border_mode == "same":
            return -(-n // stride)
        n = n + 2 * (span - 1) if self.border_mode == "full" else n
        return max(0, (n - span) // stride + 1)

    def padding(self, i: int, n: int) -> tuple[int, int]:
        """Zeros before and after an axis of length ``n``."""
        span = self.extent(i)
        if self.border_mode == "valid":
            return 0, 0
        if self.border_mode == "full":
            return span - 1, span - 1
        total = max((-(-n // self.strides[i]) - 1) * self.strides[i] + span - n, 0)
        return total // 2, total - total // 2

    def overlap(self, i: int, k: int, n: int) -> tuple[slice, slice]:
        """Where position ``k`` of the windows lies inside an axis of length ``n``: (windows, elements)."""
        stride = self.strides[i]
        offset = k * self.dilation[i] - self.padding(i, n)[0]
        first = max(0, -(offset // stride))
        last = min(self.output_length(i, n), (n - 1 - offset) // stride + 1)
        last = max(first, last)
        start = first * stride + offset
        return slice(first, last), slice(start, start + max(0, (last - first - 1) * stride + 1) if last > first else start, stride)


def window(size, strides, dilation, border_mode: str, what: str) -> Window:
    """A checked ``Window``. ValueError for an unknown mode or sizes and strides below 1."""
    if border_mode not in MODES:
        raise ValueError(f"{what}: border_mode must be one of {', '.join(map(repr, MODES))}, got {border_mode!r}.")
    result = Window(tuple(map(int, size)), tuple(map(int, strides)), tuple(map(int, dilation)), border_mode)
    if min(*result.size, *result.strides, *result.dilation, 1) < 1 or len({len(part) for part in result[:3]}) != 1:
        raise ValueError(f"{what}: sizes {size}, strides {strides} and dilations {dilation} must be whole numbers above 0.")
    return result
