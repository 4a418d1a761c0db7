"""Pictures turned over by chance."""

from __future__ import annotations

from ... import backend as K
from .base import _RandomImage


class RandomFlip(_RandomImage):
    """Turn pictures over by chance in training.

    Args:
        mode: 'horizontal', 'vertical' or 'horizontal_and_vertical'.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another mode.
    """

    mode: str

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError(f"RandomFlip: mode must be 'horizontal', 'vertical' or 'horizontal_and_vertical', got {mode!r}.")
        self.take(mode=mode, seed=seed, data_format=data_format)

    def changed(self, x):
        for word, axis in (("vertical", self._first()), ("horizontal", self._first() + 1)):
            if word in self.mode:
                turn = K.reshape(self.drawn(x, 0.0, 1.0), (-1, 1, 1, 1))
                x = K.switch(K.lesser(turn, 0.5), K.reverse(x, axis), x)
        return x
