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
            return op(*_as_constants(args), **_as_constants(kwargs))


def _involves(state: Any, value: Any, depth: int = 0) -> bool:
    if isinstance(value, (list, tuple)):
        return depth < 4 and any(_involves(state, v, depth + 1) for v in value)
    if isinstance(value, dict):
        return depth < 4 and any(_involves(state, v, depth + 1) for v in value.values())
    if isinstance(value, (tf.Tensor, tf.Variable)):
        return getattr(value, "graph", None) is state.graph if not _is_eager(value) else False
    return False


def _as_constants(value: Any) -> Any:
    """Eager tensors, such as numbers that were converted before the call failed, as constants of the graph."""
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(_as_constants(v) for v in value)
    if isinstance(value, dict):
        return {k: _as_constants(v) for k, v in value.items()}
    return tf.constant(value.numpy()) if _is_eager(value) else value


def _is_eager(value: Any) -> bool:
    return isinstance(value, tf.Tensor) and hasattr(value, "numpy")
