"""Image files, Pillow images and arrays, one from the other. Pillow is imported when it is used."""

from __future__ import annotations

import os

import numpy as np

from ... import backend as K
from ...extras import needed


def ordering(dim_ordering: str) -> str:
    """'th' or 'tf'; the running setting for 'default'."""
    found = K.image_dim_ordering() if dim_ordering == "default" else dim_ordering
    if found not in ("th", "tf"):
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Allowed: 'th' (channels first), 'tf' (channels last).")
    return found


def load_img(path, grayscale=False, target_size=None):
    """Return an image file as a Pillow image. It needs the extra ``images``.

    Of images of 16 bits the upper 8 are taken, as Pillow does for those in colour.

    Args:
        path: the file.
        grayscale: whether the image has one channel; else it is RGB.
        target_size: (height, width) to resize to, by the nearest pixel as in Keras 1; None for the file's own size.

    Raises:
        OSError: the file isn't a readable image; the message names it.
    """
    image_module = needed("PIL.Image", "images", "Reading images")
    try:
        with image_module.open(path) as opened:
            image = in_bytes(opened, image_module).convert("L" if grayscale else "RGB")
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, image_module.DecompressionBombError) as error:
        raise OSError(f"Can't read {os.fspath(path)!r} as an image: {error}") from error
    if target_size:
        height, width = target_size
        image = image.resize((width, height), image_module.Resampling.NEAREST)
    return image


def in_bytes(image, image_module):
    """``image`` with 8 bits for each value; Pillow's own conversion makes all of 16 bits that is above 255 white."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return image_module.fromarray((values >> 8).astype("uint8"))
    if values.size and not (values.min() >= 0 and values.max() <= 255):
        raise ValueError(
            f"its 32-bit values go from {values.min()} to {values.max()}, so it isn't clear which value is white. Bring them "
            "between 0 and 255 first"
        )
    return image


def img_to_array(img, dim_ordering="default") -> np.ndarray:
    """Return an image as an array of floatx with 3 axes.

    Args:
        img: a Pillow image, or an array with the channels last or without channels.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """
    channels_first = ordering(dim_ordering) == "th"
    x = np.array(img, dtype=K.floatx())
    if x.ndim == 2:
        return x[None] if channels_first else x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"An image must have 2 or 3 axes, got shape {x.shape}.")
    return x.transpose(2, 0, 1) if channels_first else x


def array_to_img(x, dim_ordering="default", scale=True):
    """Return an array as a Pillow image. Values are rounded to whole numbers.

    Args:
        x: an array with 3 axes, 1 or 3 of them channels.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        scale: whether its values are moved to at least 0, and stretched so that the largest becomes 255.
    """
    image_module = needed("PIL.Image", "images", "Making images of arrays")
    x = np.asarray(x)
    if x.ndim != 3:
        raise ValueError(f"array_to_img takes one image with 3 axes, got shape {x.shape}.")
    channels_first = ordering(dim_ordering) == "th"
    if x.shape[0 if channels_first else 2] not in (1, 3):
        where = "first" if channels_first else "last"
        raise ValueError(f"array_to_img: the {where} axis should have 1 or 3 channels, got shape {x.shape}.")
    if channels_first:
        x = x.transpose(1, 2, 0)
    if scale:
        x = x.astype("float64")
        x = x + max(-np.min(x), 0)
        largest = np.max(x)
        x = x * (255 / largest) if largest else x
    # values that no byte can hold would wrap round
    x = np.clip(np.rint(x), 0, 255).astype("uint8")
    return image_module.fromarray(x[:, :, 0] if x.shape[2] == 1 else x)


def list_pictures(directory, ext="jpg|jpeg|bmp|png") -> list[str]:
    """Return the paths of all image files below a folder, sorted.

    Args:
        directory: the folder.
        ext: the extensions of the files, divided by '|'.
    """
    extensions = tuple(f".{extension.lower()}" for extension in ext.split("|"))
    return sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names if name.lower().endswith(extensions)
    )
