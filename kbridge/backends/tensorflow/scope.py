"""Building into the backend's graph, one call at a time, while eager execution goes on outside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .quiet import tf
from .state import building


def in_graph(state: Any) -> Any:
    """A context in which new operations belong to the backend's graph (or to the loop being built in it)."""
    current = tf.compat.v1.get_default_graph() if not tf.executing_eagerly() else None
    return _NOTHING if state.owns(current) else building(state.graph)


class _Nothing:
    def __enter__(self):
        return None

    def __exit__(self, *exc):
        return False


_NOTHING = _Nothing()


def _scoped(method: Callable) -> Callable:
    @functools.wraps(method)
    def build(self, *args, **kwargs):
        with self._state.graph._kbridge_building, in_graph(self._state):
            return method(self, *args, **kwargs)

    return build


#: methods that build nothing, or manage the graph themselves
UNSCOPED = {
    "graph_scope",
    "clear_session",
    "get_value",
    "set_value",
    "batch_get_value",
    "batch_set_value",
    "is_tensor",
    "is_variable",
    "eval",
}


def scoped(cls: type) -> type:
    """Let all public methods of a backend, inherited composites included, build into its graph."""
    for name in dir(cls):
        method = getattr(cls, name)
        static = any(isinstance(base.__dict__.get(name), staticmethod) for base in cls.__mro__)
        if not name.startswith("_") and callable(method) and not isinstance(method, type) and not static and name not in UNSCOPED:
            setattr(cls, name, _scoped(method))
    return cls
