"""How alike pictures are, and how they change from pixel to pixel: (samples, rows, columns, channels)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends.in_use import K
from .joints import pad
from .names import operation
from .operands import is_float, known, shape_of, small, tensor


def _floats(x: Any) -> Any:
    x = tensor(x)
    return x if is_float(x) else K.cast(x, K.floatx())


def _inside(x: Any) -> list[int]:
    """The axes of a picture's own."""
    count = len(shape_of(x))
    if count not in (3, 4):
        raise ValueError(f"pictures must have 4 axes, or 3 for a single one, got shape {shape_of(x)}.")
    return [count - 3, count - 2, count - 1]


def _part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(*[slice(None)] * axis, slice(start, stop))]


@operation("tf.image.total_variation(images:x)")
def total_variation(x):
    """The sum of the absolute differences of neighbouring pixels, for each picture."""
    x = _floats(x)
    axes = _inside(x)
    return K.sum(K.abs(_part(x, axes[0], 1, None) - _part(x, axes[0], None, -1)), axis=axes) + K.sum(
        K.abs(_part(x, axes[1], 1, None) - _part(x, axes[1], None, -1)), axis=axes
    )


@operation("tf.image.image_gradients(image:x)")
def image_gradients(x):
    """(differences to the pixel below, to the pixel on the right), 0 in the last row or column."""
    x = _floats(x)
    axes = _inside(x)
    found = []
    for axis in axes[:2]:
        widths = [(0, 0)] * len(shape_of(x))
        widths[axis] = (0, 1)
        found.append(K.pad(_part(x, axis, 1, None) - _part(x, axis, None, -1), widths))
    return found


@operation("tf.image.sobel_edges(image:x)")
def sobel_edges(x):
    """Sobel's differences along rows and columns in a new last axis, the pictures mirrored at their ends."""
    x = _floats(x)
    first = _inside(x)[0]
    wide = pad(x, [[0, 0]] * first + [[1, 1], [1, 1], [0, 0]], "reflect")

    def along(axis: int, other: int) -> Any:
        steps = _part(wide, axis, 2, None) - _part(wide, axis, None, -2)
        return _part(steps, other, None, -2) + 2.0 * _part(steps, other, 1, -1) + _part(steps, other, 2, None)

    return K.concatenate([K.expand_dims(along(first, first + 1), -1), K.expand_dims(along(first + 1, first), -1)], axis=-1)


@operation("tf.image.psnr(a:x, b:y, max_val)", "keras.ops.psnr(x1:x, x2:y, max_val, :whole=True)")
def psnr(x, y, max_val, whole=False):
    """The ratio of the largest possible value to the mean error, in decibel; of each picture, or of the ``whole``."""
    x, y = _floats(x), _floats(y)
    error = K.mean(K.square(x - y), axis=None if whole else _inside(x))
    return 20.0 * math.log10(max_val) - K.log(error) * (10.0 / math.log(10.0))


#: Weights of the scales of MS-SSIM, from the finest on (Wang et al., 2003).
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _ssim_parts(x: Any, y: Any, max_val: float, size: int, sigma: float, k1: float, k2: float) -> tuple[Any, Any]:
    """(ssim, contrast and structure alone) of each picture and channel."""
    rows, columns, channels = shape_of(x)[1:]
    if channels is None or any(n is not None and n < size for n in (rows, columns)):
        raise ValueError(
            f"pictures must be at least {size} pixels high and wide, with a known number of channels, got shape {shape_of(x)}."
        )
    small((size, size, channels))
    places = np.arange(size) - (size - 1) / 2.0
    bell = np.exp(-0.5 * (places / sigma) ** 2)
    window = np.outer(bell, bell) / bell.sum() ** 2
    kernel = K.constant(np.tile(window[:, :, None, None], (1, 1, channels, 1)), dtype=K.dtype(x))

    def blurred(picture: Any) -> Any:
        return K.depthwise_conv2d(picture, kernel, (1, 1), "valid", "tf")

    low, high = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_x, mean_y = blurred(x), blurred(y)
    product, squares = mean_x * mean_y * 2.0, K.square(mean_x) + K.square(mean_y)
    luminance = (product + low) / (squares + low)
    structure = (blurred(x * y) * 2.0 - product + high) / (blurred(K.square(x) + K.square(y)) - squares + high)
    return K.mean(luminance * structure, axis=[1, 2]), K.mean(structure, axis=[1, 2])


def _batches(x: Any, y: Any) -> tuple[Any, Any, bool]:
    x, y = _floats(x), _floats(y)
    if len(shape_of(x)) == 3:
        return K.expand_dims(x, 0), K.expand_dims(y, 0), True
    _inside(x)
    return x, y, False


@operation("tf.image.ssim(img1:x, img2:y, max_val, filter_size, filter_sigma, k1, k2, return_index_map:!=False)")
def ssim(x, y, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """How alike pictures are in structure (Wang et al., 2004), at most 1."""
    x, y, alone = _batches(x, y)
    found = K.mean(_ssim_parts(x, y, max_val, known(filter_size, "filter_size"), filter_sigma, k1, k2)[0], axis=-1)
    return K.squeeze(found, 0) if alone else found


@operation("tf.image.ssim_multiscale(img1:x, img2:y, max_val, power_factors, filter_size, filter_sigma, k1, k2)")
def ssim_multiscale(x, y, max_val, power_factors=_SCALES, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """How alike pictures are at several scales (Wang et al., 2003)."""
    x, y, alone = _batches(x, y)
    size = known(filter_size, "filter_size")
    product = None
    for scale, power in enumerate(power_factors):
        if scale:
            if any(n is None or n % 2 for n in shape_of(x)[1:3]):
                raise ValueError(f"rows and columns must be even numbers at each scale but the last, got shape {shape_of(x)}.")
            x, y = (K.pool2d(p, (2, 2), (2, 2), "valid", "tf", "avg") for p in (x, y))
        whole, structure = _ssim_parts(x, y, max_val, size, filter_sigma, k1, k2)
        part = K.pow(K.relu(whole if scale == len(power_factors) - 1 else structure), power)
        product = part if product is None else product * part
    found = K.mean(product, axis=-1)
    return K.squeeze(found, 0) if alone else found
