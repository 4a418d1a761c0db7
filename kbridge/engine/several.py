"""Calls of layers inside the call of a program's layer, as later Keras makes them: with several tensors, with masks that follow their tensors.

``call(self, x, context)`` is called as ``layer(x, context)``. In a graph the tensors are the inputs of one node, a list; here they are taken
apart again. A layer that is called inside of another one makes no node.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from .. import backend as K
from .node import to_list

_inside: ContextVar[bool] = ContextVar("inside the call of a program's layer", default=False)
#: the attribute of a tensor that a layer inside of another one gave: its mask
_MASK = "_mask_inside"


@contextlib.contextmanager
def inside(x: Any, mask: Any) -> Iterator[None]:
    """Within the context a program's layer is called on ``x``, whose mask is ``mask``."""
    token = _inside.set(True)
    before = {id(t): (t, vars(t).get(_MASK)) for t in _flat(x) if hasattr(t, "__dict__")}
    try:
        _put(x, mask[0] if isinstance(mask, list) and not isinstance(x, (list, tuple)) else mask)
        yield
    finally:
        for tensor, old in before.values():
            setattr(tensor, _MASK, old)
        _inside.reset(token)


def is_inside() -> bool:
    """Whether a program's layer is being called: what it calls is no part of the graph by itself."""
    return _inside.get()


def mask_of(x: Any) -> Any:
    """The mask that follows a tensor, or a list of masks, inside the call of a program's layer; None for none."""
    if not isinstance(x, (list, tuple)):
        return getattr(x, _MASK, None)
    masks = [mask_of(item) for item in x]
    return masks if any(mask is not None for mask in masks) else None


def follow(layer: Any, x: Any, mask: Any, outputs: list) -> None:
    """Put the mask of what ``layer`` gave for ``x`` to its outputs."""
    own = any("compute_mask" in vars(cls) for cls in type(layer).__mro__ if cls.__name__ != "Layer")
    if mask is None and not own or not own and not layer.supports_masking:
        return  # a layer without masks drops one, as in later Keras
    masks = to_list(layer.compute_mask(x, mask))
    _put(outputs, masks if len(masks) == len(outputs) else masks * len(outputs))


def _put(x: Any, mask: Any) -> None:
    masks = mask if isinstance(mask, (list, tuple)) and isinstance(x, (list, tuple)) else [mask] * len(to_list(x))
    for tensor, one in zip(to_list(x), masks):
        if one is not None or getattr(tensor, _MASK, None) is not None:
            setattr(tensor, _MASK, one)


def _flat(x: Any) -> list:
    return [item for part in x for item in _flat(part)] if isinstance(x, (list, tuple)) else [x]


# ---------------------------------------------------------------------- several tensors


class _Tensors:
    """The arguments of a ``call`` that are tensors: all but the phase and the mask."""

    def __init__(self, call: Callable):
        plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        found = [p for p in list(inspect.signature(call).parameters.values())[1:] if p.kind in plain and p.name not in ("mask", "training")]
        self.names = [p.name for p in found]
        self.needed = [p.name for p in found if p.default is p.empty]


def adapt(cls: Any, call: Callable) -> None:
    """Let a class be called with as many tensors as its ``call`` takes."""
    tensors = _Tensors(call)
    cls._tensors_of_call = tensors
    if len(tensors.names) < 2 or "states" in tensors.names:  # the latter is a cell, one step of a recurrence
        tensors.needed = tensors.needed[:1]
        return
    if "__call__" not in cls.__dict__:
        cls.__call__ = _calling(tensors)
    if len(tensors.needed) > 1:
        for name in ("build", "get_output_shape_for"):
            if name in cls.__dict__:
                setattr(cls, name, _of_first(cls.__dict__[name], tensors))


def apart(layer: Any, x: Any) -> tuple[Any, dict[str, Any]]:
    """The first tensor, and the others by their names, of a list of as many as the layer's ``call`` needs."""
    tensors = getattr(layer, "_tensors_of_call", None)
    if tensors is None or len(tensors.needed) < 2 or not isinstance(x, list) or len(x) != len(tensors.needed):
        return x, {}
    return x[0], dict(zip(tensors.needed[1:], x[1:], strict=True))


def _calling(tensors: _Tensors) -> Callable:
    def __call__(self, *args, **kwargs):
        from .layer import Layer

        others = {key: kwargs.pop(key, None) for key in ("mask", "training")}
        given = dict(zip(tensors.names, args))
        if len(args) > len(tensors.names) or set(kwargs) - set(tensors.names) or set(kwargs) & set(given):
            raise TypeError(
                f"{type(self).__name__}.call takes {', '.join(tensors.names)}; got {len(args)} values and {', '.join(kwargs) or 'no names'}."
            )
        given |= kwargs
        first = given.pop(tensors.names[0], None)
        given = {name: value for name, value in given.items() if value is not None}
        if not given:
            return Layer.__call__(self, first, **others)
        if list(given) == tensors.needed[1:] and all(K.is_tensor(value) for value in given.values()):
            return Layer.__call__(self, [first, *given.values()], **others)
        if K.is_keras_tensor(to_list(first)[0]) and not is_inside():
            raise TypeError(
                f"Layer {self.name!r} is called with {', '.join(given)}: in a model a layer of your own gets the tensors that its call needs "
                f"({', '.join(tensors.needed)}), and none that have a default."
            )
        with Layer.with_arguments(self, given):
            return Layer.__call__(self, first, **others)

    return __call__


def _of_first(method: Callable, tensors: _Tensors) -> Callable:
    """``build`` or ``compute_output_shape`` of a class that is called with several tensors: it gets all shapes, or only the first."""
    plain = [p for p in inspect.signature(method).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    takes_all = len(plain) - 1 == len(tensors.needed)

    @functools.wraps(method)
    def of_shapes(self, input_shape):
        if isinstance(input_shape, list) and len(input_shape) == len(tensors.needed):
            return method(self, *input_shape) if takes_all else method(self, input_shape[0])
        return method(self, input_shape)

    return of_shapes
