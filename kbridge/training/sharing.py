"""Who trains: this process alone, or one of many workers that share each step.

The training loop asks ``current()`` at each point where that makes a difference. ``kbridge.distributed`` puts its own
team here; it lies above this room, so that nothing of it is loaded where one process trains. This module loads no backend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .running import running_of


class Alone:
    """One process: nothing is shared, and nobody is asked."""

    rank = 0
    size = 1

    def train_function(self, model) -> Callable:
        """Return the function that ``fit`` calls with a batch."""
        from .functions import make_train_function

        return make_train_function(model)

    def callbacks(self, listed: list) -> list:
        """Those of the callbacks that run here."""
        return listed

    def rows_of_step(self, batch_size: int) -> int:
        """The samples of one step of all workers."""
        return batch_size

    def cut(self, f: Callable) -> Callable[[int], tuple[int, int]] | None:
        """Which rows of a step's are computed here, for the function that trains. None: all."""
        return None

    def begin(self, model, described: dict[str, Any]) -> None:
        """Called when ``fit`` begins, with what must be the same for all workers."""

    def begin_epoch(self) -> None:
        """Called before an epoch's data are shuffled."""

    def agree(self, stop: bool) -> bool:
        """Whether any worker wants to stop."""
        return stop

    def check(self, model) -> None:
        """Called at an epoch's end, before its callbacks: the workers' weights must be the same."""

    def end(self, model) -> None:
        """Called when ``fit`` ends, after the last callback."""

    def evaluate(self, model, loop: Callable, values: list, batch_size: int):
        """Loss and metrics of the validation data ``values``; ``loop`` computes them in one process."""
        return loop(model.test_function, values, batch_size, running=running_of(model))

    def generator(self, generator):
        """Return the batches that this process reads of a generator."""
        return generator

    def batches_of(self, model, generator) -> OneBatch:
        """How batches of a generator are trained and evaluated on."""
        return OneBatch(model)


class OneBatch:
    """Batches of a generator, each for this process as a whole."""

    def __init__(self, model):
        self.model = model

    def size(self, rows: int) -> int:
        """The samples of a step in which this process read ``rows``."""
        return rows

    def train(self, x, y, sample_weight, class_weight):
        """One step."""
        return self.model.train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)

    def mine(self, number: int) -> bool:
        """Whether batch ``number`` of the validation is evaluated here."""
        return True

    def sums(self, mean):
        """The mean over what all workers evaluated."""
        return mean


_current: Any = Alone()


def current() -> Any:
    """Who trains."""
    return _current


def install(team: Any) -> None:
    """Have ``team`` train."""
    global _current
    _current = team


class Part(list):
    """The values for a training function that are a part of a step's batch: ``rows`` of them count.

    There is one row, which doesn't count, where ``rows`` is 0.
    """

    rows: int
    samples: int


def cut_rows(start: int, stop: int, cut: Callable[[int], tuple[int, int]] | None) -> tuple[int, int, int]:
    """(start, stop, rows that count) of what ``cut`` takes from the batch ``start`` to ``stop``."""
    if cut is None:
        return start, stop, stop - start
    first, last = cut(stop - start)
    if last > first:
        return start + first, start + last, last - first
    first = min(first, stop - start - 1)
    return start + first, start + first + 1, 0


def part(values: list, rows: int, samples: int) -> Part:
    """``values`` as a part of a batch of ``samples``."""
    made = Part(values)
    made.rows, made.samples = rows, samples
    return made
