"""A step that all workers share: each computes its rows, the workers add up their sums, and all make the same update.

The step is two functions with an exchange between them. One process divides by a number of its batch: the rows, or the part of them that counts. A
worker divides by that number of the whole batch, before the sums are added up, so that the sum is what one process computes. Averages of
the workers' own means would be something else wherever their rows count differently.
"""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import numpy as np

from .. import backend as K
from ..backends.updates import STATE, one_for_each
from ..training.data import part as rows_of
from ..training.functions import before_step
from ..training.objective import objective_of
from ..training.shares import Shares
from ..training.sharing import Part, part
from . import exchange as exchanges
from .flat import Flat
from .penalties import Penalties
from .sharding import made_for


def _check_sums(model) -> None:
    """ValueError for what isn't a mean over rows, so that the workers' parts of it don't add up."""
    for metric in model.metrics_of_outputs.values():
        raise ValueError(
            f"Workers that share steps can't compute the metric {metric.name!r}, which looks at a whole epoch. Leave it out "
            "of compile, and evaluate the model in one process."
        )
    for loss in model.loss_functions:
        if getattr(loss, "reduction", "mean") not in ("sum_over_batch_size", "auto", "mean"):
            raise ValueError(
                f"The loss {loss.name!r} has the reduction {loss.reduction!r}, but workers that share steps need a mean over samples."
            )


class SharedStep:
    """The function that trains ``model``, or with ``train=False`` the one that evaluates it, on all workers together.

    Called with the values of a whole batch, it takes this worker's rows of them; a ``Part`` is this worker's already.
    """

    def __init__(self, model, team, train: bool = True):
        _check_sums(model)
        self.model, self.team, self.train = model, team, train
        self.exchange = team.exchange
        self.begun = not train
        self._penalties = Penalties(model)
        shares = Shares()
        with shares:
            total, _, tensors = objective_of(model, self._penalties.scaled)
        self._logged = len(tensors) + 1
        params = model._collected_trainable_weights if train else []
        #: the same on all workers, whose weights are equal
        self._before = before_step(model) if train else None
        updates = one_for_each(model.updates if train else model.state_updates, _name)
        # a stateful layer's states belong to this worker's rows
        here = [update for update in updates if _is_state(update)]
        shared = [update for update in updates if not _is_state(update)]
        self._own_of_layers(here)
        self._find_shares(shares)
        grads = _gradients(total, params)
        self._rows = K.function(
            [*self._arrays_in(), *(p for *_, p in shares.found), *self._penalties.factors, *model._phase_input()],
            [total, *tensors, *(new for _, new in shared), *grads],
            updates=here,
            **model._function_kwargs,
        )
        self.update = made_for(self.exchange, model, params, shared) if train else None
        self._flat = Flat(self._logged + len(shared), self.update.pieces if self.update else 1)

    def _arrays_in(self) -> list:
        return [*self.model.inputs, *self.model.targets, *self.model.sample_weights]

    def _own_of_layers(self, updates: list) -> None:
        odd = [update for update in updates if not (isinstance(update, (tuple, list)) and len(update) == 2)]
        if odd:
            warnings.warn(
                f"{self.model.name}: {len(odd)} updates aren't pairs of a variable and its value, so each worker makes them by itself.",
                stacklevel=4,
            )

    # ------------------------------------------------------------------ shares

    def _find_shares(self, shares: Shares) -> None:
        """How each share is computed: from an array of weights, or by a function of the inputs from a mask."""
        model = self.model
        first = len(model.inputs) + len(model.targets)
        places = {id(placeholder): first + i for i, placeholder in enumerate(model.sample_weights)}
        masks: list = []
        self._share_from: list[tuple[str, int]] = []
        for of, computed, _ in shares.found:
            if id(of) in places:
                self._share_from.append(("weights", places[id(of)]))
            else:
                self._share_from.append(("mask", len(masks)))
                masks.append(computed)
        self._masks = None
        if masks:
            self._masks = K.function([*model.inputs, *model._phase_input()], masks, **model._function_kwargs)

    def _shares_here(self, values: list, phase: list) -> list[float]:
        masks = [] if self._masks is None else self._masks([*values[: len(self.model.inputs)], *phase])
        found: list[float] = []
        for kind, i in self._share_from:
            if kind == "weights":
                found.append(float(np.count_nonzero(values[i]) / max(1, np.size(values[i]))))
            else:
                found.append(float(masks[i]))
        return found

    # ------------------------------------------------------------------ a step

    def begin(self) -> None:
        """Called when all workers have the weights and the optimizer's state of worker 0."""
        if self.update is not None:
            self.update.begin()
        self.begun = True

    def gather(self, everywhere: bool) -> None:
        """See that the optimizer's state is whole, on worker 0 or everywhere, where it is divided among the workers."""
        if self.update is not None and self.begun:
            self.update.gather(everywhere)

    def __call__(self, values) -> list:
        if not self.begun:
            self.team.begin_model(self.model)
        if self._before is not None:
            self._before([])
        count = len(self._arrays_in())
        mine = self._mine(values, count)
        arrays, phase = list(mine[:count]), list(mine[count:])
        rows = mine.rows
        shares = self._shares_here(arrays, phase) if rows else [0.0] * len(self._share_from)
        kind = exchanges.STEP if self.train else exchanges.VALIDATION
        hints = ("The workers' batches have different sizes ({values}): let all of them read the same data, or mark "
                 "the generator with kbridge.distributed.own.",) * 2  # fmt: skip
        sums = self.exchange.meet(kind, [rows, *(rows * s for s in shares)], self._must_agree(mine), hints)
        part_of_batch, shares = self._of_all(rows, shares, sums)
        factors = self._penalties.values(self, arrays, phase, 1.0 / part_of_batch if rows else 1.0)
        outs = self._rows([*arrays, *shares, *factors, *phase])
        self._flat.fill(outs, part_of_batch if rows else 0.0)
        if self.update is None:
            self.exchange.all_reduce(self._flat.buffer)
        else:
            self.update.sum(self._flat, self._logged)
        return [_owned(value) for value in self._flat.views(0, self._logged)]

    def _of_all(self, rows: int, shares: list, sums: np.ndarray) -> tuple[float, Any]:
        """(this worker's part of all rows, the shares of the whole batch)."""
        return rows / sums[0], sums[1:] / sums[0]

    def _mine(self, values, count: int) -> Part:
        """This worker's part of ``values``."""
        if isinstance(values, Part):
            return values
        samples = values[0].shape[0]
        if self.team.batch_is_of_worker:
            return part(values, samples, 0)
        first, last = self.team.rows_of(samples)
        rows = last - first
        if rows == 0:
            first, last = (first, first + 1) if first < samples else (samples - 1, samples)
        return part([*(rows_of(a, first, last) for a in values[:count]), *values[count:]], rows, samples)

    def _must_agree(self, mine: Part) -> tuple[int, ...]:
        """Return the number by which workers see that all cut the same batch: its size. Of parts that are a worker's own nothing is known."""
        return (mine.samples,) if mine.samples else ()


def fingerprint(values: list) -> int:
    """A number that tells different batches apart, from the first rows of each array."""
    found = 0
    for array in values:
        if hasattr(array, "shape") and len(array.shape):
            found = zlib.crc32(np.ascontiguousarray(np.asarray(array[:4])).data, found)
    return found & (exchanges.BELOW - 1)


def _gradients(total, params: list) -> list:
    grads = K.gradients(total, params) if params else []
    for p, g in zip(params, grads, strict=True):
        if g is None:
            raise ValueError(
                f"The loss doesn't depend on the weight {_name(p)}, so it has no gradient. Is its layer "
                f"connected to an output? Set trainable=False on the layer to leave it out [differences: weights-without-gradient]"
            )
    return grads


def _is_state(update: Any) -> bool:
    pair = isinstance(update, (tuple, list)) and len(update) == 2
    return not pair or getattr(update, "kind", None) == STATE


def _name(variable) -> str:
    return K.tensor_name(variable) or repr(variable)


def _owned(value: np.ndarray):
    """A value of its own, in the dtype of losses: the buffer is used again."""
    value = value.astype(K.floatx()) if value.dtype.kind == "f" else value.copy()
    return value if value.ndim else value[()]
