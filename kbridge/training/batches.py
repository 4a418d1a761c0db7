"""Samples in batches: where each begins and ends, in what order, and reading it."""

from __future__ import annotations

import numpy as np

from .data import len_of, slice_array
from .sharing import cut_rows, part


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """(start, stop) of each batch; the last one may be smaller."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array, batch_size: int):
    """Shuffle whole batches, and keep the samples of an incomplete last batch last."""
    whole = len(index_array) // batch_size * batch_size
    shuffled = np.asarray(index_array[:whole]).reshape(-1, batch_size)
    np.random.shuffle(shuffled)
    return np.append(shuffled.ravel(), index_array[whole:])


class Batches:
    """Batches of a list of arrays, whose last entries may be numbers (the learning phase) that go with each.

    ``cut``: which rows of a batch are read, from its size; what ``epoch`` gives is a ``Part`` then.
    """

    def __init__(self, values: list, batch_size: int, cut=None):
        self._cut = cut
        self._arrays = [v for v in values if not np.isscalar(v)]
        self._numbers = values[len(self._arrays) :]
        self.batch_size = batch_size
        self.samples = len_of(self._arrays[0])
        self.bounds = make_batches(self.samples, batch_size)
        self._index = np.arange(self.samples)

    def in_order(self):
        """(samples, values) of each batch."""
        for start, stop in self.bounds:
            yield stop - start, self._slice(start, stop)

    def one(self, number: int) -> tuple[int, list]:
        """(samples, values) of one batch."""
        start, stop = self.bounds[number]
        return stop - start, self._slice(start, stop)

    def epoch(self, shuffle):
        """(samples, values) of each batch, in a new order if ``shuffle`` is True, of whole batches if it is 'batch'."""
        if isinstance(shuffle, str) and shuffle == "batch":
            self._index = batch_shuffle(self._index, self.batch_size)
            for start, stop in self.bounds:
                # samples of a batch stay together, so that they can be read in one piece
                first = int(self._index[start])
                yield stop - start, self._slice(first, first + stop - start)
        elif shuffle:
            np.random.shuffle(self._index)
            for start, stop in self.bounds:
                first, last, count = cut_rows(start, stop, self._cut)
                rows = self._index[first:last]
                values = [a[rows] if type(a) is np.ndarray else slice_array(a, rows) for a in self._arrays] + self._numbers
                yield stop - start, values if self._cut is None else part(values, count, stop - start)
        else:
            yield from self.in_order()

    def _slice(self, start: int, stop: int) -> list:
        first, last, count = cut_rows(start, stop, self._cut)
        values = [a[first:last] for a in self._arrays] + self._numbers
        return values if self._cut is None else part(values, count, stop - start)
