"""Adding rows up at given places: the gradient of an embedding."""

from __future__ import annotations

import math

import numpy as np

#: a row that comes more often is summed by itself
MAX_ROUNDS = 16


def fill_rows(out: np.ndarray, indices: np.ndarray, rows: np.ndarray) -> None:
    """Zeros in ``out`` (n, ...), and ``rows`` (*indices.shape, ...) added up at ``indices``; negative ones count from the end.

    ``np.add.at`` does the same, five to ten times slower.
    """
    out.fill(0)
    if not indices.size or not out.size:
        return
    places = np.empty(indices.size, np.intp)
    places_of(places, indices, len(out))
    order, starts, counts = _equal(places)
    rows = rows.reshape(places.size, math.prod(out.shape[1:]))
    out.reshape(len(out), -1)[places[order[starts]]] = _sums(rows, order, starts, counts)


def places_of(out: np.ndarray, indices: np.ndarray, length: int) -> None:
    """The rows of a table of ``length`` that ``indices`` name, one after the other; negative ones count from the end."""
    np.copyto(out, indices.reshape(-1), "unsafe")
    out[out < 0] += length
    if out.size and (out.min() < 0 or out.max() >= length):
        wrong = indices.reshape(-1)[(out < 0) | (out >= length)][0]
        raise IndexError(f"An index of a row is out of range: got {wrong}, there are {length} rows.")


def add_up(out: np.ndarray, places: np.ndarray, rows: np.ndarray) -> None:
    """In ``out`` (one row for each place), for each of the ``rows``, which may have more axes: the sum of all that have its place, as ``fill_rows`` has it there."""
    np.copyto(out.reshape(rows.shape), rows)
    if not out.size:
        return
    order, starts, counts = _equal(places)
    more = counts > 1
    if not more.any():
        return
    starts, counts = starts[more], counts[more]
    # what is left of the order: the rows of places that come more than once
    ends = np.cumsum(counts)
    order = order[np.repeat(starts - ends + counts, counts) + np.arange(ends[-1])]
    flat = out.reshape(places.size, -1)
    flat[order] = np.repeat(_sums(flat, order, ends - counts, counts), counts, axis=0)


def _equal(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(order that brings equal places together, where each begins in it, how often it comes)."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.empty(places.size, bool)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return order, starts, np.diff(starts, append=places.size)


def _sums(rows: np.ndarray, order: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of the rows of each place. All first ones are copied, all second ones are added, then all third ones and so on; where a place comes
    often, each one's rows are summed instead."""
    if counts.max() > MAX_ROUNDS:
        return np.add.reduceat(rows[order], starts, axis=0)
    sums = rows[order[starts]]
    for turn in range(1, counts.max()):
        at = np.flatnonzero(counts > turn)
        sums[at] += rows[order[starts[at] + turn]]
    return sums
