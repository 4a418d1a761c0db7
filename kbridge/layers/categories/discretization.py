"""Numbers as the intervals that they lie in."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from ..configured import Configured
from .encoding import OUTPUT_MODES, checked_mode, dense_only, encoded, encoded_shape


class Discretization(Configured):
    """Turn numbers into the index of the interval that they lie in.

    Args:
        bin_boundaries: where intervals meet, ascending numbers; a boundary belongs to the interval above it.
        num_bins: the number of intervals that ``adapt`` makes of data, with equal shares of it.
        epsilon: kept for files, and not used: ``adapt`` is exact.
        output_mode: 'int', 'one_hot', 'multi_hot' or 'count', as in CategoryEncoding.
        sparse: accepted as False only: outputs here are dense.

    Input shape:
        Any.

    Output shape:
        The input's for 'int', else as in CategoryEncoding.

    Raises:
        ValueError: the layer is called before it knows its boundaries.
    """

    num_bins: int
    output_mode: str

    def __init__(self, bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode="int", sparse=False, **kwargs):
        super().__init__(**kwargs)
        mode = checked_mode("Discretization", output_mode, OUTPUT_MODES[:4])
        bounds = None if bin_boundaries is None else [float(n) for n in bin_boundaries]
        self.take(bin_boundaries=bounds, num_bins=num_bins, epsilon=epsilon, output_mode=mode, sparse=dense_only("Discretization", sparse))

    @property
    def factors_in_config(self) -> bool:
        """Whether files of tf.keras have a summary of the data that the boundaries were made of, which the config holds here."""
        return self.num_bins is not None

    def adapt(self, data) -> None:
        """Choose boundaries so that about equal shares of ``data``, an array, lie in each of ``num_bins`` intervals."""
        if not isinstance(self.num_bins, int) or self.num_bins < 2:
            raise ValueError(f"Discretization {self.name}: adapt needs num_bins of at least 2, got {self.num_bins!r}.")
        self.bin_boundaries = [float(n) for n in np.quantile(np.asarray(data), np.arange(1, self.num_bins) / self.num_bins)]

    def call(self, x, mask=None):
        """Return the index of each number's interval, or its vector."""
        if self.bin_boundaries is None:
            raise ValueError(f"Discretization {self.name} has no boundaries. Give bin_boundaries, or call adapt with data.")
        bounds = np.asarray(self.bin_boundaries, K.floatx())
        above = K.greater_equal(K.expand_dims(K.cast(x, K.floatx()), -1), K.constant(bounds))
        places = K.sum(K.cast(above, "int32"), axis=-1) if len(bounds) else K.zeros_like(x, dtype="int32")
        return encoded(places, len(bounds) + 1, self.output_mode)

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, len(self.bin_boundaries or ()) + 1, self.output_mode)
