"""Pixels of pictures at places between pixels."""

from __future__ import annotations

from typing import Any

from ... import backend as K

FILLS = ("constant", "reflect", "wrap", "nearest")


def sampled(x: Any, rows: Any, columns: Any, fill_mode: str, interpolation: str, fill_value: float) -> Any:
    """The pixels of pictures (samples, rows, columns, channels) at places (samples, new rows, new columns)."""
    height, width, channels = K.int_shape(x)[1:]
    if None in (height, width, channels):
        raise ValueError(f"the size of the pictures must be known for this, got shape {K.int_shape(x)}.")
    rows, columns = _inside(rows, height, fill_mode), _inside(columns, width, fill_mode)
    flat = K.reshape(x, (-1, channels))
    base = K.reshape(K.arange(0, K.shape(x)[0]), (-1, 1, 1)) * (height * width)
    dtype = K.dtype(x)

    def pixel(row: Any, column: Any) -> Any:
        """Pixels at whole places, those outside filled."""
        inside = None
        if fill_mode == "constant":
            within = [
                K.cast(n, "float32")
                for n in (K.greater_equal(row, 0), K.lesser(row, height), K.greater_equal(column, 0), K.lesser(column, width))
            ]
            inside = K.expand_dims(K.cast(within[0] * within[1] * within[2] * within[3], dtype), -1)
        index = base + K.cast(K.clip(row, 0.0, height - 1.0), "int32") * width + K.cast(K.clip(column, 0.0, width - 1.0), "int32")
        found = K.gather(flat, index)
        return found if inside is None else found * inside + (1.0 - inside) * fill_value

    if interpolation == "nearest":
        return pixel(K.floor(rows + 0.5), K.floor(columns + 0.5))
    top, left = K.floor(rows), K.floor(columns)
    down, right = K.expand_dims(rows - top, -1), K.expand_dims(columns - left, -1)
    upper = pixel(top, left) * (1.0 - right) + pixel(top, left + 1.0) * right
    lower = pixel(top + 1.0, left) * (1.0 - right) + pixel(top + 1.0, left + 1.0) * right
    return upper * (1.0 - down) + lower * down


def _inside(place: Any, length: int, fill_mode: str) -> Any:
    """Places within [0, length - 1], those outside as the mode has them; 'constant' leaves them.

    'wrap' turns the gap between the last and the first pixel into the first one, as TensorFlow's transformation of pictures does.
    """
    if fill_mode == "constant":
        return place
    last = length - 1.0
    if fill_mode == "wrap" and length > 1:
        below = place + length * (K.floor(-place / last) + 1.0)
        above = place - length * K.floor(place / last)
        place = K.where(K.lesser(place, 0.0), below, K.where(K.greater(place, last), above, place))
    elif fill_mode == "reflect":
        # d c b a | a b c d | d c b a
        place = K.where(K.lesser(place, 0.0), -place - 1.0, place)
        place = place - K.floor(place / (2.0 * length)) * (2.0 * length)
        place = K.where(K.greater_equal(place, float(length)), 2.0 * length - place - 1.0, place)
    return K.clip(place, 0.0, last)
