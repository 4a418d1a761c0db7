"""One op computed at once: constants, and sizes that a plan must know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .emitter import Emitter


def compute(value: Any, arrays: Sequence[np.ndarray | None], out: np.ndarray | None = None) -> np.ndarray:
    """Run one op now, into ``out`` if that is given and the result is no view; inputs of which only the shape matters may be None."""
    ctx = Emitter()
    if value.op.view:
        return value.op.view_of(value.attrs, value.shape, arrays[0])
    inputs = [shaped(v) if a is None else a for v, a in zip(value.inputs, arrays)]
    if out is None:
        out = np.empty(value.shape, value.dtype)
    value.op.emit(ctx, value.attrs, out, *inputs)
    for function, args in ctx.instructions:
        function(*args)
    return out


#: any number's zero
_ZERO = bytes(16)


def shaped(value: Any) -> np.ndarray:
    """An array of a value's shape and dtype that takes no memory."""
    return np.ndarray(value.shape, value.dtype, _ZERO, strides=(0,) * len(value.shape))
