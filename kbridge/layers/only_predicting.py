"""Layers of Keras 3 whose training isn't known here: models that hold one predict, where it changes nothing."""

from __future__ import annotations

from .random_colors import _RandomColor

__all__ = ["AugMix", "Equalization", "RandAugment", "RandomElasticTransform", "RandomPerspective"]


class _OnlyPredicts(_RandomColor):
    """A layer that a model predicts with, as which it changes nothing, and that can't train here."""

    def colored(self, x):
        return x

    def updates_before_step(self) -> list:
        """Raise ValueError: training would not be what the layer is there for."""
        raise ValueError(
            f"Layer {self.name!r} ({type(self).__name__}) can only predict; kbridge doesn't have what it does in training. "
            "Leave it out of the model, or change the pictures before they come in. [differences: predicts-only]"
        )


class Equalization(_OnlyPredicts):
    """Equalize histograms in training; a model with it predicts, and can't be trained.

    Args:
        value_range: the least and the largest value of a pixel.
        bins: how many places a histogram has.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: when the model is to be trained.
    """

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(0.0, value_range, data_format, **kwargs)
        self.take(bins=bins)

    def get_config(self):
        return self.stored_arguments(("factor", "seed"))


class RandAugment(_OnlyPredicts):
    """Change pictures by several of many changes in training; a model with it predicts, and can't be trained.

    Args:
        value_range: the least and the largest value of a pixel.
        num_ops: how many changes.
        factor: how strong they are.
        interpolation: 'bilinear' or 'nearest'.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: when the model is to be trained.
    """

    def __init__(self, value_range=(0, 255), num_ops=2, factor=0.5, interpolation="bilinear", seed=None, data_format=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.take(num_ops=num_ops, interpolation=interpolation)


class AugMix(_OnlyPredicts):
    """Mix several chains of changes in training; a model with it predicts, and can't be trained.

    Args:
        value_range: the least and the largest value of a pixel.
        num_chains: how many chains.
        chain_depth: how many changes a chain has.
        factor: how strong they are.
        alpha: the parameter of the distribution of the chains' parts.
        all_ops: whether changes of color are among them.
        interpolation: 'bilinear' or 'nearest'.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: when the model is to be trained.
    """

    def __init__(
        self, value_range=(0, 255), num_chains=3, chain_depth=3, factor=0.3, alpha=1.0, all_ops=True, interpolation="bilinear", seed=None,
        data_format=None, **kwargs,
    ):  # fmt: skip
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.take(num_chains=num_chains, chain_depth=chain_depth, alpha=alpha, all_ops=all_ops, interpolation=interpolation)


class RandomPerspective(_OnlyPredicts):
    """Change the perspective of pictures in training; a model with it predicts, and can't be trained.

    Args:
        factor: the largest part of the pictures, or a pair (lower, upper) from which the part is drawn.
        scale: how far corners move.
        interpolation: 'bilinear' or 'nearest'.
        fill_value: what is outside.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: when the model is to be trained.
    """

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs):
        super().__init__(factor, (0, 255), data_format, seed, **kwargs)
        self.take(scale=scale, interpolation=interpolation, fill_value=fill_value)

    def get_config(self):
        return self.stored_arguments(("value_range",))


class RandomElasticTransform(_OnlyPredicts):
    """Bend pictures in training; a model with it predicts, and can't be trained.

    Args:
        factor: the largest part of the pictures, or a pair (lower, upper) from which the part is drawn.
        scale: how far pixels move, or a pair.
        interpolation: 'bilinear' or 'nearest'.
        fill_mode: what is outside.
        fill_value: what is outside for 'constant'.
        value_range: the least and the largest value of a pixel.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        The input's.

    Raises:
        ValueError: when the model is to be trained.
    """

    def __init__(
        self, factor=1.0, scale=1.0, interpolation="bilinear", fill_mode="reflect", fill_value=0.0, value_range=(0, 255), seed=None,
        data_format=None, **kwargs,
    ):  # fmt: skip
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        self.take(scale=scale, interpolation=interpolation, fill_mode=fill_mode, fill_value=fill_value)
