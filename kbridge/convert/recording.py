"""Functions of tensors in another format: they are run on tensors that write down what is called.

The operations of ``kbridge.operations``, and the composites of the backends, are written from a few dozen primitives of ``K``. A
``Recorder`` stands in for ``K``: a primitive that it has an emitter for is written down in the other format; all else is
composed of those. Shapes and dtypes are those that the backend in use gives for the same calls on placeholders.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import backend as K
from ..backends.composites import Composites
from ..backends.in_use import computing_on
from ..backends.interface import Backend
from ..operations import Graph
from ..operations.graph import as_tensors
from .problems import Unsupported


class Recorded:
    """A tensor in the other format: ``place`` is what it is there, ``shadow`` the backend's tensor like it."""

    __array_priority__ = 1000

    def __init__(self, recorder: Recorder, place: Any, shadow: Any, fixed: bool = False):
        self.recorder, self.place, self.shadow = recorder, place, shadow
        #: whether it depends on no input
        self.fixed = fixed

    @property
    def shape(self) -> tuple[int | None, ...]:
        return tuple(K.int_shape(self.shadow))

    @property
    def dtype(self) -> str:
        return K.dtype(self.shadow)

    def __getitem__(self, key: Any) -> Recorded:
        return self.recorder.emit("getitem", self, key)

    def __neg__(self) -> Recorded:
        return self.recorder.emit("negative", self)

    __hash__ = object.__hash__


def _operator(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    def call(self: Recorded, other: Any) -> Any:
        return self.recorder.emit(name, *((other, self) if swapped else (self, other)))

    return call


for _sign, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide", "mod": "mod", "pow": "power",
}.items():  # fmt: skip
    setattr(Recorded, f"__{_sign}__", _operator(_name, False))
    setattr(Recorded, f"__r{_sign}__", _operator(_name, True))
for _sign, _name in {
    "lt": "lesser",
    "le": "lesser_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
}.items():
    setattr(Recorded, f"__{_sign}__", _operator(_name, False))

#: what native operators compute, for the shadows
_NATIVE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "floor_divide": lambda x, y: x // y,
    "mod": lambda x, y: x % y,
    "power": lambda x, y: x**y,
    "getitem": lambda x, key: x[key],
    "negative": lambda x: -x,
}


class Recorder:
    """A recorder that takes the place of ``K``. ``emitters``: primitive -> function of (recorder, the result's shadow, arguments by name) that
    writes a call down and gives its place; the arguments of native operators are x, y, key."""

    emitters: dict[str, Callable[..., Any]] = {}
    #: functions of settings, which are those of the backend in use
    SETTINGS = ("floatx", "epsilon", "image_dim_ordering")

    def __init__(self, layer: Any):
        self.layer = layer

    def refuse(self, what: str) -> Unsupported:
        """The error for what the format has no operator for."""
        raise NotImplementedError

    # ------------------------------------------------------------------ in the place of K

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in type(self).emitters:
            return lambda *args, **kwargs: self.emit(name, *args, **kwargs)
        if name in Recorder.SETTINGS:
            return getattr(K, name)
        composite = getattr(Composites, name, None)
        if composite is not None and name not in Backend.__abstractmethods__:
            static = isinstance(inspect.getattr_static(Composites, name), staticmethod)
            return composite.__get__(self) if inspect.isfunction(composite) and not static else composite
        raise self.refuse(f"the function K.{name}")

    def is_tensor(self, x: Any) -> bool:
        return isinstance(x, Recorded)

    def is_variable(self, x: Any) -> bool:
        return False

    def is_sparse(self, x: Any) -> bool:
        return False

    def to_dense(self, x: Any) -> Any:
        return x

    def int_shape(self, x: Any) -> tuple[int | None, ...]:
        return x.shape if isinstance(x, Recorded) else np.shape(x)

    def ndim(self, x: Any) -> int:
        return len(self.int_shape(x))

    def dtype(self, x: Any) -> str:
        return x.dtype if isinstance(x, Recorded) else K.dtype(K.constant(x))

    def identity(self, x: Any) -> Any:
        return x

    # ------------------------------------------------------------------ writing down

    def emit(self, name: str, *args: Any, **kwargs: Any) -> Recorded:
        """Write down a call of a primitive, or of a native operator."""
        native = _NATIVE.get(name)
        # the contract's names of the arguments, whatever a backend calls them
        bound = inspect.signature(native).bind(*args) if native else inspect.signature(getattr(Backend, name)).bind(None, *args, **kwargs)
        bound.apply_defaults()
        if not native:
            bound.arguments.pop("self")
        shadow = (native or getattr(K, name))(*_shadowed(args), **_shadowed(kwargs))
        emitter = type(self).emitters.get(name)
        if emitter is None:
            raise self.refuse(f"the function K.{name}")
        found = list(_tensors([args, kwargs]))
        if name not in _DRAWS and (name == "constant" or found and all(x.fixed for x in found)):
            return Recorded(self, self.constant_place(K.eval(shadow)), shadow, True)
        return Recorded(self, emitter(self, shadow, **bound.arguments), shadow)

    def constant_place(self, value: np.ndarray) -> Any:
        """The place of a constant."""
        return np.asarray(value)


_DRAWS = ("random_uniform", "random_normal", "host_call", "phase_switch")


def _tensors(value: Any) -> Iterator[Recorded]:
    """All tensors in arguments."""
    if isinstance(value, Recorded):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, slice):
        yield from _tensors([value.start, value.stop, value.step])


def _shadowed(value: Any) -> Any:
    if isinstance(value, Recorded):
        return value.shadow
    if isinstance(value, (list, tuple)):
        return type(value)(_shadowed(item) for item in value)
    if isinstance(value, dict):
        return {key: _shadowed(item) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(_shadowed(value.start), _shadowed(value.stop), _shadowed(value.step))
    return value


def recorded(recorder: Recorder, graph: Graph, places: Sequence[Any], tensors: Sequence[Any]) -> list[Recorded]:
    """The results of a graph on inputs that are at ``places``; ``tensors``: the backend's, like them."""
    inputs = []
    for place, tensor in zip(places, tensors, strict=True):
        made = Recorded(recorder, place, tensor)
        for known in ("_known_parts", "_known_number"):
            if hasattr(tensor, known):
                setattr(made, known, getattr(tensor, known))
        inputs.append(made)
    with computing_on(recorder):
        return as_tensors(graph.run(inputs))
