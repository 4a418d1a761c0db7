"""The gradient of a loop, made of few operations.

The loop puts what its gradient reads on a stack, where a training step needs it. The gradient's loop takes it from there, and carries the
gradients of the states. Gradients of matrices that are the same in all turns are one product after the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .derivatives import gradient, with_gradient
from .loop_rules import RULES
from .loop_turns import Turn
from .quiet import tf

#: an unknown shape
ANY = -1


class Copies:
    """Copies, outside of a loop, of what is the same in all of its turns."""

    def __init__(self, body: Any, outer: Any):
        self._graph = outer
        self._of = {inner.name: outer for outer, inner in body.captures}
        self._turned: dict[str, Any] = {}

    def of(self, tensor: Any) -> Any:
        """``tensor`` of the body, outside of it."""
        if tensor.name not in self._of:
            op = tensor.op
            inputs = [self.of(x) for x in op.inputs]
            attributes = {name: value for name, value in op.node_def.attr.items() if name not in ("_class", "_output_shapes")}
            with self._graph.as_default(), tf.control_dependencies(None):
                made = self._graph.create_op(op.type, inputs, [y.dtype for y in op.outputs], attrs=attributes)
            self._of.update((y.name, new) for y, new in zip(op.outputs, made.outputs))
        return self._of[tensor.name]

    def turned(self, matrix: Any) -> Any:
        """``matrix`` of the body transposed, outside of it. A product with one that isn't takes twice as long."""
        if matrix.name not in self._turned:
            outer = self.of(matrix)
            with self._graph.as_default(), tf.control_dependencies(None):
                self._turned[matrix.name] = tf.transpose(outer)
        return self._turned[matrix.name]


@dataclass
class Loop:
    """A loop that ran: its turn, what it left for its gradient, and its inputs, time first."""

    turn: Turn
    copies: Copies
    stacks: list
    steps: Any
    #: tensors of the body that are the same in all turns and may have a gradient
    fixed: list = field(default_factory=list)


def empty_stacks(dtype: tf.DType) -> list:
    """For numbers of ``dtype``, and for booleans."""
    return [tf.raw_ops.EmptyTensorList(element_shape=ANY, max_num_elements=-1, element_dtype=d) for d in (dtype, tf.bool)]


def pushed(turn: Turn, stacks: Sequence) -> list:
    """``stacks`` with what the gradient of a turn reads."""
    stacks = list(stacks)
    for tensor in turn.read:
        k = int(tensor.dtype == tf.bool)
        stacks[k] = tf.raw_ops.TensorListPushBack(input_handle=stacks[k], tensor=tensor)
    return stacks


def tied(loop: Loop, results: Sequence, starts: Sequence) -> list:
    """``results`` of a loop: the list of its outputs, the output that it carries, if any, and its states. They get the gradient that is
    made here. ``starts`` are the first values of what it carries."""
    turn, found = loop.turn, {}
    for tensor in (*turn.shared, *(matrix for _, _, matrix, _ in turn.products if turn.wants(matrix))):
        found[tensor.name] = tensor
    loop.fixed = list(found.values())
    operands = [loop.steps, *starts, *(loop.copies.of(t) for t in loop.fixed)]
    with with_gradient(IdentityN="Loop"):
        together = tf.identity_n([*results, *operands])
    together[0].graph._kbridge_loops[together[0].op] = loop
    return together[: len(results)]


@gradient("Loop")
def _of_loop(op: Any, *dys: Any) -> list:
    loop = op.graph._kbridge_loops[op]
    turn = loop.turn
    carried = [s for s in turn.sources[2:] if s is not None]
    count = 1 + len(carried)
    # TensorFlow gives a list of zeros for outputs that nobody used
    outputs = None if dys[0] is None or dys[0].op.type == "ZerosLike" else dys[0]
    starts = op.inputs[count + 1 : 2 * count]
    lasts = [tf.zeros_like(start) if dy is None else dy for dy, start in zip(dys[1:count], starts)]
    d_steps, d_starts, d_fixed = _turned_back(loop, carried, outputs, lasts)
    return [*[None] * count, d_steps, *d_starts, *d_fixed]


def _turned_back(loop: Loop, carried: Sequence, outputs: Any, lasts: Sequence) -> tuple[Any, list, list]:
    """The gradients of the inputs, of the first values of what the loop carries, and of what is the same in all turns."""
    turn, copies = loop.turn, loop.copies
    time = tf.shape(loop.steps)[0]
    floats = [i for i, s in enumerate(carried) if s.dtype.is_floating]
    products = [(y, x, matrix, turned) for y, x, matrix, turned in turn.products if turn.wants(matrix)]
    #: what is kept of all turns: the gradient of the inputs, then for each product its gradient and what was multiplied
    kept = [turn.sources[0], *(t for y, x, _, _ in products for t in (y, x))]
    lists = [
        tf.raw_ops.TensorListReserve(element_shape=[ANY, *t.shape.as_list()[1:]], num_elements=time, element_dtype=turn.dtype) for t in kept
    ]
    #: the list that holds each, or None where there is no gradient
    places: list[int | None] = []
    outside = _Outside(copies, tf.shape(loop.steps)[1])

    def body(t: Any, stacks: list, grads: list, sums: list, lists: list) -> tuple:
        stacks, lists = list(stacks), list(lists)
        values = {}
        for tensor in reversed(turn.read):
            k = int(tensor.dtype == tf.bool)
            stacks[k], value = tf.raw_ops.TensorListPopBack(input_handle=stacks[k], element_shape=ANY, element_dtype=tensor.dtype)
            value.set_shape(tensor.shape)
            values[tensor.name] = value
        back = Backwards(turn, values, outside, dict(zip((s.name for s in turn.shared), sums)))
        if outputs is not None:
            shape = [ANY, *turn.results[0].shape.as_list()[1:]]
            of_turn = tf.raw_ops.TensorListGetItem(input_handle=outputs, index=t, element_shape=shape, element_dtype=turn.dtype)
            back.add(turn.results[0], of_turn)
        # where the output is carried for masks, it is the first that is
        after = [*turn.results[: len(carried) - len(turn.results) + 1], *turn.results[1:]]
        for i, dy in zip(floats, grads):
            back.add(after[i], dy)
        back.run()
        found = [back.total(kept[0]), *(g for y, x, _, _ in products for g in _pair(back, y, x))]
        places[:] = [None if g is None else next(i for i, other in enumerate(found) if other is g) for g in found]
        for i, g in enumerate(found):
            if places[i] == i:
                lists[i] = tf.raw_ops.TensorListSetItem(input_handle=lists[i], index=t, item=g)
        before = [back.total(carried[i]) for i in floats]
        before = [tf.zeros_like(dy) if g is None else g for g, dy in zip(before, grads)]
        return t - 1, stacks, before, [back.sums[s.name] for s in turn.shared], lists

    grads = [lasts[i] for i in floats]
    # with all rows of a batch from the start: TensorFlow takes what a loop carries for something whose shape stays
    sums = [outside.zeros(s) if s.shape.rank and s.shape.as_list()[0] is None else tf.zeros_like(copies.of(s)) for s in turn.shared]
    shapes = (
        tf.TensorShape([]),
        [tf.TensorShape([])] * 2,
        [carried[i].shape for i in floats],
        [tf.TensorShape(s.shape) for s in turn.shared],
        [tf.TensorShape([])] * len(lists),
    )
    _, _, grads, sums, lists = tf.while_loop(
        lambda t, *_: t >= 0, body, (time - 1, loop.stacks, grads, sums, lists), shape_invariants=shapes
    )

    def sequence(i: int) -> Any:
        """The content of a list of ``kept``, time first."""
        place, shape = places[i], [ANY, *kept[i].shape.as_list()[1:]]
        if place is None:
            return None
        return tf.raw_ops.TensorListStack(input_handle=lists[place], element_shape=shape, element_dtype=turn.dtype)

    starts: list = [None] * len(carried)
    for i, g in zip(floats, grads):
        starts[i] = g
    fixed = {s.name: [_as_first(copies.of(s), total)] for s, total in zip(turn.shared, sums)}
    for k, (_, x, matrix, turned) in enumerate(products):
        of_product = sequence(1 + 2 * k)
        if of_product is None:
            continue
        factor = loop.steps if x is turn.sources[0] else sequence(2 + 2 * k)
        a, b = (tf.reshape(s, [-1, t.shape.as_list()[-1]]) for s, t in ((factor, x), (of_product, kept[1 + 2 * k])))
        fixed.setdefault(matrix.name, []).append(tf.matmul(b, a, transpose_a=True) if turned else tf.matmul(a, b, transpose_a=True))
    of_fixed = [tf.add_n(fixed[t.name]) if t.name in fixed else None for t in loop.fixed]
    return sequence(0), starts, of_fixed


def _pair(back: Backwards, y: Any, x: Any) -> tuple:
    """The gradient of a product, and what was multiplied; None where there is no gradient."""
    dy = back.kept.get(y.name)
    return dy, None if dy is None or x is back.turn.sources[0] else back.value(x)


def _as_first(first: Any, total: Any) -> Any:
    """The gradient ``total`` of ``first``, which a run may have broadcast to the samples of a batch."""
    if first.shape.is_fully_defined():
        return total
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(first), s1=tf.shape(total))
    return tf.reshape(tf.reduce_sum(total, axes), tf.shape(first))


class _Outside:
    """Tensors that all turns of a gradient read, made outside of the loop."""

    def __init__(self, copies: Copies, rows: Any):
        self.copies, self._rows = copies, rows
        self._zeros: dict[tuple, Any] = {}

    def zeros(self, tensor: Any) -> Any:
        """Zeros like ``tensor``, with a row for each sample."""
        shape = tuple(tensor.shape.as_list()[1:])
        if shape not in self._zeros:
            with self._rows.graph.as_default(), tf.control_dependencies(None):
                self._zeros[shape] = tf.zeros([self._rows, *shape], tensor.dtype)
        return self._zeros[shape]


class Backwards:
    """A turn of a gradient: the gradients of the tensors of ``turn``, whose values are ``values``.

    ``sums`` has for each shared tensor the sum of its gradients.
    """

    def __init__(self, turn: Turn, values: dict, outside: _Outside, sums: dict):
        self.turn, self.sums = turn, sums
        #: the gradient of each product with a matrix
        self.kept: dict[str, Any] = {}
        self._values, self._outside = values, outside
        self._found: dict[str, list] = {}
        self._parts: dict[str, list] = {}

    def run(self) -> None:
        """Hand gradients from the results of all operations to their operands."""
        for op in reversed(self.turn.moving):
            if op.outputs[0].dtype.is_floating:
                dys = [self.total(y) for y in op.outputs]
                if any(dy is not None for dy in dys):
                    RULES[op.type].gradient(self, op, *dys)

    def value(self, tensor: Any) -> Any:
        """The value of ``tensor``."""
        return self._values[tensor.name] if self.turn.moves(tensor) else self._outside.copies.of(tensor)

    def turned(self, matrix: Any) -> Any:
        """The value of ``matrix`` transposed."""
        return self._outside.copies.turned(matrix)

    def zeros(self, tensor: Any) -> Any:
        """Zeros like ``tensor``."""
        return self._outside.zeros(tensor)

    def keep(self, product: Any, dy: Any) -> None:
        """Note the gradient of a product with a matrix."""
        self.kept[product.name] = dy

    def add(self, tensor: Any, dy: Any, result: Any = None) -> None:
        """Add to the gradient of ``tensor``, an operand that was broadcast to the shape of ``result``."""
        if not self.turn.wants(tensor):
            return
        moves = self.turn.moves(tensor)
        if result is not None:
            mine, its = tensor.shape.as_list(), result.shape.as_list()
            lead = len(its) - len(mine)
            axes = [lead + i for i, n in enumerate(mine) if n == 1 and its[lead + i] != 1]
            if axes:
                dy = tf.reduce_sum(dy, axes, keepdims=True)
            if lead:
                dy = tf.reduce_sum(dy, list(range(lead)))
        if moves:
            self._found.setdefault(tensor.name, []).append(dy)
        else:
            self.sums[tensor.name] = self.sums[tensor.name] + dy

    def add_part(self, tensor: Any, part: tuple[int, int], dy: Any) -> None:
        """Add to the gradient of a part of the last axis of ``tensor``."""
        self._parts.setdefault(tensor.name, []).append((part, dy))

    def total(self, tensor: Any) -> Any:
        """The gradient of ``tensor``; None if there is none. What is computed from it has handed on its gradients."""
        parts = sorted(self._parts.pop(tensor.name, []), key=lambda part: part[0])
        if parts:
            self._found.setdefault(tensor.name, []).extend(_joined(parts, tensor))
        found = self._found.get(tensor.name, [])
        if len(found) > 1:
            found[:] = [tf.add_n(found)]
        return found[0] if found else None


def _joined(parts: Sequence, tensor: Any) -> list:
    """Gradients of all of ``tensor`` from those of ``parts`` of its last axis."""
    length, rank = tensor.shape.as_list()[-1], tensor.shape.rank
    ends = [0, *(high for (_, high), _ in parts)]
    if ends[-1] == length and all(low == end for ((low, _), _), end in zip(parts, ends)):
        return [tf.concat([dy for _, dy in parts], -1)]
    return [tf.pad(dy, [[0, 0]] * (rank - 1) + [[low, length - high]]) for (low, high), dy in parts]
