"""Helpers of IMDB and Reuters: samples that are lists of word indices, 1 for the most frequent word."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from . import pickles
from .files import find


def shuffled(samples, labels, seed: int) -> tuple[list, np.ndarray]:
    """Samples and labels in the order that Keras 1 gave them for ``seed``; NumPy's global state is left alone."""
    order = np.random.RandomState(seed).permutation(len(samples))
    return [list(samples[i]) for i in order], np.asarray(labels)[order]


def marked(samples, start_char, index_from) -> list[list[int]]:
    """Each word index raised by ``index_from``, and ``start_char`` in front of each sample, unless it is None."""
    start = [] if start_char is None else [start_char]
    return [start + [word + (index_from or 0) for word in sample] for sample in samples]


def short(samples, labels, maxlen) -> tuple[list, np.ndarray]:
    """Those samples that are shorter than ``maxlen``, with their labels; all for None."""
    if not maxlen:
        return samples, labels
    kept = [number for number, sample in enumerate(samples) if len(sample) < maxlen]
    return [samples[number] for number in kept], labels[kept]


def limited(samples, nb_words, skip_top, oov_char) -> np.ndarray:
    """Indices below ``skip_top``, or not below ``nb_words``, replaced by ``oov_char``, or left out if that is None."""

    def known(word: int) -> bool:
        return skip_top <= word and (nb_words is None or word < nb_words)

    if oov_char is None:
        rows = [[word for word in sample if known(word)] for sample in samples]
    else:
        rows = [[word if known(word) else oov_char for word in sample] for sample in samples]
    found = np.empty(len(rows), dtype=object)
    # one by one: NumPy would make a matrix of rows that happen to be of one length
    for number, row in enumerate(rows):
        found[number] = row
    return found


def nothing_left(maxlen) -> ValueError:
    """The error for a ``maxlen`` that no sample is shorter than."""
    return ValueError(f"No sample is shorter than maxlen={maxlen!r}: choose a larger one.")


def word_index(path, default: str) -> dict[str, int]:
    """The dict from words to indices in the file ``path`` (a pickle, or JSON as later versions of Keras have it)."""
    file = find(path, default)
    found: Any
    if str(file).endswith(".json"):
        with open(file, encoding="utf-8") as opened:
            found = json.load(opened)
    else:
        found = pickles.load(file)
    if not isinstance(found, dict):
        raise ValueError(f"{file!r} should hold a dict from words to indices, got a {type(found).__name__}.")
    return found
