"""Updates of variables: pairs that remember what kind they are, and what several of one variable give together.

A function stores one value in each variable. Where it is given several updates of one, their kinds tell what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

#: kinds of updates, as ``K`` has functions for them; of a state: made by a stateful layer
ASSIGNMENT, INCREMENT, DECREMENT, MOVING_AVERAGE, STATE = "update", "update_add", "update_sub", "moving_average_update", "state"


class Update(tuple):
    """(variable, new value), with the ``kind`` of update and what it was made of.

    Attributes:
        kind: one of the kinds above.
        amounts: the increment or decrement; the value and the momentum of a moving average.
        owner: the layer of a state.
    """

    kind: str = ASSIGNMENT
    amounts: tuple = ()
    owner: Any = None

    def __new__(cls, pair: Iterable, kind: str = ASSIGNMENT, amounts: tuple = (), owner: Any = None):
        self = super().__new__(cls, pair)
        self.kind, self.amounts, self.owner = kind, amounts, owner
        return self


def result(kind: str, old: Any, amounts: tuple) -> Any:
    """Return the value that an update of ``kind`` makes of ``old``."""
    if kind == INCREMENT:
        return old + amounts[0]
    if kind == DECREMENT:
        return old - amounts[0]
    value, momentum = amounts
    return old * momentum + value * (1.0 - momentum)


def of_state(update: Any, owner: Any) -> Any:
    """An update of a state of the stateful layer ``owner``: of several, the last counts. Other kinds stay."""
    if not isinstance(update, (tuple, list)) or len(update) != 2 or getattr(update, "kind", ASSIGNMENT) != ASSIGNMENT:
        return update
    return Update(update, STATE, owner=owner)


def one_for_each(updates: Iterable, named: Callable[[Any], str]) -> list:
    """``updates`` with one pair for each variable, at the place of its first.

    Increments and decrements add up; moving averages are applied one after the other, each to what the one before gives;
    of a stateful layer's states the last stays. ValueError for anything else, with the variable as ``named`` tells it.
    What is no pair is left as it is.
    """
    groups: dict[int, list] = {}
    for update in updates:
        pair = isinstance(update, (tuple, list)) and len(update) == 2
        groups.setdefault(id(update[0] if pair else update), []).append(update)
    return [group[0] if len(group) == 1 else _together(group, named) for group in groups.values()]


def _together(group: list, named: Callable[[Any], str]) -> Any:
    kinds = [getattr(update, "kind", ASSIGNMENT) for update in group]
    first = group[0]
    if not set(kinds) - {INCREMENT, DECREMENT} or set(kinds) == {MOVING_AVERAGE}:
        variable, new = first
        for update in group[1:]:
            new = result(update.kind, new, update.amounts)
        return Update((variable, new))
    if set(kinds) == {STATE} and all(update.owner is first.owner for update in group):
        return group[-1]
    if all(update is first for update in group):
        return first
    raise conflict(named(first[0]), kinds)


def conflict(name: str, kinds: Iterable[str]) -> ValueError:
    """The error where one variable would get several values."""
    made = {STATE: "the state of a layer", ASSIGNMENT: "K.update (or a pair)", "another": "another one"}
    listed = ", ".join(made.get(kind, f"K.{kind}") for kind in kinds)
    return ValueError(
        f"The function has several updates of {name}, which can't all be stored: {listed}. Increments add up, moving averages "
        f"follow each other, and a stateful layer keeps the state of its last call; anything else is one update a variable. "
        f"[differences: several-updates]"
    )
