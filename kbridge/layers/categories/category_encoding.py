"""Whole numbers as vectors."""

from __future__ import annotations

from ... import backend as K
from ..configured import Configured
from .encoding import checked_mode, dense_only, encoded, encoded_shape


class CategoryEncoding(Configured):
    """Turn whole numbers into vectors.

    Args:
        num_tokens: the length of the vectors; the numbers are from 0 to this less 1.
        output_mode: 'one_hot' (a vector for each number), 'multi_hot' (one for each sample, with 1 where a number occurs) or 'count' (how
            often it does).
        sparse: accepted as False only: outputs here are dense.

    Input shape:
        (samples, numbers); also (samples,) or more axes for 'one_hot'. For 'count' also a list of it and of an equal shape: how much each number counts.

    Output shape:
        (samples, num_tokens); for 'one_hot' the input's with ``num_tokens`` as last axis, in the place of one of length 1.

    Raises:
        ValueError: another mode, or ``num_tokens`` isn't a whole number above 0.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import CategoryEncoding
        >>> from kbridge.models import Sequential
        >>> model = Sequential([CategoryEncoding(4, input_shape=(2,), input_dtype="int32")])
        >>> model.predict(np.array([[0, 3]])).tolist()
        [[1.0, 0.0, 0.0, 1.0]]
    """

    num_tokens: int | None
    output_mode: str

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(num_tokens, int) or num_tokens < 1:
            raise ValueError(f"CategoryEncoding: num_tokens must be a whole number above 0, got {num_tokens!r}.")
        mode = checked_mode("CategoryEncoding", output_mode, ("one_hot", "multi_hot", "count"))
        self.take(num_tokens=num_tokens, output_mode=mode, sparse=dense_only("CategoryEncoding", sparse))

    def call(self, x, mask=None):
        """Return the vectors of the numbers."""
        x, weights = x if isinstance(x, list) else (x, None)
        if weights is not None and self.output_mode != "count":
            raise ValueError(
                f"CategoryEncoding {self.name}: weights of numbers are for the output_mode 'count' only, this is {self.output_mode!r}."
            )
        return encoded(K.cast(x, "int32"), self.num_tokens, self.output_mode, weights=weights)

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape[0] if isinstance(input_shape, list) else input_shape, self.num_tokens, self.output_mode)
