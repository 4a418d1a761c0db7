"""Pooling as Theano operations of our own, on tensors (samples, channels, depth, rows, columns).

Theano's pooling pads both sides alike, gives a maximum's gradient to all equal values, and has no gradient of an
average without its padding. Here padding takes no part at all: windows end at the edges. Each operation's
gradient is another of them, so gradients of any order exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import theano.tensor as T
from theano.gradient import DisconnectedType
from theano.graph.basic import Apply
from theano.graph.op import COp

from . import pooling_code as code

Triple = tuple[int, int, int]


def _disconnected():
    return DisconnectedType()()


class _Pooling(COp):
    """The base of both poolings. ``same`` says whether windows may stick out."""

    __props__: tuple[str, ...] = ("size", "strides", "same")

    def __init__(self, size: tuple[int, ...], strides: tuple[int, ...], same: bool):
        self.size = tuple(size)
        self.strides = tuple(strides)
        self.same = bool(same)

    def c_support_code(self, **kwargs):
        return code.SUPPORT

    def c_headers(self, **kwargs):
        return ["<algorithm>"]

    def c_code_cache_version(self):
        return (2,)

    def _each_window(self, prepare: str, window: str, names: dict[str, str], end: str = "") -> str:
        listed = {k: ", ".join(map(str, v)) for k, v in (("size", self.size), ("strides", self.strides))}
        names = {**names, **listed, "same": str(int(self.same))}
        return code.block(code.EACH_WINDOW % {**names, "prepare": prepare % names, "window": window % names, "end": end})

    # the same in NumPy, for where there is no compiler

    def place(self, n: tuple[int, ...]) -> list[tuple[int, int]]:
        """For each spatial axis: the number of windows, and how far the first sticks out."""
        found = []
        for n_i, k, s in zip(n, self.size, self.strides):
            if self.same:
                out = -(-n_i // s)
                found.append((out, max((out - 1) * s + k - n_i, 0) // 2))
            else:
                found.append(((n_i - k) // s + 1 if n_i >= k else 0, 0))
        return found

    def positions(self, n: tuple[int, ...]) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], tuple[np.ndarray, ...]]]:
        """For each position in a window: the outputs whose windows have it inside, and what it meets there, as
        slices and as indices."""
        placed = self.place(n)
        for offset in product(*map(range, self.size)):
            outs, ins, indices = [], [], []
            for o, (out, before), n_i, s in zip(offset, placed, n, self.strides):
                at = np.arange(out) * s + o - before
                inside = np.flatnonzero((at >= 0) & (at < n_i))
                first, end = (inside[0], inside[-1] + 1) if inside.size else (0, 0)
                outs.append(slice(first, end))
                start = first * s + o - before
                ins.append(slice(start, start + (end - first - 1) * s + 1, s) if end > first else slice(0, 0))
                indices.append(at[first:end])
            yield (..., *outs), (..., *ins), tuple(indices)

    def shape_of_windows(self, x: np.ndarray) -> tuple[int, ...]:
        return (*x.shape[:2], *(out for out, _ in self.place(x.shape[2:])))


class MaxPool(_Pooling):
    """The maximum of each window, and where in its plane it stands (the first of equal ones)."""

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        free = (*x.type.broadcastable[:2], False, False, False)
        return Apply(self, [x], [T.TensorType(x.dtype, free)(), T.TensorType("int64", free)()])

    def perform(self, node, inputs, outputs):
        (x,) = inputs
        shape = self.shape_of_windows(x)
        best, place = np.zeros(shape, x.dtype), np.full(shape, -1, "int64")
        for outs, ins, (i, j, k) in self.positions(x.shape[2:]):
            value, old = x[ins], best[outs]
            better = (place[outs] < 0) | (value > old) | (np.isnan(value) & ~np.isnan(old))
            at = (i[:, None, None] * x.shape[3] + j[:, None]) * x.shape[4] + k
            best[outs] = np.where(better, value, old)
            place[outs] = np.where(better, at, place[outs])
        outputs[0][0], outputs[1][0] = best, place

    def c_code(self, node, name, inputs, outputs, sub):
        names = {"x": inputs[0], "y": outputs[0], "at": outputs[1], "type": node.inputs[0].type.dtype_specs()[1], **sub}
        return self._each_window(code.MAX_PREPARE, code.MAX_WINDOW, names)

    def connection_pattern(self, node):
        return [[True, False]]

    def L_op(self, inputs, outputs, gradients):
        return [Scatter()(inputs[0], outputs[1], gradients[0])]


class AveragePool(_Pooling):
    """The average of what lies inside each window."""

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return Apply(self, [x], [T.TensorType(x.dtype, (*x.type.broadcastable[:2], False, False, False))()])

    def counts(self, n: tuple[int, ...]) -> np.ndarray:
        """How many values each window has inside."""
        found = np.zeros([out for out, _ in self.place(n)])
        for outs, _, _ in self.positions(n):
            found[outs] += 1
        return found

    def perform(self, node, inputs, outputs):
        (x,) = inputs
        total = np.zeros(self.shape_of_windows(x))
        for outs, ins, _ in self.positions(x.shape[2:]):
            total[outs] += x[ins]
        outputs[0][0] = (total / self.counts(x.shape[2:])).astype(x.dtype)

    def c_code(self, node, name, inputs, outputs, sub):
        names = {"x": inputs[0], "y": outputs[0], "type": node.inputs[0].type.dtype_specs()[1], **sub}
        return self._each_window(code.AVERAGE_PREPARE, code.AVERAGE_WINDOW, names)

    def L_op(self, inputs, outputs, gradients):
        return [AverageSpread(self.size, self.strides, self.same)(inputs[0], gradients[0])]


class AverageSpread(AveragePool):
    """The transpose of ``AveragePool``: each window's value, shared out over what lies inside. The first input
    gives the shape."""

    def make_node(self, x, g):  # type: ignore[override]  # Theano calls it with the inputs that the op takes
        x, g = T.as_tensor_variable(x), T.as_tensor_variable(g)
        return Apply(self, [x, g], [T.TensorType(g.dtype, x.type.broadcastable)()])

    def perform(self, node, inputs, outputs):
        x, g = inputs
        share = g / self.counts(x.shape[2:])
        found = np.zeros(x.shape)
        for outs, ins, _ in self.positions(x.shape[2:]):
            found[ins] += share[outs]
        outputs[0][0] = found.astype(g.dtype)

    def c_code(self, node, name, inputs, outputs, sub):
        names = {"x": inputs[0], "g": inputs[1], "z": outputs[0], "type": node.inputs[1].type.dtype_specs()[1], **sub}
        return self._each_window(code.SPREAD_PREPARE, code.SPREAD_WINDOW, names, code.SPREAD_END)

    def connection_pattern(self, node):
        return [[False], [True]]

    def L_op(self, inputs, outputs, gradients):
        return [_disconnected(), AveragePool(self.size, self.strides, self.same)(gradients[0])]


class _AtPlaces(COp):
    """Values at places that ``MaxPool`` found."""

    __props__ = ()

    def c_support_code(self, **kwargs):
        return code.SUPPORT

    def c_headers(self, **kwargs):
        return ["<algorithm>"]

    def c_code_cache_version(self):
        return (1,)


class Scatter(_AtPlaces):
    """Each value added at its place, zeros elsewhere. The first input gives the shape."""

    def make_node(self, x, at, g):
        x, g = T.as_tensor_variable(x), T.as_tensor_variable(g)
        return Apply(self, [x, at, g], [T.TensorType(g.dtype, x.type.broadcastable)()])

    def perform(self, node, inputs, outputs):
        x, at, g = inputs
        planes, volume = x.shape[0] * x.shape[1], int(np.prod(x.shape[2:]))
        found = np.zeros((planes, volume), g.dtype)
        rows = np.repeat(np.arange(planes), int(np.prod(at.shape[2:])))
        np.add.at(found, (rows, at.ravel()), g.ravel())
        outputs[0][0] = found.reshape(x.shape)

    def c_code(self, node, name, inputs, outputs, sub):
        x, at, g = inputs
        return code.block(code.SCATTER % {"x": x, "at": at, "g": g, "z": outputs[0], "type": node.inputs[2].type.dtype_specs()[1], **sub})

    def connection_pattern(self, node):
        return [[False], [False], [True]]

    def L_op(self, inputs, outputs, gradients):
        return [_disconnected(), _disconnected(), Pick()(inputs[1], gradients[0])]


class Pick(_AtPlaces):
    """The transpose of ``Scatter``."""

    def make_node(self, at, x):
        at, x = T.as_tensor_variable(at), T.as_tensor_variable(x)
        return Apply(self, [at, x], [T.TensorType(x.dtype, at.type.broadcastable)()])

    def perform(self, node, inputs, outputs):
        at, x = inputs
        flat = x.reshape(*x.shape[:2], int(np.prod(x.shape[2:])))
        outputs[0][0] = np.take_along_axis(flat, at.reshape(*at.shape[:2], int(np.prod(at.shape[2:]))), axis=2).reshape(at.shape)

    def c_code(self, node, name, inputs, outputs, sub):
        at, x = inputs
        return code.block(code.PICK % {"x": x, "at": at, "z": outputs[0], "type": node.inputs[1].type.dtype_specs()[1], **sub})

    def connection_pattern(self, node):
        return [[False], [True]]

    def L_op(self, inputs, outputs, gradients):
        return [_disconnected(), Scatter()(inputs[1], inputs[0], gradients[0])]
