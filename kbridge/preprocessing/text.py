"""Texts as sequences of word indices, and as matrices of word counts."""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")


def base_filter() -> str:
    """Return the characters that are left out by default: punctuation without the apostrophe, tabs and line ends."""
    return FILTERS


def text_to_word_sequence(text, filters=FILTERS, lower=True, split=" ") -> list[str]:
    """Return the words of a text, as a list.

    Args:
        text: the text.
        filters: characters that divide words, besides ``split``.
        lower: whether the text is made lower case.
        split: the character that divides words.
    """
    if lower:
        text = text.lower()
    text = text.translate({ord(character): split for character in filters})
    return [word for word in text.split(split) if word]


def one_hot(text, n, filters=FILTERS, lower=True, split=" ") -> list[int]:
    """Return the words of a text as numbers from 1 to n - 1 by their hash: different words may share one.

    The hash is the same in every process and on every machine. The other arguments are those of ``text_to_word_sequence``.

    Args:
        text: the text.
        n: one more than the largest number, at least 2.
    """
    if n < 2:
        raise ValueError(f"one_hot: n must be at least 2, got {n}.")
    words = text_to_word_sequence(text, filters=filters, lower=lower, split=split)
    return [zlib.crc32(word.encode("utf-8", "surrogatepass")) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Turn texts into sequences of word indices (1 is the most frequent word), or into matrices with a row for each text.

    A text may also be a list of words. The other arguments are those of ``text_to_word_sequence``.

    Args:
        nb_words: only indices below it are used; None for all.
        char_level: whether each character is a word, as it stands.

    Example:
        >>> from kbridge.preprocessing.text import Tokenizer
        >>> words = Tokenizer(nb_words=10)
        >>> words.fit_on_texts(["the cat", "the dog"])
        >>> words.texts_to_sequences(["The dog and the cat"])
        [[1, 3, 1, 2]]
    """

    def __init__(self, nb_words=None, filters=FILTERS, lower=True, split=" ", char_level=False):
        self.nb_words = nb_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.document_count = 0
        #: how often each word was seen, and in how many texts
        self.word_counts: Counter[str] = Counter()
        self.word_docs: Counter[str] = Counter()
        self.word_index: dict[str, int] = {}
        #: in how many texts the word of each index was seen
        self.index_docs: dict[int, int] = {}

    def __setstate__(self, state):
        """The state of a pickle, also of one that Keras 1 wrote, in Python 2 or 3."""
        Tokenizer.__init__(self)
        self.__dict__.update(state)
        for name in ("word_counts", "word_docs"):
            setattr(self, name, Counter(getattr(self, name)))

    def fit_on_texts(self, texts) -> None:
        """Learn the words of ``texts`` (a list or generator), in addition to those of earlier calls."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            self.word_counts.update(words)
            self.word_docs.update(set(words))
        # among words that are equally frequent, the one that was seen first comes first
        frequent = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        self.word_index = {word: index for index, word in enumerate(frequent, 1)}
        self.index_docs = {self.word_index[word]: count for word, count in self.word_docs.items()}

    def fit_on_sequences(self, sequences) -> None:
        """Learn from sequences of word indices in how many of them each occurs, for the mode 'tfidf'."""
        self.document_count = len(sequences)
        self.index_docs = dict(Counter(index for sequence in sequences for index in set(sequence)))

    def texts_to_sequences(self, texts) -> list[list[int]]:
        """Return the index of each known word of ``texts``, a list for each; words that are unknown or not below ``nb_words`` are left out."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """Yield what ``texts_to_sequences`` returns, one text of ``texts`` at a time."""
        for text in texts:
            indices = (self.word_index.get(word) for word in self._words(text))
            yield [index for index in indices if index is not None and (not self.nb_words or index < self.nb_words)]

    def texts_to_matrix(self, texts, mode="binary") -> np.ndarray:
        """Return ``sequences_to_matrix`` of the sequences of ``texts``, with ``mode``."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences, mode="binary") -> np.ndarray:
        """Return an array (sequences, nb_words) of float64.

        Args:
            sequences: lists of word indices.
            mode: what stands for each word: 'binary' whether it occurs, 'count' how often, 'freq' how often for each word of the
                sequence, 'tfidf' (1 + ln count) ln(1 + documents / (1 + documents with the word)).

        Raises:
            ValueError: another mode, or a Tokenizer that hasn't learned what the mode needs.
        """
        if mode not in MODES:
            raise ValueError(f"sequences_to_matrix: mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}.")
        if not self.nb_words and not self.word_index:
            raise ValueError("sequences_to_matrix: the Tokenizer needs nb_words, or texts first (fit_on_texts).")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("sequences_to_matrix: the mode 'tfidf' needs documents. Fit the Tokenizer first.")
        width = self.nb_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for index, count in Counter(sequence).items():
                if index < width:
                    row[index] = self._weight(mode, index, count, len(sequence))
        return matrix

    def _weight(self, mode: str, index: int, count: int, length: int) -> float:
        if mode == "tfidf":
            rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(index, 0)))
            return (1 + np.log(count)) * rarity
        return {"binary": 1.0, "count": count, "freq": count / length}[mode]

    def _words(self, text):
        if self.char_level or isinstance(text, (list, tuple)):
            return text
        return text_to_word_sequence(text, filters=self.filters, lower=self.lower, split=self.split)
