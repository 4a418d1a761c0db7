"""Colors of pictures in other systems: red, green and blue are the last axis, from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.in_use import K
from .images import adjust_contrast
from .names import operation
from .operands import dtype_of, is_float, known, shape_of, tensor
from .randomness import random_uniform

#: Rows: red, green, blue; columns: the parts that are made of them (Y, I, Q of NTSC; Y, U, V of PAL).
_YIQ = np.array([[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]])
#: TensorFlow rounds one number of the way there, and not of the way back.
_FROM_YIQ = np.linalg.inv(np.where(_YIQ == 0.2115, 0.21153661, _YIQ))
_YUV = np.array([[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]])


def _floats(x: Any) -> Any:
    x = tensor(x)
    return x if is_float(x) else K.cast(x, K.floatx())


def _channels(x: Any) -> list[Any]:
    if shape_of(x)[-1] != 3:
        raise ValueError(f"the last axis must hold red, green and blue, got shape {shape_of(x)}.")
    return [x[(*[slice(None)] * (len(shape_of(x)) - 1), i)] for i in range(3)]


def _pixels(parts: list[Any]) -> Any:
    return K.concatenate([K.expand_dims(p, -1) for p in parts], axis=-1)


def _mixed(x: Any, matrix: np.ndarray) -> Any:
    x = _floats(x)
    _channels(x)
    return K.dot(x, K.constant(matrix, dtype=K.dtype(x)))


@operation("tf.image.rgb_to_yiq(images:x)")
def rgb_to_yiq(x):
    """Brightness and two differences of colors, as NTSC has them."""
    return _mixed(x, _YIQ)


@operation("tf.image.yiq_to_rgb(images:x)")
def yiq_to_rgb(x):
    """Red, green and blue of YIQ."""
    return _mixed(x, _FROM_YIQ)


@operation("tf.image.rgb_to_yuv(images:x)")
def rgb_to_yuv(x):
    """Brightness and two differences of colors, as PAL has them."""
    return _mixed(x, _YUV)


@operation("tf.image.yuv_to_rgb(images:x)")
def yuv_to_rgb(x):
    """Red, green and blue of YUV."""
    return _mixed(x, np.linalg.inv(_YUV))


@operation("tf.image.rgb_to_hsv(images:x)", "keras.ops.rgb_to_hsv(images:x, data_format:-)")
def rgb_to_hsv(x):
    """Hue, saturation and value (Smith, 1978), all from 0 to 1."""
    red, green, blue = _channels(_floats(x))
    most = K.maximum(K.maximum(red, green), blue)
    spread = most - K.minimum(K.minimum(red, green), blue)
    grey, black = K.equal(spread, 0.0), K.lesser_equal(most, 0.0)
    ones = K.ones_like(most)
    width = K.where(grey, ones, spread)
    hue = K.where(
        K.equal(most, red), (green - blue) / width, K.where(K.equal(most, green), (blue - red) / width + 2.0, (red - green) / width + 4.0)
    )
    hue = K.where(grey, K.zeros_like(hue), hue / 6.0)
    hue = K.where(K.lesser(hue, 0.0), hue + 1.0, hue)
    return _pixels([hue, K.where(black, K.zeros_like(most), spread / K.where(black, ones, most)), most])


@operation("tf.image.hsv_to_rgb(images:x)", "keras.ops.hsv_to_rgb(images:x, data_format:-)")
def hsv_to_rgb(x):
    """Red, green and blue of hue, saturation and value."""
    hue, saturation, value = _channels(_floats(x))
    # how much of each color there is goes up and down with the hue, red from 0, green from 1/3, blue from 2/3
    parts = []
    for sign, place in ((1.0, 3.0), (-1.0, 2.0), (-1.0, 4.0)):
        share = K.clip(sign * (K.abs(hue * 6.0 - place) - (1.0 if sign > 0 else 2.0)), 0.0, 1.0)
        parts.append(((share - 1.0) * saturation + 1.0) * value)
    return _pixels(parts)


@operation("tf.image.adjust_hue(image:x, delta)")
def adjust_hue(x, delta):
    """Colors moved round the circle of hues, ``delta`` of it."""
    hue, saturation, value = _channels(rgb_to_hsv(x))
    moved = hue + delta
    return hsv_to_rgb(_pixels([moved - K.floor(moved), saturation, value]))


@operation("tf.image.adjust_saturation(image:x, saturation_factor:factor)")
def adjust_saturation(x, factor):
    """Colors whose saturation is multiplied, and kept from 0 to 1."""
    hue, saturation, value = _channels(rgb_to_hsv(x))
    return hsv_to_rgb(_pixels([hue, K.clip(saturation * factor, 0.0, 1.0), value]))


@operation("tf.image.adjust_gamma(image:x, gamma, gain)")
def adjust_gamma(x, gamma=1.0, gain=1.0):
    """gain * x ** gamma."""
    return gain * K.pow(_floats(x), gamma)


# ---------------------------------------------------------------------- at random


def _draw(low: float, high: float, seed: Any) -> Any:
    return K.reshape(random_uniform((1,), low, high, seed=seed), ())


@operation("tf.image.random_brightness(image:x, max_delta, seed)", random=True)
def random_brightness(x, max_delta, seed=None):
    """One number of [-max_delta, max_delta) added to all pixels."""
    return _floats(x) + _draw(-max_delta, max_delta, seed)


@operation("tf.image.random_contrast(image:x, lower, upper, seed)", random=True)
def random_contrast(x, lower, upper, seed=None):
    """Distances to the mean of each channel times one number of [lower, upper)."""
    return adjust_contrast(_floats(x), _draw(lower, upper, seed))


@operation("tf.image.random_saturation(image:x, lower, upper, seed)", random=True)
def random_saturation(x, lower, upper, seed=None):
    """Saturation times one number of [lower, upper)."""
    return adjust_saturation(x, _draw(lower, upper, seed))


@operation("tf.image.random_hue(image:x, max_delta, seed)", random=True)
def random_hue(x, max_delta, seed=None):
    """Colors moved round the circle of hues by one number of [-max_delta, max_delta)."""
    return adjust_hue(x, _draw(-max_delta, max_delta, seed))


def _flipped(x: Any, behind: int, seed: Any) -> Any:
    """Each picture turned round or not, with equal chances."""
    x = tensor(x)
    count = len(shape_of(x))
    turned = K.reverse(x, count - behind)
    draws = random_uniform((K.shape(x)[0], *[1] * (count - 1)) if count == 4 else (1,) * count, seed=seed)
    chosen = K.lesser(draws + K.zeros_like(K.cast(x, K.dtype(draws))), 0.5)
    return K.where(chosen, turned, x)


@operation("tf.image.random_flip_left_right(image:x, seed)", random=True)
def random_flip_left_right(x, seed=None):
    """Each picture as it is, or left and right exchanged."""
    return _flipped(x, 2, seed)


@operation("tf.image.random_flip_up_down(image:x, seed)", random=True)
def random_flip_up_down(x, seed=None):
    """Each picture as it is, or upside down."""
    return _flipped(x, 3, seed)


@operation("tf.image.pad_to_bounding_box(image:x, offset_height, offset_width, target_height, target_width)")
def pad_to_bounding_box(x, offset_height, offset_width, target_height, target_width):
    """Pictures inside larger ones of zeros, at a place."""
    x = tensor(x)
    first = len(shape_of(x)) - 3
    widths = [(0, 0)] * len(shape_of(x))
    for axis, offset, target in ((first, offset_height, target_height), (first + 1, offset_width, target_width)):
        length, before, whole = shape_of(x)[axis], known(offset, "an offset"), known(target, "a size")
        if length is None:
            raise ValueError("the size of the pictures must be known.")
        if before < 0 or whole - before - length < 0:
            raise ValueError(f"{length} pixels from {before} on don't fit into {whole}.")
        widths[axis] = (before, whole - before - length)
    return K.cast(K.pad(x, widths), dtype_of(x))
