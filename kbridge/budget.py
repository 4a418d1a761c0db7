"""Limits of what a config may make kbridge do while a model is built from it.

A config of a few bytes can describe a layer of any size. It can also describe models that contain each other, each called twice, so that layers are
called more often than any machine can. So kbridge counts both before it takes memory or time: a file may ask for no more weights than it
holds itself, and for no more states and calls than real models have.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from .errors import ModelFileError

#: Calls of layers while a model is built, those in nested models each time; an unrolled time step counts ten.
MAX_WORK = 100_000

#: Numbers in the states of stateful layers.
MAX_STATES = 2**26

#: Numbers in the tensors of constants that layers and their functions make, which no file holds: zeros, ranges, matrices that resize pictures.
MAX_CONSTANTS = 2**27


class _Budget:
    """The rest of the budget of a file that is being loaded.

    Attributes:
        weights: how many more numbers its layers' weights may hold.
        total: how many numbers the file holds.
        states: how many more numbers the states of stateful layers may hold.
        constants: how many more numbers the constants of layers may hold.
        work: how many more calls of layers it may ask for.
    """

    def __init__(self, weights: float = math.inf, total: float = math.inf, constants: int = MAX_CONSTANTS):
        self.weights = weights
        self.total = total
        self.states = MAX_STATES
        self.constants = constants
        self.work = MAX_WORK


_remaining: ContextVar[_Budget | None] = ContextVar("remaining budget", default=None)


@contextlib.contextmanager
def weight_budget(values: int) -> Iterator[None]:
    """A context in which new weights may hold at most ``values`` numbers together, and in which the calls of layers are bounded."""
    with _budget(_Budget(values, values)):
        yield


@contextlib.contextmanager
def work_budget() -> Iterator[None]:
    """A context in which the calls of layers are bounded; inside ``weight_budget`` they are already."""
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
    """Return whether a file is being loaded that has values for all weights, so that initial values needn't be drawn."""
    budget = _remaining.get()
    return budget is not None and budget.total != math.inf


def spend(shape: Sequence[int | None]) -> None:
    """Count a new weight of ``shape``.

    Raises:
        ModelFileError: a file is being loaded that holds fewer numbers.
    """
    if budget := _exceeded("weights", _size(shape)):
        raise ModelFileError(
            f"its layers need more weights than the file holds ({budget.total} numbers): a weight of shape {tuple(shape)} is too large."
        )


def spend_state(shape: Sequence[int | None]) -> None:
    """Count the state of a stateful layer, of ``shape``. Files hold no states.

    Raises:
        ModelFileError: a file is being loaded whose layers' states are too large.
    """
    if _exceeded("states", _size(shape)):
        raise ModelFileError(f"the states of its layers take more than {MAX_STATES} numbers: a state of shape {tuple(shape)} is too large.")


def spend_constant(shape: Sequence[int]) -> None:
    """Count a tensor of constants of ``shape``, which a layer or a function of one makes.

    Raises:
        ModelFileError: a config is being loaded whose layers make too many.
    """
    if _exceeded("constants", _size(shape)):
        raise ModelFileError(
            f"the constants that its layers make have more than {MAX_CONSTANTS} numbers: one of shape {tuple(shape)} is too large."
        )


def spend_work(calls: int, what: str) -> None:
    """Count ``calls`` of the layer that ``what`` names.

    Raises:
        ModelFileError: a config is being loaded that asks for too many.
    """
    if _exceeded("work", calls):
        raise ModelFileError(f"its layers are called more than {MAX_WORK} times, where an unrolled time step counts as ten ({what}).")


def _exceeded(kind: str, amount: int) -> _Budget | None:
    """Subtract ``amount`` from the rest of the budget called ``kind``. Return the budget if the rest was smaller, else None."""
    budget = _remaining.get()
    if budget is None:
        return None
    left = getattr(budget, kind) - amount
    setattr(budget, kind, left)
    return budget if left < 0 else None


def _size(shape: Sequence[int | None]) -> int:
    return math.prod(int(n) for n in shape if n is not None)
