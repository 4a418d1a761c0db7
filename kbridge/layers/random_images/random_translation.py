"""Pictures moved by a random distance."""

from __future__ import annotations

from .base import _range
from .moved import _Moved


class RandomTranslation(_Moved):
    """Move pictures by a random distance in training.

    The other arguments are those of ``RandomRotation``.

    Args:
        height_factor: the largest distance as a share of the rows, up and down, or a pair (lower, upper); positive is down.
        width_factor: the largest distance as a share of the columns, left and right, or a pair; positive is to the right.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another mode, or pictures of unknown size.
    """

    def __init__(
        self, height_factor, width_factor, fill_mode="reflect", interpolation="bilinear", seed=None, fill_value=0.0, data_format="channels_last",
        **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self._checked(fill_mode, interpolation)
        self.rows = _range("RandomTranslation", "height_factor", height_factor)
        self.columns = _range("RandomTranslation", "width_factor", width_factor)
        self.take(
            height_factor=height_factor, width_factor=width_factor, fill_mode=fill_mode, interpolation=interpolation, seed=seed,
            fill_value=fill_value, data_format=data_format,
        )  # fmt: skip

    def places(self, x, height, width):
        down, right = self.drawn(x, *self.rows) * float(height), self.drawn(x, *self.columns) * float(width)
        return (1.0, 0.0, -down), (0.0, 1.0, -right)
