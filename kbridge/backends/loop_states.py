"""The states that a loop carries from turn to turn have one shape and one dtype, by one rule on all backends.

The start of a state is broadcast to the shape that a turn makes of it, and start and new value are cast to the dtype that both
promote to: zeros of shape (1, units) may start a batch, and an integer 0 a sum of floats. Any other change is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Shape = tuple[int | None, ...]
#: static shape (None where a length is unknown) and dtype
Kind = tuple[Shape, str]

#: how often a start may be widened before the shapes count as growing without end
ROUNDS = 6


def settle(
    what: str,
    states: Sequence,
    turn: Callable[[list], tuple[Any, Sequence]],
    kind: Callable[[Any], Kind],
    widen: Callable[[Any, Any, Kind], Any],
) -> tuple[list, Any, list]:
    """Widen ``states`` until a turn keeps their kind. Returns (states, what the last turn gave, its new states).

    ``turn(states)`` gives (results, new states); ``kind`` the shape and dtype of a tensor; ``widen(state, new, kind)`` a state of
    that kind. New states may still have to be cast to their state's dtype.
    """
    states = list(states)
    for _ in range(ROUNDS):
        results, new = turn(states)
        pairs(what, states, new)
        names = [f"{what}: the state {k}" if len(states) > 1 else f"{what}: the state" for k in range(len(states))]
        kinds = [_carried(name, kind(s), kind(n)) for name, s, n in zip(names, states, new)]
        if all(kind(s) == k for s, k in zip(states, kinds)):
            return states, results, list(new)
        before = states
        states = [s if kind(s) == k else widen(s, n, k) for s, n, k in zip(states, new, kinds)]
    grown = next(i for i, (s, k) in enumerate(zip(before, kinds)) if kind(s) != k)
    raise ValueError(
        f"{names[grown]} grows in every turn of the loop, here from shape {kind(before[grown])[0]} to {kinds[grown][0]}. "
        "A state must keep its shape. [differences: loop-states]"
    )


def pairs(what: str, states: Sequence, new: Sequence) -> list[tuple]:
    """(state, new state) for each."""
    if len(new) != len(states):
        raise ValueError(f"{what} has {len(states)} initial states, but its step returns {len(new)}.")
    return list(zip(states, new))


def _carried(what: str, before: Kind, after: Kind) -> Kind:
    """The kind of a state that is ``before`` at the start of a turn and ``after`` at its end; ``what`` names it in the error."""
    shape = _widened(before[0], after[0])
    if shape is None:
        raise ValueError(
            f"{what} has shape {before[0]} before a turn of the loop and {after[0]} after it. A state must keep its shape "
            "from turn to turn; only its start may be broadcast to that shape. [differences: loop-states]"
        )
    return shape, promoted(before[1], after[1])


def _widened(start: Shape, shape: Shape) -> Shape | None:
    """The shape of a state: ``shape``, with what only ``start`` knows; None if ``start`` can't be broadcast to it."""
    if len(start) > len(shape):
        return None
    padded = (*[1] * (len(shape) - len(start)), *start)
    if any(m not in (1, None, n) and n is not None for m, n in zip(padded, shape)):
        return None
    return tuple((None if m == 1 else m) if n is None else n for m, n in zip(padded, shape))


def promoted(a: str, b: str) -> str:
    """The dtype in which a loop carries what has these two: floats win over integers, integers over booleans, wide over narrow."""
    if a == b:
        return a
    dtypes = [np.dtype(d) for d in (a, b)]
    for kinds in ("f", "iu", "b"):
        chosen = [d for d in dtypes if d.kind in kinds]
        if chosen:
            return np.result_type(*chosen).name
    raise TypeError(f"A loop can't carry {a} and {b}.")
