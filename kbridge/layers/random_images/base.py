"""The base of layers that change pictures by chance."""

from __future__ import annotations

import math
from typing import Any

from ... import backend as K
from ..configured import ORDERINGS, Configured


def _range(owner: str, name: str, value: Any, least: float = -math.inf) -> tuple[float, float]:
    """(lower, upper) from a number, which is both sides' distance from 0, or a pair."""
    low, high = (
        (-value, value)
        if isinstance(value, (int, float))
        else tuple(value)
        if isinstance(value, (list, tuple)) and len(value) == 2
        else (1, 0)
    )
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and least <= low <= high):
        raise ValueError(f"{owner}: {name} must be a number of at least 0, or a pair (lower, upper), got {value!r:.80}.")
    return float(low), float(high)


class _RandomImage(Configured):
    """The base of these layers: the change in training, and the axes of pictures."""

    seed: int | None
    data_format: str

    supports_masking = True
    uses_learning_phase = True

    def call(self, x, mask=None):
        """Return the pictures, changed in the training phase."""
        x = x if K.dtype(x).startswith("float") else K.cast(x, K.floatx())
        return K.in_train_phase(lambda: self.changed(x), x)

    def changed(self, x: Any) -> Any:
        """Return the pictures ``x`` as they are in training."""
        raise NotImplementedError

    def drawn(self, x: Any, low: float, high: float) -> Any:
        """Return a number of [``low``, ``high``) for each picture of ``x``, as (samples, 1)."""
        return K.random_uniform((K.shape(x)[0], 1), low, high, dtype=K.dtype(x), seed=self.seed)

    def _first(self) -> int:
        return 2 if ORDERINGS[self.data_format] == "th" else 1
