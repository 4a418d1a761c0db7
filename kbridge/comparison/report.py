"""What a comparison found: differences per layer, where they begin and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Difference:
    """The largest absolute and relative difference between arrays, and whether all are within tolerance."""

    abs: float
    rel: float
    ok: bool
    #: how many values differ by up to 1e-12, 1e-11, ... 1, and by more
    histogram: list[int] = field(default_factory=list)


def difference(arrays: Sequence[np.ndarray], atol: float, rtol: float) -> Difference:
    """Of each of ``arrays`` from the first. Other shapes, and NaN or infinity in one alone, are never within tolerance."""
    first = np.asarray(arrays[0]).astype("float64")
    worst = Difference(0.0, 0.0, True, [0] * 14)
    for other in arrays[1:]:
        second = np.asarray(other).astype("float64")
        if first.shape != second.shape:
            return Difference(float("inf"), float("inf"), False)
        if not first.size:
            continue
        with np.errstate(all="ignore"):
            same = (first == second) | (np.isnan(first) & np.isnan(second))
            off = np.where(same, 0.0, np.abs(first - second))
            off = np.where(np.isnan(off), np.inf, off)
            rel = np.where(same, 0.0, off / np.maximum(np.abs(first), 1e-30))
            # gradients may be tiny or huge as a whole: rtol is of the largest value, not of each
            scale = np.max(np.abs(first[np.isfinite(first)]), initial=0.0)
            ok = bool((off <= atol + rtol * scale).all())
        counts = np.bincount(np.searchsorted(10.0 ** np.arange(-12, 1), off.ravel()), minlength=14)
        worst = Difference(
            max(worst.abs, float(off.max())),
            max(worst.rel, float(np.nan_to_num(rel, nan=np.inf, posinf=np.inf).max())),
            worst.ok and ok,
            [a + int(b) for a, b in zip(worst.histogram, counts, strict=True)],
        )
    return worst


def _together(found: list[dict[str, np.ndarray]], prefixes: tuple[str, ...], atol: float, rtol: float) -> Difference | None:
    """The worst difference among the arrays whose names begin so; None if there are none."""
    names = [name for name in found[0] if name.startswith(prefixes)]
    missing = any({n for n in f if n.startswith(prefixes)} != set(names) for f in found)
    if missing:
        return Difference(float("inf"), float("inf"), False)
    each = [difference([f[name] for f in found], atol, rtol) for name in names]
    if not each:
        return None
    counts = [sum(column) for column in zip(*(d.histogram for d in each if d.histogram), strict=True)]
    return Difference(max(d.abs for d in each), max(d.rel for d in each), all(d.ok for d in each), counts)


def judged_forward(own: dict, right: dict, atol: float, rtol: float) -> Difference:
    """An engine's outputs of one layer against the judge's."""
    return _together([right, own], ("output/",), atol, rtol) or Difference(0.0, 0.0, True)


def judged_backward(own: dict, right: dict, atol: float, rtol: float) -> Difference:
    """An engine's gradients of one layer against the judge's."""
    return _together([right, own], ("gradient/", "weight/"), atol, rtol) or Difference(0.0, 0.0, True)


@dataclass
class Row:
    """One call of a layer on all engines; ``gradient`` and ``weights``: of the loss, None where it has none."""

    index: int
    name: str
    class_name: str
    sources: list[int]
    positions: list[int]
    shape: list[int]
    output: Difference
    gradient: Difference | None
    weights: Difference | None

    @classmethod
    def of(cls, index: int, fact: dict, found: dict[str, dict[str, np.ndarray]], atol: float, rtol: float) -> Row:
        """From what each engine computed."""
        engines = list(found.values())
        parts = [_together(engines, (f"{kind}/{index}/",), atol, rtol) for kind in ("output", "gradient", "weight")]
        shape = list(engines[0][f"output/{index}/0"].shape)
        output = parts[0] or Difference(0.0, 0.0, True)
        return cls(
            index, fact["name"], fact["class_name"], fact["sources"], fact["positions"], shape, output, parts[1], parts[2]
        )

    @property
    def ok(self) -> bool:
        """Whether output and gradients are within tolerance."""
        return all(d is None or d.ok for d in (self.output, self.gradient, self.weights))


@dataclass
class Cause:
    """A layer run alone where engines first differ; ``engines`` are those wrong by themselves, none if error was carried."""

    layer: str
    class_name: str
    #: 'output' or 'gradient'
    kind: str
    errors: dict[str, float]
    engines: list[str]

    def __str__(self) -> str:
        if self.engines:
            return f"{self.layer} ({self.class_name}): {self.kind} is wrong on {', '.join(self.engines)} by itself, from the same input."
        return f"{self.layer} ({self.class_name}): the first {self.kind} out of tolerance; alone it agrees, so the error was carried here."


@dataclass
class Comparison:
    """The result of ``kbridge.compare``."""

    title: str
    backends: list[str]
    layers: list[Row]
    losses: dict[str, float]
    atol: float
    rtol: float
    causes: list[Cause] = field(default_factory=list)
    loss_difference: Difference | None = None
    train_losses: dict[str, list[float]] = field(default_factory=dict)
    train_loss_difference: Difference | None = None
    trained: Difference | None = None

    @property
    def ok(self) -> bool:
        """Whether everything is within tolerance."""
        ends = (self.loss_difference, self.train_loss_difference, self.trained)
        return all(row.ok for row in self.layers) and all(d is None or d.ok for d in ends)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; infinities and NaN are texts, which JSON can hold."""
        from dataclasses import asdict

        return _plain({"ok": self.ok, **asdict(self)})

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def to_html(self) -> str:
        """As one self-contained page."""
        from .page import page

        return page(self)

    def __str__(self) -> str:
        from .table import table

        return table(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value
