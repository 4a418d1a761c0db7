"""One turn of a loop, as the gradient of the loop sees it: its operations, and what a turn of the gradient reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .loop_rules import DISCRETE, RULES, Unknown, own_gradient
from .phases import ordered
from .quiet import tf


class Turn:
    """The operations of one turn, as they stand in the body of a loop.

    Args:
        graph: the body's graph.
        sources: what a turn starts from: its slice of the inputs and of the masks, the output before, the states. None where there is none.
        results: its output, and the new states.

    Raises:
        Unknown: the gradient is left to TensorFlow.
    """

    def __init__(self, graph: Any, sources: Sequence, results: Sequence):
        self.sources, self.results = list(sources), list(results)
        self.dtype = results[0].dtype
        #: operations whose results differ from turn to turn, each after those that it needs
        self.moving: list = []
        #: tensors that the gradient reads, in the order in which they are computed
        self.read: list = []
        #: (product, what is multiplied, by a matrix that is the same in all turns, how the matrix lies)
        self.products: list[tuple] = []
        #: other tensors that are the same in all turns and may have a gradient
        self.shared: list = []
        #: the names of tensors that are the same in all turns, of those of them that are numbers of the program, and of all others
        self._fixed = {inner.name for _, inner in graph.captures}
        self._constant: set[str] = set()
        self._known = {s.name for s in sources if s is not None}
        #: how many samples a batch has, as the length of an axis: None if only a run knows
        self._rows: tuple | None = None
        for source in sources:
            if source is not None:
                self._check(source)
        for op in ordered([t.op for t in results]):
            self._look_at(op)
        if not all(self.moves(t) and t.dtype == self.dtype for t in results if t.dtype.is_floating or t is results[0]):
            raise Unknown
        for op in self.moving:
            if op.outputs[0].dtype.is_floating:
                RULES[op.type].prepare(self, op)

    def moves(self, tensor: Any) -> bool:
        """Whether ``tensor`` differs from turn to turn."""
        return tensor.name in self._known

    def wants(self, tensor: Any) -> bool:
        """Whether ``tensor`` may have a gradient."""
        return tensor.dtype.is_floating and tensor.name not in self._constant

    def is_one(self, tensor: Any) -> bool:
        """Whether ``tensor`` is the number 1. Products with it are left out."""
        return tensor.name in self._constant and tensor.shape.rank == 0 and tf.get_static_value(tensor) == 1

    def plain(self, tensor: Any) -> Any:
        """``tensor``, or what it is the product of with the number 1."""
        while tensor.op.type == "Mul" and self.moves(tensor) and any(map(self.is_one, tensor.op.inputs)):
            tensor = next(t for t in tensor.op.inputs if not self.is_one(t))
        return tensor

    def reads(self, *tensors: Any) -> None:
        """Note what the gradient of an operation reads."""
        for tensor in tensors:
            if self.moves(tensor) and all(t.name != tensor.name for t in self.read):
                if tensor.dtype not in (self.dtype, tf.bool):
                    raise Unknown
                self.read.append(tensor)

    def shares(self, *operands: Any) -> None:
        """Note operands that may be the same in all turns, and have a gradient then."""
        for tensor in operands:
            if not self.moves(tensor) and self.wants(tensor) and all(t.name != tensor.name for t in self.shared):
                self.shared.append(tensor)

    def _look_at(self, op: Any) -> None:
        names = [t.name for t in op.outputs]
        inputs = [t.name for t in op.inputs]
        if op.type == "Placeholder" or any(name in self._known for name in names):
            # a variable of the loop, or a slice of its inputs
            return
        if all(name in self._fixed for name in inputs):
            if op.op_def.is_stateful and op.type != "ReadVariableOp":
                raise Unknown
            self._fixed.update(names)
            if all(name in self._constant for name in inputs):
                self._constant.update(names)
            return
        if not names:
            return
        if not all(name in self._fixed or name in self._known for name in inputs) or op.op_def.is_stateful:
            raise Unknown
        for tensor in op.outputs:
            self._check(tensor)
        if not op.outputs[0].dtype.is_floating:
            if op.type not in DISCRETE:
                raise Unknown
        elif op.type not in RULES or own_gradient(op) not in (None, RULES[op.type].own):
            raise Unknown
        self._known.update(names)
        self.moving.append(op)

    def _check(self, tensor: Any) -> None:
        """Floats have a row for each sample, and rows of known lengths."""
        if not tensor.dtype.is_floating:
            return
        shape = tuple(tensor.shape.as_list()) if tensor.shape.rank else ()
        if not shape or None in shape[1:] or tensor.dtype != self.dtype:
            raise Unknown
        if self._rows is None:
            self._rows = shape[:1]
        if shape[:1] != self._rows:
            raise Unknown
