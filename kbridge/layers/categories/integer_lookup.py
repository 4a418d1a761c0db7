"""Whole numbers as their places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lookup import _Lookup


class IntegerLookup(_Lookup):
    """Turn whole numbers into their places in a vocabulary.

    Args:
        max_tokens: the largest size of the vocabulary that ``adapt`` makes, special tokens included; None for any.
        num_oov_indices: how many places there are for numbers that aren't in the vocabulary, chosen by their remainder; 0: they are an error.
        mask_token: the number that has the place 0; None for none.
        oov_token: the number that stands for unknown ones in ``get_vocabulary``.
        vocabulary: the numbers, in order.
        vocabulary_dtype: kept for files.
        idf_weights: a factor for each number, for 'tf_idf'.
        invert: whether places are turned into numbers instead.
        output_mode: 'int', or as in CategoryEncoding, or 'tf_idf': counts times ``idf_weights``.
        sparse: accepted as False only: outputs here are dense.
        pad_to_max_tokens: whether vectors have the length ``max_tokens``.

    Input shape:
        (samples, numbers), any shape for 'int'.

    Output shape:
        The input's for 'int', else as in CategoryEncoding.

    Raises:
        ValueError: a number isn't in the vocabulary and ``num_oov_indices`` is 0.
    """

    oov_token: Any
    invert: bool
    num_oov_indices: int

    kind = "int"

    def __init__(
        self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token=-1, vocabulary=None, vocabulary_dtype="int64", idf_weights=None,
        invert=False, output_mode="int", sparse=False, pad_to_max_tokens=False, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.take(vocabulary_dtype=vocabulary_dtype)
        self._set(
            vocabulary, max_tokens, num_oov_indices, mask_token, oov_token, idf_weights, invert, output_mode, sparse, pad_to_max_tokens
        )

    def _bucket(self, token) -> int:
        return int(token) % self.num_oov_indices

    def _as_tokens(self, array):
        return array.astype("int64")

    def numbers(self, tokens):
        if not self.invert:
            return super().numbers(tokens)
        self._known()
        every = np.asarray([0 if t is None else t for t in self.get_vocabulary()], "int64")
        inside = (tokens >= 0) & (tokens < len(every))
        return np.where(inside, every[np.clip(tokens, 0, len(every) - 1)], self.oov_token).astype("int32")
