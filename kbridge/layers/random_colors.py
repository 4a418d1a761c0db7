"""Colors of pictures that are changed by chance in training, and stay as they are in prediction: RandomHue, RandomSaturation ..."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .configured import ORDERINGS
from .random_images.base import _RandomImage, _range

__all__ = [
    "RandomColorDegeneration", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPosterization",
    "RandomSaturation", "RandomSharpness", "Solarization",
]  # fmt: skip

#: parts of red, green and blue in a gray value (ITU-R BT.601)
GRAY = (0.2989, 0.587, 0.114)


class _RandomColor(_RandomImage):
    """A change of values, with the channels last.

    ``shares`` are the least and the largest of what is drawn for each picture.
    """

    value_range: tuple[float, float]

    #: the least of what is drawn where ``factor`` is a number; None: minus the number
    least: float | None = 0.0

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        low, high = _range(type(self).__name__, "factor", factor, -max(1.0, np.max(np.abs(factor))))
        self.shares = (self.least, high) if isinstance(factor, (int, float)) and self.least is not None else (low, high)
        self.take(factor=factor, value_range=tuple(value_range), data_format=data_format, seed=seed)

    def changed(self, x):
        first = ORDERINGS[self.data_format] == "th"
        y = self.colored(K.permute_dimensions(x, (0, 2, 3, 1)) if first else x)
        return K.permute_dimensions(y, (0, 3, 1, 2)) if first else y

    def colored(self, x):
        """The pictures (samples, rows, columns, channels) as they are in training."""
        raise NotImplementedError

    def share(self, x, low=None, high=None):
        """A number for each picture, as (samples, 1, 1, 1)."""
        return K.reshape(self.drawn(x, *(self.shares if low is None else (low, high))), (-1, 1, 1, 1))

    def some(self, x, changed):
        """``changed`` for a part of the pictures that is drawn, ``x`` for the others."""
        chosen = K.cast(K.lesser(self.share(x, 0.0, 1.0), self.share(x)), K.dtype(x))
        return chosen * changed + (1.0 - chosen) * x

    def in_range(self, x):
        """``x`` cut to the range of pixels."""
        return K.clip(x, *map(float, self.value_range))


def _three(layer, x) -> list:
    """Red, green and blue. ValueError for other pictures."""
    if K.int_shape(x)[-1] != 3:
        raise ValueError(f"{type(layer).__name__} {layer.name} takes pictures with three channels, got shape {K.int_shape(x)}.")
    return [x[..., i : i + 1] for i in range(3)]


def gray(layer, x):
    """The gray values of pictures of three channels, with one channel."""
    return sum(weight * channel for weight, channel in zip(GRAY, _three(layer, x)))


class RandomHue(_RandomColor):
    """Move the hues of pictures by chance in training, to either side.

    Args:
        factor: the largest move, as a share of half the circle of hues, or a pair (lower, upper).
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, 3), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: pictures of other than three channels, or a factor that is no range.
    """

    def colored(self, x):
        r, g, b = _three(self, x)
        high, low = K.max(x, axis=-1, keepdims=True), K.min(x, axis=-1, keepdims=True)
        spread = K.maximum(high - low, K.epsilon() * (self.value_range[1] - self.value_range[0]))
        dtype = K.dtype(x)
        is_red = K.cast(K.greater_equal(r, high), dtype)
        is_green = (1.0 - is_red) * K.cast(K.greater_equal(g, high), dtype)
        hue = is_red * (g - b) / spread + is_green * (2.0 + (b - r) / spread)
        hue = hue + (1.0 - is_red - is_green) * (4.0 + (r - g) / spread)
        side = K.cast(K.lesser(self.share(x, 0.0, 1.0), 0.5), dtype) * 2.0 - 1.0
        hue = hue + 3.0 * side * self.share(x)
        # hue counts in sixths of the circle: n tells how far a channel is from its own
        found = []
        for start in (5.0, 3.0, 1.0):
            n = hue + start
            n = n - 6.0 * K.floor(n / 6.0)
            found.append(high - (high - low) * K.clip(K.minimum(n, 4.0 - n), 0.0, 1.0))
        return K.concatenate(found, axis=-1)


class RandomSaturation(_RandomColor):
    """Change how colorful pictures are by chance in training.

    Args:
        factor: a pair (lower, upper) between 0 for gray, 0.5 for no change, and 1; a number is (-factor, factor), as in Keras 3.
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, 3), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: pictures of other than three channels, or a factor that is no range.
    """

    least = None

    def colored(self, x):
        _three(self, x)
        high, share = K.max(x, axis=-1, keepdims=True), K.clip(self.share(x), 0.0, 1.0 - K.epsilon())
        return high - (high - x) * (share / (1.0 - share))


class RandomColorDegeneration(_RandomColor):
    """Make pictures grayer by chance in training: x + factor * (gray - x).

    Args:
        factor: a number, to both sides of 0, or a pair (lower, upper).
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, 3), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: pictures of other than three channels, or a factor that is no range.
    """

    least = None

    def colored(self, x):
        share = self.share(x)
        return x * (1.0 - share) + gray(self, x) * share


class RandomGrayscale(_RandomColor):
    """Make some pictures gray by chance in training.

    Args:
        factor: the part of the pictures.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, 3), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: pictures of other than three channels, or a part that isn't between 0 and 1.
    """

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__((factor, factor), (0, 255), data_format, seed, **kwargs)
        if not 0 <= factor <= 1:
            raise ValueError(f"RandomGrayscale: factor must be a number from 0 to 1, got {factor!r}.")
        self.factor = factor

    def colored(self, x):
        return self.some(x, gray(self, x))

    def get_config(self):
        return self.stored_arguments(("value_range",))


class RandomInvert(_RandomColor):
    """Turn the values of some pictures round by chance in training: the largest plus the least value minus x.

    Args:
        factor: the largest part of the pictures, or a pair (lower, upper) from which the part is drawn.
        value_range: the least and the largest value of a pixel.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)

    def colored(self, x):
        return self.some(x, float(sum(self.value_range)) - x)


class RandomPosterization(_RandomColor):
    """Leave fewer values to pictures in training: the first bits of eight.

    Args:
        factor: how many bits stay, or a pair (lower, upper) of them: 1 to 8.
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another number of bits.
    """

    least = 1.0

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        if not 1 <= self.shares[0] <= self.shares[1] <= 8:
            raise ValueError(f"RandomPosterization: factor must be a number of bits from 1 to 8, or a pair of them, got {factor!r}.")

    def colored(self, x):
        low, high = map(float, self.value_range)
        bits = K.floor(self.share(x, self.shares[0], self.shares[1] + 0.999))
        step = K.exp((8.0 - bits) * float(np.log(2.0)))
        # 8 - bits is whole, its power is so after rounding
        step = K.round(step)
        values = K.floor((x - low) / (high - low) * 255.0)
        return K.floor(values / step) * step / 255.0 * (high - low) + low


class Solarization(_RandomColor):
    """Turn the values above a limit round in training, as overexposed film does: first a number is added, then x >= limit becomes high - x.

    Args:
        addition_factor: the largest number, as a share of the range; it is drawn from 0 on for each picture.
        threshold_factor: the largest limit, likewise.
        value_range: the least and the largest value of a pixel.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(0.0, value_range, data_format, seed, **kwargs)
        self.most = [
            _range("Solarization", n, v, -1.0)[1] for n, v in (("addition_factor", addition_factor), ("threshold_factor", threshold_factor))
        ]
        self.take(addition_factor=addition_factor, threshold_factor=threshold_factor)

    def colored(self, x):
        low, high = map(float, self.value_range)
        more, limit = ((0.0 if not most else self.share(x, 0.0, most) * (high - low)) for most in self.most)
        x = self.in_range(x + more)
        kept = K.cast(K.lesser(x, limit + low), K.dtype(x))
        return kept * x + (1.0 - kept) * (high - x + low)

    def get_config(self):
        return self.stored_arguments(("factor",))


class RandomSharpness(_RandomColor):
    """Make pictures smoother or sharper by chance in training.

    A picture is smoothed by a window of 3 x 3 with 5 in the middle and 1 around it, divided by 13, with zeros at its edges; the result is
    smooth + 2 * factor * (x - smooth), cut to the range.

    Args:
        factor: a number or a pair (lower, upper): 0 is smooth, 0.5 no change, 1 sharp.
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels) of a known number of channels, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    def colored(self, x):
        window = np.ones((3, 3))
        window[1, 1] = 5.0
        smooth = smoothed(x, window / 13.0)
        return self.in_range(smooth + 2.0 * self.share(x) * (x - smooth))


def smoothed(x, window: np.ndarray):
    """Each channel of pictures (samples, rows, columns, channels) under a window of numbers, with zeros at the edges."""
    height, width = window.shape
    before, after = [(n - 1) // 2 for n in window.shape], [n // 2 for n in window.shape]
    padded = K.asymmetric_spatial_2d_padding(x, before[0], after[0], before[1], after[1], dim_ordering="tf")
    rows, columns = K.shape(x)[1], K.shape(x)[2]
    return sum(float(window[i, j]) * padded[:, i : i + rows, j : j + columns] for i in range(height) for j in range(width) if window[i, j])
