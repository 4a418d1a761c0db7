"""Numbers and texts as categories: CategoryEncoding, Discretization, IntegerLookup, StringLookup, Hashing.

Texts are turned to numbers on the host (see ``engine/text_ids.py``); no string enters a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import backend as K
from ..engine.text_ids import texts_of
from ..utils.hashing import fingerprint64, siphash64
from .configured import Configured

__all__ = ["CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "StringLookup"]

OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def one_text(x: Any) -> Any:
    """The numbers of texts without the room that is left behind one for each sample."""
    return x[:, :1] if len(K.int_shape(x)) == 2 and K.int_shape(x)[1] is None and is_text(x) else x


def _checked_mode(owner: str, mode: str, allowed: Sequence[str]) -> str:
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    if mode not in allowed:
        raise ValueError(f"{owner}: output_mode is {mode!r}, allowed are {', '.join(map(repr, allowed))}.")
    return mode


def encoded(x: Any, tokens: Any, mode: str, factors: Any = None) -> Any:
    """Whole numbers (samples, ...) as vectors of length ``tokens``, or themselves for 'int'."""
    if mode == "int":
        return x
    shape = K.int_shape(x)
    if mode == "one_hot":
        if len(shape) > 1 and shape[-1] == 1:
            x = K.squeeze(x, len(shape) - 1)
        return K.one_hot(x, tokens)
    codes = K.one_hot(x if len(shape) > 1 else K.expand_dims(x, -1), tokens)
    if mode == "multi_hot":
        return K.max(codes, axis=-2)
    counts = K.sum(codes, axis=-2)
    return counts if mode == "count" else counts * K.constant(factors, dtype=K.floatx())


class CategoryEncoding(Configured):
    """Turn whole numbers into vectors.

    Args:
        num_tokens: the length of the vectors; the numbers are from 0 to this less 1.
        output_mode: 'one_hot' (a vector for each number), 'multi_hot' (one for each sample, with 1 where a number occurs) or 'count' (how
            often it does).
        sparse: accepted as False only: outputs here are dense.

    Input shape:
        (samples, numbers); also (samples,) or more axes for 'one_hot'.

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
            raise ValueError(f"CategoryEncoding: num_tokens is a whole number above 0, got {num_tokens!r}.")
        mode = _checked_mode("CategoryEncoding", output_mode, ("one_hot", "multi_hot", "count"))
        self.take(num_tokens=num_tokens, output_mode=mode, sparse=_dense("CategoryEncoding", sparse))

    def call(self, x, mask=None):
        """Return the vectors of the numbers."""
        return encoded(K.cast(x, "int32"), self.num_tokens, self.output_mode)

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, self.num_tokens, self.output_mode)


def encoded_shape(shape: tuple, tokens: int | None, mode: str) -> tuple:
    """The shape of what ``encoded`` gives."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), tokens)
    return (*shape[:-1], tokens) if len(shape) > 1 else (shape[0], tokens)


def _dense(owner: str, sparse: Any) -> bool:
    if sparse:
        raise ValueError(f"{owner}: kbridge computes dense results only; sparse=True can't be had.")
    return False


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
        mode = _checked_mode("Discretization", output_mode, OUTPUT_MODES[:4])
        bounds = None if bin_boundaries is None else [float(n) for n in bin_boundaries]
        self.take(bin_boundaries=bounds, num_bins=num_bins, epsilon=epsilon, output_mode=mode, sparse=_dense("Discretization", sparse))

    def adapt(self, data) -> None:
        """Choose boundaries so that about equal shares of ``data``, an array, lie in each of ``num_bins`` intervals."""
        if not isinstance(self.num_bins, int) or self.num_bins < 2:
            raise ValueError(f"Discretization {self.name}: adapt needs num_bins of at least 2, got {self.num_bins!r}.")
        self.bin_boundaries = [float(n) for n in np.quantile(np.asarray(data), np.arange(1, self.num_bins) / self.num_bins)]

    def call(self, x, mask=None):
        """Return the index of each number's interval, or its vector."""
        if self.bin_boundaries is None:
            raise ValueError(f"Discretization {self.name} has no boundaries: give bin_boundaries, or call adapt with data.")
        bounds = np.asarray(self.bin_boundaries, K.floatx())
        above = K.greater_equal(K.expand_dims(K.cast(x, K.floatx()), -1), K.constant(bounds))
        places = K.sum(K.cast(above, "int32"), axis=-1) if len(bounds) else K.zeros_like(x, dtype="int32")
        return encoded(places, len(bounds) + 1, self.output_mode)

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, len(self.bin_boundaries or ()) + 1, self.output_mode)


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
        mode = _checked_mode(owner, output_mode, OUTPUT_MODES)
        if not isinstance(num_oov_indices, int) or num_oov_indices < 0:
            raise ValueError(f"{owner}: num_oov_indices is a whole number of at least 0, got {num_oov_indices!r}.")
        if isinstance(vocabulary, str):
            raise ValueError(f"{owner} {self.name}: a vocabulary is a list of tokens here, not the path of a file, got {vocabulary!r:.80}.")
        if invert and mode != "int":
            raise ValueError(f"{owner}: with invert=True the output_mode is 'int', got {mode!r}.")
        self.take(
            max_tokens=max_tokens, num_oov_indices=num_oov_indices, mask_token=mask_token, oov_token=oov_token, invert=bool(invert),
            output_mode=mode, sparse=_dense(owner, sparse), pad_to_max_tokens=bool(pad_to_max_tokens),
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
            raise ValueError(f"{type(self).__name__} {self.name}: a token is twice in the vocabulary.")
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
        return masks + [self.oov_token] * self.num_oov_indices

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
        """Take the vocabulary from ``data``, an array of tokens: the most frequent first, equally frequent ones in descending order."""
        tokens, counts = np.unique(np.asarray(data).reshape(-1), return_counts=True)
        order = sorted(zip(counts.tolist(), tokens.tolist()), reverse=True)
        found = [token for _, token in order if token not in (self.mask_token, "" if self.kind == "string" else None)]
        room = None if self.max_tokens is None else self.max_tokens - self._first()
        self.set_vocabulary(found[:room])

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
        """The place of a token."""
        if self._masks() and token == self.mask_token:
            return 0
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
            raise ValueError(f"{type(self).__name__} {self.name} has no vocabulary: give one, or call adapt with data.")

    def call(self, x, mask=None):
        """Return the places of the tokens, or their vectors."""
        self._known()
        places = K.host_call(lambda array: self.numbers(self._as_tokens(array)), [one_text(x)], "int32", lambda shape: shape)
        return encoded(places, self._tokens(), self.output_mode, self._factors())

    def _as_tokens(self, array: np.ndarray) -> np.ndarray:
        return array

    def get_output_shape_for(self, input_shape):
        return encoded_shape(input_shape, self._tokens(), self.output_mode)


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
        if not self.invert:
            return array.astype("int64")
        return array.astype("int64")

    def numbers(self, tokens):
        if not self.invert:
            return super().numbers(tokens)
        self._known()
        every = np.asarray([0 if t is None else t for t in self.get_vocabulary()], "int64")
        inside = (tokens >= 0) & (tokens < len(every))
        return np.where(inside, every[np.clip(tokens, 0, len(every) - 1)], self.oov_token).astype("int32")


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
                f"StringLookup {self.name}: invert=True gives texts, which no backend has: use get_vocabulary() on the numbers."
            )
        self.take(encoding=encoding)
        self._set(
            vocabulary, max_tokens, num_oov_indices, mask_token, oov_token, idf_weights, invert, output_mode, sparse, pad_to_max_tokens
        )

    def _bucket(self, token) -> int:
        return fingerprint64(token.encode("utf8", "surrogateescape")) % self.num_oov_indices

    def _as_tokens(self, array):
        return texts_of(array)


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
            raise ValueError(f"Hashing: num_bins is a whole number above 0, got {num_bins!r}.")
        salt = [salt, salt] if isinstance(salt, int) else list(salt) if salt is not None else None
        mode = _checked_mode("Hashing", output_mode, OUTPUT_MODES[:4])
        self.take(num_bins=num_bins, mask_value=mask_value, salt=salt, output_mode=mode, sparse=_dense("Hashing", sparse))

    def call(self, x, mask=None):
        """Return the bucket of each number or text, or its vector."""
        turn: Callable[[np.ndarray], np.ndarray] = texts_of if is_text(x) else lambda array: array.astype("int64")
        places = K.host_call(lambda array: self.numbers(turn(array)), [one_text(x)], "int32", lambda shape: shape)
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


def is_text(x: Any) -> bool:
    """Whether a tensor comes from an input of texts."""
    history = getattr(x, "_keras_history", None)
    return history is not None and getattr(history[0], "input_dtype", None) == "string"
