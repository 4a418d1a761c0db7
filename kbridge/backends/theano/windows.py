"""Where windows of convolutions and pooling stand: the contract's 'valid', 'same' and 'full'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import theano.tensor as T

BORDER_MODES = ("valid", "same", "full")


class Axis(NamedTuple):
    """A window's size, stride and dilation along one axis."""

    size: int
    stride: int
    dilation: int

    @property
    def span(self) -> int:
        """From the window's first value to its last."""
        return (self.size - 1) * self.dilation + 1


def axes(what: str, size: Sequence, strides: Sequence, dilation: Sequence, border_mode: str) -> list[Axis]:
    """One entry for each spatial axis. ValueError for arguments that make no sense."""
    if border_mode not in BORDER_MODES:
        raise ValueError(f"{what}: unknown border_mode {border_mode!r}. Allowed: {', '.join(map(repr, BORDER_MODES))}.")
    n = len(size)
    for name, values in (("strides", strides), ("dilation", dilation)):
        if len(values) != n:
            raise ValueError(f"{what}: {name} {tuple(values)} must have {n} entries.")
    if None in size:
        raise ValueError(f"{what}: the size of the kernel must be known, got {tuple(size)}.")
    return [Axis(int(k), int(s), int(d)) for k, s, d in zip(size, strides, dilation)]


def padding(axis: Axis, n: Any, border_mode: str) -> tuple[Any, Any]:
    """Zeros before and after ``n`` values (an int or a scalar tensor)."""
    if border_mode == "valid":
        return 0, 0
    if border_mode == "full":
        return axis.span - 1, axis.span - 1
    if axis.stride == 1:
        total: Any = axis.span - 1
    elif isinstance(n, (int, np.integer)):
        total = max((-(-n // axis.stride) - 1) * axis.stride + axis.span - n, 0)
    else:
        total = T.maximum((-(-n // axis.stride) - 1) * axis.stride + axis.span - n, 0)
    return total // 2, total - total // 2


def output_length(what: str, axis: Axis, n: int | None, border_mode: str) -> int | None:
    """How many windows fit. ValueError where not even one does."""
    if n is None:
        return None
    if border_mode == "same":
        return -(-n // axis.stride)
    before, after = padding(axis, n, border_mode)
    found = (n + before + after - axis.span) // axis.stride + 1
    if found < 1 and n > 0:
        raise ValueError(f"{what}: a window of {axis.span} doesn't fit into {n} values with border_mode={border_mode!r}.")
    return max(found, 0)
