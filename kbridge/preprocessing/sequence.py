"""Padding of sequences, and training pairs for word embeddings."""

from __future__ import annotations

import random

import numpy as np


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0) -> np.ndarray:
    """Return sequences of any lengths as one array (samples, maxlen, ...).

    Args:
        sequences: a list of sequences, whose entries are numbers or arrays of one shape.
        maxlen: the length of the rows; the longest sequence's if left out.
        dtype: the dtype of the array.
        padding: on which side values are added, 'pre' or 'post'.
        truncating: on which side values are removed, 'pre' or 'post'.
        value: the value that is added.

    Raises:
        ValueError: another side, something else than sequences, or entries of different shapes.

    Example:
        >>> from kbridge.preprocessing.sequence import pad_sequences
        >>> pad_sequences([[1, 2, 3], [4]], maxlen=2).tolist()
        [[2, 3], [0, 4]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', got {side!r}.")
    for number, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"pad_sequences takes a list of sequences, but entry {number} is {sequence!r}.")
    if maxlen is None:
        maxlen = max((len(s) for s in sequences), default=0)
    # the first sequence that isn't empty tells the shape of an entry
    entry = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    padded = np.full((len(sequences), maxlen, *entry), value, dtype=dtype)
    for number, sequence in enumerate(sequences):
        kept = sequence[max(0, len(sequence) - maxlen) :] if truncating == "pre" else sequence[:maxlen]
        if not len(kept):
            continue
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != entry:
            raise ValueError(f"pad_sequences: the entries of sequence {number} have shape {kept.shape[1:]}, but those before have {entry}.")
        start = 0 if padding == "post" else maxlen - len(kept)
        padded[number, start : start + len(kept)] = kept
    return padded


def make_sampling_table(size, sampling_factor=1e-5) -> np.ndarray:
    """Return the probability to keep the word of each rank (word2vec's subsampling of frequent words).

    Word frequencies are taken from Zipf's law: the inverse frequency of rank r is about r (ln r + g) + 1/2 -
    1/(12 r), g being Euler's constant. The probability is sqrt(factor / frequency), at most 1.

    Args:
        size: the number of ranks.
        sampling_factor: the factor; smaller ones leave out more frequent words.
    """
    rank = np.arange(size, dtype="float64")
    rank[:1] = 1  # the index 0 stands for no word
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))


def skipgrams(sequence, vocabulary_size, window_size=4, negative_samples=1.0, shuffle=True, categorical=False, sampling_table=None):
    """Return (couples, labels): pairs of words, with 1 for those that stand near each other and 0 for made-up ones.

    Args:
        sequence: word indices, a list; index 0 is no word.
        vocabulary_size: made-up pairs take their words below it.
        window_size: how many places apart two words may stand.
        negative_samples: the number of made-up pairs for each real one.
        shuffle: whether to put the pairs in random order.
        categorical: whether labels are [0, 1] and [1, 0] instead of 1 and 0.
        sampling_table: the probability to keep each word, as ``make_sampling_table`` gives it; None keeps all.

    Raises:
        ValueError: made-up pairs of a vocabulary without words.
    """
    if vocabulary_size < 2 and negative_samples > 0:
        raise ValueError(f"skipgrams: negative samples need a vocabulary_size of at least 2 (index 0 isn't a word), got {vocabulary_size}.")
    couples, labels = [], []
    for position, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for other in range(max(0, position - window_size), min(len(sequence), position + window_size + 1)):
            if other != position and sequence[other]:
                couples.append([word, sequence[other]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0 and couples:
        wanted = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(wanted)]
        labels += [[1, 0] if categorical else 0] * wanted
    if shuffle:
        order = list(range(len(couples)))
        random.shuffle(order)
        couples, labels = [couples[i] for i in order], [labels[i] for i in order]
    return couples, labels
