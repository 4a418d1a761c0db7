"""Numbers and texts as buckets, by a hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.text_ids import texts_of
from ...utils.hashing import fingerprint64, siphash64
from ..configured import Configured
from .encoding import OUTPUT_MODES, checked_mode, dense_only, encoded, encoded_shape, is_text, on_host


class Hashing(Configured):
    """Turn whole numbers or texts into the number of a bucket, by a hash.

    Args:
        num_bins: the number of buckets; that of ``mask_value`` is one of them.
        mask_value: the number or text that goes to bucket 0 alone; None for none.
        salt: a whole number or two: SipHash-2-4 with them as key instead of FarmHash's fingerprint.
        output_mode: 'int', or as in CategoryEncoding.
        sparse: accepted as False only: outputs here are dense.

    Input shape:
        Any; texts come from an input of the dtype 'string'.

    Output shape:
        The input's for 'int', else as in CategoryEncoding.

    Raises:
        ValueError: ``num_bins`` isn't a whole number above 0.

    References:
        G. Pike, FarmHash, 2014; J.-P. Aumasson and D. J. Bernstein, SipHash, 2012.
    """

    mask_value: Any
    salt: Any
    num_bins: int
    output_mode: str

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(num_bins, int) or num_bins < 1:
            raise ValueError(f"Hashing: num_bins must be a whole number above 0, got {num_bins!r}.")
        salt = [salt, salt] if isinstance(salt, int) else list(salt) if salt is not None else None
        mode = checked_mode("Hashing", output_mode, OUTPUT_MODES[:4])
        self.take(num_bins=num_bins, mask_value=mask_value, salt=salt, output_mode=mode, sparse=dense_only("Hashing", sparse))

    def call(self, x, mask=None):
        """Return the bucket of each number or text, or its vector."""
        turn: Callable[[np.ndarray], np.ndarray] = texts_of if is_text(x) else lambda array: array.astype("int64")
        places = on_host(lambda array: self.numbers(turn(array)), x)
        return encoded(places, self.num_bins, self.output_mode)

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """Return the buckets of an array of numbers or texts, ``values``."""
        found = np.empty(values.shape, "int32")
        flat = found.reshape(-1)
        known: dict[Any, int] = {}
        for i, value in enumerate(values.reshape(-1)):
            if value not in known:
                known[value] = self._bucket(value)
            flat[i] = known[value]
        return found

    def _bucket(self, value) -> int:
        masked = self.mask_value is not None
        if masked and value == self.mask_value:
            return 0
        data = (value if isinstance(value, str) else str(int(value))).encode("utf8", "surrogateescape")
        number = fingerprint64(data) if self.salt is None else siphash64(data, (int(self.salt[0]), int(self.salt[1])))
        bins = self.num_bins - masked
        return number % bins + masked if bins > 1 else masked

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, self.num_bins, self.output_mode)
