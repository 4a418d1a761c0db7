"""Values that a plan computes from variables that don't change in it, kept until one of them changes: kernels that are transformed, scaled or
laid out in panels, and matrices in panels.

Each is computed once for all plans of a process that need it. ``Variable.version`` tells what has changed.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakValueDictionary

import numpy as np

from ..graph import Variable
from .evaluation import compute
from .values import Value

_LOCK = threading.RLock()


class Sources:
    """Variables, and how they were when they were last asked about."""

    def __init__(self, variables: Iterable[Variable]):
        self._variables = list(dict.fromkeys(variables))
        self._versions: list[int] | None = None

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variables)

    def changed(self) -> bool:
        """Whether one of them may have changed since the last call."""
        versions = [variable.version for variable in self._variables]
        same = versions == self._versions and not any(variable.exposed for variable in self._variables)
        self._versions = versions
        return not same

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Within the context a change is followed. If that is interrupted, it counts as one that is still to be followed."""
        try:
            yield
        except BaseException:
            self._versions = None
            raise


class Preparation:
    """All that a plan needs prepared."""

    def __init__(self, prepared: Iterable[Prepared]):
        self._prepared = list(prepared)
        self._sources = Sources(variable for p in self._prepared for variable in p.sources)

    def refresh(self) -> None:
        """Compute what has changed."""
        if self._prepared and self._sources.changed():
            with self._sources.followed():
                for prepared in self._prepared:
                    prepared.refresh()


class Prepared:
    """The value of an expression of ``sources``, as a variable that plans read."""

    def __init__(self, value: Value, steps: Sequence[Value]):
        self.variable = Variable(np.empty(value.shape, value.dtype))
        self.sources = Sources(v.leaf for v in steps if isinstance(v.leaf, Variable))
        self._steps, self._value = steps, value

    def refresh(self) -> None:
        """Compute it if a source has changed."""
        with _LOCK:
            if self.sources.changed():
                with self.sources.followed():
                    self._compute()

    def _compute(self) -> None:
        arrays: dict[Value, np.ndarray] = {}
        target = self.variable.value
        for v in self._steps:
            if v.const is not None:
                arrays[v] = v.const
            elif v.leaf is not None:
                arrays[v] = v.leaf.value
            else:
                # the last step writes where the value lies: kernels are large
                arrays[v] = compute(v, [arrays.get(i) for i in v.inputs], target if v is self._value else None)
        if arrays[self._value] is not target:
            np.copyto(target, arrays[self._value])


_KNOWN: WeakValueDictionary[Hashable, Prepared] = WeakValueDictionary()


def prepare(value: Value) -> Prepared:
    """Return the object that keeps ``value``, which only depends on variables and constants."""
    steps = _steps(value)
    keys: dict[Value, Hashable] = {}
    for v in steps:
        if v.const is not None:
            keys[v] = ("constant", v.const.dtype.str, v.const.shape, v.const.tobytes() if v.const.size <= 1 << 12 else id(v.const))
        elif v.leaf is not None:
            keys[v] = ("variable", id(v.leaf))
        else:
            keys[v] = (v.op, v.attrs, v.shape, *(keys.get(i, i.shape) for i in v.inputs))
    with _LOCK:
        found = _KNOWN.get(keys[value])
        if found is None:
            found = _KNOWN[keys[value]] = Prepared(value, steps)
        return found


def _steps(value: Value) -> list[Value]:
    """Return the values that ``value`` is computed from, itself last."""
    placed: dict[Value, None] = {}
    stack = [value]
    while stack:
        v = stack[-1]
        missing = [] if v in placed else [i for i in v.operands() if i not in placed]
        if missing:
            stack.extend(missing)
        else:
            placed[stack.pop()] = None
    return list(placed)
