"""The largest value of each window."""

from __future__ import annotations

from .base import _Pooling1D, _Pooling2D, _Pooling3D


class MaxPooling1D(_Pooling1D):
    """The largest value of each feature over windows in time.

    Args:
        pool_length: the number of time steps of a window.
        stride: the number of steps between windows; ``pool_length`` if left out.
        border_mode: 'valid' (windows lie inside the input) or 'same' (the last window may reach beyond it).
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), Keras 2's ``data_format='channels_first'``,
            which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, new time, features).

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, or a window that doesn't fit into the input.

    Example:
        >>> from kbridge.layers import MaxPooling1D
        >>> from kbridge.models import Sequential
        >>> Sequential([MaxPooling1D(2, input_shape=(7, 3))]).output_shape
        (None, 3, 3)
    """


class MaxPooling2D(_Pooling2D):
    """The largest value of each channel over windows of images.

    Args:
        pool_size: the size of a window, (rows, cols) or one number for both.
        strides: the steps between windows, (rows, cols) or one number; ``pool_size`` if left out.
        border_mode: 'valid' (windows lie inside the image) or 'same' (the last windows may reach beyond it).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with fewer rows and columns.

    Raises:
        ValueError: a size that isn't a whole number above 0, another ``border_mode``, or a window that doesn't fit into the image.

    Example:
        >>> from kbridge.layers import MaxPooling2D
        >>> from kbridge.models import Sequential
        >>> Sequential([MaxPooling2D((2, 3), dim_ordering="tf", input_shape=(6, 9, 4))]).output_shape
        (None, 3, 3, 4)
    """


class MaxPooling3D(_Pooling3D):
    """The largest value of each channel over windows of volumes.

    The other arguments are those of ``MaxPooling2D``, with three numbers for each size.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with smaller spatial lengths.
    """
