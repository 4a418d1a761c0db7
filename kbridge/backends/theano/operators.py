"""Python's operators on Theano's tensors, by the contract's rules for dtypes and broadcasting.

Theano's own would give float64 for an int32 tensor times a float32 one, would let a float64 tensor meet 0.1 in
float32, and would not broadcast ``x[:, :1]``. The rules hold for expressions that a user or kbridge writes, and
not inside Theano (optimizations, gradients of its operations), which counts on its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from theano.graph.basic import Variable
from theano.tensor.type import TensorType
from theano.tensor.var import _tensor_py_operators

from ..masks import as_key, without_masks
from ..selections import ARRAYS, selection
from . import elementwise, linalg
from .static import int_shape

_inside = threading.local()


@contextmanager
def native() -> Iterator[None]:
    """Theano's own operators, while Theano compiles or derives."""
    depth = getattr(_inside, "depth", 0)
    _inside.depth = depth + 1
    try:
        yield
    finally:
        _inside.depth = depth


OPERATORS: dict[str, Callable] = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.remainder,
    "pow": elementwise.pow,
    "matmul": linalg.dot,
    "lt": elementwise.lesser,
    "le": elementwise.lesser_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
}
WITHOUT_REFLECTION = ("lt", "le", "gt", "ge")


def _is_operand(x: object) -> bool:
    """Return whether the rules are for ``x``: a dense tensor, an array or a number. All else is left to Theano."""
    if isinstance(x, Variable):
        return isinstance(x.type, TensorType) and not x.dtype.startswith("complex")
    if isinstance(x, (list, tuple)):
        # of numbers: arrays in other words
        return all(isinstance(v, (bool, int, float, list, tuple)) for v in x) and np.asarray(x).dtype.kind in "biuf"
    return isinstance(x, (bool, int, float, np.number, np.bool_)) or (isinstance(x, np.ndarray) and x.dtype.kind in "biuf")


def install() -> None:
    """Give Theano's tensors these operators."""
    for name, function in OPERATORS.items():
        _install(f"__{name}__", function, reflected=False)
        if name not in WITHOUT_REFLECTION:
            _install(f"__r{name}__", function, reflected=True)
    if not getattr(_tensor_py_operators.__getitem__, "kbridge", False):
        _tensor_py_operators.__getitem__ = _getitem(_tensor_py_operators.__getitem__)
    if not getattr(_tensor_py_operators.__iter__, "kbridge", False):
        _tensor_py_operators.__iter__ = _iter(_tensor_py_operators.__iter__)


def _getitem(original: Callable) -> Callable:
    """Indexing with None and fewer indices than axes, which Theano's own reads wrongly in ``x[None]`` and ``x[:, None]``; with arrays
    and masks among other indices, where Theano's result isn't NumPy's."""

    def __getitem__(self, index):
        index = as_key(index)
        if isinstance(self.type, TensorType) and not getattr(_inside, "depth", 0):
            selected = _selected(original, self, index)
            if selected is not None:
                return selected
        if index is None:
            index = (None, Ellipsis)
        elif isinstance(index, tuple) and any(i is None for i in index) and not any(i is Ellipsis for i in index):
            index = (*index, Ellipsis)
        return original(self, index)

    __getitem__.kbridge = True  # type: ignore[attr-defined]
    return __getitem__


def _selected(original: Callable, x: Any, key: Any) -> Any:
    """``x[key]`` for a key that holds arrays beside other parts; None for any other key."""
    if not isinstance(key, tuple) or len(key) < 2:
        return None
    parts = [p for k in without_masks(key, int_shape(x)) for p in (k.nonzero() if _is_mask(k) else [k])]
    parts = [np.asarray(p) if isinstance(p, list) else int(p) if isinstance(p, np.ndarray) and p.ndim == 0 else p for p in parts]
    if not any(map(_rank_of, parts)):
        return None
    found = selection(tuple(parts), x.ndim, _rank_of)
    assert found is not None
    if any(s != slice(None) for s in found.slices):
        x = original(x, found.slices)
    if found.axes != tuple(range(len(found.axes))):
        x = x.dimshuffle([*found.axes, *found.others])
    arrays = max(_rank_of(index) or 0 for index in found.arrays)
    selected = original(x, found.arrays if len(found.arrays) > 1 else found.arrays[0])
    places: dict[Any, Any] = {None: ["x"], ARRAYS: range(arrays), **{axis: [arrays + n] for n, axis in enumerate(found.others)}}
    order = [place for part in found.layout for place in places[part]]
    return selected if order == list(range(selected.ndim)) else selected.dimshuffle(order)


def _rank_of(k: Any) -> int | None:
    """The number of axes of whole numbers; None for all else."""
    if isinstance(k, Variable):
        return k.ndim if isinstance(k.type, TensorType) and k.dtype.startswith(("int", "uint")) else None
    if isinstance(k, np.ndarray):
        return k.ndim if k.dtype.kind in "iu" else None
    return 0 if isinstance(k, (int, np.integer)) and not isinstance(k, bool) else None


def _is_mask(k: Any) -> bool:
    """A tensor of booleans."""
    return isinstance(k, Variable) and isinstance(k.type, TensorType) and k.dtype == "bool" and k.ndim > 0


def _iter(original: Callable) -> Callable:
    """Iteration where the length of the first axis can be told from the graph: Theano itself knows that of vectors alone."""

    def __iter__(self):
        if isinstance(self.type, TensorType) and self.ndim and not getattr(_inside, "depth", 0):
            length = int_shape(self)[0]
            if length is not None:
                return (self[i] for i in range(length))
        return original(self)

    __iter__.kbridge = True  # type: ignore[attr-defined]
    return __iter__


def _install(method: str, function: Callable, reflected: bool) -> None:
    original = getattr(_tensor_py_operators, method, None)
    if getattr(original, "kbridge", False):
        return

    def operator(self, other):
        if getattr(_inside, "depth", 0) or not _is_operand(self) or not _is_operand(other):
            return NotImplemented if original is None else original(self, other)
        return function(other, self) if reflected else function(self, other)

    operator.__name__ = operator.__qualname__ = method
    operator.kbridge = True  # type: ignore[attr-defined]
    setattr(_tensor_py_operators, method, operator)
