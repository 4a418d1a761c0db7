"""The body of a loop, as a piece of graph: what it takes from outside, and which random states it changes.

A tensor that was made before the loop is one value for all turns. Theano would put everything that leads to it into
the loop: random numbers would be drawn anew in each turn, and a gradient with respect to such a tensor would miss the
way through the loop. Theano numbers variables as they are made, so what came before the body is known by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import theano.tensor as T
from theano.compile.sharedvalue import SharedVariable
from theano.graph.basic import Constant, Variable, io_toposort

from .static import int_shape, set_shape


class Body(NamedTuple):
    """The tensors that a function made of the inputs that stand for one turn's values."""

    inputs: list[Variable]
    outputs: list[Variable]
    #: tensors from outside that the outputs need
    captured: list[Variable]
    #: random states that each turn changes, and what to
    updates: list[tuple[SharedVariable, Variable]]

    def applied_to(self, arguments: Sequence[Variable]) -> tuple[list[Variable], dict]:
        """Outputs and updates for other inputs of the same types."""
        states = [state for state, _ in self.updates]
        found = replaced([*self.outputs, *(new for _, new in self.updates)], self.inputs, arguments, self.captured)
        return found[: len(self.outputs)], dict(zip(states, found[len(self.outputs) :]))


def traced(function: Callable[..., list[Variable]], inputs: Sequence[Variable], mark: int) -> Body:
    """``function(*inputs)``, where variables with numbers below ``mark`` come from outside."""
    outputs = function(*inputs)
    captured, updates = _explored(outputs, set(inputs), mark)
    joined = _joined_outside(outputs, inputs, captured, updates)
    if joined:
        captured, updates = _explored(outputs, set(inputs), mark, joined)
    return Body(list(inputs), outputs, captured, updates)


def number() -> int:
    """The number that the next variable gets; all that exist have lower ones."""
    return _number(T.TensorType("int8", ())()) + 1


def _number(x: Variable) -> int:
    return int(x.auto_name.removeprefix("auto_"))


def _joined_outside(outputs: list[Variable], inputs: Sequence[Variable], captured: list[Variable], updates: list) -> set[Variable]:
    """Return what the body joins of tensors from outside alone, the matrices of an LSTM's gates, say. Captured as a whole it is joined once, and its
    gradient is divided once, after the sum over all turns, which Theano then computes as one product."""
    changing = set(inputs) | {state for state, _ in updates}
    found = set()
    for node in io_toposort([*inputs, *captured], [*outputs, *(new for _, new in updates)]):
        if any(x in changing for x in node.inputs):
            changing.update(node.outputs)
        elif isinstance(node.op, T.Join):
            found.update(node.outputs)
    return found


def _explored(outputs: list[Variable], inputs: set[Variable], mark: int, whole: Collection[Variable] = ()) -> tuple[list, list]:
    """(tensors from outside, updates of random states); those of ``whole`` count as tensors from outside."""
    captured: list[Variable] = []
    updates: list[tuple[SharedVariable, Variable]] = []
    seen: set[Variable] = set(inputs)
    stack = list(reversed(outputs))
    while stack:
        x = stack.pop()
        if x in seen:
            continue
        seen.add(x)
        if isinstance(x, Constant):
            continue
        if isinstance(x, SharedVariable):
            new = getattr(x, "default_update", None)
            if new is not None and _number(x) >= mark:
                updates.append((x, new))
                stack.append(new)
        elif x.owner is None or _number(x) < mark or x in whole:
            captured.append(x)
        else:
            stack.extend(reversed(x.owner.inputs))
    return captured, updates


def replaced(
    outputs: Sequence[Variable], old: Sequence[Variable], new: Sequence[Variable], fixed: Sequence[Variable] = ()
) -> list[Variable]:
    """``outputs`` with ``new`` in the places of ``old``, of the same types; nothing behind ``fixed`` depends on ``old``.
    Without recursion, so that a body can be thousands of operations deep."""
    memo = dict(zip(old, new))
    for node in io_toposort([*old, *fixed], list(outputs)):
        if any(x in memo for x in node.inputs):
            copy = node.clone_with_new_inputs([memo.get(x, x) for x in node.inputs])
            memo.update(zip(node.outputs, copy.outputs))
    return [memo.get(x, x) for x in outputs]


def stand_in(dtype: str, pattern: Sequence[bool], shape: Sequence[int | None]) -> Variable:
    """An input of a body."""
    return set_shape(T.TensorType(dtype, tuple(pattern))(), shape)


def element_of(x: Variable) -> Variable:
    """An input that stands for one element of ``x`` along its first axis."""
    return stand_in(x.dtype, x.type.broadcastable[1:], int_shape(x)[1:])
