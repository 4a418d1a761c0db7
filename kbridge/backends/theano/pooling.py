"""Pooling: layouts and border modes for the operations of ``pooling_ops``."""

from __future__ import annotations

from collections.abc import Sequence

import theano.tensor as T

from .. import settings
from . import windows
from .pooling_ops import AveragePool, MaxPool
from .shapes import expand_dims, permute
from .static import int_shape, set_shape
from .tensors import as_float

MODES = {"max": MaxPool, "avg": AveragePool}


def pool(what: str, x, pool_size: Sequence[int], strides: Sequence[int], border_mode: str, dim_ordering: str, pool_mode: str):
    """Pooling with 2 or 3 spatial axes."""
    if pool_mode not in MODES:
        raise ValueError(f"{what}: unknown pool_mode {pool_mode!r}. Allowed: 'max', 'avg'.")
    if border_mode == "full":
        raise ValueError(f"{what}: border_mode must be 'valid' or 'same', got 'full'.")
    x = as_float(x)
    axes = windows.axes(what, pool_size, strides, (1,) * len(pool_size), border_mode)
    last = settings.resolve_dim_ordering(dim_ordering) == "tf"
    if last:
        x = permute(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))
    shape = int_shape(x)
    lengths = [windows.output_length(what, a, n, border_mode) for a, n in zip(axes, shape[2:])]
    dtype = x.dtype
    if dtype == "float16":
        x = T.cast(x, "float32")
    flat = len(axes) == 2
    x = expand_dims(x, 2) if flat else x
    whole = [windows.Axis(1, 1, 1), *axes] if flat else axes
    operation = MODES[pool_mode](tuple(a.size for a in whole), tuple(a.stride for a in whole), border_mode == "same")
    y = operation(x)[0] if pool_mode == "max" else operation(x)
    if flat:
        y = T.addbroadcast(y, 2).dimshuffle(0, 1, 3, 4)
    y = set_shape(T.cast(y, dtype), (*shape[:2], *lengths))
    return permute(y, (0, *range(2, y.ndim), 1)) if last else y
