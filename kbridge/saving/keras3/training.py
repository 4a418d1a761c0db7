"""How a model of Keras 3 was compiled, and its optimizer's state: a list of variables without names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..assignment import Assignment
from ..keras2.optimizer_state import assignments, by_order
from ..keras2.optimizers import Unrepresentable
from ..reading import Group, StoredArray
from .weights import Match, numbered


def as_of_keras2(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """A compile_config as Keras 2's training_config."""
    optimizer = compiled.get("optimizer")
    if isinstance(optimizer, str):
        name = _CLASSES.get(optimizer.lower(), optimizer)
        usual = {"learning_rate": _RATES.get(name, 0.001), "gradient_accumulation_steps": None, **_USUAL.get(name, {})}
        optimizer = {"class_name": name, "config": usual}
    kept = ("loss", "loss_weights", "metrics", "weighted_metrics")
    return {**{key: compiled.get(key) for key in kept}, "optimizer_config": optimizer}


#: how compile's texts name optimizers
_CLASSES = {
    "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "adam": "Adam", "adamax": "Adamax", "nadam": "Nadam",
    "adamw": "AdamW", "ftrl": "Ftrl", "lion": "Lion", "lamb": "Lamb", "adafactor": "Adafactor", "muon": "Muon",
    "schedulefreeadamw": "ScheduleFreeAdamW",
}  # fmt: skip

#: learning rates of those that don't start with 0.001
_RATES = {"SGD": 0.01, "ScheduleFreeAdamW": 0.0025}

#: options that kbridge's optimizer has otherwise if they are left out
_USUAL: dict[str, dict[str, Any]] = {"Adagrad": {"initial_accumulator_value": 0.1}, "Adafactor": {"relative_step": True}}


def read_state(model: Any, root: Group, matches: Sequence[Match]) -> list[Assignment]:
    """The values of the optimizer's weights and count of updates. ``matches``: the model's weights in the file's order.

    May raise Unrepresentable.
    """
    group = root.group("optimizer") if "optimizer" in root and root.is_group("optimizer") else None
    if group is None:
        return []
    slots = [match.slot for match in matches if match.slot.trained]
    around: dict[str, StoredArray] = {}
    if hasattr(model.optimizer, "inner_optimizer"):
        if "inner_optimizer" not in group:
            raise Unrepresentable("the state of the optimizer inside LossScaleOptimizer is missing")
        # behind its own count and learning rate, before the variables of the one inside
        around = dict(zip(("step_counter", "dynamic_scale"), numbered(group)[2:4], strict=False))
        group = group.group("inner_optimizer")
    arrays = numbered(group)
    if not arrays:
        return []
    variables = by_order(model, arrays, slots)
    variables.scalars |= around
    return assignments(model, slots, variables)
