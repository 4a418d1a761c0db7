"""The arrays below the groups of a file of Keras 3, whatever layers they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from ..limits import MAX_ARRAYS, MAX_DEPTH
from ..reading import Group, StoredArray
from .paths import SEEDS


def stored_values(group: Group) -> int:
    """How many numbers the weights below ``group`` are."""
    return sum(int(np.prod(array.shape, dtype=float)) for array in all_arrays(group, ("optimizer", "metrics", "loss_tracker", "_kbridge")))


def all_arrays(group: Group, without: Sequence[str] = ()) -> Iterator[StoredArray]:
    """All arrays below ``group``, but for members of its own that are called as in ``without``."""
    count = 0
    pending = [group.group(name) for name in group.keys() if name not in without and group.is_group(name)]
    while pending:
        inner = pending.pop()
        for name in inner.keys():
            count += 1
            if count > MAX_ARRAYS:
                raise group.error(f"it has more than {MAX_ARRAYS} members.")
            if inner.is_group(name):
                pending.append(inner.group(name))
            else:
                yield inner.array(name)


def labelled_arrays(group: Group, before: str = "") -> list[tuple[str, StoredArray]]:
    """(place below the layer, array) of all weights of a layer, without the seeds of what it draws."""
    own = group.group("vars") if "vars" in group else None
    # what a TextVectorization has learned has a name
    named = [] if own is None else [name for name in own.keys() if name in LEARNED]
    arrays = [own.array(name) for name in named] if own is not None and named else numbered(group)
    found = [(f"{before}{array.name}", array) for array in arrays]
    for name in group.keys():
        if name not in ("vars", *SEEDS) and group.is_group(name) and before.count("/") < MAX_DEPTH:
            found += labelled_arrays(group.group(name), f"{before}{name}/")
    return found


#: arrays of layers that look words up, which are no weights
LEARNED = ("idf_weights",)


def numbered(group: Group) -> list[StoredArray]:
    """The arrays in ``vars``, by their numbers."""
    if "vars" not in group:
        return []
    own = group.group("vars")
    names = own.keys()
    if any(not re.fullmatch(r"\d{1,6}", name) for name in names):
        raise own.error(f"the names of weights should be numbers, got {listed(names)}.")
    return [own.array(name) for name in sorted(names, key=int)]


def listed(names: Sequence[str]) -> str:
    names = list(names)
    return (", ".join(names[:8]) + (", ..." if len(names) > 8 else "")) if names else "none"
