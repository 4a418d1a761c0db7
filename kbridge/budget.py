"""Limits of what a config may make kbridge do while a model is built from it.

A config of a few bytes can describe a layer of any size, and models nested in each other, each called twice, whose
layers are called more often than any machine can. So both are counted before memory or time is taken: no more weights than
the file holds, and no more states and calls than real models have.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from .errors import ModelFileError

#: Calls of layers while a model is built, those in nested models each time; an unrolled time step counts ten.
MAX_WORK = 100_000

#: Numbers in the states of stateful layers.
MAX_STATES = 2**26


@dataclass
class _Budget:
    """The rest of a budget: numbers in weights (of ``total``) and in states, and calls of layers."""

    weights: float = math.inf
    total: float = math.inf
    states: int = MAX_STATES
    work: int = MAX_WORK


_remaining: ContextVar[_Budget | None] = ContextVar("remaining budget", default=None)


@contextlib.contextmanager
def weight_budget(values: int) -> Iterator[None]:
    """Within the context, weights of at most ``values`` numbers in all can be made, and work is bounded."""
    with _budget(_Budget(values, values)):
        yield


@contextlib.contextmanager
def work_budget() -> Iterator[None]:
    """Within the context work is bounded, as it is in ``weight_budget`` already."""
    with contextlib.nullcontext() if _remaining.get() else _budget(_Budget()):
        yield


@contextlib.contextmanager
def _budget(budget: _Budget) -> Iterator[None]:
    token = _remaining.set(budget)
    try:
        yield
    finally:
        _remaining.reset(token)


def will_be_set() -> bool:
    """Whether a file is being loaded that has values for all weights: initial ones needn't be drawn."""
    budget = _remaining.get()
    return budget is not None and budget.total != math.inf


def spend(shape: Sequence[int | None]) -> None:
    """Announce a new weight of ``shape``. ModelFileError if a file is being loaded that has fewer numbers."""
    if budget := _exceeded("weights", _size(shape)):
        raise ModelFileError(
            f"its layers need more weights than the file holds ({budget.total} numbers): one of the shape {tuple(shape)} is too much."
        )


def spend_state(shape: Sequence[int | None]) -> None:
    """Announce the state of a stateful layer, which no file holds. ModelFileError if that is too large for one."""
    if _exceeded("states", _size(shape)):
        raise ModelFileError(f"the states of its layers take more than {MAX_STATES} numbers: one of the shape {tuple(shape)} is too much.")


def spend_work(calls: int, what: str) -> None:
    """Announce calls of layers. ModelFileError, naming the layer in ``what``, if a config asks for too many."""
    if _exceeded("work", calls):
        raise ModelFileError(f"its layers are called more than {MAX_WORK} times, counting unrolled time steps tenfold ({what}).")


def _exceeded(kind: str, amount: int) -> _Budget | None:
    """Take ``amount`` from what is left of ``kind``; the budget, if there is one and that was more than it had."""
    budget = _remaining.get()
    if budget is None:
        return None
    left = getattr(budget, kind) - amount
    setattr(budget, kind, left)
    return budget if left < 0 else None


def _size(shape: Sequence[int | None]) -> int:
    return math.prod(int(n) for n in shape if n is not None)
