"""The result of a case on a backend, how it is told, and how two backends' results differ."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .expectations import is_float


@dataclass
class Result:
    """The result of one case or check on one backend in one dtype."""

    op: str
    #: index of the case (5#2: its draw 2), or name of the check
    case: int | str
    backend: str
    dtype: str
    problems: list[str] = field(default_factory=list)
    outputs: list = field(default_factory=list)
    forward_error: tuple[float, float] | None = None
    gradient_error: tuple[float, float] | None = None

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def id(self) -> str:
        return f"{self.op}[{self.case}]"

    def __str__(self) -> str:
        return f"{self.id} on {self.backend} in {self.dtype}: " + ("ok" if self.ok else "; ".join(self.problems))


def brief(array: np.ndarray) -> str:
    return np.array2string(array, threshold=12, precision=4).replace("\n", "")


def worst(errors: list[tuple[float, float]]) -> tuple[float, float] | None:
    return (max(e[0] for e in errors), max(e[1] for e in errors)) if errors else None


def describe(error: BaseException) -> str:
    """Type and first lines of an error."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"


def differences(a: Result, b: Result, rtol: float = 2e-5, atol: float = 5e-6) -> list[str]:
    """Where two backends' results of one case differ."""
    found = []
    for i, (x, y) in enumerate(zip(a.outputs, b.outputs)):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape or x.dtype != y.dtype:
            found.append(f"result {i}: {x.dtype} {x.shape} and {y.dtype} {y.shape}")
        elif is_float(x):
            finite = np.isfinite(x)
            scale = max(1.0, float(np.abs(x[finite]).max())) if finite.any() else 1.0
            if not np.allclose(x, y, rtol=rtol, atol=atol * scale, equal_nan=True):
                found.append(f"result {i} differs by {np.nanmax(np.abs(x - y)):.3g}")
        elif not np.array_equal(x, y):
            found.append(f"result {i} differs: {brief(x)} and {brief(y)}")
    return found
