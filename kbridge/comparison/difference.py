"""How far arrays are from each other, and whether that is within tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

#: powers of ten up to which values are counted together; one more bin has all above
EXPONENTS = range(-12, 1)


@dataclass
class Difference:
    """The largest difference between arrays: as it is, relative to the array's largest value, and in tolerances."""

    abs: float = 0.0
    rel: float = 0.0
    #: the difference divided by what is tolerated: more than 1 is out of tolerance
    tolerances: float = 0.0
    #: whether all are within tolerance
    ok: bool = True
    #: within tolerance only since NumPy's own result jumps as much when inputs and weights change by a rounding error
    jump: bool = False
    #: how many values are the same, differ by up to 1e-12, 1e-11, ... 1, and by more
    histogram: list[int] = field(default_factory=lambda: [0] * (len(EXPONENTS) + 2))

    @property
    def compared(self) -> bool:
        """False where the shapes differ, so that no value has a counterpart."""
        return bool(self.histogram)


def difference(arrays: Sequence[np.ndarray], atol: float, rtol: float, jump: float = 0.0) -> Difference:
    """Of each of ``arrays`` from the first. Other shapes, and NaN or infinity in one alone, are never within tolerance.

    ``jump`` is tolerated besides.
    """
    first = np.asarray(arrays[0]).astype("float64")
    return worst(_of_two(first, np.asarray(other).astype("float64"), atol, rtol, jump) for other in arrays[1:])


def worst(differences: Iterable[Difference]) -> Difference:
    """The largest of each measure; the values of all are counted."""
    listed = list(differences)
    if not listed:
        return Difference()
    counts = [sum(column) for column in zip(*(d.histogram for d in listed if d.compared), strict=True)]
    ok = all(d.ok for d in listed)
    most = max(d.abs for d in listed), max(d.rel for d in listed), max(d.tolerances for d in listed)
    return Difference(*most, ok, ok and any(d.jump for d in listed), counts)


def together(
    found: Sequence[dict[str, np.ndarray]], prefixes: tuple[str, ...], atol: float, rtol: float, jumps: Mapping[str, float] | None = None
) -> Difference | None:
    """The worst difference from the first among the arrays whose names begin so; None if there are none.

    An array that not all have is never within tolerance. ``jumps``: what is tolerated besides, by name.
    """
    names = [{name for name in arrays if name.startswith(prefixes)} for arrays in found]
    if any(n != names[0] for n in names):
        return _NONE
    if not names[0]:
        return None
    jumps = jumps or {}
    return worst(difference([arrays[name] for arrays in found], atol, rtol, jumps.get(name, 0.0)) for name in sorted(names[0]))


def _of_two(first: np.ndarray, second: np.ndarray, atol: float, rtol: float, jump: float) -> Difference:
    if first.shape != second.shape:
        return _NONE
    if not first.size:
        return Difference()
    with np.errstate(all="ignore"):
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        off = np.where(same, 0.0, np.abs(first - second))
        off = np.where(np.isnan(off), np.inf, off)
    # a gradient may be tiny or huge as a whole: its largest value is what differences are small against
    scale = np.max(np.abs(first[np.isfinite(first)]), initial=0.0)
    most = float(off.max())
    counts = np.bincount(np.searchsorted(10.0 ** np.array(EXPONENTS), off[off > 0]) + 1, minlength=len(EXPONENTS) + 2)
    counts[0] = np.count_nonzero(off == 0)
    plain = atol + rtol * float(scale)
    tolerated = plain + jump
    return Difference(
        most, _ratio(most, float(scale)), _ratio(most, tolerated), most <= tolerated, plain < most <= tolerated, counts.tolist()
    )


def _ratio(value: float, of: float) -> float:
    return 0.0 if not value else value / of if of else float("inf")


#: of arrays that can't be compared
_NONE = Difference(float("inf"), float("inf"), float("inf"), False, False, [])
