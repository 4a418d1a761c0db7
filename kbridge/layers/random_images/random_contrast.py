"""Pictures with a random contrast."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from .base import _RandomImage


class RandomContrast(_RandomImage):
    """Change the contrast of pictures by chance in training: the distances to each channel's mean are multiplied by a factor.

    Args:
        factor: the factor is drawn from [1 - factor, 1 + factor), or [1 - lower, 1 + upper) for a pair.
        seed: a whole number that makes the draws repeatable.
        value_range: the least and the largest value of a pixel, to which the output is cut; None for no cut.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a negative factor.
    """

    value_range: Any

    def __init__(self, factor, seed=None, value_range=(0, 255), data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.sides = (factor, factor) if isinstance(factor, (int, float)) else tuple(factor)
        if len(self.sides) != 2 or min(self.sides) < 0 or self.sides[0] > 1:
            raise ValueError(f"RandomContrast: factor must be a number from 0 to 1, or a pair of them, got {factor!r:.80}.")
        self.take(factor=factor, seed=seed, value_range=value_range, data_format=data_format)

    def changed(self, x):
        first = self._first()
        mean = K.mean(x, axis=[first, first + 1], keepdims=True)
        factor = K.reshape(self.drawn(x, 1.0 - self.sides[0], 1.0 + self.sides[1]), (-1, 1, 1, 1))
        result = (x - mean) * factor + mean
        return result if self.value_range is None else K.clip(result, *map(float, self.value_range))
