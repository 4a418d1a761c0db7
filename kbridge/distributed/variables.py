"""The variables that all workers have the same values of: taken from worker 0 at the start, compared at each epoch's end."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from .. import backend as K
from ..backends.updates import STATE
from ..training.compiling import name_of
from . import exchange as exchanges
from .exchange import Disagreement, Exchange, workers
from .update import optimizer_variables

#: the largest difference that processors of several kinds may make by rounding in an epoch, relative to a weight's largest value
ROUNDING = 1e-4


def shared_variables(model, state: bool = True) -> list[tuple[str, Any]]:
    """(name, variable) of all weights, what the layers' updates change, and the optimizer's; without states of rows.

    ``state``: with the optimizer's lists of variables, its moments.
    """
    states = {id(u[0]) for u in model.updates if getattr(u, "kind", None) == STATE}
    found = [(K.tensor_name(w) or f"weight {i}", w) for i, w in enumerate(model.weights)]
    found += [(K.tensor_name(u[0]) or "an update's variable", u[0]) for u in model.updates if isinstance(u, (tuple, list)) and len(u) == 2]
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found += [(f"{type(optimizer).__name__}'s variable {i}", v) for i, v in enumerate(optimizer_variables(optimizer, state))]
    unique = {id(v): (name, v) for name, v in reversed(found) if id(v) not in states}
    return list(reversed(unique.values()))


def described_model(model) -> dict[str, Any]:
    """Return a description of what must be the same on all workers before their numbers mean the same."""
    found: dict[str, Any] = {
        "the layers": [type(layer).__name__ for layer in model.layers],
        "the weights' shapes": [(K.get_variable_shape(w), K.dtype(w)) for w in model.weights],
        "the trained weights": len(model._collected_trainable_weights),
        "the losses": [name_of(f) for f in model.loss_functions],
        "the metrics": model.metrics_names,
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found["the optimizer"] = type(optimizer).__name__
        found["the clipping"] = (getattr(optimizer, "clipnorm", None), getattr(optimizer, "clipvalue", None))
    return found


def take_from_first(exchange: Exchange, variables: list[tuple[str, Any]]) -> None:
    """Give all workers the values of worker 0."""
    values = [np.array(K.get_value(v), order="C") for _, v in variables]
    exchange.broadcast(values)
    if exchange.rank:
        K.batch_set_value([(v, value) for (_, v), value in zip(variables, values, strict=True)])


def compare(exchange: Exchange, variables: list[tuple[str, Any]]) -> None:
    """See that the values are the same on all workers. Differences of rounding end here: all go on from worker 0's values.

    Disagreement names a worker and a variable where there is more.
    """
    values = [np.ascontiguousarray(K.get_value(v)) for _, v in variables]
    sums = [zlib.crc32(value.data) for value in values]
    total = zlib.crc32(np.array(sums, np.uint32).data)
    exchange.meet(exchanges.COMPARISON)
    if len(set(exchange.gather(total))) == 1:
        return
    firsts = [value.copy() for value in values]
    exchange.broadcast(firsts)
    worst = max(((_difference(a, b), i) for i, (a, b) in enumerate(zip(values, firsts, strict=True))), default=(0.0, 0))
    found = exchange.gather((worst[0], variables[worst[1]][0]))
    apart = [rank for rank, (difference, _) in enumerate(found) if not difference <= ROUNDING]
    if not apart:
        if exchange.rank:
            K.batch_set_value([(v, value) for (_, v), value in zip(variables, firsts, strict=True)])
        return
    difference, name = found[apart[0]]
    raise Disagreement(
        f"The weights of {workers(apart)} are no longer those of worker 0: {name} differs by {difference:.3g} of its "
        "largest value. Does a callback or a layer change weights, the learning rate or data on some workers only?"
    )


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape:
        return np.inf
    if a.size == 0 or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return 0.0
    return float(np.max(np.abs(a.astype(np.float64) - b)) / max(float(np.max(np.abs(b))), 1e-30))
