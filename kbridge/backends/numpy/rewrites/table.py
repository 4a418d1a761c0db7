"""The table of rewrites, and how a value finds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

#: from a value to another one that takes its place, or None
Apply = Callable[[Any], Any]


class Rewrite(NamedTuple):
    """``known``: it applies only where an input is a constant or filled with one number. ``needed``: no plan can do without."""

    name: str
    ops: tuple[str, ...]
    apply: Apply
    known: bool = False
    needed: bool = False


TABLE: dict[str, Rewrite] = {}
#: name of an op -> (rewrites of known inputs, all others)
_BY_OP: dict[str, tuple[list[Apply], list[Apply]]] = {}


def rewrite(*ops: str, known: bool = False, needed: bool = False) -> Callable[[Apply], Apply]:
    """Make a function of a value a row of the table, for the ops of these names; the function's name is that of the row."""

    def enter(apply: Apply) -> Apply:
        TABLE[apply.__name__] = Rewrite(apply.__name__, ops, apply, known, needed)
        _index()
        return apply

    return enter


def _index() -> None:
    _BY_OP.clear()
    for row in TABLE.values():
        for op in row.ops:
            _BY_OP.setdefault(op, ([], []))[not row.known].append(row.apply)


def rewritten(value: Any) -> Any:
    """Return the value to use instead of ``value``, or None."""
    found = _BY_OP.get(value.op.name)
    if found is None:
        return None
    for_known, others = found
    if for_known:
        for x in value.inputs:
            if x.const is not None or x.op.fills:
                for apply in for_known:
                    result = apply(value)
                    if result is not None:
                        return result
                break
    for apply in others:
        result = apply(value)
        if result is not None:
            return result
    return None


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Plans made inside do without these rewrites: all but the needed ones if none is named."""
    rows = dict(TABLE)
    try:
        for row in rows.values():
            if row.name in names or (not names and not row.needed):
                del TABLE[row.name]
        _index()
        yield
    finally:
        TABLE.clear()
        TABLE.update(rows)
        _index()
