"""Pooling: the maximum or the average of each window; padding takes no part."""

from itertools import product
from math import ceil
from typing import Any

import numpy as np

from .convolution import ORDERINGS, back, border, last
from .spec import Case, In, Op, off_grid

NAN = float("nan")
X2 = {"th": In((2, 2, 5, 6), fill=off_grid), "tf": In((2, 5, 6, 2), fill=off_grid)}
X3 = {"th": In((2, 1, 3, 4, 3), fill=off_grid), "tf": In((2, 3, 4, 3, 1), fill=off_grid)}


def pool(x, pool_size, strides=None, border_mode="valid", dim_ordering="tf", pool_mode="max"):
    """Each output by its own window, cut at the edges of ``x``."""
    x = last(x, dim_ordering)
    strides = strides or (1,) * len(pool_size)
    spatial = x.shape[1:-1]
    before = [border(n, k, s, border_mode)[0] for n, k, s in zip(spatial, pool_size, strides)]
    lengths = [ceil(n / s) if border_mode == "same" else (n - k) // s + 1 for n, k, s in zip(spatial, pool_size, strides)]
    y: Any = np.empty((len(x), *lengths, x.shape[-1]), x.dtype)
    reduce: Any = {"max": np.max, "avg": np.mean}[pool_mode]
    for at in product(*map(range, lengths)):
        cut = [slice(max(i * s - b, 0), i * s - b + k) for i, s, b, k in zip(at, strides, before, pool_size)]
        y[(slice(None), *at)] = reduce(x[(slice(None), *cut)], axis=tuple(range(1, x.ndim - 1)))
    return back(y, dim_ordering)


def poolings(x, *windows):
    return tuple(
        Case(
            (x[ordering], size),
            {"strides": strides, "border_mode": border_mode, "dim_ordering": ordering, "pool_mode": mode},
        )
        for mode in ("max", "avg")
        for border_mode in ("valid", "same")
        for size, strides in windows
        for ordering in ORDERINGS
    )


FLAT = [[[[1.0], [1.0], [0.0]], [[1.0], [1.0], [2.0]]]]

OPS = [
    Op(
        "pool2d",
        pool,
        (
            *poolings(X2, ((2, 2), (1, 1)), ((2, 2), (2, 2)), ((3, 2), (1, 2)), ((1, 2), (4, 5))),
            Case((X2["tf"], (3, 3)), {"strides": (2, 2), "border_mode": "same"}, note="default ordering"),
            Case(
                (In(values=FLAT), (2, 2)),
                {"dim_ordering": "tf"},
                grads=([[[[1.0], [0.0], [0.0]], [[0.0], [0.0], [1.0]]]],),
                note="a tie's gradient goes to the first position",
            ),
            Case(
                (In((2, 4, 4, 1), kind="unknown", fill=off_grid), (2, 2)),
                {"strides": (2, 2), "dim_ordering": "tf"},
                note="nothing known",
            ),
        ),
    ),
    Op("pool3d", pool, poolings(X3, ((2, 2, 2), (1, 1, 1)), ((2, 2, 2), (2, 2, 2)), ((1, 2, 1), (4, 5, 3)))),
]
