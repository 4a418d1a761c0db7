"""The base of layers with a vocabulary."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ...budget import spend_constant
from ..configured import Configured
from .encoding import OUTPUT_MODES, checked_mode, dense_only, encoded, encoded_shape, on_host


class _Lookup(Configured):
    """The base of IntegerLookup and StringLookup: a vocabulary, the places of its tokens, and the numbers on the host."""

    mask_token: Any
    oov_token: Any
    pad_to_max_tokens: bool
    num_oov_indices: int
    max_tokens: int | None
    output_mode: str

    kind: str

    def _set(
        self, vocabulary, max_tokens, num_oov_indices, mask_token, oov_token, idf_weights, invert, output_mode, sparse, pad_to_max_tokens
    ):
        owner = type(self).__name__
        mode = checked_mode(owner, output_mode, OUTPUT_MODES)
        if not isinstance(num_oov_indices, int) or num_oov_indices < 0:
            raise ValueError(f"{owner}: num_oov_indices must be a whole number of at least 0, got {num_oov_indices!r}.")
        if isinstance(vocabulary, str):
            raise ValueError(
                f"{owner} {self.name}: the vocabulary must be a list of tokens here, not the path of a file, got {vocabulary!r:.80}."
            )
        if invert and mode != "int":
            raise ValueError(f"{owner}: with invert=True, output_mode must be 'int', got {mode!r}.")
        self.take(
            max_tokens=max_tokens, num_oov_indices=num_oov_indices, mask_token=mask_token, oov_token=oov_token, invert=bool(invert),
            output_mode=mode, sparse=dense_only(owner, sparse), pad_to_max_tokens=bool(pad_to_max_tokens),
            vocabulary=None, idf_weights=None,
        )  # fmt: skip
        if vocabulary is not None and len(vocabulary):
            self.set_vocabulary(vocabulary, idf_weights)

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Set the tokens of the vocabulary.

        Args:
            vocabulary: the tokens in their order; those for the mask and for unknown ones at their head are recognized and left out.
            idf_weights: a factor for each token, for 'tf_idf'.

        Raises:
            ValueError: a token occurs twice.
        """
        tokens = [t.item() if isinstance(t, np.generic) else t.decode("utf8") if isinstance(t, bytes) else t for t in vocabulary]
        head = self._special()
        if len(tokens) >= len(head) and head and tokens[: len(head)] == head:
            tokens = tokens[len(head) :]
        if len(set(tokens)) != len(tokens):
            raise ValueError(f"{type(self).__name__} {self.name}: the vocabulary has a token twice.")
        self.vocabulary = tokens
        if idf_weights is not None:
            weights = [float(n) for n in idf_weights]
            if len(weights) != len(tokens):
                weights = weights[len(weights) - len(tokens) :]
            self.idf_weights = weights
        self._places = {token: self._first() + i for i, token in enumerate(tokens)}

    def _special(self) -> list:
        """The tokens before those of the vocabulary."""
        masks = [self.mask_token] if self._masks() else []
        spend_constant((self.num_oov_indices,))
        return masks + [self.oov_token] * self.num_oov_indices

    @property
    def factors_in_config(self) -> bool:
        """Whether the layer has factors, which tf.keras stores as a weight besides."""
        return self.output_mode == "tf_idf"

    def _masks(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    def _first(self) -> int:
        return int(self._masks()) + self.num_oov_indices

    def get_vocabulary(self, include_special_tokens=True) -> list:
        """Return the tokens by their places; ``include_special_tokens``: with those for the mask and for unknown ones."""
        return (self._special() if include_special_tokens else []) + list(self.vocabulary or [])

    def vocabulary_size(self) -> int:
        """Return how many places there are, special tokens included."""
        return self._first() + len(self.vocabulary or [])

    def adapt(self, data) -> None:
        """Take the vocabulary from ``data``, an array of tokens: the most frequent first, equally frequent ones in descending order.

        For 'tf_idf' also the factors: each row of the array is a document, each token where it has one axis.
        """
        tokens, counts = np.unique(np.asarray(data).reshape(-1), return_counts=True)
        order = sorted(zip(counts.tolist(), tokens.tolist()), reverse=True)
        found = [token for _, token in order if token not in (self.mask_token, "" if self.kind == "string" else None)]
        room = None if self.max_tokens is None else self.max_tokens - self._first()
        self.set_vocabulary(found[:room])
        if self.output_mode == "tf_idf":
            rows = np.asarray(data)
            self._weigh(rows.reshape(len(rows), -1).tolist())

    def _weigh(self, documents: list) -> None:
        """Take the factors of the tokens from lists of tokens: they are less, the more of the lists have the token."""
        counts = Counter(token for document in documents for token in set(document))
        self.idf_weights = [float(np.log(1 + len(documents) / (1 + counts[token]))) for token in self.vocabulary]

    def _tokens(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()

    def _factors(self) -> np.ndarray | None:
        if self.output_mode != "tf_idf":
            return None
        if self.idf_weights is None:
            raise ValueError(f"{type(self).__name__} {self.name}: output_mode 'tf_idf' needs idf_weights.")
        unknown = [float(np.mean(self.idf_weights))] * self._first()
        weights = np.asarray(unknown + list(self.idf_weights))
        return np.pad(weights, (0, self._tokens() - len(weights)))

    def _number(self, token) -> int:
        """The place of a token; -1 for that of the mask in vectors, which have no place for it."""
        if self.mask_token is not None and token == self.mask_token:
            return 0 if self._masks() else -1
        place = self._places.get(token)
        if place is not None:
            return place
        if not self.num_oov_indices:
            raise ValueError(f"{type(self).__name__} {self.name}: {token!r:.60} isn't in its vocabulary, and num_oov_indices is 0.")
        return int(self._masks()) + (self._bucket(token) if self.num_oov_indices > 1 else 0)

    def _bucket(self, token) -> int:
        raise NotImplementedError

    def numbers(self, tokens: np.ndarray) -> np.ndarray:
        """Return the places of an array of ``tokens``."""
        self._known()
        found = np.empty(tokens.shape, "int32")
        flat = found.reshape(-1)
        for i, token in enumerate(tokens.reshape(-1).tolist()):
            flat[i] = self._number(token)
        return found

    def _known(self) -> None:
        if self.vocabulary is None:
            raise ValueError(
                f"{type(self).__name__} {self.name} has no vocabulary. Give one, or call adapt with data. In files of Keras, JSON and .h5 don't hold it; "
                ".keras archives and SavedModel folders do."
            )

    def call(self, x, mask=None):
        """Return the places of the tokens, or their vectors."""
        self._known()
        places = on_host(lambda array: self.numbers(self._as_tokens(array)), x)
        return encoded(places, self._tokens(), self.output_mode, self._factors())

    def _as_tokens(self, array: np.ndarray) -> np.ndarray:
        return array

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, self._tokens(), self.output_mode)
