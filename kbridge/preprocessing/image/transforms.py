"""Random changes of one image (an array with 3 axes), and the affine transformations behind them.

SciPy, which resamples images, is imported when it is used. Random numbers come from NumPy's global state, or
within ``drawing_from`` from a state of that thread's own.
"""

from __future__ import annotations

import contextlib
import threading

import numpy as np

from ...extras import needed

_current = threading.local()


@contextlib.contextmanager
def drawing_from(state: np.random.RandomState | None):
    """A context in which this thread's random changes draw from ``state``; None: from NumPy's global state."""
    before = getattr(_current, "state", None)
    _current.state = state
    try:
        yield
    finally:
        _current.state = before


def draw():
    """Return the source of random numbers at present: it has ``uniform``, ``random_sample`` and so on."""
    state = getattr(_current, "state", None)
    return np.random if state is None else state


# ---------------------------------------------------------------------- matrices on (row, column, 1)


def rotation_matrix(rg) -> np.ndarray:
    """A rotation by at most ``rg`` degrees."""
    theta = np.pi / 180 * draw().uniform(-rg, rg)
    return np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])


def shift_matrix(rows, columns) -> np.ndarray:
    """A shift by at most ``rows`` and ``columns`` pixels."""
    return np.array(
        [
            [1, 0, draw().uniform(-rows, rows) if rows else 0],
            [0, 1, draw().uniform(-columns, columns) if columns else 0],
            [0, 0, 1],
        ]
    )


def shear_matrix(intensity) -> np.ndarray:
    """A shear by an angle of at most ``intensity`` radians."""
    shear = draw().uniform(-intensity, intensity)
    return np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])


def zoom_matrix(zoom_range) -> np.ndarray:
    """A zoom of each axis by a factor between the two of ``zoom_range``; above 1 shows more of the surroundings."""
    if len(zoom_range) != 2:
        raise ValueError(f"zoom_range should be two factors, got {zoom_range!r}.")
    rows, columns = (1, 1) if tuple(zoom_range) == (1, 1) else draw().uniform(zoom_range[0], zoom_range[1], 2)
    return np.array([[rows, 0, 0], [0, columns, 0], [0, 0, 1]])


def transform_matrix_offset_center(matrix, x, y) -> np.ndarray:
    """Return ``matrix`` applied round the point (x/2 + 0.5, y/2 + 0.5), which Keras 1 takes for the centre of x by y pixels."""
    row, column = float(x) / 2 + 0.5, float(y) / 2 + 0.5
    there = np.array([[1, 0, row], [0, 1, column], [0, 0, 1]])
    back = np.array([[1, 0, -row], [0, 1, -column], [0, 0, 1]])
    return there @ matrix @ back


def apply_transform(x, transform_matrix, channel_axis=0, fill_mode="nearest", cval=0.0) -> np.ndarray:
    """Return the image whose pixel at p is that of ``x`` nearest to ``transform_matrix`` times p.

    Args:
        x: the image, an array with 3 axes.
        transform_matrix: a matrix (3, 3) on (row, column, 1).
        channel_axis: the axis of the channels.
        fill_mode: how places outside the image are filled: 'constant', 'nearest', 'reflect' or 'wrap'.
        cval: the value of places outside the image for 'constant'.
    """
    ndimage = needed("scipy.ndimage", "images", "Rotating, shifting, shearing and zooming images")
    matrix, x = np.asarray(transform_matrix), np.asarray(x)
    # SciPy knows no half floats
    source = x.astype("float32") if x.dtype == np.float16 else x
    channels = [
        ndimage.affine_transform(channel, matrix[:2, :2], matrix[:2, 2], order=0, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(source, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis).astype(x.dtype, copy=False)


# ---------------------------------------------------------------------- random changes


def random_rotation(x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0) -> np.ndarray:
    """Return an image rotated by a random angle.

    The other arguments are those of ``apply_transform``.

    Args:
        x: the image, an array with 3 axes.
        rg: the largest angle, in degrees.
        row_axis: the axis of the rows.
        col_axis: the axis of the columns.
    """
    matrix = transform_matrix_offset_center(rotation_matrix(rg), x.shape[row_axis], x.shape[col_axis])
    return apply_transform(x, matrix, channel_axis, fill_mode, cval)


def random_shift(x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0) -> np.ndarray:
    """Return an image shifted by random distances.

    The other arguments are those of ``random_rotation``.

    Args:
        x: the image, an array with 3 axes.
        wrg: the largest distance as a part of the width.
        hrg: the largest distance as a part of the height.
    """
    matrix = shift_matrix(hrg * x.shape[row_axis], wrg * x.shape[col_axis])
    return apply_transform(x, matrix, channel_axis, fill_mode, cval)


def random_shear(x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0) -> np.ndarray:
    """Return an image sheared by a random angle.

    The other arguments are those of ``random_rotation``.

    Args:
        x: the image, an array with 3 axes.
        intensity: the largest angle, in radians.
    """
    matrix = transform_matrix_offset_center(shear_matrix(intensity), x.shape[row_axis], x.shape[col_axis])
    return apply_transform(x, matrix, channel_axis, fill_mode, cval)


def random_zoom(x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0) -> np.ndarray:
    """Return an image zoomed by random factors.

    The other arguments are those of ``random_rotation``.

    Args:
        x: the image, an array with 3 axes.
        zoom_range: the least and the largest factor; above 1 shows more of the surroundings.
    """
    matrix = transform_matrix_offset_center(zoom_matrix(zoom_range), x.shape[row_axis], x.shape[col_axis])
    return apply_transform(x, matrix, channel_axis, fill_mode, cval)


def random_channel_shift(x, intensity, channel_axis=0) -> np.ndarray:
    """Return the image ``x`` with a random number of at most ``intensity`` added to each channel along ``channel_axis``, cut to its range of values."""
    x = np.asarray(x)
    shape = [1] * x.ndim
    shape[channel_axis] = x.shape[channel_axis]
    amounts = draw().uniform(-intensity, intensity, shape[channel_axis]).reshape(shape)
    return np.clip(x + amounts, np.min(x), np.max(x)).astype(x.dtype, copy=False)


def flip_axis(x, axis) -> np.ndarray:
    """Return the array ``x`` reversed along ``axis``."""
    return np.flip(x, axis)
