"""Weights of samples that are all 1, as in most batches: a backend may have a function of its own for them, which does without the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

#: weights of samples that are compared with ones, at most
MAX_WEIGHTS = 1 << 13
#: shapes and dtypes whose ones are kept, at most
MAX_KINDS = 64


def mark_often_ones(weights: Any, target: Any) -> None:
    """Note that the placeholder ``weights`` is mostly fed with ones: one for each sample (or each of its steps) of the placeholder ``target``."""
    weights._often_ones = True
    weights._weights_of = target
    weights._shares = []


def note_share(weights: Any, share: Any) -> None:
    """Note that ``share`` is the part of the ``weights`` that isn't 0, which is 1 for ones. Other tensors than such weights may be given."""
    shares = getattr(weights, "_shares", None)
    if shares is not None:
        shares.append(share)


class Ones:
    """Recognises arrays of ones by comparing bytes, in a fraction of a microsecond."""

    def __init__(self):
        self._known: dict[tuple, bytes] = {}

    def fill(self, array: np.ndarray) -> bool:
        """Whether all elements are 1. Large arrays aren't asked, and empty ones have none."""
        if not 0 < array.size <= MAX_WEIGHTS:
            return False
        kind = array.size, array.dtype
        known = self._known.get(kind)
        if known is None:
            if len(self._known) == MAX_KINDS:
                self._known.clear()
            known = self._known[kind] = np.ones(*kind).tobytes()
        return array.tobytes() == known
