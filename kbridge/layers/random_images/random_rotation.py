"""Pictures turned by a random angle."""

from __future__ import annotations

import math

from ... import backend as K
from .base import _range
from .moved import _Moved


class RandomRotation(_Moved):
    """Turn pictures by a random angle in training.

    Args:
        factor: the largest angle as a share of a whole turn, to both sides, or a pair (lower, upper); positive is against the clock.
        fill_mode: how places outside the picture are filled: 'reflect', 'wrap', 'nearest' or 'constant'.
        interpolation: 'bilinear' or 'nearest'.
        seed: a whole number that makes the draws repeatable.
        fill_value: the value of places outside the picture for 'constant'.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another mode, or pictures of unknown size.
    """

    def __init__(
        self, factor, fill_mode="reflect", interpolation="bilinear", seed=None, fill_value=0.0, data_format="channels_last", **kwargs
    ):
        super().__init__(**kwargs)
        self._checked(fill_mode, interpolation)
        self.turns = _range("RandomRotation", "factor", factor)
        self.take(
            factor=factor, fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value, data_format=data_format
        )

    def places(self, x, height, width):
        angle = self.drawn(x, 2 * math.pi * self.turns[0], 2 * math.pi * self.turns[1])
        return (K.cos(angle), K.sin(angle), 0.0), (-K.sin(angle), K.cos(angle), 0.0)
