"""Python's operators where a backend's tensor meets another dtype: by the contract's rules.

TensorFlow's own cut a float array to whole numbers where it meets an integer tensor, and refuse tensors of two dtypes. Operands
of one dtype, and all that belongs to no backend, are left to TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .quiet import tf
from .state import building, outermost
from .tensors import as_tensors, is_eager, is_tensor

NAMES = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lt", "le", "gt", "ge")
WITHOUT_REFLECTION = ("lt", "le", "gt", "ge")


def methods() -> list[str]:
    """The special methods of the operators."""
    return [f"__{name}__" for name in NAMES] + [f"__r{name}__" for name in NAMES if name not in WITHOUT_REFLECTION]


def differ(x: Any, other: Any) -> bool:
    """Whether ``x``, a tensor, has to be brought to one dtype with ``other`` before TensorFlow sees them."""
    mine = x.dtype.base_dtype
    if is_tensor(other) and not isinstance(other, tf.SparseTensor):
        return other.dtype.base_dtype != mine
    if isinstance(other, (bool, int, float, np.ndarray, np.generic, list, tuple)) and not _holds_tensors(other):
        kind = np.asarray(other).dtype.kind
        return (kind == "f" and not mine.is_floating) or (kind in "iu" and mine == tf.bool)
    return False


def _holds_tensors(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and any(isinstance(v, (tf.Tensor, tf.Variable, list, tuple)) for v in x)


def _is_backends(x: Any) -> bool:
    return not is_eager(x) and hasattr(outermost(x.graph), "_kbridge_building") and not x.dtype.is_complex


def _operator(method: str, original: Callable) -> Callable:
    def operator(self, other):
        if not _is_backends(self) or not differ(self, other):
            return original(self, other)
        if tf.executing_eagerly():
            with building(outermost(self.graph)):
                return original(*as_tensors(self, other))
        return original(*as_tensors(self, other))

    operator.__name__ = operator.__qualname__ = method
    operator._kbridge = True  # type: ignore[attr-defined]
    return operator


def install() -> None:
    """Give the tensors of graphs these operators, once for a process."""
    with tf.Graph().as_default():
        cls = type(tf.constant(0))
    for method in methods():
        original = getattr(cls, method)
        if not getattr(original, "_kbridge", False):
            setattr(cls, method, _operator(method, original))
