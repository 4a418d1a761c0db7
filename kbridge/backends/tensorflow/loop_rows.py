"""How many rows, one for each sample, the tensors of a loop's step have, where only a run knows.

A state keeps the number of rows that a turn gives it, to which its start is broadcast. A run may give one row where others have several.
What a step does with rows is read from the operations of a first step outside of the loop. It computes numbers of rows without running that
step, unless it has an operation that isn't in the tables here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from .loop_rules import DISCRETE
from .quiet import tf
from .tensors import dims

#: the rows of a tensor are the rows of these broadcast to each other: numbers other than 1, and names of tensors
Leaves = frozenset

#: operations whose operands are broadcast to each other
ELEMENTWISE = DISCRETE - {"ExpandDims"} | {
    "Add", "AddN", "Mul", "RealDiv", "Div", "DivNoNan", "FloorDiv", "FloorMod", "Pow", "SquaredDifference", "Maximum", "Minimum", "SelectV2",
    "Neg", "StopGradient", "Square", "Abs", "Sign", "Sqrt", "Rsqrt", "Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Round", "Rint", "Floor", "Ceil",
    "Tanh", "Sigmoid", "Softplus", "Softsign", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Erf", "IsNan", "ZerosLike", "OnesLike", "BiasAdd",
}  # fmt: skip

#: operations that have the rows of their first operand, where the others come from outside of the step
OF_FIRST = {
    "Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "MaxPool3D", "AvgPool", "AvgPool3D", "LRN", "Softmax", "LogSoftmax",
}  # fmt: skip

REDUCTIONS = {"Sum", "Mean", "Max", "Min", "Prod", "Any", "All"}

#: operations along an axis: which operand tells it (the attribute "axis" if None), and which operands have rows
ALONG = {
    "ConcatV2": (-1, slice(-1)), "Split": (0, slice(1, 2)), "SplitV": (2, slice(1)), "Pack": (None, slice(None)), "Unpack": (None, slice(1)),
    "ExpandDims": (1, slice(1)), "Cumsum": (1, slice(1)),
}  # fmt: skip

#: operations whose first operand is the shape of their result
SHAPED = {"Fill", "RandomUniform", "RandomStandardNormal", "TruncatedNormal"}


class Rows:
    """The rows of the tensors of a step.

    Args:
        operations: those of the step, in the order in which they were made.
        sources: what differs from turn to turn: the slice of the inputs and of the masks, the states.
        results: what the step gives.
    """

    def __init__(self, operations: Sequence, sources: Sequence, results: Sequence):
        #: whether each row of all that moves depends on the same row of other tensors only
        self.one_by_one = True
        #: whether a number of rows is that of a tensor which moves, and isn't known from others
        self.unclear = False
        self._tensors: dict[Any, Any] = {}
        self._counts: dict[Any, Any] = {}
        self._leaves: dict[Any, Leaves] = {}
        self._moving: set[Any] = set()
        for source in sources:
            self._leaves[_key(source)] = self._leaf(source)
            self._moving.add(_key(source))
        needed = {t.op for t in results}
        for op in reversed(operations):
            if op in needed:
                needed.update(x.op for x in op.inputs)
        for op in operations:
            if op in needed:
                self._look_at(op)

    def of(self, tensor: Any) -> Leaves:
        """The leaves that the rows of ``tensor`` are made of."""
        return self._leaves[_key(tensor)] if _key(tensor) in self._leaves else self._leaf(tensor)

    def moves(self, tensor: Any) -> bool:
        """Whether ``tensor`` differs from turn to turn."""
        return _key(tensor) in self._moving

    def own(self, source: Any) -> Any:
        """The leaf that stands for the rows of ``source``; None if their number is known."""
        return next((leaf for leaf in self.of(source) if not isinstance(leaf, int)), None)

    def count(self, leaves: Iterable) -> Any:
        """How many rows tensors of ``leaves`` have when they are broadcast to each other."""
        known = [leaf for leaf in leaves if isinstance(leaf, int)]
        if known or not leaves:
            return known[0] if known else 1
        first, *others = map(self._count, sorted(leaves))
        for rows in others:
            first = tf.where(tf.equal(first, 1), rows, first)
        return first

    def _count(self, leaf: Any) -> Any:
        if leaf not in self._counts:
            self._counts[leaf] = tf.shape(self._tensors[leaf])[0]
        return self._counts[leaf]

    def _leaf(self, tensor: Any) -> Leaves:
        if not tensor.shape.rank:
            return Leaves()
        if dims(tensor)[0] is not None:
            return Leaves([dims(tensor)[0]] if dims(tensor)[0] != 1 else [])
        self._tensors[_key(tensor)] = tensor
        return Leaves([_key(tensor)])

    def _look_at(self, op: Any) -> None:
        """Note the rows of the results of ``op``. What it needs has been looked at."""
        inputs = list(op.inputs)
        moves = any(map(self.moves, inputs))
        for i, tensor in enumerate(op.outputs):
            if _key(tensor) in self._leaves:
                continue
            found = self._through(op, i) if tensor.shape.rank else Leaves() if tensor.shape.rank == 0 and op.type in ELEMENTWISE else None
            if moves:
                self._moving.add(_key(tensor))
                self.one_by_one = self.one_by_one and found is not None
            if found is None and tensor.shape.rank:
                found = self._fewer(op) if dims(tensor)[0] is None else None
                if found is None:
                    found = self._leaf(tensor)
                    self.unclear = self.unclear or (moves and dims(tensor)[0] is None)
            self._leaves[_key(tensor)] = found or Leaves()

    def _through(self, op: Any, i: int) -> Leaves | None:
        """The rows of result ``i`` of ``op``, if each depends on the same row of the operands that move. None for other operations."""
        inputs, rank = list(op.inputs), op.outputs[i].shape.rank
        if any(x.shape.rank is None for x in inputs):
            return None
        if op.type == "IdentityN":
            return self.of(inputs[i])
        if op.type in ELEMENTWISE:
            wide = [x for x in inputs if x.shape.rank == rank]
            # what has fewer axes meets other rows; a number that moves makes something that moves of rows from outside
            moves = {x.shape.rank for x in inputs if self.moves(x)}
            return self._joined(wide) if moves <= {0, rank} and moves != {0} else None
        if op.type == "MatMul" and not op.get_attr("transpose_a") or op.type in OF_FIRST:
            return None if any(map(self.moves, inputs[1:])) or rank < 2 else self.of(inputs[0])
        if op.type in ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"):
            return self._joined(inputs) if all(x.shape.rank == rank > 2 for x in inputs) else None
        if op.type in REDUCTIONS:
            axes = tf.get_static_value(inputs[1])
            kept = axes is not None and all(a % inputs[0].shape.rank for a in axes.reshape(-1).tolist())
            return self.of(inputs[0]) if kept else None
        if op.type in ALONG:
            place, part = ALONG[op.type]
            axis = op.get_attr("axis") if place is None else tf.get_static_value(inputs[place])
            longest = max(rank, inputs[part][0].shape.rank)
            return self._joined(inputs[part]) if axis is not None and int(axis) % longest else None
        if op.type == "Squeeze":
            squeezed = op.get_attr("squeeze_dims")
            return self.of(inputs[0]) if squeezed and all(a % inputs[0].shape.rank for a in squeezed) else None
        if op.type == "Transpose":
            order = tf.get_static_value(inputs[1])
            return self.of(inputs[0]) if order is not None and order[0] == 0 else None
        if op.type == "Reshape":
            return self.of(inputs[0]) if _row_length(inputs[0]) == _row_length(op.outputs[i]) is not None else None
        if op.type == "StridedSlice":
            return self.of(inputs[0]) if _keeps_rows(op) and not any(map(self.moves, inputs[1:])) else None
        return None

    def _fewer(self, op: Any) -> Leaves | None:
        """The rows of the result of an operation that lets samples see each other, where operands tell them."""
        if op.type in ELEMENTWISE:
            return self._joined([x for x in op.inputs if x.shape.rank == op.outputs[0].shape.rank])
        if op.type == "MatMul" and not op.get_attr("transpose_a"):
            return self.of(op.inputs[0])
        if op.type in SHAPED and op.inputs[0].op.type == "Shape":
            return self.of(op.inputs[0].op.inputs[0])
        return None

    def _joined(self, tensors: Iterable) -> Leaves:
        return Leaves().union(*map(self.of, tensors))


def _key(tensor: Any) -> tuple:
    # a loop inside of another one's turn has a graph of its own
    return id(tensor.graph), tensor.name


def _row_length(tensor: Any) -> int | None:
    """How many numbers a row has; None if that isn't known, or there may be none."""
    if not tensor.shape.rank or None in dims(tensor)[1:]:
        return None
    return prod(n or 0 for n in dims(tensor)[1:]) or None


def _keeps_rows(op: Any) -> bool:
    """Whether a slice takes all of the first axis."""
    strides = tf.get_static_value(op.inputs[3])
    masks = {name: op.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    if strides is None or not len(strides) or masks["new_axis"]:
        return False
    if masks["ellipsis"] & 1:
        return op.inputs[0].shape.rank >= len(strides)
    return bool(masks["begin"] & masks["end"] & ~masks["shrink_axis"] & 1) and strides[0] == 1
