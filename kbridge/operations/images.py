"""Pictures: (samples, rows, columns, channels), or one picture alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backends.composites.resizing import resize_weights
from ..backends.in_use import K
from .names import constants, operation
from .neural import ordering
from .operands import dtype_name, dtype_of, is_float, known, parts_of, shape_of, small, tensor

_METHODS = ("bilinear", "lanczos3", "lanczos5", "bicubic", "gaussian", "nearest", "area", "mitchellcubic")
constants(**{f"tf__image__ResizeMethod__{name.upper()}": name for name in _METHODS})
constants(tf__image__ResizeMethod__NEAREST_NEIGHBOR="nearest")
#: TensorFlow 1's numbers of the methods
_NUMBERED = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}
#: Models of keras.applications by what they expect of pictures: numbers from -1 to 1, or those of Caffe.
_SCALED = ("mobilenet", "mobilenet_v2", "inception_v3", "inception_resnet_v2", "xception", "resnet_v2", "nasnet")
_CENTRED = ("vgg16", "vgg19", "resnet", "resnet50")
#: Pixels of a window that is taken out of pictures.
_WINDOW = 2**12
#: No picture is made larger than this along an axis.
_LONGEST = 2**16


def _method(method: Any) -> str:
    name = _NUMBERED.get(method, method) if type(method) is int else method
    name = str(name).lower()
    name = {"nearest_neighbor": "nearest", "cubic": "bicubic", "linear": "bilinear"}.get(name, name)
    if name not in _METHODS:
        raise ValueError(f"kbridge can't resize pictures with the method {method!r}.")
    return name


def _size(size: Any) -> tuple[int, int]:
    rows, columns = ((size, size) if isinstance(size, int) else tuple(parts_of(size)))[:2]
    numbers = known(rows, "the number of rows"), known(columns, "the number of columns")
    if not all(0 < n <= _LONGEST for n in numbers):
        raise ValueError(f"kbridge can't make pictures of {numbers[0]} rows and {numbers[1]} columns.")
    return numbers


def _batch(x: Any) -> tuple[Any, bool]:
    """Pictures of a float dtype, and whether it was a single one."""
    x = tensor(x)
    x = x if is_float(x) else K.cast(x, K.floatx())
    if len(shape_of(x)) == 3:
        return K.expand_dims(x, 0), True
    if len(shape_of(x)) != 4:
        raise ValueError(f"pictures must have 4 axes, or 3 for a single one, got shape {shape_of(x)}.")
    return x, False


@operation(
    "tf.image.resize(images:x, size, method, preserve_aspect_ratio:!=False, antialias)",
    "keras.ops.resize(images:x, size, interpolation:method, antialias, crop_to_aspect_ratio:!=False, pad_to_aspect_ratio:!=False, fill_mode:-, fill_value:-, data_format)",
)  # fmt: skip
def resize(x, size, method="bilinear", antialias=False, data_format=None):
    """Pictures of another size, by the places of their pixels' centres, as TensorFlow 2 does."""
    name = _method(method)
    x_dtype = K.dtype(tensor(x))
    pictures, alone = _batch(x)
    rows, columns = _size(size)
    made = K.resize(pictures, (rows, columns), name, ordering(data_format), bool(antialias))
    made = K.squeeze(made, 0) if alone else made
    return K.cast(made, x_dtype) if name == "nearest" and not x_dtype.startswith("float") else made


@operation(
    "tf.image.resize_images tf1.image.resize tf1.image.resize_images(images:x, size, method, align_corners, preserve_aspect_ratio:!=False)",
    "tf.image.resize_bilinear(images:x, size, align_corners, half_pixel_centers, :method='bilinear')",
    "tf.image.resize_nearest_neighbor(images:x, size, align_corners, half_pixel_centers, :method='nearest')",
    "tf.image.resize_bicubic(images:x, size, align_corners, half_pixel_centers, :method='bicubic')",
    "tf.image.resize_area(images:x, size, align_corners, :method='area')",
)  # fmt: skip
def resize_by_corners(x, size, method="bilinear", align_corners=False, half_pixel_centers=False):
    """Pictures of another size as TensorFlow 1 makes them: pixel j of m lies at j * n / m, or at j * (n - 1) / (m - 1) with ``align_corners``."""
    name = _method(method)
    if half_pixel_centers:
        return resize(x, size, name)
    if name not in ("bilinear", "nearest", "bicubic", "area"):
        raise ValueError(f"TensorFlow 1 has no method {method!r}.")
    pictures, alone = _batch(x)
    for axis, after in zip((1, 2), _size(size)):
        before = shape_of(pictures)[axis]
        if before is None:
            raise ValueError("the size of the pictures must be known.")
        if before != after:
            weights = _corner_weights(before, after, name, align_corners)
            order = [a for a in range(4) if a != axis] + [axis]
            y = K.dot(K.permute_dimensions(pictures, order), K.constant(weights.T, dtype=K.dtype(pictures)))
            pictures = K.permute_dimensions(y, [order.index(a) for a in range(4)])
    return K.squeeze(pictures, 0) if alone else pictures


def _corner_weights(before: int, after: int, method: str, align_corners: bool) -> np.ndarray:
    """(after, before): each row the weights of the input's pixels."""
    if method != "bicubic" and not align_corners:
        return resize_weights(before, after, method, half_pixel_centers=False)
    small((before, max(before, after)))
    scale = (before - 1) / (after - 1) if align_corners and after > 1 else before / after
    places = np.arange(after) * scale
    if method == "nearest":
        return np.eye(before)[np.minimum(np.floor(places + 0.5).astype(int), before - 1)]
    if method == "area":
        raise ValueError("kbridge can't resize by areas with align_corners.")
    low = np.floor(places).astype(int)
    part = places - low
    weights = np.zeros((after, before))
    taken: tuple[Any, ...]
    if method == "bilinear":
        taken = ((low, 1 - part), (low + 1, part))
    else:
        # Keys' kernel with a = -0.75, edges repeated
        taken = tuple((low + k, _keys(np.abs(part - k))) for k in (-1, 0, 1, 2))
    for index, share in taken:
        np.add.at(weights, (np.arange(after), np.clip(index, 0, before - 1)), share)
    return weights


def _keys(x: np.ndarray, a: float = -0.75) -> np.ndarray:
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@operation(
    "K.resize_images(x|X:x, height_factor, width_factor, data_format|dim_ordering:data_format='default', interpolation:interpolation='nearest')"
)
def resize_images(x, height_factor, width_factor, data_format="default", interpolation="nearest", half_pixel_centers=True):
    """Pictures larger by whole factors. ``half_pixel_centers``: False for bilinear ones of TensorFlow 1, where the first pixels coincide."""
    rows, columns = known(height_factor, "height_factor"), known(width_factor, "width_factor")
    if interpolation == "nearest":
        return K.resize_images(x, rows, columns, ordering(data_format))
    options = {} if half_pixel_centers else {"half_pixel_centers": False}
    return K.resize(x, (float(rows), float(columns)), _method(interpolation), ordering(data_format), **options)


@operation("tf.image.flip_left_right(image:x)")
def flip_left_right(x):
    return K.reverse(tensor(x), len(shape_of(x)) - 2)


@operation("tf.image.flip_up_down(image:x)")
def flip_up_down(x):
    return K.reverse(tensor(x), len(shape_of(x)) - 3)


@operation("tf.image.rot90(image:x, k)")
def rot90(x, k=1):
    """Pictures turned by quarters, against the clock."""
    x, first = tensor(x), len(shape_of(x)) - 3
    order = list(range(len(shape_of(x))))
    order[first], order[first + 1] = order[first + 1], order[first]
    turns = known(k, "k") % 4
    if turns == 1:
        return K.permute_dimensions(K.reverse(x, first + 1), order)
    if turns == 2:
        return K.reverse(x, [first, first + 1])
    return K.reverse(K.permute_dimensions(x, order), first + 1) if turns == 3 else x


@operation("tf.image.transpose tf.image.transpose_image(image:x)")
def transpose_image(x):
    """Rows and columns exchanged."""
    first = len(shape_of(x)) - 3
    order = list(range(len(shape_of(x))))
    order[first], order[first + 1] = order[first + 1], order[first]
    return K.permute_dimensions(tensor(x), order)


@operation("tf.image.adjust_brightness(image:x, delta)")
def adjust_brightness(x, delta):
    return tensor(x) + delta


@operation("tf.image.adjust_contrast(images:x, contrast_factor:factor)")
def adjust_contrast(x, factor):
    """Distances to the mean of each channel times a factor."""
    x, first = tensor(x), len(shape_of(x)) - 3
    mean = K.mean(x, axis=[first, first + 1], keepdims=True)
    return (x - mean) * factor + mean


@operation("tf.image.per_image_standardization tf.image.per_image_whitening(image:x)")
def per_image_standardization(x):
    """Each picture with mean 0, over its deviation, which is at least 1 / sqrt(number of its elements)."""
    x = tensor(x)
    x = x if is_float(x) else K.cast(x, K.floatx())
    axes = list(range(len(shape_of(x)) - 3, len(shape_of(x))))
    count = math.prod(shape_of(x)[a] for a in axes) if None not in shape_of(x)[axes[0] :] else None
    if count is None:
        raise ValueError("the size of the pictures must be known.")
    mean = K.mean(x, axis=axes, keepdims=True)
    return (x - mean) / K.maximum(K.sqrt(K.mean(K.square(x - mean), axis=axes, keepdims=True)), 1.0 / math.sqrt(count))


@operation("tf.image.rgb_to_grayscale(images:x)", "keras.ops.rgb_to_grayscale keras.ops.RGBToGrayscale(images:x, data_format)")
def rgb_to_grayscale(x, data_format=None):
    """The weighted sum of red, green and blue (ITU-R BT.601)."""
    x = tensor(x)
    x = x if is_float(x) else K.cast(x, K.floatx())
    axis = len(shape_of(x)) - (3 if ordering(data_format) == "th" else 1)
    weights = np.array([0.2989, 0.5870, 0.1140]).reshape([-1 if a == axis else 1 for a in range(len(shape_of(x)))])
    return K.sum(x * K.constant(weights, dtype=K.dtype(x)), axis=axis, keepdims=True)


@operation("tf.image.grayscale_to_rgb(images:x)")
def grayscale_to_rgb(x):
    """The one channel three times."""
    return K.repeat_elements(tensor(x), 3, len(shape_of(x)) - 1)


@operation("tf.image.crop_to_bounding_box(image:x, offset_height, offset_width, target_height, target_width)")
def crop_to_bounding_box(x, offset_height, offset_width, target_height, target_width):
    """The part of a size from a place on."""
    x, first = tensor(x), len(shape_of(x)) - 3
    numbers = [known(n, "a bound") for n in (offset_height, offset_width, target_height, target_width)]
    return x[(*[slice(None)] * first, slice(numbers[0], numbers[0] + numbers[2]), slice(numbers[1], numbers[1] + numbers[3]))]


@operation("tf.image.central_crop(image:x, central_fraction:fraction)")
def central_crop(x, fraction):
    """The middle of pictures."""
    x, first = tensor(x), len(shape_of(x)) - 3
    key: list[Any] = [slice(None)] * first
    for axis in (first, first + 1):
        length = shape_of(x)[axis]
        if length is None:
            raise ValueError("the size of the pictures must be known.")
        start = int((length - length * fraction) / 2)
        key.append(slice(start, length - start))
    return x[tuple(key)]


def _moved(x: Any, shape: tuple, order: list[int], merged: tuple) -> Any:
    return K.reshape(K.permute_dimensions(K.reshape(x, shape), order), merged)


@operation("tf.nn.depth_to_space tf.depth_to_space keras.ops.depth_to_space(input|x:x, block_size, data_format)")
def depth_to_space(x, block_size, data_format=None):
    """Channels as blocks of pixels (Shi et al., 2016)."""
    n = known(block_size, "block_size")
    rows, columns, channels = shape_of(x)[1:]
    if ordering(data_format) == "th" or None in (rows, columns, channels) or channels % (n * n):
        raise ValueError(
            f"it needs channels last, and a number of channels that is a multiple of {n * n}, got pictures of shape {shape_of(x)}."
        )
    depth = channels // (n * n)
    return _moved(x, (-1, rows, columns, n, n, depth), [0, 1, 3, 2, 4, 5], (-1, rows * n, columns * n, depth))


@operation("tf.nn.space_to_depth tf.space_to_depth keras.ops.space_to_depth(input|x:x, block_size, data_format)")
def space_to_depth(x, block_size, data_format=None):
    """Blocks of pixels as channels."""
    n = known(block_size, "block_size")
    rows, columns, channels = shape_of(x)[1:]
    if ordering(data_format) == "th" or None in (rows, columns, channels) or rows % n or columns % n:
        raise ValueError(f"it needs channels last, and rows and columns that are multiples of {n}, got pictures of shape {shape_of(x)}.")
    return _moved(x, (-1, rows // n, n, columns // n, n, channels), [0, 1, 3, 2, 4, 5], (-1, rows // n, columns // n, n * n * channels))


@operation("tf.image.resize_with_crop_or_pad tf.image.resize_image_with_crop_or_pad(image:x, target_height:rows, target_width:columns)")
def crop_or_pad(x, rows, columns):
    """Pictures cut to a size from their middle, or with zeros round them."""
    pictures, alone = _batch(x)
    for axis, wanted in zip((1, 2), _size((rows, columns)), strict=True):
        length = shape_of(pictures)[axis]
        if length is None:
            raise ValueError("the size of the pictures must be known.")
        first = max((length - wanted) // 2, 0)
        pictures = pictures[(*[slice(None)] * axis, slice(first, first + min(wanted, length)))]
        before = max((wanted - length) // 2, 0)
        widths = [(0, 0)] * 4
        widths[axis] = (before, max(wanted - length, 0) - before)
        pictures = K.pad(pictures, widths)
    return K.squeeze(pictures, 0) if alone else pictures


@operation(
    "tf.image.extract_patches(images:x, sizes, strides, rates, padding)", "tf.image.extract_image_patches(images:x, ksizes|sizes:sizes, strides, rates, padding)",
)  # fmt: skip
def extract_patches(x, sizes, strides, rates, padding):
    """The windows of pictures, each with its pixels and channels in the last axis."""
    pictures, _ = _batch(x)
    (_, height, width, _), (_, down, across, _) = parts_of(sizes), parts_of(strides)
    if list(parts_of(rates)) != [1, 1, 1, 1] or str(padding).upper() not in ("VALID", "SAME") or min(height, width, down, across) < 1:
        raise ValueError(f"kbridge can't take windows with sizes={sizes}, strides={strides}, rates={rates}, padding={padding!r}.")
    if height * width > _WINDOW:
        raise ValueError(f"windows of {height} x {width} pixels are too large; the limit is {_WINDOW} pixels.")
    counts = []
    for axis, size, step in ((1, height, down), (2, width, across)):
        length = shape_of(pictures)[axis]
        if length is None:
            raise ValueError("the size of the pictures must be known.")
        count = -(-length // step) if str(padding).upper() == "SAME" else (length - size) // step + 1
        missing = max((count - 1) * step + size - length, 0)
        widths = [(0, 0)] * 4
        widths[axis] = (missing // 2, missing - missing // 2)
        pictures = K.pad(pictures, widths)
        counts.append(count)
    if min(counts) < 1:
        raise ValueError(f"windows of {height} x {width} pixels are larger than the pictures.")
    found = []
    for row in range(height):
        for column in range(width):
            rows = slice(row, row + (counts[0] - 1) * down + 1, down)
            columns = slice(column, column + (counts[1] - 1) * across + 1, across)
            found.append(pictures[:, rows, columns])
    return K.concatenate(found, axis=-1)


@operation("tf.image.convert_image_dtype(image:x, dtype, saturate:-)")
def convert_picture(x, dtype="float32"):
    """Pictures of whole numbers as fractions of the largest one; those of floats are cast."""
    x, name = tensor(x), dtype_name(dtype)
    if not name.startswith("float"):
        raise ValueError(f"kbridge can't convert pictures to {name}.")
    kind = dtype_of(x)
    return K.cast(x, name) if kind.startswith("float") else K.cast(x, name) * (1.0 / np.iinfo(kind).max)


@operation(" ".join(f"keras.applications.{name}.preprocess_input" for name in _SCALED) + "(x, data_format:-)")
def scaled_to_one(x):
    """Pictures of 0 to 255 as numbers from -1 to 1."""
    return tensor(x) / 127.5 - 1.0


@operation(" ".join(f"keras.applications.{name}.preprocess_input" for name in _CENTRED) + "(x, data_format:!=None)")
def centred_by_channel(x):
    """Pictures of 0 to 255, red first, as those of Caffe: blue first, less the mean of each channel in ImageNet."""
    return K.reverse(tensor(x), -1) - K.constant(np.array([103.939, 116.779, 123.68]), dtype=K.floatx())
