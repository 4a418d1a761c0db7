"""Raw ``tf.*`` calls and operators on K tensors outside of any K function, and indices that TensorFlow doesn't know.

Eager execution can't compute with tensors of a graph: the call fails. TensorFlow then asks its
dispatchers, and this one repeats the call inside the graph to which the tensors belong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .indexing import OPERATORS, indexed
from .quiet import tf
from .state import building, outermost
from .tensors import host_value, is_eager

#: how deep arguments may be nested
DEPTH = 4


class GraphDispatcher(tf.__internal__.dispatch.GlobalOpDispatcher):
    """Repeats failed eager calls that involve a tensor of a backend's graph inside that graph."""

    def handle(self, op, args, kwargs):
        graph = _graph_of((args, kwargs))
        if graph is None:
            return self.NOT_SUPPORTED
        if not tf.executing_eagerly():
            result = indexed(*args[:2]) if op.__name__ in OPERATORS and len(args) > 1 else None
            return self.NOT_SUPPORTED if result is None else result
        with building(graph):
            return op(*_as_constants(args), **_as_constants(kwargs))


def _graph_of(value: Any, depth: int = 0) -> Any:
    """The backend's graph of the first of its tensors among nested arguments."""
    if isinstance(value, (list, tuple, dict)):
        items = value.values() if isinstance(value, dict) else value
        return next((g for v in items if (g := _graph_of(v, depth + 1)) is not None), None) if depth < DEPTH else None
    if not isinstance(value, (tf.Tensor, tf.Variable, tf.SparseTensor)) or is_eager(value):
        return None
    graph = outermost(value.graph)
    return graph if hasattr(graph, "_kbridge_building") else None


def _as_constants(value: Any) -> Any:
    """Eager tensors, such as numbers that were converted before the call failed, as constants of the graph."""
    if type(value) in (list, tuple):
        return type(value)(_as_constants(v) for v in value)
    if isinstance(value, dict):
        return {k: _as_constants(v) for k, v in value.items()}
    return tf.constant(host_value(value)) if is_eager(value) else value


def _with_arrays(original: Callable) -> Callable:
    """``x[i, j]`` where i or j is an array with several axes. In eager execution TensorFlow joins such arrays before it looks at
    ``x``, and fails in a way that it doesn't ask its dispatchers about."""

    def __getitem__(self, key):
        if isinstance(key, tuple) and tf.executing_eagerly() and any(isinstance(k, np.ndarray) and k.ndim > 1 for k in key):
            graph = _graph_of(self)
            if graph is not None:
                with building(graph):
                    return original(self, key)
        return original(self, key)

    return __getitem__


tf.Tensor.__getitem__ = _with_arrays(tf.Tensor.__getitem__)
tf.Variable.__getitem__ = _with_arrays(tf.Variable.__getitem__)

# one for all backends of the process: TensorFlow has no way to take a dispatcher away
GraphDispatcher().register()
