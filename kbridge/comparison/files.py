"""Two model files against each other: the same layers, shapes and values of weights?"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from ..saving.reading import open_file
from ..saving.weights import stored_arrays
from .difference import Difference, difference


@dataclass
class FileComparison:
    """``weights``: (layer, number, shape in A, shape in B, difference); ``structure``: what only one file has."""

    weights: list[tuple[str, int, tuple | None, tuple | None, Difference | None]]
    structure: list[str]

    @property
    def ok(self) -> bool:
        """Whether both hold the same layers, and weights within tolerance."""
        return not self.structure and all(d is not None and d.ok for *_, d in self.weights)

    def __str__(self) -> str:
        lines = list(self.structure)
        for layer, number, a, b, d in self.weights:
            lines.append(f"{layer} weight {number}: {a} and {b}, " + ("-" if d is None else f"{d.abs:.1e} {'ok' if d.ok else 'off'}"))
        return "\n".join([*lines, "ok: the same" if self.ok else "off: the files differ"])


def compare_files(a: str | os.PathLike, b: str | os.PathLike, atol: float = 0.0, rtol: float = 0.0) -> FileComparison:
    """Weights by layer name. Raises ModelFileError for what is no model file."""
    first, second = _weights(a), _weights(b)
    structure = [f"only in {a}: layer {name}" for name in first if name not in second]
    structure += [f"only in {b}: layer {name}" for name in second if name not in first]
    rows = []
    for name in (n for n in first if n in second):
        for number in range(max(len(first[name]), len(second[name]))):
            pair = [w[name][number] if number < len(w[name]) else None for w in (first, second)]
            shapes = [None if v is None else v.shape for v in pair]
            d = difference(pair, atol, rtol) if shapes[0] == shapes[1] else None  # type: ignore[arg-type]
            rows.append((name, number, *shapes, d))
    return FileComparison(rows, structure)  # type: ignore[arg-type]


def _weights(path: str | os.PathLike) -> dict[str, list[np.ndarray]]:
    with open_file(path) as root:
        return stored_arrays(root.group("model_weights") if "model_weights" in root else root)
