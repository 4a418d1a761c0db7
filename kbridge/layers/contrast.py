"""The whole range of each picture's colors, and several changes of colors in a row."""

from __future__ import annotations

from .. import backend as K
from .random_colors import RandomHue, RandomSaturation, _RandomColor
from .random_images.random_brightness import RandomBrightness
from .random_images.random_contrast import RandomContrast

__all__ = ["AutoContrast", "RandomColorJitter"]


class AutoContrast(_RandomColor):
    """Stretch each channel of each picture to the whole range, in training and in prediction.

    Args:
        value_range: the least and the largest value of a pixel.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.
    """

    uses_learning_phase = False

    def __init__(self, value_range=(0, 255), data_format=None, **kwargs):
        super().__init__(0.0, value_range, data_format, **kwargs)

    def call(self, x, mask=None):
        """Return the stretched pictures."""
        return self.changed(x if K.dtype(x).startswith("float") else K.cast(x, K.floatx()))

    def colored(self, x):
        least, most = map(float, self.value_range)
        low, high = (f(x, axis=[1, 2], keepdims=True) for f in (K.min, K.max))
        flat = K.cast(K.lesser_equal(high, low), K.dtype(x))
        stretched = (x - low) * ((most - least) / (high - low + flat)) + least
        return self.in_range(flat * x + (1.0 - flat) * stretched)

    def get_config(self):
        return self.stored_arguments(("factor", "seed"))


class RandomColorJitter(_RandomColor):
    """Change brightness, contrast, saturation and hue, in this order, by chance in training.

    Args:
        value_range: the least and the largest value of a pixel.
        brightness_factor: as that of RandomBrightness; None leaves it.
        contrast_factor: as that of RandomContrast.
        saturation_factor: as that of RandomSaturation.
        hue_factor: as that of RandomHue.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, 3), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: a factor that is no range.
    """

    def __init__(
        self, value_range=(0, 255), brightness_factor=None, contrast_factor=None, saturation_factor=None, hue_factor=None, seed=None,
        data_format=None, **kwargs,
    ):  # fmt: skip
        super().__init__(0.0, value_range, data_format, seed, **kwargs)
        self.take(
            brightness_factor=brightness_factor, contrast_factor=contrast_factor, saturation_factor=saturation_factor, hue_factor=hue_factor
        )
        last: dict = {"value_range": value_range, "data_format": "channels_last", "seed": seed}
        self.steps = []
        if brightness_factor is not None:
            self.steps.append(RandomBrightness(brightness_factor, value_range, seed).changed)
        if contrast_factor is not None:
            self.steps.append(RandomContrast(contrast_factor, **last).changed)
        if saturation_factor is not None:
            self.steps.append(RandomSaturation(saturation_factor, **last).colored)
        if hue_factor is not None:
            self.steps.append(RandomHue(hue_factor, **last).colored)

    def colored(self, x):
        for step in self.steps:
            x = step(x)
        return x

    def get_config(self):
        return self.stored_arguments(("factor",))
