"""How a turn of a loop's gradient differentiates operations.

TensorFlow's gradients ask at run time whether operands were broadcast. In a loop whose batches have one row for each sample everywhere,
shapes say so beforehand. All operations here treat the rows of a batch alike, and one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .quiet import tf

#: operations that give booleans or integers, row by row. They have no gradient
DISCRETE = {
    "Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd", "LogicalOr", "LogicalNot", "Cast", "Identity",
    "ExpandDims", "AddV2", "Sub",
}  # fmt: skip


class Unknown(Exception):
    """A turn whose gradient is left to TensorFlow."""


def own_gradient(op: Any) -> str | None:
    """The name of the gradient that ``op`` has in place of TensorFlow's."""
    try:
        return op.get_attr("_gradient_op_type").decode()
    except ValueError:
        return None


@dataclass
class Rule:
    """``prepare(turn, op)`` notes what ``gradient(back, op, *gradients of its results)`` reads, which hands gradients to its operands.

    ``own``: the name of a gradient of the backend's own that this one stands for, too.
    """

    prepare: Callable
    gradient: Callable
    own: str | None = None


def _same_rows(turn: Any, op: Any) -> None:
    """Operands of one number of axes, or such that are the same in all turns, with fewer axes or lengths of 1."""
    rank = op.outputs[0].shape.rank
    for x in op.inputs:
        if turn.moves(x) and x.shape.rank != rank:
            raise Unknown
        if not turn.moves(x) and (x.shape.rank is None or x.shape.rank > rank or None in x.shape.as_list()[x.shape.rank == rank :]):
            raise Unknown
    turn.shares(*op.inputs)


def _add(back: Any, op: Any, dy: Any) -> None:
    for x in op.inputs:
        back.add(x, dy, op.outputs[0])


def _sub(back: Any, op: Any, dy: Any) -> None:
    x, y = op.inputs
    back.add(x, dy, op.outputs[0])
    if back.turn.wants(y):
        back.add(y, -dy, op.outputs[0])


def _prepare_mul(turn: Any, op: Any) -> None:
    _same_rows(turn, op)
    x, y = op.inputs
    if turn.wants(x) and not turn.is_one(y):
        turn.reads(y)
    if turn.wants(y) and not turn.is_one(x):
        turn.reads(x)


def _mul(back: Any, op: Any, dy: Any) -> None:
    x, y = op.inputs
    for a, b in ((x, y), (y, x)):
        if back.turn.wants(a):
            back.add(a, dy if back.turn.is_one(b) else dy * back.value(b), op.outputs[0])


def _prepare_div(turn: Any, op: Any) -> None:
    _same_rows(turn, op)
    turn.reads(op.inputs[1], *([op.outputs[0]] if turn.wants(op.inputs[1]) else []))


def _div(back: Any, op: Any, dy: Any) -> None:
    x, y = op.inputs
    quotient = dy / back.value(y)
    back.add(x, quotient, op.outputs[0])
    if back.turn.wants(y):
        back.add(y, -quotient * back.value(op.outputs[0]), op.outputs[0])


def _of_larger(compare: Callable) -> Callable:
    """The gradient of a maximum or minimum, which goes to the first of two equal numbers."""

    def gradient(back: Any, op: Any, dy: Any) -> None:
        x, y = op.inputs
        first = compare(back.value(x), back.value(y))
        zero = tf.zeros([], dy.dtype)
        for a, taken in ((x, (dy, zero)), (y, (zero, dy))):
            if back.turn.wants(a):
                back.add(a, tf.where(first, *taken), op.outputs[0])

    return gradient


def _maximum(back: Any, op: Any, dy: Any) -> None:
    if own_gradient(op) is None:
        _of_larger(tf.greater_equal)(back, op, dy)
    else:
        # a relu: of 0 and a tensor
        back.add(op.inputs[1], tf.raw_ops.ReluGrad(gradients=dy, features=back.value(op.outputs[0])))


def _prepare_larger(turn: Any, op: Any) -> None:
    _same_rows(turn, op)
    turn.reads(*(op.inputs if own_gradient(op) is None else op.outputs))


def _select(back: Any, op: Any, dy: Any) -> None:
    condition, x, y = op.inputs
    zero = tf.zeros([], dy.dtype)
    for a, taken in ((x, (dy, zero)), (y, (zero, dy))):
        if back.turn.wants(a):
            back.add(a, tf.where(back.value(condition), *taken), op.outputs[0])


def _prepare_select(turn: Any, op: Any) -> None:
    _same_rows(turn, op)
    turn.reads(op.inputs[0])


def _of_result(gradient: Callable) -> Rule:
    """An operation with one operand, whose gradient is made of its result."""

    def apply(back: Any, op: Any, dy: Any) -> None:
        back.add(op.inputs[0], gradient(back.value(op.outputs[0]), dy))

    return Rule(lambda turn, op: turn.reads(op.outputs[0]), apply)


def _of_operand(gradient: Callable) -> Rule:
    """An operation with one operand, whose gradient is made of that."""

    def apply(back: Any, op: Any, dy: Any) -> None:
        back.add(op.inputs[0], gradient(back.value(op.inputs[0]), dy))

    return Rule(lambda turn, op: turn.reads(op.inputs[0]), apply)


def _prepare_product(turn: Any, op: Any) -> None:
    x, matrix = op.inputs
    if not turn.moves(x) or turn.moves(matrix) or x.shape.rank != 2 or op.get_attr("transpose_a"):
        raise Unknown
    if None in matrix.shape.as_list():
        raise Unknown
    x = turn.plain(x)
    if turn.wants(matrix):
        turn.reads(x)
    turn.products.append((op.outputs[0], x, matrix, op.get_attr("transpose_b")))


def _product(back: Any, op: Any, dy: Any) -> None:
    back.add(op.inputs[0], dy @ back.turned(op.inputs[1]) if not op.get_attr("transpose_b") else dy @ back.value(op.inputs[1]))
    back.keep(op.outputs[0], dy)


def _only_rows(turn: Any, op: Any) -> None:
    """A cut or a join along another axis than that of the samples."""
    axis = {"Split": 0, "SplitV": 2, "ConcatV2": -1}[op.type]
    value = tf.get_static_value(op.inputs[axis])
    operands = op.inputs[:-1] if op.type == "ConcatV2" else [op.inputs[1 if op.type == "Split" else 0]]
    rank = op.outputs[0].shape.rank
    if value is None or value % rank == 0 or not all(turn.moves(x) for x in operands):
        raise Unknown


def _split(back: Any, op: Any, *dys: Any) -> None:
    axis = tf.get_static_value(op.inputs[0 if op.type == "Split" else 2])
    parts = [back.zeros(y) if dy is None else dy for y, dy in zip(op.outputs, dys)]
    back.add(op.inputs[1 if op.type == "Split" else 0], tf.concat(parts, axis))


def _concat(back: Any, op: Any, dy: Any) -> None:
    axis = tf.get_static_value(op.inputs[-1])
    lengths = [x.shape.as_list()[axis] for x in op.inputs[:-1]]
    for x, part in zip(op.inputs[:-1], tf.split(dy, lengths, axis)):
        back.add(x, part)


def part_of(op: Any) -> tuple[int, int] | None:
    """(from, to) of a slice that takes a part of the last axis, and all of the others; None for other slices."""
    x, begin, end, strides = op.inputs
    values = [tf.get_static_value(v) for v in (begin, end, strides)]
    masks = {name: op.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    rank = x.shape.rank
    if any(v is None or len(v) != rank for v in values) or masks["ellipsis"] or masks["new_axis"] or masks["shrink_axis"]:
        return None
    found = (0, 0)
    for axis, (low, high, step) in enumerate(zip(*values)):
        whole = bool(masks["begin"] >> axis & 1 and masks["end"] >> axis & 1)
        if step != 1 or (axis < rank - 1 and not whole):
            return None
        if axis == rank - 1:
            low, high = (None if masks[m] >> axis & 1 else int(v) for m, v in (("begin", low), ("end", high)))
            places = range(x.shape.as_list()[-1])[low:high]
            found = (places.start, places.stop)
    return found if found[0] < found[1] else None


def _prepare_slice(turn: Any, op: Any) -> None:
    if not turn.moves(op.inputs[0]) or any(turn.moves(x) for x in op.inputs[1:]) or op.inputs[0].shape.rank < 2 or part_of(op) is None:
        raise Unknown


def _slice(back: Any, op: Any, dy: Any) -> None:
    back.add_part(op.inputs[0], part_of(op), dy)


def _softmax(back: Any, op: Any, dy: Any) -> None:
    y = back.value(op.outputs[0])
    back.add(op.inputs[0], (dy - tf.reduce_sum(dy * y, -1, keepdims=True)) * y)


def _cast(back: Any, op: Any, dy: Any) -> None:
    if back.turn.wants(op.inputs[0]):
        back.add(op.inputs[0], dy)


def _nothing(*args: Any) -> None:
    pass


RULES = {
    **dict.fromkeys(("Add", "AddV2", "AddN"), Rule(_same_rows, _add)),
    "Sub": Rule(_same_rows, _sub),
    "Mul": Rule(_prepare_mul, _mul),
    "RealDiv": Rule(_prepare_div, _div),
    "Neg": Rule(_nothing, lambda back, op, dy: back.add(op.inputs[0], -dy)),
    "Identity": Rule(_nothing, _add),
    "StopGradient": Rule(_nothing, _nothing),
    "Cast": Rule(_nothing, _cast),
    "Square": _of_operand(lambda x, dy: dy * (x + x)),
    "Abs": _of_operand(lambda x, dy: dy * tf.sign(x)),
    "Softplus": _of_operand(lambda x, dy: tf.raw_ops.SoftplusGrad(gradients=dy, features=x)),
    "Sigmoid": _of_result(lambda y, dy: tf.raw_ops.SigmoidGrad(y=y, dy=dy)),
    "Tanh": _of_result(lambda y, dy: tf.raw_ops.TanhGrad(y=y, dy=dy)),
    "Exp": _of_result(lambda y, dy: dy * y),
    "Relu": _of_result(lambda y, dy: tf.raw_ops.ReluGrad(gradients=dy, features=y)),
    "Elu": _of_result(lambda y, dy: tf.raw_ops.EluGrad(gradients=dy, outputs=y)),
    "Selu": _of_result(lambda y, dy: tf.raw_ops.SeluGrad(gradients=dy, outputs=y)),
    "Softmax": Rule(lambda turn, op: turn.reads(op.outputs[0]), _softmax),
    "Maximum": Rule(_prepare_larger, _maximum, "KbridgePositive"),
    "Minimum": Rule(_prepare_larger, _of_larger(tf.less_equal)),
    "SelectV2": Rule(_prepare_select, _select),
    "MatMul": Rule(_prepare_product, _product, "KbridgeJoined"),
    "Split": Rule(_only_rows, _split),
    "SplitV": Rule(_only_rows, _split),
    "ConcatV2": Rule(_only_rows, _concat),
    "StridedSlice": Rule(_prepare_slice, _slice),
}
