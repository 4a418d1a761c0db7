"""The symbolic graph: what a tensor of the NumPy backend is.

A ``Tensor`` is a node: an op, its input tensors, its attributes and what is known of its shape and
dtype. Nodes are never changed after construction and every node that a user can hold is a distinct
object, because the frontend attaches metadata to it; equal subexpressions are merged by the planner.
Values exist only in variables, constants and compiled plans.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Iterator
from itertools import count
from typing import Any

import numpy as np

from .operators import Operators

Shape = tuple[int | None, ...]

#: numbers tensors in the order in which they are made
SERIALS = count()


class Op:
    """How one kind of node behaves. Subclasses are stateless; a node keeps its own ``attrs``."""

    name = "?"
    #: equal calls may be merged and calls on constants computed while planning
    pure = True
    #: a function of the user's, which runs in the thread that the user calls from
    of_user = False
    #: the result is a view of the first input
    view = False
    #: the output buffer may be that of an input of the same shape and dtype
    inplace = False
    #: each element of the result depends on the same element of the inputs, all of which have its shape or broadcast to it
    elementwise = False
    #: a view that some layouts of the input don't allow: then it is a copy
    may_copy = False
    #: the result is the input with its axes in the order of ``attrs``
    permutes = False
    #: the result is the input, repeated along axes
    broadcasts = False
    #: all elements are the number ``attrs[0]``
    fills = False
    #: one of the first two inputs, by the learning phase
    chooses = False
    #: a loop; ``attrs.step`` is its turn
    loops = False
    #: what a loop's turn is given
    of_turn = False
    #: of what a plan reads of a loop: 'stored' (a value of all turns), 'last' or 'summed'
    result = ""
    #: positions of inputs whose values the planner needs (sizes, indices), never bound to a buffer
    static: tuple[int, ...] = ()
    #: positions of inputs of which only the shape and dtype matter
    shape_only: tuple[int, ...] = ()

    def infer(self, attrs: Any, *inputs: Any) -> tuple[Shape, np.dtype]:
        """Shape (None where unknown) and dtype of the result; ``inputs`` have ``.shape`` and ``.dtype``."""
        raise NotImplementedError(self.name)

    def gradient(self, node: Tensor, g: Tensor) -> Iterable[Tensor | None]:
        """The gradient with respect to each input, given ``g`` for the result; None for no gradient."""
        return [None] * len(node.inputs)

    def lowered(self, value: Any) -> Any:
        """While planning, with all shapes known: the planner value that an op stands for which no plan runs; None for others.

        What a plan can do without is a rewrite (``rewrites``), not a matter of the op.
        """
        return None

    def emit(self, ctx: Any, attrs: Any, out: np.ndarray, *inputs: Any) -> None:
        """Append to ``ctx`` the calls that fill ``out`` from ``inputs`` (arrays)."""
        raise NotImplementedError(self.name)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


class Tensor(Operators):
    """A node of the graph. ``shape`` has None where the length is unknown until a function runs."""

    # NumPy must leave ``array + tensor`` to the tensor's own operators.
    __array_ufunc__ = None

    def __init__(self, op: Op, inputs: tuple[Tensor, ...], attrs: Any, shape: Shape, dtype: np.dtype, name: str | None = None):
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.serial = next(SERIALS)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        label = f" {self.name!r}" if self.name else ""
        return f"<{type(self).__name__}{label} {self.op.name} shape={self.shape} dtype={self.dtype}>"

    # by identity, at the speed of C
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no value yet: use K.eval, K.function or K.switch instead of a Python condition.")

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"{self!r} can't be iterated over: its first dimension is unknown or missing.")
        return (self[i] for i in range(self.shape[0]))

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo) -> Tensor:
        return self

    def constant_value(self) -> np.ndarray | None:
        """The value, if it is the same for every run."""
        return None

    def get_shape(self) -> Shape:
        """The static shape, under the name that TensorFlow's tensors have."""
        return self.shape

    def eval(self, feed: dict[Tensor, Any] | None = None) -> np.ndarray:
        """The value, given values for the placeholders it depends on, as with Theano's variables."""
        from .executor.function import Function

        feed = feed or {}
        return Function(list(feed), [self])(list(feed.values()))[0]


class Leaf(Op):
    """Ops of tensors that have no inputs."""

    pure = False

    def __init__(self, name: str):
        self.name = name


PLACEHOLDER = Leaf("placeholder")
VARIABLE = Leaf("variable")
CONSTANT = Leaf("constant")


class Placeholder(Tensor):
    """An input of a function."""

    def __init__(self, shape: Shape, dtype: np.dtype, name: str | None = None, sparse: bool = False):
        super().__init__(PLACEHOLDER, (), None, tuple(shape), dtype, name)
        self.sparse = sparse


class Constant(Tensor):
    """A value that never changes."""

    def __init__(self, value: np.ndarray, name: str | None = None):
        super().__init__(CONSTANT, (), None, value.shape, value.dtype, name)
        value.flags.writeable = False
        self.value = value

    def constant_value(self) -> np.ndarray:
        return self.value


class Variable(Tensor):
    """A stored value. The array object stays the same for life: plans are bound to it."""

    def __init__(self, value: np.ndarray, name: str | None = None):
        super().__init__(VARIABLE, (), None, value.shape, value.dtype, name)
        self.value = value
        #: another one after each change, so that what is computed from it can be kept until then
        self.version = 0
        #: whether somebody else holds the array, who may change it at any time
        self.exposed = False
        #: whether the value was given as a sparse matrix
        self.sparse = False

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The value, a copy unless ``borrow``."""
        self.exposed = self.exposed or borrow
        return self.value if borrow else self.value.copy()

    def set_value(self, new_value, borrow: bool = False) -> None:
        """Store a value of the same shape, cast to the variable's dtype."""
        array = np.asarray(new_value)
        if array.shape != self.value.shape:
            raise ValueError(f"Variable {self.name!r} has shape {self.value.shape}, got a value of shape {array.shape}.")
        try:
            np.copyto(self.value, array, casting="unsafe")
        finally:
            self.version += 1


def make(op: Op, inputs: Iterable[Tensor], attrs: Hashable = None, name: str | None = None) -> Tensor:
    """A new node, its shape and dtype inferred."""
    inputs = tuple(inputs)
    shape, dtype = op.infer(attrs, *inputs)
    return Tensor(op, inputs, attrs, shape, dtype, name)


def ancestors(tensors: Iterable[Tensor], stop: Container[Tensor] = ()) -> list[Tensor]:
    """All tensors that ``tensors`` are computed from, themselves included, inputs before results; none before those in ``stop``."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack = [(t, False) for t in tensors]
    stack.reverse()
    while stack:
        tensor, expanded = stack.pop()
        if expanded:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            if tensor not in stop:
                stack.extend((i, False) for i in reversed(tensor.inputs) if i not in seen)
    return order
