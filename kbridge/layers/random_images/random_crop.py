"""A part cut out of pictures at a random place."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from ..configured import ORDERINGS
from ..image_layers import centre
from .base import _RandomImage
from .sampling import sampled


class RandomCrop(_RandomImage):
    """Cut a part out of pictures: in training at a place that is drawn for each, in prediction the middle, as large as fits, resized.

    Args:
        height: the rows of the part.
        width: the columns of the part.
        seed: a whole number that makes the draws repeatable.
        data_format: 'channels_last', 'channels_first' or None for the setting of keras.json.

    Input shape:
        (samples, rows, columns, channels) of a known size, or channels first.

    Output shape:
        The input's with ``height`` rows and ``width`` columns.

    Raises:
        ValueError: pictures that are smaller than the part, or of unknown size.
    """

    height: int
    width: int
    data_format: str

    def __init__(self, height, width, seed=None, data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.take(height=height, width=width, seed=seed, data_format=data_format)

    def call(self, x, mask=None):
        """Return the part of each picture."""
        x = x if K.dtype(x).startswith("float") else K.cast(x, K.floatx())
        first = self._first()
        rows, columns = K.int_shape(x)[first : first + 2]
        if rows is None or columns is None or rows < self.height or columns < self.width:
            raise ValueError(
                f"RandomCrop {self.name} cuts {self.height} x {self.width} pixels out, so pictures must have a known size of at "
                f"least that, got shape {K.int_shape(x)}."
            )
        # as much of the middle as has the part's proportions, in its size
        middle = centre(x, first, (min(rows, int(columns * self.height / self.width)), min(columns, int(rows * self.width / self.height))))
        smaller = K.resize(middle, (self.height, self.width), "bilinear", dim_ordering=ORDERINGS[self.data_format])
        return K.in_train_phase(lambda: self.changed(x), smaller)

    def changed(self, x):
        channels_first = self._first() == 2
        x = K.permute_dimensions(x, (0, 2, 3, 1)) if channels_first else x
        rows, columns = K.int_shape(x)[1:3]
        top, left = (K.floor(self.drawn(x, 0.0, n - m + 1.0)) for n, m in ((rows, self.height), (columns, self.width)))
        grid = np.indices((self.height, self.width))
        down, across = (K.expand_dims(start, -1) + K.constant(g[None], dtype=K.dtype(x)) for start, g in zip((top, left), grid))
        part = sampled(x, down, across, "nearest", "nearest", 0.0)
        return K.permute_dimensions(part, (0, 3, 1, 2)) if channels_first else part

    def get_output_shape_for(self, input_shape):
        first = self._first()
        return (*input_shape[:first], self.height, self.width, *input_shape[first + 2 :])
