"""Layers that prepare pictures and numbers inside of a model: Rescaling, Normalization, Resizing, CenterCrop."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as K
from .configured import ORDERINGS, Configured

__all__ = ["CenterCrop", "Normalization", "Rescaling", "Resizing"]

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "gaussian", "mitchellcubic", "area")


class Rescaling(Configured):
    """x * scale + offset.

    Args:
        scale: the factor, a number or a list with one for each place of the last axis.
        offset: the number to add, or a list of them as ``scale``.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    offset: Any
    scale: Any

    supports_masking = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.take(scale=scale, offset=offset)

    def call(self, x, mask=None):
        """Return x * scale + offset as floatx."""
        x = K.cast(x, K.floatx())
        scale, offset = (np.asarray(n, K.floatx()) for n in (self.scale, self.offset))
        return x * scale + offset if np.any(offset) else x * scale


class Normalization(Configured):
    """(x - mean) / sqrt(variance), with statistics that are given or that ``adapt`` takes from data.

    Args:
        axis: the axis with a mean and variance for each place, or a list of axes; None for one mean and variance of all.
        mean: numbers that broadcast along ``axis``; None for weights that ``adapt`` sets.
        variance: as ``mean``; give both or neither.
        invert: whether to multiply and add instead, which undoes a normalization.

    Input shape:
        (samples, ...) with the lengths of ``axis`` known.

    Output shape:
        The input's.

    Raises:
        ValueError: a mean without a variance.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Normalization
        >>> from kbridge.models import Sequential
        >>> layer = Normalization(input_shape=(1,))
        >>> model = Sequential([layer])
        >>> layer.adapt(np.array([[1.0], [3.0]]))
        >>> model.predict(np.array([[1.0], [3.0]])).tolist()
        [[-1.0], [1.0]]
    """

    axis: Any
    mean: Any
    variance: Any
    invert: bool

    supports_masking = True

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(f"Normalization {self.name} needs both a mean and a variance, or neither.")
        self.take(axis=axis, mean=_numbers(mean), variance=_numbers(variance), invert=invert)
        self.uses_weights = mean is None
        self.adapt_mean = self.adapt_variance = self.count = None

    def _axes(self, ndim: int) -> list[int]:
        if self.axis is None:
            return []
        return sorted(a % ndim for a in (self.axis if isinstance(self.axis, (list, tuple)) else [self.axis]))

    def build(self, input_shape):
        from ..initializations import one, zero

        if self.uses_weights:
            shape = tuple(self.known(input_shape, a, "length") for a in self._axes(len(input_shape)))
            self.mean_initializer, self.variance_initializer, self.count_initializer = zero, one, zero
            self.adapt_mean = self.weight("mean", shape, trainable=False)
            self.adapt_variance = self.weight("variance", shape, trainable=False)
            self.count = self.weight("count", (), trainable=False)
        self.built = True

    def adapt(self, data) -> None:
        """Set mean and variance from ``data``, an array (samples, ...)."""
        data = np.asarray(data)
        if not self.built:
            self.build(data.shape)
        if not self.uses_weights:
            raise ValueError(f"Normalization {self.name} was made with a mean and a variance, so it can't adapt to data.")
        others = tuple(a for a in range(data.ndim) if a not in self._axes(data.ndim))
        K.set_value(self.adapt_mean, data.mean(axis=others))
        K.set_value(self.adapt_variance, data.var(axis=others))

    def call(self, x, mask=None):
        """Return the normalized input as floatx."""
        shape = K.int_shape(x)
        axes = self._axes(len(shape))
        aligned = [n if a in axes else 1 for a, n in enumerate(shape)]
        if self.uses_weights:
            mean, variance = (w if not axes else K.reshape(w, aligned) for w in (self.adapt_mean, self.adapt_variance))
        else:
            mean, variance = (np.broadcast_to(np.asarray(n, K.floatx()), np.shape(n)) for n in (self.mean, self.variance))
            size = int(np.prod([n for n in aligned if n is not None])) if axes else 1
            mean, variance = (n.reshape(aligned) if axes and n.size == size else n for n in (mean, variance))
        deviation = K.maximum(K.sqrt(K.cast(variance, K.floatx()) if K.is_tensor(variance) else K.constant(variance)), K.epsilon())
        x = K.cast(x, K.floatx())
        return x * deviation + mean if self.invert else (x - mean) / deviation


def _numbers(value):
    return None if value is None else np.asarray(value, "float64").tolist()


class Resizing(Configured):
    """Bring images to another size.

    Args:
        height: the rows of the output.
        width: the columns of the output.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic' or 'area'.
        crop_to_aspect_ratio: whether an image of other proportions is cut rather than squeezed.
        antialias: whether kernels widen where an image shrinks.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels), or channels first.

    Output shape:
        (samples, height, width, channels), or channels first.

    Raises:
        ValueError: another interpolation, or ``crop_to_aspect_ratio`` of images of unknown size.
    """

    antialias: bool
    crop_to_aspect_ratio: bool
    height: int
    width: int
    data_format: str
    interpolation: str

    def __init__(self, height, width, interpolation="bilinear", crop_to_aspect_ratio=False, antialias=False, data_format=None, **kwargs):
        super().__init__(**kwargs)
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"Resizing {self.name}: interpolation must be one of {', '.join(map(repr, INTERPOLATIONS))}, got {interpolation!r}."
            )
        self.take(
            height=height, width=width, interpolation=interpolation, crop_to_aspect_ratio=crop_to_aspect_ratio, antialias=antialias,
            data_format=data_format,
        )  # fmt: skip

    @property
    def first_spatial(self) -> int:
        """The first spatial axis."""
        return 2 if self.data_format == "channels_first" else 1

    def call(self, x, mask=None):
        """Return the images in their new size, as floatx."""
        x = K.cast(x, K.floatx())
        if self.crop_to_aspect_ratio:
            x = self._cropped(x)
        return K.resize(
            x, (self.height, self.width), self.interpolation, dim_ordering=ORDERINGS[self.data_format], antialias=self.antialias
        )

    def _cropped(self, x):
        axis = self.first_spatial
        rows, columns = K.int_shape(x)[axis : axis + 2]
        if rows is None or columns is None:
            raise ValueError(f"Resizing {self.name}: crop_to_aspect_ratio needs images of known size, got shape {K.int_shape(x)}.")
        wanted = (min(rows, int(columns * self.height / self.width)), min(columns, int(rows * self.width / self.height)))
        return centre(x, axis, wanted)

    def get_output_shape_for(self, input_shape):
        axis = self.first_spatial
        return (*input_shape[:axis], self.height, self.width, *input_shape[axis + 2 :])


def centre(x, axis: int, size: tuple[int, int]):
    """The middle ``size`` of the two axes from ``axis`` on."""
    index: list = [slice(None)] * K.ndim(x)
    for i, n in enumerate(size):
        start = (K.int_shape(x)[axis + i] - n) // 2
        index[axis + i] = slice(start, start + n)
    return x[tuple(index)]


class CenterCrop(Resizing):
    """Cut out the middle of images; smaller ones are resized to it, with their proportions kept.

    The other arguments are those of ``Resizing``.

    Input shape:
        (samples, rows, columns, channels), or channels first, of known size.

    Output shape:
        (samples, height, width, channels), or channels first.

    Raises:
        ValueError: images of unknown size.
    """

    height: int
    width: int

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(height, width, data_format=data_format, **kwargs)

    def get_config(self):
        own = self.stored_arguments()
        return {k: v for k, v in own.items() if k not in ("interpolation", "crop_to_aspect_ratio", "antialias")}

    def call(self, x, mask=None):
        """Return the middle of the images, as floatx."""
        axis = self.first_spatial
        rows, columns = K.int_shape(x)[axis : axis + 2]
        if rows is None or columns is None:
            raise ValueError(f"CenterCrop {self.name} needs images of known size, got shape {K.int_shape(x)}.")
        if rows >= self.height and columns >= self.width:
            return centre(K.cast(x, K.floatx()), axis, (self.height, self.width))
        return super().call(self._cropped(x))
