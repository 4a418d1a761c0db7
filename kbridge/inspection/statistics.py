"""Statistics of a stored array: enough to see whether weights are untrained, exploded or broken."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..saving.reading import StoredArray


def statistics_of(array: StoredArray) -> dict[str, Any]:
    """Shape, dtype, counts of NaN and infinite values, and min, mean, max and std (population) of the finite ones."""
    values = array.read()
    facts: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
    numbers = values.astype("float64", copy=False).ravel()
    finite = numbers[np.isfinite(numbers)]
    facts["nan"] = int(np.isnan(numbers).sum())
    facts["inf"] = int(numbers.size - finite.size - facts["nan"])
    for name in ("min", "mean", "max", "std"):
        facts[name] = float(getattr(finite, name)()) if finite.size else None
    return facts
