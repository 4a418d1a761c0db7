"""Pictures with a random brightness."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from .base import _RandomImage, _range


class RandomBrightness(_RandomImage):
    """Change the brightness of pictures by chance in training: a number is added to each picture, which is then cut to the range of pixels.

    Args:
        factor: the largest number as a share of the range, to both sides, or a pair (lower, upper).
        value_range: the least and the largest value of a pixel.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    value_range: Any

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.shares = _range("RandomBrightness", "factor", factor, -1.0)
        self.take(factor=factor, value_range=tuple(value_range), seed=seed)

    def changed(self, x):
        low, high = map(float, self.value_range)
        more = self.drawn(x, self.shares[0] * (high - low), self.shares[1] * (high - low))
        return K.clip(x + K.reshape(more, (-1, 1, 1, 1)), low, high)
