"""The mean of each window."""

from __future__ import annotations

from .base import _Pooling1D, _Pooling2D, _Pooling3D


class AveragePooling1D(_Pooling1D):
    """The mean of each feature over windows in time.

    The other arguments are those of ``MaxPooling1D``, as are input and output.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, new time, features).
    """

    mode = "avg"


class AveragePooling2D(_Pooling2D):
    """The mean of each channel over windows of images; places outside the image don't count.

    The other arguments are those of ``MaxPooling2D``, as are input and output.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.
    """

    mode = "avg"


class AveragePooling3D(_Pooling3D):
    """The mean of each channel over windows of volumes; places outside the volume don't count.

    The other arguments are those of ``MaxPooling2D``, with three numbers for each size.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with smaller spatial lengths.
    """

    mode = "avg"
