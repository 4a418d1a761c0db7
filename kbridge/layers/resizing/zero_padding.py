"""Zeros around sequences, images and volumes."""

from __future__ import annotations

from ... import backend as K
from ...errors import whole_number
from ..padding import padded
from .base import _Resizing, _Sequence


def _padding_pairs(padding, names, owner: str) -> list[tuple[int, int]]:
    """(before, after) for each axis, from one number, one or two for each axis, or a dict by side."""
    count = len(names)
    if isinstance(padding, dict):
        unknown = [key for key in padding if key not in sum(names, ())]
        if unknown:
            raise ValueError(f"{owner}: unexpected key {unknown[0]!r} in padding. The keys must be in {list(sum(names, ()))}.")
        values = [tuple(padding.get(side, 0) for side in pair) for pair in names]
    elif isinstance(padding, (int, float)):
        values = [(padding, padding)] * count
    elif len(padding) == count and count > 1:
        values = [tuple(p) if isinstance(p, (list, tuple)) else (p, p) for p in padding]
    elif len(padding) == 2 * count:
        values = [tuple(padding[2 * i : 2 * i + 2]) for i in range(count)]
    else:
        raise ValueError(f"{owner}: padding must be a whole number, {count} or {2 * count} whole numbers, or a dict; got {padding!r}.")
    return [(whole_number(a, owner, "padding", 0), whole_number(b, owner, "padding", 0)) for a, b in values]


class ZeroPadding1D(_Sequence):
    """Put zeros before and after the time steps.

    Args:
        padding: how many: one number for both sides, a pair (before, after), or a dict with 'left_pad' and 'right_pad'.
        dim_ordering: 'tf' for (samples, time, features), or 'th' for (samples, features, time), which is stored only then.

    Input shape:
        (samples, time, features).

    Output shape:
        (samples, before + time + after, features).

    Raises:
        ValueError: a number below 0, or another key.
    """

    def __init__(self, padding=1, **kwargs):
        self.padding = padding
        self._pairs = _padding_pairs(padding, [("left_pad", "right_pad")], "ZeroPadding1D")
        self.left_pad, self.right_pad = self._pairs[0]
        super().__init__(**kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + self.left_pad + self.right_pad)

    def call(self, x, mask=None):
        """Return the input with zeros around its steps."""
        if self.dim_ordering == "th":
            return K.pad(x, [(0, 0), (0, 0), (self.left_pad, self.right_pad)])
        return K.asymmetric_temporal_padding(x, self.left_pad, self.right_pad)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding2D(_Resizing):
    """Put zeros around images.

    Args:
        padding: how many: (rows, cols) on both sides, ((top, bottom), (left, right)), (top, bottom, left, right), one number for all sides, or a
            dict with 'top_pad', 'bottom_pad', 'left_pad' and 'right_pad'.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The same axes with longer rows and columns.

    Raises:
        ValueError: a number below 0, or another key.

    Example:
        >>> from kbridge.layers import ZeroPadding2D
        >>> from kbridge.models import Sequential
        >>> Sequential([ZeroPadding2D((1, 2), dim_ordering="tf", input_shape=(4, 4, 1))]).output_shape
        (None, 6, 8, 1)
    """

    def __init__(self, padding=(1, 1), dim_ordering="default", **kwargs):
        self.padding = padding
        self._pairs = _padding_pairs(padding, [("top_pad", "bottom_pad"), ("left_pad", "right_pad")], "ZeroPadding2D")
        (self.top_pad, self.bottom_pad), (self.left_pad, self.right_pad) = self._pairs
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + sum(self._pairs[i]))

    def call(self, x, mask=None):
        """Return the images with zeros around them."""
        return K.asymmetric_spatial_2d_padding(
            x, self.top_pad, self.bottom_pad, self.left_pad, self.right_pad, dim_ordering=self.dim_ordering
        )

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding3D(_Resizing):
    """Put zeros around volumes.

    Args:
        padding: how many: a number for each spatial axis, which holds for both sides, a pair (before, after) for each as in Keras 2, or one number
            for all.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The same axes with longer spatial axes.

    Raises:
        ValueError: a number below 0.
    """

    spatial = 3

    def __init__(self, padding=(1, 1, 1), dim_ordering="default", **kwargs):
        names = [(f"dim{i}_before", f"dim{i}_after") for i in (1, 2, 3)]
        self._pairs = _padding_pairs(padding, names, "ZeroPadding3D")
        self.padding = tuple(a if a == b else (a, b) for a, b in self._pairs)
        super().__init__(dim_ordering, **kwargs)

    def get_output_shape_for(self, input_shape):
        return self._resized(input_shape, lambda i, n: n + sum(self._pairs[i]))

    def call(self, x, mask=None):
        """Return the volumes with zeros around them."""
        if any(before != after for before, after in self._pairs):
            return padded(x, self._pairs, self.dim_ordering)
        return K.spatial_3d_padding(x, padding=self.padding, dim_ordering=self.dim_ordering)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
