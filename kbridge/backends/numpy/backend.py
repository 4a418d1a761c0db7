"""The NumPy backend's primitives: the contract's names for the ops of this package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..interface import GATHERED, Backend
from . import ops  # noqa: F401  (registers the operators)
from .convolution import ConvolutionPrimitives
from .executor.function import Function
from .gradients import gradients
from .graph import Placeholder, Tensor, Variable, ancestors, make
from .loops import LoopPrimitives
from .normalization import NormalizationPrimitives
from .operators import IMPLEMENTATIONS
from .ops import (
    choosing,
    clipping,
    common,
    elementwise,
    filling,
    host,
    indexing,
    joining,
    linalg,
    nn,
    passing,
    random,
    reductions,
    shapes,
    slicing,
    special,
)


def _as_list(x: Any) -> Sequence:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _unary(name: str, op: str):
    def method(self, x):
        return elementwise.unary(op, x)

    method.__name__ = name
    return method


def _binary(name: str, op: str):
    def method(self, x, y):
        return elementwise.binary(op, x, y)

    method.__name__ = name
    return method


def _reduction(name: str):
    def method(self, x, axis=None, keepdims=False):
        return reductions.reduce(name, x, axis, keepdims)

    method.__name__ = name
    return method


_METHODS = {
    **{
        name: _unary(name, {"abs": "absolute"}.get(name, name))
        for name in (
            "abs", "sign", "round", "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sigmoid", "softplus",
            "floor", "ceil", "expm1", "log1p", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh",
        )
    },
    **{
        name: _binary(name, {"lesser": "less", "lesser_equal": "less_equal"}.get(name, name))
        for name in (
            "maximum", "minimum", "equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal",
            "logical_and", "logical_or", "arctan2",
        )
    },
    **{name: _reduction(name) for name in ("sum", "prod", "mean", "max", "min", "any", "all")},
}  # fmt: skip

#: the primitives that are one row of the ops' tables
TablePrimitives: Any = type("TablePrimitives", (), _METHODS)


class NumpyBackend(TablePrimitives, ConvolutionPrimitives, LoopPrimitives, NormalizationPrimitives, Backend):
    """Keras tensors as nodes of a graph that runs as planned NumPy calls."""

    name = "numpy"
    title = "NumPy"
    Function = Function

    def __init__(self):
        self._phase: Placeholder | None = None

    # tensors and their values

    def is_tensor(self, x):
        return isinstance(x, Tensor)

    def is_variable(self, x):
        return isinstance(x, Variable)

    def variable(self, value, dtype=None, name=None):
        sparse = hasattr(value, "toarray")
        if isinstance(value, Tensor):
            value = self.eval(value)
        array = np.array(value.toarray() if sparse else value, dtype=common.as_dtype(dtype), order="C")
        variable = Variable(array, name)
        variable.sparse = sparse
        return variable

    def constant(self, value, dtype=None, name=None):
        return common.constant(value, dtype, name)

    def placeholder(self, shape=None, ndim=None, dtype=None, sparse=False, name=None):
        if shape is None:
            if ndim is None:
                raise ValueError("placeholder needs a shape or a number of axes (ndim).")
            shape = (None,) * ndim
        shape = tuple(None if n is None else int(n) for n in shape)
        return Placeholder(shape, common.as_dtype(dtype), name, sparse)

    def get_value(self, x):
        return x.get_value() if isinstance(x, Variable) else self.eval(x)

    def set_value(self, x, value):
        x.set_value(value)

    def int_shape(self, x):
        return x.shape if isinstance(x, Tensor) else np.shape(x)

    def shape(self, x):
        return shapes.shape_of(x)

    def dtype(self, x):
        return (x.dtype if isinstance(x, Tensor) else common.as_tensor(x).dtype).name

    def tensor_name(self, x):
        return x.name

    def is_sparse(self, tensor):
        return bool(getattr(tensor, "sparse", False))

    def to_dense(self, tensor):
        return make(passing.STOP, (tensor,)) if self.is_sparse(tensor) else tensor

    # functions and gradients

    def function(self, inputs, outputs, updates=(), **kwargs):
        self._without_options(kwargs)
        return Function(
            [common.as_tensor(t) for t in _as_list(inputs)],
            [common.as_tensor(t) for t in _as_list(outputs)],
            [self._checked_update(u) for u in self._one_for_each(updates)],
            phase=self._phase,
        )

    def _checked_update(self, update):
        if not (isinstance(update, tuple) and len(update) == 2 and isinstance(update[0], Variable)):
            raise TypeError(f"An update must be a pair (variable, new value), as K.update makes it, got {update!r}.")
        variable, new = update
        new = common.as_tensor(new, variable.dtype)
        if len(new.shape) != len(variable.shape) or any(n not in (None, m) for n, m in zip(new.shape, variable.shape)):
            raise ValueError(f"The update of {variable!r} has the wrong shape: {new.shape}.")
        return variable, new

    def gradients(self, loss, variables):
        return gradients(loss, _as_list(variables))

    def stop_gradient(self, variables):
        if isinstance(variables, (list, tuple)):
            return [passing.stop_gradient(v) for v in variables]
        return passing.stop_gradient(variables)

    def phase_placeholder(self):
        if self._phase is None:
            self._phase = Placeholder((), np.dtype("uint8"), "keras_learning_phase")
        return self._phase

    def phase_switch(self, x, alt):
        x, alt = common.as_tensors(x, alt)
        return make(passing.PHASE, (x, alt, self.phase_placeholder()))

    def uses_learning_phase(self, tensors):
        return self._phase is not None and any(t is self._phase for t in ancestors(_as_list(tensors)))

    def clear_session(self):
        self._phase = None
        self._fixed_phase = None

    def print_tensor(self, x, message=""):
        return make(passing.PRINT, (x,), message)

    def host_call(self, function, tensors, dtype, shape):
        return host.host_call(function, tensors, dtype, shape)

    # elementwise

    def cast(self, x, dtype):
        return common.cast(x, dtype)

    def pow(self, x, a):
        return IMPLEMENTATIONS["power"](*(x, a) if isinstance(a, Tensor) else (common.as_tensor(x), a))

    def relu(self, x, alpha=0.0, max_value=None):
        x = common.as_tensor(x)
        if max_value is not None:
            x, max_value = common.as_tensors(x, max_value)
        positive = clipping.clip(x, 0, max_value, relu=True)
        if isinstance(alpha, (int, float)) and alpha == 0:
            return positive
        return positive + alpha * -clipping.clip(-x, 0, None, relu=True)

    def clip(self, x, min_value, max_value):
        return clipping.clip(x, min_value, max_value)

    def where(self, condition, x, y):
        return choosing.where(condition, x, y)

    def logical_not(self, x):
        return elementwise.unary("logical_not", common.cast(x, "bool"))

    def erf(self, x):
        return special.error_function(x)

    def argmax(self, x, axis=-1):
        return reductions.arg_reduce("argmax", x, axis)

    def argmin(self, x, axis=-1):
        return reductions.arg_reduce("argmin", x, axis)

    def cumsum(self, x, axis=0):
        return reductions.cumsum(x, axis)

    # shapes and indices

    def reshape(self, x, shape):
        return shapes.reshape(x, shape)

    def permute_dimensions(self, x, pattern):
        return shapes.permute(x, pattern)

    def expand_dims(self, x, dim=-1):
        return shapes.expand_dims(x, dim)

    def squeeze(self, x, axis):
        return shapes.squeeze(x, axis)

    def concatenate(self, tensors, axis=-1):
        return joining.concatenate(tensors, axis)

    def pad(self, x, padding):
        return slicing.pad(x, padding)

    def tile(self, x, n):
        return shapes.tile(x, n)

    def repeat_elements(self, x, rep, axis):
        return shapes.repeat_elements(x, rep, axis)

    def reverse(self, x, axes):
        return slicing.reverse(x, axes)

    def gather(self, reference, indices):
        reference, indices = common.as_tensor(reference), indexing.as_indices(indices)
        return indexing.gather(reference, self._in_range(indices, self._size(reference, 0), GATHERED))

    def arange(self, start, stop=None, step=1, dtype="int32"):
        return shapes.arange(start, stop, step, dtype)

    def zeros_like(self, x, dtype=None, name=None):
        return filling.zeros(common.as_tensor(x), dtype)

    def ones_like(self, x, dtype=None, name=None):
        return filling.ones_like(common.as_tensor(x), dtype)

    # linear algebra, networks, randomness

    def dot(self, x, y):
        return linalg.dot(x, y)

    def batch_matmul(self, x, y):
        return linalg.batch_matmul(x, y)

    def softmax(self, x, axis=-1):
        return nn.softmax(x, axis)

    def random_uniform(self, shape, low=0.0, high=1.0, dtype=None, seed=None):
        return random.random_uniform(shape, low, high, dtype, seed)

    def random_normal(self, shape, mean=0.0, std=1.0, dtype=None, seed=None):
        return random.random_normal(shape, mean, std, dtype, seed)
