"""Images of another size, as a product with one matrix for the rows and one for the columns.

Pixel i of n covers [i, i + 1) of an axis; the centre of result pixel j of m lies at (j + 0.5) * n / m. Its weights are a kernel of the
distance to the input's centres, divided by their sum, so that what lies outside of the image counts as not there. The kernels and
this convention are those of ``tf.image.resize`` in TensorFlow 2.
"""

from functools import lru_cache

import numpy as np

from ...budget import spend_constant
from .. import settings
from ._base import Family


def _cubic(a: float, b: float):
    """Keys' and Mitchell-Netravali's family of cubic kernels by its parameters (Mitchell and Netravali, 1988: B = b, C = a)."""

    def kernel(x):
        near = ((12 - 9 * b - 6 * a) * x**3 + (-18 + 12 * b + 6 * a) * x**2 + (6 - 2 * b)) / 6
        far = ((-b - 6 * a) * x**3 + (6 * b + 30 * a) * x**2 + (-12 * b - 48 * a) * x + (8 * b + 24 * a)) / 6
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))

    return kernel


def _lanczos(radius: int):
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


#: name -> weight at a distance >= 0, in pixels of the coarser of both images where ``antialias``
KERNELS = {
    "bilinear": lambda x: np.maximum(0.0, 1.0 - x),
    "bicubic": _cubic(0.5, 0.0),
    "mitchellcubic": _cubic(1 / 3, 1 / 3),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": lambda x: np.where(x < 1.5, np.exp(-2.0 * x * x), 0.0),
}
METHODS = ("nearest", "area", *KERNELS)
#: those that can also measure from the start of an axis, where the first pixels of both images coincide; areas always do
FROM_THE_START = ("nearest", "bilinear")
#: those that also change an image that keeps its size
BLURRING = ("gaussian", "mitchellcubic")


@lru_cache(maxsize=256)
def resize_weights(before: int, after: int, interpolation: str, antialias: bool = False, half_pixel_centers: bool = True) -> np.ndarray:
    """(after, before): each row the weights of the input's pixels, with sum 1."""
    scale = before / after
    if not half_pixel_centers and interpolation in FROM_THE_START:
        places = np.minimum(np.arange(after) * scale, before - 1)
        return _sums_to_one(
            KERNELS["bilinear"](np.abs((np.floor(places) if interpolation == "nearest" else places)[:, None] - np.arange(before)))
        )
    if interpolation == "area":
        start = np.arange(after)[:, None] * scale
        pixel = np.arange(before)[None]
        shares = np.clip(np.minimum(start + scale, pixel + 1) - np.maximum(start, pixel), 0, None)
    elif interpolation == "nearest":
        nearest = np.minimum(np.floor((np.arange(after) + 0.5) * scale).astype(int), before - 1)
        shares = np.eye(before)[nearest]
    else:
        wide = max(scale, 1.0) if antialias else 1.0
        centres = (np.arange(after) + 0.5) * scale - 0.5
        shares = KERNELS[interpolation](np.abs(centres[:, None] - np.arange(before)[None]) / wide)
        # an image of which no pixel is within reach can't be (its centre is), but rounding may leave a row of zeros
    return _sums_to_one(shares)


def _sums_to_one(shares: np.ndarray) -> np.ndarray:
    weights = shares / shares.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights


class Resizing(Family):
    def resize(self, x, size, interpolation="bilinear", dim_ordering="default", antialias=False, half_pixel_centers=True):
        """Images (samples, rows, columns, channels), or channels first, in the ``size`` (rows, columns).

        Args:
            x: the images, of a float dtype.
            size: a pair; each an int, or a float as a factor of the input's length, which may then be unknown.
            interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic' or 'area'.
            dim_ordering: 'tf', 'th' or 'default'.
            antialias: whether kernels widen where an image shrinks.
            half_pixel_centers: False for TensorFlow 1's convention, where result pixel j of m lies at j * n / m; for 'nearest' and 'bilinear'.

        Raises:
            ValueError: for another name, a size that isn't a pair of positive numbers, or ``half_pixel_centers=False`` with another
                interpolation or with ``antialias``.
        """
        if interpolation not in METHODS:
            raise ValueError(f"resize: interpolation must be one of {', '.join(map(repr, METHODS))}, got {interpolation!r}.")
        if len(size) != 2 or not all(n > 0 for n in size):
            raise ValueError(f"resize: size must be two numbers above 0, got {size!r}.")
        if not half_pixel_centers and (antialias or interpolation not in FROM_THE_START):
            raise ValueError(
                f"resize: half_pixel_centers=False is for {' and '.join(map(repr, FROM_THE_START))} without antialias, "
                f"got interpolation={interpolation!r}, antialias={antialias!r}."
            )
        first = 2 if settings.resolve_dim_ordering(dim_ordering) == "th" else 1
        for axis, n in zip((first, first + 1), size):
            # a float is a factor, an int a length
            if n != (1.0 if isinstance(n, float) else self.int_shape(x)[axis]) or interpolation in BLURRING:
                x = self._resized(x, axis, n, interpolation, antialias, half_pixel_centers)
        return x

    def _resized(self, x, axis, size, *convention):
        def after(before):
            return int(before * size) if isinstance(size, float) else int(size)

        def lengths(shape):
            return (None if shape[axis] is None and isinstance(size, float) else after(shape[axis]), shape[axis])

        before = self.int_shape(x)[axis]
        if before is None:
            # of the tensor itself only the length counts, which is known when a function runs
            matrix = self.host_call(lambda a: resize_weights(a.shape[axis], after(a.shape[axis]), *convention), [x], self.dtype(x), lengths)
        else:
            spend_constant((before, max(before, after(before))))
            matrix = self.constant(resize_weights(before, after(before), *convention), dtype=self.dtype(x))
        last = self.ndim(x) - 1
        order = [a for a in range(last + 1) if a != axis] + [axis]
        y = self.dot(self.permute_dimensions(x, order), self.transpose(matrix))
        return self.permute_dimensions(y, [order.index(a) for a in range(last + 1)])
