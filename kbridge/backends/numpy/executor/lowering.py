"""Planner values: graph nodes specialised to concrete shapes, merged and simplified.

``Lowering`` turns the tensors that a function needs into ``Value`` objects for one set of input
shapes and one learning phase: equal calls become one value, calls on constants are computed, sizes
are resolved, and rewrites are applied.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import numpy as np

from ..graph import Constant, Op, Placeholder, Tensor, Variable
from ..rewrites import rewritten
from .evaluation import compute
from .replay import lowered_loop
from .values import KnownInRun, Value

#: results of calls on constants are kept only up to this many elements
FOLD_LIMIT = 1 << 16


class Lowering:
    """Makes values from tensors.

    ``feeds`` maps the tensors that the caller supplies to their (shape, dtype); ``phase`` is the
    learning phase (an error if the function wasn't given one; ``trained`` is None then); ``peek`` returns what a fed tensor or a
    variable holds now, for sizes that depend on it, and remembers that the plan is bound to it.
    """

    def __init__(
        self,
        feeds: dict[Tensor, tuple],
        phase: Callable[[], int],
        peek: Callable[[Tensor], np.ndarray],
        trained: int | None = None,
        changed: Container[Tensor] = (),
    ):
        self.feeds = feeds
        self.phase = phase
        self.trained = trained
        #: the variables that a run changes
        self.changed = changed
        self.peek = peek
        self.order: list[Value] = []
        self._of_tensor: dict[Tensor, Value] = {}
        self._merged: dict[Any, Value] = {}
        self._evaluated: dict[Value, np.ndarray] = {}
        #: keeps values of loops' turns, which have no place in the order, as long as their ids are in use
        self.kept: list[Value] = []

    def preset(self, tensor: Tensor, array: np.ndarray) -> None:
        """Let ``tensor`` be a constant in this plan (the learning phase)."""
        self._of_tensor[tensor] = self.constant(array)

    def specialize(self, tensors: Iterable[Tensor], order: Iterable[Tensor] = ()) -> list[Value]:
        """The values of ``tensors``, inputs first, without recursion.

        ``order``: all tensors that are needed, if they are known from another plan (see ``order_of``).
        """
        tensors = list(tensors)
        done = self._of_tensor
        for tensor in order:
            if tensor not in done:
                done[tensor] = self._leaf(tensor) if self._is_leaf(tensor) else self._node(tensor)
        stack = list(reversed(tensors))
        while stack:
            tensor = stack[-1]
            if tensor in done:
                stack.pop()
                continue
            needed = self._needed(tensor)
            missing = [i for i in needed if i not in done]
            if missing:
                missing.reverse()
                stack += missing
                continue
            stack.pop()
            done[tensor] = self._node(tensor) if needed else self._leaf(tensor)
        return [done[t] for t in tensors]

    def order_of(self) -> list[Tensor]:
        """The tensors that have got values, in order: the same for all plans of a function and learning phase."""
        return list(self._of_tensor)

    def _is_leaf(self, tensor: Tensor) -> bool:
        return not tensor.inputs or tensor in self.feeds

    def _needed(self, tensor: Tensor) -> tuple[Tensor, ...]:
        if not tensor.inputs or tensor in self.feeds:
            return ()
        if tensor.op.chooses:
            return (tensor.inputs[0] if self.phase() else tensor.inputs[1],)
        return tensor.inputs

    def _leaf(self, tensor: Tensor) -> Value:
        if tensor in self.feeds:
            shape, dtype = self.feeds[tensor]
            return self._add(Value(self, tensor.op, (), None, shape, dtype, leaf=tensor))
        if isinstance(tensor, Constant):
            return self.constant(tensor.value)
        if isinstance(tensor, Variable):
            return self._add(Value(self, tensor.op, (), None, tensor.shape, tensor.dtype, leaf=tensor))
        if isinstance(tensor, Placeholder):
            name = f" {tensor.name!r}" if tensor.name else ""
            raise ValueError(
                f"The placeholder{name} with shape {tensor.shape} and dtype {tensor.dtype} must be fed: it isn't among the "
                "function's inputs, but an output or update depends on it."
            )
        return self.value(tensor.op, (), tensor.attrs)

    def _node(self, tensor: Tensor) -> Value:
        if tensor.op.chooses:
            return self._of_tensor[self._needed(tensor)[0]]
        return self.value(tensor.op, tuple([self._of_tensor[i] for i in tensor.inputs]), tensor.attrs)

    def _add(self, value: Value) -> Value:
        self.order.append(value)
        return value

    def constant(self, array: np.ndarray) -> Value:
        """A value that is the same for every run."""
        array = np.asarray(array)
        array.flags.writeable = False
        key = (array.dtype, array.shape, array.tobytes()) if array.size <= 16 else id(array)
        if key not in self._merged:
            self._merged[key] = self._add(Value(self, Op(), (), None, array.shape, array.dtype, const=array))
        return self._merged[key]

    def forget(self) -> None:
        """Take apart what refers to each other, so that it goes without the garbage collector, which goes through all of memory."""
        for value in (*self.order, *self.kept):
            value.scan = value.planner = None
        for found in (self.order, self.kept, self._of_tensor, self._merged, self._evaluated):
            found.clear()

    def inline(self, outputs: Sequence[Tensor], known: dict[Tensor, Value], orders: dict[Any, list[Tensor]]) -> list[Value]:
        """The values of ``outputs`` of a sub-graph whose inputs are the tensors in ``known``.

        ``orders`` remembers, for other plans, which tensors that takes.
        """
        outer, self._of_tensor = self._of_tensor, dict(known)
        # a step gets more outputs, never others
        key = self.trained, len(outputs)
        try:
            found = self.specialize(outputs, orders.get(key, ()))
            if key not in orders:
                orders[key] = self.order_of()[len(known) :]
            return found
        finally:
            self._of_tensor = outer

    def value(self, op: Op, inputs: tuple[Value, ...], attrs: Any) -> Value:
        """The value of ``op`` on ``inputs``: merged with an equal one, simplified, or computed now."""
        key = (op, attrs, *map(id, inputs))
        pure = op.pure and not (op.loops and attrs.step.draws)
        if pure and key in self._merged:
            return self._merged[key]
        shape, dtype = op.infer(attrs, *inputs)
        value = Value(self, op, inputs, attrs, shape, dtype)
        result = op.lowered(value)
        if result is None:
            result = rewritten(value)
        if result is None:
            result = value
            if self._foldable(value):
                result = self.constant(self.evaluate(value))
            else:
                self.order.append(value)
        if pure:
            self._merged[key] = result
        return result

    def known(self, op: Op, inputs: tuple[Value, ...], attrs: Any) -> Value | None:
        """The value of ``op`` on ``inputs``, if it has been asked for before."""
        return self._merged.get((op, attrs, *map(id, inputs)))

    def steady(self, leaf: Tensor) -> bool:
        """Whether ``leaf`` is a variable that no run changes or replaces."""
        return isinstance(leaf, Variable) and leaf not in self.changed and leaf not in self.feeds

    def variable(self, variable: Variable) -> Value:
        """The value of a variable of the planner's own."""
        if variable not in self._merged:
            self._merged[variable] = self._leaf(variable)
        return self._merged[variable]

    def add_loop(self, value: Value) -> None:
        """Lower the turn of a loop."""
        value.scan = lowered_loop(self, value)
        value._operands = None

    def _foldable(self, value: Value) -> bool:
        op = value.op
        if op.fills:
            return value.shape == ()
        for v in value.operands():  # most have one that isn't constant, at once
            if v.const is None:
                return False
        return bool(value.inputs) and op.pure and value.scan is None and value.size <= FOLD_LIMIT

    def evaluate(self, value: Value) -> np.ndarray:
        """Compute a value now, from constants and from what ``peek`` returns."""
        stack = [value]
        while stack:
            v = stack[-1]
            if v.const is not None or v in self._evaluated:
                stack.pop()
            elif v.leaf is not None:
                self._evaluated[v] = self.peek(v.leaf)
            elif v.op.of_turn or v.scan is not None:
                raise KnownInRun(
                    "A size, or a limit of an index, depends on what a loop computes. The numpy backend must know it before the loop runs."
                )
            else:
                missing = [i for i in v.operands() if i.const is None and i not in self._evaluated]
                if missing:
                    stack.extend(missing)
                else:
                    arrays = [i.const if i.const is not None else self._evaluated.get(i) for i in v.inputs]
                    self._evaluated[v] = compute(v, arrays)
        return value.const if value.const is not None else self._evaluated[value]
