"""Texts as numbers of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import backend as K
from ..engine.text_ids import texts_of
from .categories.encoding import OUTPUT_MODES, checked_mode
from .categories.lookup import _Lookup

__all__ = ["TextVectorization"]

_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")
_UPPER = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)
SPLIT = ("whitespace", "character", None)


class TextVectorization(_Lookup):
    """Turn texts into the places of their words in a vocabulary. The input has the dtype 'string': ``Input((1,), dtype="string")``.

    Args:
        max_tokens: the largest size of the vocabulary that ``adapt`` makes, special tokens included; None for any.
        standardize: 'lower_and_strip_punctuation', 'lower', 'strip_punctuation' (of ASCII's letters and signs) or None.
        split: 'whitespace', 'character' or None.
        ngrams: None, the length up to which neighbouring words are tokens too, or a tuple of lengths.
        output_mode: 'int' (places: 0 fills rows up, 1 is unknown words), 'multi_hot', 'count' or 'tf_idf' (place 0 is unknown words).
        output_sequence_length: the length of the rows for 'int'; None for that of the longest text of a batch.
        pad_to_max_tokens: whether vectors have the length ``max_tokens``.
        vocabulary: the words, in order.
        idf_weights: a factor for each word, for 'tf_idf'.
        sparse: accepted as False only: outputs here are dense.
        ragged: accepted as False only.
        encoding: accepted as 'utf-8' only.

    Input shape:
        (samples, 1) or (samples,) of texts.

    Output shape:
        (samples, output_sequence_length) of whole numbers for 'int', else (samples, tokens).

    Raises:
        ValueError: functions as ``standardize`` or ``split``, and a call before there is a vocabulary.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Input, TextVectorization
        >>> from kbridge.models import Model
        >>> text = Input((1,), dtype="string")
        >>> model = Model(text, TextVectorization(vocabulary=["cat", "dog"], output_sequence_length=3)(text))
        >>> model.predict(np.array([["The dog."]])).tolist()
        [[1, 3, 0]]
    """

    ngrams: Any
    output_sequence_length: Any
    split: Any
    standardize: Any
    output_mode: str

    kind = "string"

    def __init__(
        self, max_tokens=None, standardize="lower_and_strip_punctuation", split="whitespace", ngrams=None, output_mode="int",
        output_sequence_length=None, pad_to_max_tokens=False, vocabulary=None, idf_weights=None, sparse=False, ragged=False,
        encoding="utf-8", **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        for name, value, allowed in (("standardize", standardize, STANDARDIZE), ("split", split, SPLIT)):
            if value not in allowed:
                raise ValueError(
                    f"TextVectorization {self.name}: {name} must be one of {', '.join(map(repr, allowed))} here, got {value!r:.80}."
                )
        if ragged:
            raise ValueError(f"TextVectorization {self.name}: kbridge computes only dense results, so ragged=True isn't possible.")
        mode = checked_mode("TextVectorization", output_mode, ("int", *OUTPUT_MODES[2:]))
        lengths = None if ngrams is None else list(range(1, ngrams + 1)) if isinstance(ngrams, int) else [int(n) for n in ngrams]
        self.take(
            standardize=standardize, split=split, ngrams=None if ngrams is None else lengths, output_sequence_length=output_sequence_length,
            ragged=False, encoding=encoding,
        )  # fmt: skip
        self._set(vocabulary, max_tokens, 1, "", "[UNK]", idf_weights, False, mode, sparse, pad_to_max_tokens)

    def get_config(self):
        return {k: v for k, v in super().get_config().items() if k not in ("num_oov_indices", "mask_token", "oov_token", "invert")}

    def words(self, text: str) -> list[str]:
        """Return the tokens of ``text`` as a list."""
        if self.standardize and "lower" in self.standardize:
            text = text.translate(_UPPER)
        if self.standardize and "strip" in self.standardize:
            text = _PUNCTUATION.sub("", text)
        words = (
            re.split(r"[ \t\n\r\f\v]+", text.strip(" \t\n\r\f\v"))
            if self.split == "whitespace"
            else list(text)
            if self.split == "character"
            else [text]
        )
        words = [word for word in words if word] if self.split else words
        if self.ngrams is None:
            return words
        joiner = " "
        return [joiner.join(words[i : i + n]) for n in self.ngrams for i in range(len(words) - n + 1)]

    def adapt(self, data) -> None:
        """Take the vocabulary, and for 'tf_idf' the factors, from ``data``, a list or array of texts."""
        texts = [t.decode("utf8") if isinstance(t, bytes) else str(t) for t in np.asarray(data, dtype=object).reshape(-1)]
        rows = [self.words(text) for text in texts]
        flat = [word for row in rows for word in row]
        super().adapt(np.asarray(flat, dtype=object) if flat else np.asarray([], dtype=object))
        if self.output_mode == "tf_idf":
            self._weigh(rows)

    def rows(self, texts: np.ndarray) -> list[list[int]]:
        """Return a list of the places of its words for each of ``texts``."""
        self._known()
        return [[self._number(word) for word in self.words(text)] for text in texts.reshape(-1)]

    def longest(self, texts: np.ndarray) -> int:
        """Return how many places the longest row has that is made of ``texts``; 1 where that is settled."""
        if self.output_mode != "int" or self.output_sequence_length is not None:
            return 1
        return max((len(row) for row in self.rows(texts)), default=1)

    def numbers(self, texts: np.ndarray, length: int) -> np.ndarray:  # type: ignore[override]  # rows have a length
        """Return an array of places, a row for each of ``texts``, filled up with 0 or cut at ``length``."""
        rows = self.rows(texts)
        found = np.zeros((len(rows), length), "int32")
        for i, row in enumerate(rows):
            found[i, : len(row)] = row[:length]
        return found

    def counts(self, texts: np.ndarray) -> np.ndarray:
        """Return an array (texts, tokens): how often each place occurs in each of ``texts``."""
        rows = self.rows(texts)
        found = np.zeros((len(rows), self._tokens()), K.floatx())
        for i, row in enumerate(rows):
            np.add.at(found[i], [place for place in row if place >= 0], 1)
        return (
            np.minimum(found, 1) if self.output_mode == "multi_hot" else found * self._factors() if self.output_mode == "tf_idf" else found
        )

    def call(self, x, mask=None):
        """Return the places of the words of each text, or a vector for it."""
        self._known()
        if self.output_mode != "int":
            return K.host_call(
                lambda ids: self.counts(texts_of(ids[:, :1])).astype(K.floatx()), [x], K.floatx(), lambda shape: (shape[0], self._tokens())
            )
        length = self.output_sequence_length
        return K.host_call(
            lambda ids: self.numbers(texts_of(ids[:, :1]), ids.shape[1] if length is None else length), [x], "int32",
            lambda shape: (shape[0], shape[1] if length is None else length),
        )  # fmt: skip

    def get_output_shape_for(self, input_shape: Sequence[Any]):
        return (input_shape[0], self.output_sequence_length if self.output_mode == "int" else self._tokens())
