"""The state of an optimizer of Keras 3: a list of variables without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..assignment import Assignment
from ..keras2.optimizer_state import assignments, by_order
from ..keras2.optimizers import Unrepresentable
from ..reading import Group, StoredArray
from .weights import Match, numbered


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
        scalars = [array for array in numbered(group)[2:4] if not array.shape]
        # archives of tf.keras have the variables of the one inside here once more
        around = dict(zip(("step_counter", "dynamic_scale"), scalars, strict=True)) if len(scalars) == 2 else {}
        group = group.group("inner_optimizer")
    elif "inner_optimizer" in group:
        # compile wraps the optimizer of a model with numbers of 16 bits, and the config tells of the one inside alone
        group = group.group("inner_optimizer")
    arrays = numbered(group)
    if not arrays:
        return []
    variables = by_order(model, arrays, slots)
    variables.scalars |= around
    return assignments(model, slots, variables)
