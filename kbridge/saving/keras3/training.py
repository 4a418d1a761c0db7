"""How a model of Keras 3 was compiled, and its optimizer's state: a list of variables without names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..assignment import Assignment
from ..keras2.training import Unrepresentable, initial_state, moment_variables
from ..reading import Group, StoredArray
from .weights import Match, numbered


def as_of_keras2(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """A compile_config as Keras 2's training_config."""
    optimizer = compiled.get("optimizer")
    if isinstance(optimizer, str):
        optimizer = {"class_name": _CLASSES.get(optimizer.lower(), optimizer), "config": {"learning_rate": _RATES.get(optimizer.lower(), 0.001)}}
    kept = ("loss", "loss_weights", "metrics", "weighted_metrics")
    return {**{key: compiled.get(key) for key in kept}, "optimizer_config": optimizer}


#: how compile's texts name optimizers
_CLASSES = {
    "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "adam": "Adam", "adamax": "Adamax", "nadam": "Nadam",
    "adamw": "AdamW", "ftrl": "Ftrl", "lion": "Lion", "lamb": "Lamb", "adafactor": "Adafactor", "muon": "Muon",
}  # fmt: skip

#: learning rates of those that don't start with 0.001
_RATES = {"sgd": 0.01}


def read_state(model: Any, root: Group, matches: Sequence[Match], compiled: Mapping[str, Any]) -> list[Assignment]:
    """The values of the optimizer's weights and count of updates. ``matches``: the model's weights in the file's order.

    May raise Unrepresentable.
    """
    start = initial_state(as_of_keras2(compiled))
    trained = [match for match in matches if match.slot.trained]
    arrays = numbered(root.group("optimizer")) if "optimizer" in root and root.is_group("optimizer") else []
    count = arrays[0] if arrays and arrays[0].shape == () else None
    # the learning rate stands behind the count, unless it follows a schedule; Nadam's product of momenta at the end
    moments = [array for array in arrays[1:] if array.shape != () or () in [match.slot.shape for match in trained]]
    runs = _runs(moments, trained)
    inner = getattr(model, "model", None) or model
    inner._make_train_function()
    from ... import backend as K

    found = [] if count is None else [Assignment(model.optimizer.iterations, np.asarray(count.read(), "float64"))]
    if start and not runs:
        return [*found, *(Assignment(weight, np.full(K.int_shape(weight), start)) for weight in inner.optimizer.weights)]
    for run, own in zip(runs, moment_variables(inner, len(runs)), strict=True):
        for match, array in zip(trained, run, strict=True):
            for weight, part in match.slot.fill(array.read()):
                found.append(Assignment(own[id(weight)], part))
    return found


def _runs(arrays: Sequence[StoredArray], trained: Sequence[Match]) -> list[list[StoredArray]]:
    """For each moment its arrays in the order of the weights: those of one weight stand together."""
    if not arrays or not trained:
        return []
    each, rest = divmod(len(arrays), len(trained))
    shapes = [match.slot.shape for match in trained]
    runs = [[arrays[k * each + i] for k in range(len(trained))] for i in range(each)]
    if rest or any([array.shape for array in run] != shapes for run in runs):
        raise Unrepresentable("the optimizer's state is laid out in an unknown way")
    return runs
