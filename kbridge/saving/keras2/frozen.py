"""Which models inside a model were frozen when Keras 2.0 to 2.3 compiled it: their configs don't say, but the optimizer's state does.

There a model is frozen by its own flag, which its config lacks; the layers in it keep theirs. The optimizer has moments for the weights that it
trained, in their order. Of all ways to freeze the models inside, those are looked for whose trained weights have these shapes.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ...engine.inside import inner_layers
from ..assignment import stored_layers
from ..reading import Group
from .optimizer_state import in_order_of
from .weights import Slot, once, slots_of, weights_of

#: so many models inside are tried in all ways
_MOST = 8


def freeze_as_compiled(model: Any, root: Group) -> list[tuple[str, ...]]:
    """Freeze the models inside ``model`` as they were when it was compiled, if the file's optimizer state fits only then and only so.

    Args:
        model: the model that was built from the file.
        root: the root of the HDF5 file.

    Returns:
        The names of models that may have been frozen, for each way that fits, where there are several; then nothing is frozen.
    """
    models = [inner for inner in inner_layers(model) if inner is not model and hasattr(inner, "container_nodes")]
    names = [inner.name for inner in models]
    if not models or len(models) > _MOST or len(set(names)) < len(names) or "optimizer_weights" not in root:
        return []
    group = root.group("optimizer_weights")
    stored = [group.array(name).shape for name in group.names("weight_names") or []]
    moments = stored[1:] if stored[:1] == [()] else stored  # the count of updates comes first
    layers = in_order_of(stored_layers(model), root.group("model_weights").names("layer_names") or [])
    slots = once([slot for layer in layers for slot in slots_of(layer) if slot.trained])
    if not moments or not slots or _fits(slots, moments):
        return []
    found: dict[tuple[int, ...], tuple[str, ...]] = {}
    inside = Counter(frozenset(names).intersection(slot.owners) for slot in slots)
    for frozen in _ways(names):
        # how many weights are left tells of most ways that they don't fit
        count = sum(many for parts, many in inside.items() if parts.isdisjoint(frozen))
        if not count or len(moments) % count:
            continue
        trained = [slot for slot in slots if not set(frozen).intersection(slot.owners)]
        if _fits(trained, moments):
            found.setdefault(tuple(id(weight) for slot in trained for weight in weights_of(slot)), frozen)
    if len(found) > 1:
        return list(found.values())
    for inner in models:
        if found and inner.name in next(iter(found.values())):
            inner.trainable = False
    return []


def _ways(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All ways to choose some of the names, fewer first."""
    for count in range(1, len(names) + 1):
        yield from itertools.combinations(names, count)


def _fits(slots: Sequence[Slot], moments: Sequence[tuple[int, ...]]) -> bool:
    """Whether the shapes of an optimizer's arrays are those of moments of these weights: all of one moment, then all of the next."""
    shapes, count = [slot.shape for slot in slots], len(slots)
    if count == 0 or len(moments) % count:
        return False
    parts = [list(moments[start : start + count]) for start in range(0, len(moments), count)]
    # Adam without amsgrad keeps a place of one number for each weight
    return parts[0] == shapes and all(part == shapes or part == [(1,)] * count for part in parts[1:])
