"""The order of a layer's weights by the names that a file gives them.

Names need not be equal: a layer that was named automatically counts on from one program to the next ('dense_1_W' is
'dense_5_W' there), and TensorFlow put a number behind a name that was taken ('a_W_1').
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SUFFIX = re.compile(r":\d+$")
_TAKEN = re.compile(r"_\d+$")
_NUMBERED = re.compile(r"(.*?)_(\d+)(?=[_/])(.*)")
#: a name that a writer made up from the place in the list
_PLACE = re.compile(r"param_\d+|Variable(_\d+)?")


def order_by_names(variables: Sequence[Any], stored: Sequence[str]) -> list[int] | None:
    """For each variable the place of its array in the file, None if the names don't tell."""
    from .. import backend as K

    own = [K.tensor_name(variable) for variable in variables]
    theirs = [_SUFFIX.sub("", name) for name in stored]
    if not all(own) or any(_PLACE.fullmatch(name) for name in theirs):
        return None
    return match_names([str(name) for name in own], theirs)


def match_names(own: Sequence[str], theirs: Sequence[str]) -> list[int] | None:
    """For each of ``own`` the place of the same name in ``theirs``, None if they can't be brought together one to one."""
    for alike in (list, _without_number, _ranked, lambda names: _ranked(_without_number(names))):
        ours, stored = alike(own), alike(theirs)
        if len(set(ours)) == len(ours) and sorted(ours) == sorted(stored):
            places = {name: k for k, name in enumerate(stored)}
            return [places[name] for name in ours]
    return None


def inverse(order: Sequence[int]) -> list[int]:
    """Where each place stands in a permutation."""
    found = [0] * len(order)
    for k, place in enumerate(order):
        found[place] = k
    return found


def orders_that_fit(orders: Sequence[list[int]], shapes: Sequence[tuple], stored: Sequence[tuple]) -> list[list[int]]:
    """Those of ``orders``, each once, that give each weight an array of its shape."""
    fitting: list[list[int]] = []
    for order in orders:
        if order not in fitting and all(stored[k] == shape for k, shape in zip(order, shapes, strict=True)):
            fitting.append(order)
    return fitting


def _without_number(names: Sequence[str]) -> list[str]:
    return [_TAKEN.sub("", name) for name in names]


def _ranked(names: Sequence[str]) -> list[str]:
    """The names with the numbers of automatically named layers replaced by their ranks among these names."""
    parts = [_NUMBERED.fullmatch(name) for name in names]
    numbers: dict[str, set[int]] = {}  # of each prefix
    for part in parts:
        if part:
            numbers.setdefault(part[1], set()).add(int(part[2]))
    ranks = {prefix: {number: rank for rank, number in enumerate(sorted(found))} for prefix, found in numbers.items()}
    return [f"{part[1]}_{ranks[part[1]][int(part[2])]}{part[3]}" if part else name for part, name in zip(parts, names, strict=True)]
