"""Which weights a model was compiled to train: what is frozen or unfrozen later holds from the next ``compile`` on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .inside import ordered_weights, unlisted_weights


def compiled_positions(model: Any) -> list[int] | None:
    """Where the weights that the compiled ``model`` trains stand among all of its weights, in the order of its optimizer.

    None if some of them have left the model.
    """
    places = {id(weight): place for place, weight in enumerate(_all_weights(model))}
    found = [places.get(id(weight)) for weight in _trained(model)._collected_trainable_weights]
    return None if None in found else [place for place in found if place is not None]


def train_positions(model: Any, positions: Sequence[int]) -> None:
    """Make the compiled ``model`` train the weights at ``positions``, as ``compiled_positions`` gave them."""
    weights = _all_weights(model)
    if len(set(positions)) != len(positions) or not all(0 <= place < len(weights) for place in positions):
        raise ValueError(f"the trained weights should be given as positions among {len(weights)} weights, got {list(positions)[:20]}")
    _trained(model)._collected_trainable_weights = [weights[place] for place in positions]


def _all_weights(model: Any) -> list:
    layers = getattr(model, "flattened_layers", None) or model.layers
    listed = [weight for layer in layers for weight in ordered_weights(layer)]
    unlisted = [weight for weights in unlisted_weights(layers) for weight in weights]
    return list({id(weight): weight for weight in listed + unlisted}.values())


def _trained(model: Any) -> Any:
    """The functional model that does the work of a Sequential one."""
    return getattr(model, "model", None) or model
