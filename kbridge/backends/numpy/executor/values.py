"""Values: what a plan computes, as the lowering makes them and the passes after it place and emit them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..graph import Op


class _OfTurn(Op):
    """An input of a loop's turn: an element of a sequence, or a state."""

    name = "of_turn"
    of_turn = True


TURN = _OfTurn()


class KnownInRun(ValueError):
    """A size was asked for that only the run of a loop gives."""


def _steady(op: Op, inputs: tuple[Value, ...]) -> bool:
    for v in inputs:
        if not v.steady:
            return False
    return bool(inputs) and op.pure and not op.loops


class Value:
    """One result of a plan. ``const`` is its array if it never changes; ``leaf`` its tensor if it has no inputs."""

    __slots__ = ("_operands", "attrs", "const", "dtype", "inputs", "leaf", "op", "planner", "scan", "shape", "size", "steady")

    def __init__(self, planner, op, inputs, attrs, shape, dtype, leaf=None, const=None):
        self.planner = planner
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.shape = shape
        self.dtype = dtype
        self.leaf = leaf
        self.const = const
        #: of a loop: its lowered turn
        self.scan = None
        self.size: int = prod(shape)
        self._operands = None if op.static or op.shape_only else inputs
        #: whether it is the same in all runs until a variable changes
        self.steady: bool = const is not None or (planner.steady(leaf) if leaf is not None else _steady(op, inputs))

    def become(self, op: Op, inputs: tuple[Value, ...], attrs: Any) -> None:
        """Let this be another way to the same value."""
        self.op, self.inputs, self.attrs = op, inputs, attrs
        self._operands = None if op.static or op.shape_only else inputs

    @property
    def zeros(self) -> bool:
        """Whether all elements are 0 because nothing is there: the gradient of what plays no part."""
        return self.op.fills and self.attrs[0] == 0 and len(self.attrs) == 2

    def is_constant(self, number: float) -> bool:
        """Whether all elements are ``number`` by construction."""
        if self.op.fills:
            return self.attrs[0] == number
        return self.const is not None and self.size > 0 and bool((self.const == number).all())

    def constant_value(self) -> np.ndarray:
        """The array while planning: what sizes and indices need."""
        return self.const if self.const is not None else self.planner.evaluate(self)

    def operands(self) -> Sequence[Value]:
        """The inputs whose elements are read when the plan runs."""
        if self._operands is not None:
            return self._operands
        if self.scan is not None:
            return self.scan.operands()
        static, shape_only = self.op.static, self.op.shape_only
        self._operands = tuple([v for i, v in enumerate(self.inputs) if i not in static and i not in shape_only])
        return self._operands
