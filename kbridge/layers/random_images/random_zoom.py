"""Pictures made smaller or larger by a random factor."""

from __future__ import annotations

from .base import _range
from .moved import _Moved


class RandomZoom(_Moved):
    """Make pictures smaller or larger by a random factor in training.

    The other arguments are those of ``RandomRotation``.

    Args:
        height_factor: the share of the rows by which a picture is zoomed out (positive) or in (negative), to both sides, or a pair (lower, upper).
        width_factor: the same for the columns; None for the rows' number.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another mode, or pictures of unknown size.
    """

    def __init__(
        self, height_factor, width_factor=None, fill_mode="reflect", interpolation="bilinear", seed=None, fill_value=0.0,
        data_format="channels_last", **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self._checked(fill_mode, interpolation)
        self.rows = _range("RandomZoom", "height_factor", height_factor, -1.0)
        self.columns = None if width_factor is None else _range("RandomZoom", "width_factor", width_factor, -1.0)
        self.take(
            height_factor=height_factor, width_factor=width_factor, fill_mode=fill_mode, interpolation=interpolation, seed=seed,
            fill_value=fill_value, data_format=data_format,
        )  # fmt: skip

    def places(self, x, height, width):
        tall = self.drawn(x, 1.0 + self.rows[0], 1.0 + self.rows[1])
        wide = tall if self.columns is None else self.drawn(x, 1.0 + self.columns[0], 1.0 + self.columns[1])
        return (tall, 0.0, 0.0), (0.0, wide, 0.0)
