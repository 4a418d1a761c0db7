"""Pictures stretched or pressed by chance along their rows, or along their columns."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from .base import _RandomImage, _range
from .sampling import sampled


class RandomHeight(_RandomImage):
    """Stretch or press pictures by chance along their rows in training; the size stays, as edges are filled or cut away.

    In tf.keras the output has another number of rows for each batch in training; here it keeps its number, so that a model may go on with layers
    that know it [differences: random-height].

    Args:
        factor: the largest change as a share of the rows, to both sides, or a pair (lower, upper).
        interpolation: 'bilinear' or 'nearest'.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels) of a known size.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    interpolation: str

    def __init__(self, factor, interpolation="bilinear", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.shares = _range(type(self).__name__, "factor", factor, -1.0)
        self.take(factor=factor, interpolation=interpolation, seed=seed)

    #: the axis that is stretched
    axis = 0

    def changed(self, x):
        height, width = K.int_shape(x)[1:3]
        if height is None or width is None:
            raise ValueError(f"{type(self).__name__} {self.name} needs pictures of a known size, got shape {K.int_shape(x)}.")
        scale = K.expand_dims(self.drawn(x, 1.0 + self.shares[0], 1.0 + self.shares[1]), -1)
        grid = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
        zero = scale * 0.0
        places = [K.constant(g[None], dtype=K.dtype(x)) for g in grid]
        places = [p / scale if i == self.axis else p + zero for i, p in enumerate(places)]
        rows, columns = (p + (n - 1) / 2 for p, n in zip(places, (height, width)))
        return sampled(x, rows, columns, "nearest", "nearest" if self.interpolation == "nearest" else "bilinear", 0.0)


class RandomWidth(RandomHeight):
    """``RandomHeight`` along the columns.

    The other arguments are those of ``RandomHeight``.

    Input shape:
        (samples, rows, columns, channels) of a known size.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    axis = 1
