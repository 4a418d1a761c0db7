"""Picture files as arrays of a model's size. Pillow is imported when it is used."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..extras import needed
from .scaling import Scaling
from .signature import Tensor

#: suffixes that are looked for in folders
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")

#: pixels of a picture of an open size; larger ones would need more memory than most machines have
MOST_PIXELS = 2**24


@dataclass(frozen=True)
class Fitting:
    """How a picture gets the model's size.

    Attributes:
        fit: 'stretch' to the size whatever the sides' ratio, as ``load_img`` does; 'crop' the largest middle part of
            the size's ratio first.
        interpolation: a name of ``INTERPOLATIONS``.
        scaling: what is done to the values, 0 to 255.
    """

    fit: str = "stretch"
    interpolation: str = "nearest"
    scaling: Scaling = Scaling()


def picture(source: Path | bytes, wanted: Tensor, fitting: Fitting) -> np.ndarray:
    """A picture as one sample of the input ``wanted``.

    Raises:
        OSError: the file is no picture that can be read.
        ValueError: the input takes no pictures, or not with these options.
    """
    sizes = wanted.picture()
    if sizes is None:
        raise ValueError(f"the input {wanted} doesn't take pictures")
    height, width, channels = sizes
    image = opened(source, channels)
    width, height = width or image.width, height or image.height
    if width * height > MOST_PIXELS:
        raise ValueError(f"a picture has {width} x {height} pixels; the limit is {MOST_PIXELS:,} pixels")
    pixels = np.asarray(fitted(image, width, height, fitting), "float32").reshape(height, width, channels)
    return wanted.from_pixels(fitting.scaling(pixels))


def opened(source: Path | bytes, channels: int) -> Any:
    """The picture with 1 (grey), 3 (RGB) or 4 (RGBA) channels, turned upright as its camera says."""
    from ..preprocessing.image.files import in_bytes

    image_module = needed("PIL.Image", "images", "Reading pictures")
    from PIL import ImageOps

    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    try:
        with image_module.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return in_bytes(ImageOps.exif_transpose(image), image_module).convert(mode)
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, image_module.DecompressionBombError) as error:
        # Pillow's words name the object that it read from, which says nothing to a user
        reason = "Pillow doesn't know its format" if type(error).__name__ == "UnidentifiedImageError" else str(error)
        raise OSError(f"can't be read as a picture: {reason}") from None


def fitted(image: Any, width: int, height: int, fitting: Fitting) -> Any:
    """The image in the size."""
    from PIL import Image, ImageOps

    way = Image.Resampling[fitting.interpolation.upper()]
    if fitting.fit == "crop":
        return ImageOps.fit(image, (width, height), way)
    return image if image.size == (width, height) else image.resize((width, height), way)
