"""Texts as their places in a vocabulary."""

from __future__ import annotations

from ...engine.text_ids import texts_of
from ...utils.hashing import fingerprint64
from .lookup import _Lookup


class StringLookup(_Lookup):
    """Turn texts into their places in a vocabulary. The input has the dtype 'string': ``Input((1,), dtype="string")``.

    Args:
        max_tokens: the largest size of the vocabulary that ``adapt`` makes, special tokens included; None for any.
        num_oov_indices: how many places there are for texts that aren't in the vocabulary, chosen by their hash; 0: they are an error.
        mask_token: the text that has the place 0; None for none.
        oov_token: the text that stands for unknown ones in ``get_vocabulary``.
        vocabulary: the texts, in order.
        idf_weights: a factor for each text, for 'tf_idf'.
        invert: accepted as False only: a backend gives no texts.
        output_mode: 'int', or as in CategoryEncoding, or 'tf_idf': counts times ``idf_weights``.
        sparse: accepted as False only: outputs here are dense.
        pad_to_max_tokens: whether vectors have the length ``max_tokens``.
        encoding: accepted as 'utf-8' only.

    Input shape:
        (samples, texts), any shape for 'int'.

    Output shape:
        The input's for 'int', else as in CategoryEncoding.

    Raises:
        ValueError: a text isn't in the vocabulary and ``num_oov_indices`` is 0.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Input, StringLookup
        >>> from kbridge.models import Model
        >>> words = Input((2,), dtype="string")
        >>> model = Model(words, StringLookup(vocabulary=["cat", "dog"])(words))
        >>> model.predict(np.array([["dog", "bird"]])).tolist()
        [[2, 0]]
    """

    num_oov_indices: int

    kind = "string"

    def __init__(
        self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token="[UNK]", vocabulary=None, idf_weights=None, invert=False,
        output_mode="int", sparse=False, pad_to_max_tokens=False, encoding="utf-8", **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if invert:
            raise ValueError(
                f"StringLookup {self.name}: invert=True would return texts, which no backend has. Look the numbers up in "
                "get_vocabulary() instead."
            )
        self.take(encoding=encoding)
        self._set(
            vocabulary, max_tokens, num_oov_indices, mask_token, oov_token, idf_weights, invert, output_mode, sparse, pad_to_max_tokens
        )

    def _bucket(self, token) -> int:
        return fingerprint64(token.encode("utf8", "surrogateescape")) % self.num_oov_indices

    def _as_tokens(self, array):
        return texts_of(array)
