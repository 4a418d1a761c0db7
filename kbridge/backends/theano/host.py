"""A Python function on arrays as an operation of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import theano.tensor as T
from theano.graph.basic import Apply, Variable
from theano.graph.op import Op

from .static import int_shape, set_shape
from .tensors import as_tensor


class HostCall(Op):
    """``function(*arrays)``; equal only to itself."""

    def __init__(self, function: Callable, dtype: str, ndim: int):
        self.function = function
        self.dtype = dtype
        self.ndim = ndim

    def make_node(self, *inputs):
        return Apply(self, list(inputs), [T.TensorType(self.dtype, (False,) * self.ndim)()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = np.asarray(self.function(*inputs), dtype=self.dtype)

    def connection_pattern(self, node):
        return [[False] for _ in node.inputs]


def host_call(function: Callable, tensors: Sequence, dtype: str, shape: Callable) -> Variable:
    """``function(*arrays)`` as a tensor without a gradient; ``shape`` gives its static shape from theirs."""
    tensors = [as_tensor(t) for t in tensors]
    static = tuple(shape(*(int_shape(t) for t in tensors)))
    return set_shape(HostCall(function, dtype, len(static))(*tensors), static)
