"""A backend from outside kbridge: NumPy's, with every op's promises checked at each call.

Each tensor that a function of ``K`` returns is remembered with the function's name. When a compiled
function runs, the tensors behind its outputs are computed too, and compared with the static shape and
dtype that ``K.int_shape`` and ``K.dtype`` promised for them. ``first_nan`` tells which op of the last call
was the first to give NaN.
"""

from __future__ import annotations

import functools
import weakref

import numpy as np

from kbridge.backends.interface import Backend
from kbridge.backends.numpy import NumpyBackend
from kbridge.backends.numpy.graph import ancestors

#: functions that make no new tensors, or ask for none of their own
NOT_OPS = {
    "function",
    "eval",
    "get_value",
    "int_shape",
    "dtype",
    "is_tensor",
    "is_variable",
    "is_sparse",
    "ndim",
    "tensor_name",
}


class CheckingBackend(NumpyBackend):
    """``first_nan``: the op that gave the first NaN of the last call, or None."""

    name = "checking"
    title = "checking NumPy"

    def __init__(self):
        super().__init__()
        self.made_by: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
        self.first_nan: str | None = None
        for name in dir(Backend):
            if not name.startswith("_") and name not in NOT_OPS and callable(getattr(self, name)):
                setattr(self, name, self._remembering(name, getattr(self, name)))

    def _remembering(self, name, op):
        """``op``, whose results are remembered under its name."""

        @functools.wraps(op)
        def call(*args, **kwargs):
            result = op(*args, **kwargs)
            for tensor in result if isinstance(result, (list, tuple)) else [result]:
                if self.is_tensor(tensor):
                    self.made_by.setdefault(tensor, name)
            return result

        return call

    def function(self, inputs, outputs, updates=(), **kwargs):
        """As NumPy's; calling it checks what was promised of each tensor behind ``outputs``."""
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        watched = [t for t in ancestors([o for o in outputs if self.is_tensor(o)]) if t in self.made_by and self._holds(t)]
        compiled = super().function(inputs, [*outputs, *watched], updates, **kwargs)

        def call(values):
            results = compiled(values)
            self._check(watched, results[len(outputs) :])
            return results[: len(outputs)]

        return call

    @staticmethod
    def _holds(tensor) -> bool:
        """Whether a function may return it: sparse inputs have no array of their own."""
        return not getattr(tensor, "sparse", False)

    def _check(self, tensors, values):
        self.first_nan = None
        for tensor, value in zip(tensors, values):
            op = self.made_by[tensor]
            shape, promised = np.shape(value), self.int_shape(tensor)
            if len(shape) != len(promised) or any(p is not None and p != n for p, n in zip(promised, shape)):
                raise AssertionError(f"K.{op} promised shape {promised} and gave {shape}")
            if np.asarray(value).dtype != self.dtype(tensor):
                raise AssertionError(f"K.{op} promised {self.dtype(tensor)} and gave {np.asarray(value).dtype}")
            if self.first_nan is None and np.asarray(value).dtype.kind == "f" and np.isnan(value).any():
                self.first_nan = op
