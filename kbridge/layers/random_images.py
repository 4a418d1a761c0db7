"""Pictures that are changed by chance in training, and stay as they are in prediction: RandomFlip, RandomRotation ...

Each picture is changed by itself, with numbers that the backend draws. Places of the result's pixels are computed in the picture that
came in, whose pixels there are mixed; both gradients and batches of any size go through.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend as K
from .configured import ORDERINGS, Configured
from .image_layers import centre

__all__ = [
    "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomHeight", "RandomRotation", "RandomTranslation", "RandomWidth",
    "RandomZoom",
]  # fmt: skip

FILLS = ("constant", "reflect", "wrap", "nearest")


def _range(owner: str, name: str, value: Any, least: float = -math.inf) -> tuple[float, float]:
    """(lower, upper) from a number, which is both sides' distance from 0, or a pair."""
    low, high = (
        (-value, value)
        if isinstance(value, (int, float))
        else tuple(value)
        if isinstance(value, (list, tuple)) and len(value) == 2
        else (1, 0)
    )
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and least <= low <= high):
        raise ValueError(f"{owner}: {name} is a number of at least 0, or a pair (lower, upper), got {value!r:.80}.")
    return float(low), float(high)


class _RandomImage(Configured):
    """The base of these layers: the change in training, and the axes of pictures."""

    seed: int | None
    data_format: str

    supports_masking = True
    uses_learning_phase = True

    def call(self, x, mask=None):
        """Return the pictures, changed in the training phase."""
        x = x if K.dtype(x).startswith("float") else K.cast(x, K.floatx())
        return K.in_train_phase(lambda: self.changed(x), x)

    def changed(self, x: Any) -> Any:
        """Return the pictures ``x`` as they are in training."""
        raise NotImplementedError

    def drawn(self, x: Any, low: float, high: float) -> Any:
        """Return a number of [``low``, ``high``) for each picture of ``x``, as (samples, 1)."""
        return K.random_uniform((K.shape(x)[0], 1), low, high, dtype=K.dtype(x), seed=self.seed)

    def _first(self) -> int:
        return 2 if ORDERINGS[self.data_format] == "th" else 1


def sampled(x: Any, rows: Any, columns: Any, fill_mode: str, interpolation: str, fill_value: float) -> Any:
    """The pixels of pictures (samples, rows, columns, channels) at places (samples, new rows, new columns)."""
    height, width, channels = K.int_shape(x)[1:]
    if None in (height, width, channels):
        raise ValueError(f"pictures have to be of a known size for this, got shape {K.int_shape(x)}.")
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


class _Moved(_RandomImage):
    """A change of places: a matrix for each picture from the result's places to those of the picture that came in, about its middle."""

    fill_value: float
    fill_mode: str
    interpolation: str

    def _checked(self, fill_mode: str, interpolation: str) -> None:
        owner = type(self).__name__
        for name, value, allowed in (("fill_mode", fill_mode, FILLS), ("interpolation", interpolation, ("nearest", "bilinear"))):
            if value not in allowed:
                raise ValueError(f"{owner}: {name} is one of {', '.join(map(repr, allowed))}, got {value!r}.")

    def changed(self, x):
        channels_first = self._first() == 2
        x = K.permute_dimensions(x, (0, 2, 3, 1)) if channels_first else x
        height, width = K.int_shape(x)[1:3]
        if height is None or width is None:
            raise ValueError(f"{type(self).__name__} {self.name} needs pictures of a known size, got shape {K.int_shape(x)}.")
        dtype = K.dtype(x)
        row = K.constant((np.arange(height) - (height - 1) / 2)[None, :, None] + np.zeros((1, 1, width)), dtype=dtype)
        column = K.constant((np.arange(width) - (width - 1) / 2)[None, None, :] + np.zeros((1, height, 1)), dtype=dtype)
        (a, b, r), (c, d, s) = self.places(x, height, width)

        def wide(n: Any) -> Any:
            return K.expand_dims(n, -1) if K.is_tensor(n) else n

        rows = wide(a) * row + wide(b) * column + wide(r) + (height - 1) / 2
        columns = wide(c) * row + wide(d) * column + wide(s) + (width - 1) / 2
        moved = sampled(x, rows, columns, self.fill_mode, self.interpolation, self.fill_value)
        return K.permute_dimensions(moved, (0, 3, 1, 2)) if channels_first else moved

    def places(self, x: Any, height: int, width: int) -> tuple[tuple, tuple]:
        """Return the factors of (row, column, 1) for the rows, and for the columns, of the places: each is a number or (samples, 1).

        Args:
            x: the pictures.
            height: their rows.
            width: their columns.
        """
        raise NotImplementedError


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
            raise ValueError(f"RandomFlip: mode is 'horizontal', 'vertical' or 'horizontal_and_vertical', got {mode!r}.")
        self.take(mode=mode, seed=seed, data_format=data_format)

    def changed(self, x):
        for word, axis in (("vertical", self._first()), ("horizontal", self._first() + 1)):
            if word in self.mode:
                turn = K.reshape(self.drawn(x, 0.0, 1.0), (-1, 1, 1, 1))
                x = K.switch(K.lesser(turn, 0.5), K.reverse(x, axis), x)
        return x


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
            raise ValueError(f"RandomContrast: factor is a number from 0 to 1 or a pair of them, got {factor!r:.80}.")
        self.take(factor=factor, seed=seed, value_range=value_range, data_format=data_format)

    def changed(self, x):
        first = self._first()
        mean = K.mean(x, axis=[first, first + 1], keepdims=True)
        factor = K.reshape(self.drawn(x, 1.0 - self.sides[0], 1.0 + self.sides[1]), (-1, 1, 1, 1))
        result = (x - mean) * factor + mean
        return result if self.value_range is None else K.clip(result, *map(float, self.value_range))


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


class RandomCrop(_RandomImage):
    """Cut a part out of pictures: in training at a place that is drawn for each, in prediction the middle, as large as fits, resized.

    Args:
        height: the rows of the part.
        width: the columns of the part.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's with ``height`` rows and ``width`` columns.

    Raises:
        ValueError: pictures that are smaller than the part, or of unknown size.
    """

    height: int
    width: int
    data_format: str

    def __init__(self, height, width, seed=None, data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.take(height=height, width=width, seed=seed, data_format=data_format)

    def call(self, x, mask=None):
        """Return the part of each picture."""
        x = x if K.dtype(x).startswith("float") else K.cast(x, K.floatx())
        first = self._first()
        rows, columns = K.int_shape(x)[first : first + 2]
        if rows is None or columns is None or rows < self.height or columns < self.width:
            raise ValueError(
                f"RandomCrop {self.name} takes {self.height} x {self.width} of pictures of a known size that isn't smaller, got shape {K.int_shape(x)}."
            )
        # as much of the middle as has the part's proportions, in its size
        middle = centre(x, first, (min(rows, int(columns * self.height / self.width)), min(columns, int(rows * self.width / self.height))))
        smaller = K.resize(middle, (self.height, self.width), "bilinear", dim_ordering=ORDERINGS[self.data_format])
        return K.in_train_phase(lambda: self.changed(x), smaller)

    def changed(self, x):
        channels_first = self._first() == 2
        x = K.permute_dimensions(x, (0, 2, 3, 1)) if channels_first else x
        rows, columns = K.int_shape(x)[1:3]
        top, left = (K.floor(self.drawn(x, 0.0, n - m + 1.0)) for n, m in ((rows, self.height), (columns, self.width)))
        grid = np.indices((self.height, self.width))
        down, across = (K.expand_dims(start, -1) + K.constant(g[None], dtype=K.dtype(x)) for start, g in zip((top, left), grid))
        part = sampled(x, down, across, "nearest", "nearest", 0.0)
        return K.permute_dimensions(part, (0, 3, 1, 2)) if channels_first else part

    def get_output_shape_for(self, input_shape):
        first = self._first()
        return (*input_shape[:first], self.height, self.width, *input_shape[first + 2 :])


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
