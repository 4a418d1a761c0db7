"""Raw ``tf.*`` calls and operators on K tensors outside of any K function.

Eager execution can't compute with tensors of a graph: the call fails. TensorFlow then asks its
dispatchers, and this one repeats the call inside the engine's graph.
"""

from __future__ import annotations

from typing import Any

from .quiet import tf


class GraphDispatcher(tf.__internal__.dispatch.GlobalOpDispatcher):
    """Repeats failed calls that involve a tensor of ``state()``'s graph inside that graph."""

    def __init__(self, state):
        self._state = state

    def handle(self, op, args, kwargs):
        state = self._state()
        if not tf.executing_eagerly() or not _involves(state, (args, kwargs)):
            return self.NOT_SUPPORTED
        with state.graph.as_default():
            return op(*args, **kwargs)


def _involves(state: Any, value: Any, depth: int = 0) -> bool:
    if isinstance(value, (list, tuple)):
        return depth < 4 and any(_involves(state, v, depth + 1) for v in value)
    if isinstance(value, dict):
        return depth < 4 and any(_involves(state, v, depth + 1) for v in value.values())
    if isinstance(value, (tf.Tensor, tf.Variable)):
        return getattr(value, "graph", None) is state.graph if not _is_eager(value) else False
    return False


def _is_eager(value: Any) -> bool:
    return isinstance(value, tf.Tensor) and hasattr(value, "numpy")
