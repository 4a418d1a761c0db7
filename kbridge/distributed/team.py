"""The answers of many workers to the training loop: the counterpart of ``sharing.Alone``. Loads no backend before a model trains."""

from __future__ import annotations

import itertools
import os
import pickle
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import ConfigError
from ..training.sharing import Part, part
from . import Own
from . import exchange as exchanges
from .exchange import Disagreement, Exchange


class Team:
    """All workers of ``exchange``.

    Attributes:
        batch_is_of_worker: whether ``batch_size`` is that of one worker, not that of all together.
    """

    def __init__(self, exchange: Exchange):
        self.exchange = exchange
        self.rank, self.size = exchange.rank, exchange.size
        kind = os.environ.get("KBRIDGE_DISTRIBUTED_BATCH", "all")
        if kind not in ("all", "worker"):
            raise ConfigError(f"The environment variable KBRIDGE_DISTRIBUTED_BATCH must be 'all' or 'worker', got {kind!r}.")
        self.batch_is_of_worker = kind == "worker"

    # ------------------------------------------------------------------ a step

    def train_function(self, model):
        """The step that all workers share."""
        from .step import SharedStep

        _check_batch_shape(self, model)
        return SharedStep(model, self)

    def rows_of(self, samples: int) -> tuple[int, int]:
        """This worker's rows of a batch of ``samples``: as many as the others', but for one."""
        return samples * self.rank // self.size, samples * (self.rank + 1) // self.size

    def rows_of_step(self, batch_size: int) -> int:
        return batch_size * self.size if self.batch_is_of_worker else batch_size

    def cut(self, f: Callable) -> Callable[[int], tuple[int, int]] | None:
        from .step import SharedStep

        # a program's own function is given the whole batch: it may call the shared one
        return self.rows_of if isinstance(f, SharedStep) else None

    # ------------------------------------------------------------------ the loop

    def callbacks(self, listed: list) -> list:
        from ..callbacks import ProgbarLogger

        if self.rank == 0:
            return listed
        return [c for c in listed if not getattr(c, "on_one_worker", False) and not isinstance(c, ProgbarLogger)]

    def begin(self, model, described: dict[str, Any]) -> None:
        _check_batch_shape(self, model, described)
        self.begin_model(model, described)

    def begin_model(self, model, described: dict[str, Any] | None = None) -> None:
        """See that all workers have the same model, and give them the weights and the optimizer's state of worker 0."""
        from .step import SharedStep
        from .variables import described_model, shared_variables, take_from_first

        if getattr(getattr(model, "train_function", None), "begun", False):
            self.gather(model, everywhere=True)
        found = {**described_model(model), **(described or {})}
        number = zlib.crc32(pickle.dumps(sorted((key, repr(value)) for key, value in found.items()))) % exchanges.BELOW
        try:
            self.exchange.meet(exchanges.BEGIN, same=(number,))
        except Disagreement as error:
            raise _what_differs(self.exchange, found, error) from None
        take_from_first(self.exchange, shared_variables(model))
        if isinstance(getattr(model, "train_function", None), SharedStep):
            model.train_function.begin()

    def gather(self, model, everywhere: bool) -> None:
        """See that the optimizer's state is whole, on worker 0 or everywhere. Training goes on from there."""
        from .step import SharedStep

        step = getattr(model, "train_function", None)
        if isinstance(step, SharedStep):
            step.gather(everywhere)
            # what a program does with the whole state counts
            step.begun = step.begun and not everywhere

    def begin_epoch(self) -> None:
        """Shuffle as worker 0 does."""
        self.exchange.meet(exchanges.EPOCH)
        states = self.exchange.object_of_first((np.random.get_state(), random.getstate()) if self.rank == 0 else None)
        np.random.set_state(states[0])
        random.setstate(states[1])

    def agree(self, stop: bool) -> bool:
        return bool(self.exchange.meet(exchanges.STOP, [float(bool(stop))])[0])

    def _compare(self, model) -> None:
        from .variables import compare, shared_variables

        compare(self.exchange, shared_variables(model, state=not self._is_divided(model)))

    def _is_divided(self, model) -> bool:
        update = getattr(getattr(model, "train_function", None), "update", None)
        return getattr(update, "divides", False)

    def check(self, model) -> None:
        self._compare(model)
        self.gather(model, everywhere=False)

    def end(self, model) -> None:
        self._compare(model)
        self.gather(model, everywhere=True)
        # what worker 0 wrote in its callbacks is there for the others from here on
        self.exchange.meet(exchanges.END)

    # ------------------------------------------------------------------ validation

    def evaluate(self, model, loop: Callable, values: list, batch_size: int):
        """Whole batches in turn, one for each worker; of a stateful model each worker's rows of all batches."""
        from ..training.batches import Batches
        from ..training.loop import Mean

        mean = Mean()
        if model.stateful:
            f = self._shared_test_function(model)
            for size, part in Batches(values, self.rows_of_step(batch_size), self.rows_of).in_order():
                mean.add(f(part), size)
            return mean.result()
        batches = Batches(values, batch_size)
        for number in range(self.rank, len(batches.bounds), self.size):
            size, taken = batches.one(number)
            mean.add(model.test_function(taken), size)
        return self.sums(mean).result()

    def _shared_test_function(self, model):
        from .step import SharedStep

        kept = getattr(model, "_shared_test_function", None)
        if kept is None or kept[0] is not model.test_function:
            kept = model._shared_test_function = (model.test_function, SharedStep(model, self, train=False))
        return kept[1]

    def sums(self, mean):
        """The mean over what all workers evaluated."""
        from ..training.loop import Mean

        self.exchange.meet(exchanges.VALIDATION)
        together = Mean()
        for samples, totals in self.exchange.gather((mean.samples, mean.totals)):
            together.merge(samples, totals)
        return together

    def batches_of(self, model, generator):
        if isinstance(generator, Own):
            return OwnBatches(self, model)
        return SharedBatches(self, model)

    def generator(self, generator):
        """Return the batches that are read of a generator that every worker runs."""
        if self.batch_is_of_worker and not isinstance(generator, Own):
            # a step is a batch for each worker, one after the other
            return Own(itertools.islice(generator, self.rank, None, self.size))
        return generator


class SharedBatches:
    """Batches of a generator that every worker runs: of each it trains on its rows, and evaluates some as a whole."""

    def __init__(self, team: Team, model):
        self._team, self._model = team, model
        self._first = True

    def size(self, rows: int) -> int:
        return rows

    def train(self, x, y, sample_weight, class_weight):
        if self._first:
            self._first = False
            self._compare(x, y)
        return self._model.train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight)

    def _compare(self, x, y) -> None:
        from .step import fingerprint

        x, y, _ = self._model._standardize_user_data(x, y)
        hint = ("The workers' generators give different batches: set the same seeds on all workers, or mark a generator that "
                "reads data of its own on each worker with kbridge.distributed.own(generator).")  # fmt: skip
        size = (
            "The workers' generators give batches of different sizes: {values}. Mark generators of own data with kbridge.distributed.own."
        )
        self._team.exchange.meet(exchanges.BATCH, same=(x[0].shape[0], fingerprint([*x, *y])), hints=(size, hint))

    def mine(self, number: int) -> bool:
        return number % self._team.size == self._team.rank

    def sums(self, mean):
        return self._team.sums(mean)


class OwnBatches(SharedBatches):
    """Batches of generators that differ from worker to worker: a step is one of each."""

    def size(self, rows: int) -> int:
        return int(self._team.exchange.meet(exchanges.BATCH, [rows])[0])

    def train(self, x, y, sample_weight, class_weight):
        model = self._model
        x, y, weights = model._standardize_user_data(x, y, sample_weight, class_weight)
        model._make_train_function()
        values: Part = part([*x, *y, *weights, *model._phase_value(1)], x[0].shape[0], 0)
        outs = model.train_function(values)
        return outs[0] if len(outs) == 1 else outs

    def mine(self, number: int) -> bool:
        return True


def _check_batch_shape(team: Team, model, described: dict[str, Any] | None = None) -> None:
    fixed = next((shape[0] for shape in model.internal_input_shapes if shape[0]), None)
    if (fixed or model.stateful) and not team.batch_is_of_worker:
        why = f"takes batches of {fixed} samples" if fixed else "is stateful"
        raise ValueError(
            f"The model {model.name} {why}, so {team.size} workers can't divide a batch. Set "
            "KBRIDGE_DISTRIBUTED_BATCH=worker: batch_size is then the number of samples of one worker, and a step has "
            f"{team.size} times as many."
        )
    step = team.rows_of_step((described or {}).get("batch_size") or 0)
    samples = (described or {}).get("nb_sample", 0)
    if fixed and step and samples % step:
        raise ValueError(
            f"The model {model.name} takes batches of {fixed} samples, so a step of {team.size} workers has {step}. The "
            f"number of samples, {samples}, isn't a multiple of that."
        )


def _what_differs(exchange: Exchange, found: dict[str, Any], error: Disagreement) -> Disagreement:
    if "different things" in str(error):
        return error
    for rank, other in enumerate(exchange.gather({key: repr(value) for key, value in found.items()})):
        if rank == 0:
            first = other
        for key in first:
            if other.get(key) != first[key]:
                return Disagreement(
                    f"The workers don't train the same: {key} is {_short(other.get(key))} on worker {rank} and {_short(first[key])} on worker 0."
                )
    return error


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) < 400 else text[:400] + " ..."
