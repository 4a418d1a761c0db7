"""Regions of pictures that are changed by chance in training: sheared, blurred, erased, mixed with those of other pictures."""

from __future__ import annotations

import math

import numpy as np

from .. import backend as K
from .random_colors import _RandomColor, smoothed
from .random_images.base import _range
from .random_images.moved import _Moved

__all__ = ["CutMix", "MixUp", "RandomErasing", "RandomGaussianBlur", "RandomShear"]


class RandomShear(_Moved):
    """Shear pictures by chance in training: each row moves in proportion to its number, each column likewise; half of the pictures the other way.

    Args:
        x_factor: how far a row moves for each row above it, at most, or a pair (lower, upper).
        y_factor: how far a column moves for each column before it, or a pair.
        interpolation: 'bilinear' or 'nearest'.
        fill_mode: what is outside: 'reflect', 'wrap', 'nearest' or 'constant'.
        fill_value: what is outside for 'constant'.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: another mode, or pictures of unknown size.
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._checked(fill_mode, interpolation)
        self.across = _range("RandomShear", "x_factor", x_factor)
        self.down = _range("RandomShear", "y_factor", y_factor)
        self.take(
            x_factor=x_factor, y_factor=y_factor, interpolation=interpolation, fill_mode=fill_mode, fill_value=fill_value,
            data_format=data_format, seed=seed,
        )  # fmt: skip

    def places(self, x, height, width):
        side = K.cast(K.lesser(self.drawn(x, 0.0, 1.0), 0.5), K.dtype(x)) * 2.0 - 1.0
        down, across = side * self.drawn(x, *self.down), side * self.drawn(x, *self.across)
        # counted from the first row and column
        return (1.0, down, down * ((width - 1) / 2)), (across, 1.0, across * ((height - 1) / 2))


class RandomGaussianBlur(_RandomColor):
    """Blur some pictures by chance in training, with zeros at their edges.

    Args:
        factor: the largest part of the pictures, or a pair (lower, upper) from which the part is drawn.
        kernel_size: rows and columns of the window, or one number for both.
        sigma: the largest deviation of the window, or a pair from which it is drawn.
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor or sigma that is no range.
    """

    kernel_size: tuple[int, int]

    def __init__(self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        low, high = _range("RandomGaussianBlur", "sigma", sigma)
        self.deviations = (max(low, 0.0), high)
        self.take(kernel_size=(kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size), sigma=sigma)

    def colored(self, x):
        sigma = K.maximum(self.share(x, *self.deviations), K.epsilon())
        blurred = x
        for axis, size in enumerate(self.kernel_size):
            places = np.arange(size) - (size - 1) / 2
            parts = [K.exp(-(float(p) ** 2) / (2.0 * K.square(sigma))) for p in places]
            whole = sum(parts)
            moved = []
            for i in range(size):
                # the pixels that stand under this place of the window
                window = np.zeros((size, 1) if axis == 0 else (1, size))
                window.reshape(-1)[i] = 1.0
                moved.append(smoothed(blurred, window) * (parts[i] / whole))
            blurred = sum(moved)
        return self.some(x, blurred)


class _Region(_RandomColor):
    """The base of layers that replace a rectangle of each picture."""

    def inside(self, x, tall, wide):
        """1 within a rectangle of each picture at a place that is drawn, 0 outside; ``tall`` and ``wide`` are parts of the sides."""
        height, width = K.int_shape(x)[1:3]
        if height is None or width is None:
            raise ValueError(f"{type(self).__name__} {self.name} needs pictures of a known size, got shape {K.int_shape(x)}.")
        dtype, found = K.dtype(x), 1.0
        for size, part, shape in ((height, tall, (1, -1, 1, 1)), (width, wide, (1, 1, -1, 1))):
            length = K.round(part * float(size))
            start = K.floor(self.share(x, 0.0, 1.0) * (float(size) - length + 1.0))
            place = K.constant(np.arange(size).reshape([size if n == -1 else n for n in shape]), dtype=dtype)
            found = found * K.cast(K.greater_equal(place, start), dtype) * K.cast(K.lesser(place, start + length), dtype)
        return found


class RandomErasing(_Region):
    """Fill a rectangle of some pictures by chance in training (Zhong et al., 2017, arXiv 1708.04896).

    Args:
        factor: the largest part of the pictures, or a pair (lower, upper) from which the part is drawn.
        scale: the least and the largest part of a picture that is filled.
        fill_value: what fills it; None for normal noise about the middle of the range.
        value_range: the least and the largest value of a pixel.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor or scale that is no range.
    """

    fill_value: float | None

    def __init__(self, factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        if isinstance(scale, (int, float)):
            scale = (0.0, scale)
        self.parts = _range("RandomErasing", "scale", scale, 0.0)
        self.take(scale=scale, fill_value=fill_value)

    def colored(self, x):
        tall, wide = (K.sqrt(self.share(x, *self.parts)) for _ in range(2))
        inside = self.inside(x, tall, wide)
        if self.fill_value is None:
            low, high = map(float, self.value_range)
            shape = [K.shape(x)[a] for a in range(4)]
            fill = self.in_range(K.random_normal(shape, (low + high) / 2, (high - low) / 2, dtype=K.dtype(x), seed=self.seed))
        else:
            fill = float(np.clip(self.fill_value, *self.value_range))
        return self.some(x, x * (1.0 - inside) + fill * inside)


def beta_quantiles(alpha: float, count: int = 513) -> np.ndarray:
    """The quantiles of the beta distribution with both parameters ``alpha`` at equal distances, from 0 to 1."""
    # with x = sin(t) ** 2 the density is that of t: (sin(t) * cos(t)) ** (2 alpha - 1), integrated between the middles of small steps
    edges = np.linspace(0, math.pi / 2, 200001)
    middles = (edges[1:] + edges[:-1]) / 2
    density = (np.sin(middles) * np.cos(middles)) ** (2 * alpha - 1)
    whole = np.concatenate([[0.0], np.cumsum(density)])
    return np.sin(np.interp(np.linspace(0, 1, count), whole / whole[-1], edges)) ** 2


class _OfTwo(_Region):
    """A change that takes from another picture of the batch: the one so many places after it."""

    def other(self, x):
        """The picture that each is mixed with."""
        count = K.cast(K.shape(x)[0], K.floatx())
        place = K.cast(K.arange(0, K.shape(x)[0]), K.floatx()) + K.floor(K.reshape(K.random_uniform((1,), seed=self.seed), ()) * count)
        return K.gather(x, K.cast(place - K.floor(place / count) * count, "int32"))

    def of_beta(self, x, alpha: float):
        """A number of the beta distribution for each picture, as (samples, 1, 1, 1)."""
        table = K.constant(beta_quantiles(alpha), dtype=K.dtype(x))
        place = self.share(x, 0.0, 511.999)
        first = K.floor(place)
        low, high = (K.gather(table, K.cast(first + i, "int32")) for i in (0.0, 1.0))
        return low + (high - low) * (place - first)


class MixUp(_OfTwo):
    """Mix each picture with another one of the batch in training (Zhang et al., 2017, arXiv 1710.09412).

    As in a model of Keras 3 the layer sees pictures alone: targets stay what they are.

    Args:
        alpha: the parameter of the beta distribution that the part of a picture is drawn from.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.
        seed: a whole number that makes the draws repeatable.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: an alpha that isn't above 0.
    """

    alpha: float

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(0.0, (0, 255), data_format, seed, **kwargs)
        if not alpha > 0:
            raise ValueError(f"MixUp: alpha must be a number above 0, got {alpha!r}.")
        self.take(alpha=alpha)

    def colored(self, x):
        part = self.of_beta(x, self.alpha)
        return part * x + (1.0 - part) * self.other(x)

    def get_config(self):
        return self.stored_arguments(("factor", "value_range"))


class CutMix(_OfTwo):
    """Put a rectangle of another picture of the batch into each in training (Yun et al., 2019, arXiv 1905.04899).

    As in a model of Keras 3 the layer sees pictures alone: targets stay what they are.

    Args:
        factor: the parameter of the beta distribution that the part of a picture that stays is drawn from, or a pair whose larger one counts.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(factor, (0, 255), data_format, seed, **kwargs)

    def colored(self, x):
        if not self.shares[1]:
            return x
        side = K.sqrt(1.0 - self.of_beta(x, self.shares[1]))
        inside = self.inside(x, side, side)
        return x * (1.0 - inside) + self.other(x) * inside

    def get_config(self):
        return self.stored_arguments(("value_range",))
