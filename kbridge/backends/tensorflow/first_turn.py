"""The first turn of a loop, made outside of it: it tells shapes, dtypes, and how many rows the states have. Most often nothing of it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..loop_states import Kind, settle
from .loop_rows import Leaves, Rows
from .quiet import tf
from .tensors import dims


class FirstTurn:
    """A turn of ``step(x, keep, None, states)``; ``what`` names the loop in errors.

    Attributes:
        states: what they start from, in the shapes and dtypes that the loop carries.
        output: the step's output.
        rows: the rows of its tensors.
        leaves: for each state, what its rows are made of in all turns.
    """

    def __init__(self, what: str, step: Callable, x: Any, keep: Any, states: Sequence):
        self._given = [x] if keep is None else [x, keep]
        graph = tf.compat.v1.get_default_graph()
        turns = 0
        while True:
            # tensors of their own, as two states may start from one, or from one that the step reads
            states = [tf.identity(s) for s in states]
            before = len(graph.get_operations())
            self.states, self.output, new = settle(what, states, lambda states: step(x, keep, None, states), _kind, _widened)
            self._new = new
            self.rows = Rows(graph.get_operations()[before:], [*self._given, *self.states], [self.output, *new])
            self.leaves = self._settled(new)
            turns += 1
            # rows that only a run of the turn tells may be others once the states are wide
            if not self.rows.unclear or turns >= sum(None in dims(s)[:1] for s in self.states):
                break
            states = self.wide_states()

    def _settled(self, new: Sequence) -> list[Leaves]:
        found = [self.rows.of(s) | self.rows.of(n) for s, n in zip(self.states, new)]
        while True:
            self.leaves = found
            found = [self._with_states(leaves) for leaves in found]
            if found == self.leaves:
                return found

    def _with_states(self, leaves: Leaves) -> Leaves:
        """``leaves``, with all that the rows of the states among them are made of."""
        own = map(self.rows.own, self.states)
        return leaves.union(*(wide for leaf, wide in zip(own, self.leaves) if leaf in leaves))

    def in_all_turns(self, *tensors: Any) -> Leaves:
        """The leaves of the rows of ``tensors`` of the turn, broadcast to each other, in all turns."""
        return self._with_states(Leaves().union(*map(self.rows.of, tensors)))

    def everything(self) -> Leaves:
        """The leaves of the rows of all tensors of a turn, broadcast to each other."""
        return self.in_all_turns(*self._given, *self.states, self.output).union(*self.leaves)

    def moves(self) -> bool:
        """Whether all that a turn gives depends on what differs from turn to turn."""
        return all(self.rows.moves(t) for t in (self.output, *self._new) if t.shape.rank != 0)

    def wide_states(self, leaves: Leaves | None = None) -> list:
        """The states with the rows of ``leaves``, or with those that each has in all turns."""
        return [self.wide(s, own if leaves is None else leaves) for s, own in zip(self.states, self.leaves)]

    def wide(self, tensor: Any, leaves: Leaves, axis: int = 0) -> Any:
        """``tensor`` with the rows of ``leaves`` along ``axis``, if only a run knows how many it has."""
        if not tensor.shape.rank or dims(tensor)[axis] is not None or leaves == {self.rows.own(tensor)}:
            return tensor
        wide = tf.broadcast_to(tensor, self._lengths(tensor, axis, leaves))
        wide.set_shape(tensor.shape)
        return wide

    def narrow(self, tensor: Any, leaves: Leaves, wide: Leaves) -> Any:
        """A result of the loop with the rows of ``leaves``. It has those of ``wide``, which are equal where the others are fewer."""
        return tensor[: self.rows.count(leaves)] if tensor.shape.rank and wide - leaves else tensor

    def zeros(self, leaves: Leaves) -> Any:
        """Zeros like the output, with the rows of ``leaves``."""
        if not self.output.shape.rank:
            return tf.zeros_like(self.output)
        zeros = tf.zeros(self._lengths(self.output, 0, leaves), self.output.dtype)
        zeros.set_shape(self.output.shape)
        return zeros

    def _lengths(self, tensor: Any, axis: int, leaves: Leaves) -> Any:
        """The shape of ``tensor``, with the rows of ``leaves`` along ``axis`` if they aren't known before a run."""
        known = dims(tensor)
        lengths = [tf.shape(tensor)[i] if n is None and i != axis else n for i, n in enumerate(known)]
        if known[axis] is None:
            lengths[axis] = self.rows.count(leaves)
        return tf.stack(lengths)


def _kind(tensor: Any) -> Kind:
    return tuple(dims(tensor)), tensor.dtype.name


def _widened(state: Any, new: Any, kind: Kind) -> Any:
    """A state of ``kind``; ``new`` has its shape. It has one row yet where only a run knows how many ``new`` has."""
    state, lengths = tf.cast(state, kind[1]), list(kind[0])
    if dims(state) == lengths:
        return state
    if lengths[0] is None and None not in lengths[1:] and (state.shape.rank < len(lengths) or dims(state)[0] == 1):
        return tf.raw_ops.PlaceholderWithDefault(input=tf.broadcast_to(state, [1, *lengths[1:]]), shape=lengths)
    wide = tf.broadcast_to(state, tf.shape(new))
    wide.set_shape(lengths)
    return wide
