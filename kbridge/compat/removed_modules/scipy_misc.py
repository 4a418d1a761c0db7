"""``scipy.misc`` as it was up to SciPy 1.1: images by Pillow, and functions that are in ``scipy.special`` today."""

from __future__ import annotations

import numpy as np
from scipy.special import comb, factorial, factorial2, factorialk, logsumexp

from kbridge.extras import needed

__all__ = [
    "bytescale", "comb", "factorial", "factorial2", "factorialk", "fromimage", "imread", "imresize", "imrotate", "imsave", "imshow",
    "logsumexp", "toimage",
]  # fmt: skip

#: names of interpolations -> those of Pillow
INTERPOLATIONS = {
    "nearest": "NEAREST",
    "lanczos": "LANCZOS",
    "bilinear": "BILINEAR",
    "bicubic": "BICUBIC",
    "cubic": "BICUBIC",
}


def _pillow():
    return needed("PIL.Image", "images", "scipy.misc's images")


def _interpolation(name):
    if name not in INTERPOLATIONS:
        raise ValueError(f"interp must be one of {', '.join(INTERPOLATIONS)}, got {name!r}.")
    return getattr(_pillow().Resampling, INTERPOLATIONS[name])


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """``data`` as uint8: [cmin, cmax] (its smallest and largest value) becomes [low, high]. Data of uint8 stay as they are."""
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    if not 0 <= low <= high <= 255:
        raise ValueError(f"low and high must hold 0 <= low <= high <= 255, got {low} and {high}.")
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    if cmax < cmin:
        raise ValueError(f"cmax must not be below cmin, got {cmax} and {cmin}.")
    scaled = (data - cmin) * (float(high - low) / (float(cmax - cmin) or 1.0)) + low
    return (scaled.clip(low, high) + 0.5).astype(np.uint8)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """A Pillow image of (rows, columns), or of 3 or 4 channels along any axis (the first one of that length, or
    ``channel_axis``). Values are scaled as by ``bytescale``, but those of the modes 'F' and 'I'."""
    Image = _pillow()
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("A complex array can't be an image.")
    if data.ndim == 2 and mode in ("F", "I"):
        return Image.fromarray(data.astype(np.float32 if mode == "F" else np.int32))
    if data.ndim == 2:
        image = Image.fromarray(bytescale(data, cmin, cmax, high, low))
        if pal is not None or mode == "P":
            image = image.convert("P")
            image.putpalette((np.arange(256)[:, None] * [1, 1, 1] if pal is None else np.asarray(pal)).astype(np.uint8).tobytes())
            return image
        return image if mode in (None, "L") else image.convert(mode)
    axes = [a for wanted in (3, 4) for a, n in enumerate(data.shape) if n == wanted] if channel_axis is None else [channel_axis]
    if data.ndim != 3 or not axes or data.shape[axes[0]] not in (3, 4):
        raise ValueError(f"An image must have 2 axes, or 3 of which one has 3 or 4 channels; got shape {data.shape}.")
    image = Image.fromarray(np.ascontiguousarray(np.moveaxis(bytescale(data, cmin, cmax, high, low), axes[0], 2)))
    return image if mode is None else image.convert(mode)


def fromimage(im, flatten=False, mode=None):
    """The array of a Pillow image; ``flatten``: grey values in floats, ``mode``: converted to that first."""
    if mode is not None:
        im = im.convert(mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def imread(name, flatten=False, mode=None):
    """The array of an image file, by name or open."""
    with _pillow().open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None):
    """Write an image file; arrays that aren't of uint8 are scaled by their smallest and largest value."""
    toimage(arr, channel_axis=2 if np.ndim(arr) == 3 and np.shape(arr)[2] in (3, 4) else None).save(name, format)


def imresize(arr, size, interp="bilinear", mode=None):
    """An image in another size: an int is per cent, a float a factor, a tuple (rows, columns)."""
    image = toimage(arr, mode=mode)
    if isinstance(size, (int, np.integer, float, np.floating)):
        factor = size / 100.0 if isinstance(size, (int, np.integer)) else size
        size = tuple(int(n * factor) for n in image.size)
    else:
        size = (int(size[1]), int(size[0]))
    return fromimage(image.resize(size, resample=_interpolation(interp)))


def imrotate(arr, angle, interp="bilinear"):
    """An image turned counter-clockwise by degrees, in its own size."""
    return fromimage(toimage(arr).rotate(angle, resample=_interpolation(interp)))


def imshow(arr):
    """Show an image in the system's viewer."""
    toimage(arr).show()
