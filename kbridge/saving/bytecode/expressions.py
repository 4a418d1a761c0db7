"""Straight-line functions as nodes that refer to each other: arguments, constants, names, calls, items ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .records import Code, Unreadable

#: Nodes of one function, those of functions that it calls included; and how deep they refer to each other.
MAX_NODES = 5_000
MAX_DEPTH = 100

#: References of the nodes to each other: lists can be made of others, longer each time.
MAX_PARTS = 50_000


class Refused(Unreadable):
    """A function can't be followed; the message names the instruction or name that stopped it."""


class Malformed(Refused):
    """The instructions are none that a Python writes, or those of another version."""

    def __init__(self, why: str = "its bytecode is not one that Python writes"):
        super().__init__(why)


class Node:
    """A value in a function."""

    depth = 0


@dataclass(eq=False)
class Argument(Node):
    """The function's own argument."""

    index: int
    name: str


@dataclass(eq=False)
class Constant(Node):
    """A plain value: None, a bool, a number, a text, bytes or Ellipsis."""

    value: Any


@dataclass(eq=False)
class Name(Node):
    """Something that the function takes from outside: a name, with the names of attributes, e.g. ``tf.image.resize``."""

    path: str


@dataclass(eq=False)
class Function(Node):
    """A function of the user's own: calls of it are followed."""

    code: Code
    version: str
    defaults: tuple[Node, ...]
    keyword_defaults: dict[str, Node]
    #: What its names mean.
    scope: Any


@dataclass(eq=False)
class Attribute(Node):
    """An attribute of a value, e.g. ``x.shape``."""

    value: Node
    name: str


@dataclass(eq=False)
class Call(Node):
    """A call; ``function`` is a Name, or the Attribute that is a value's method."""

    function: Node
    arguments: list[Node]
    keywords: dict[str, Node]


@dataclass(eq=False)
class Item(Node):
    """``value[key]``; the key may be a Slice, or a Sequence with some."""

    value: Node
    key: Node


@dataclass(eq=False)
class Slice(Node):
    """``start:stop:step``."""

    start: Node
    stop: Node
    step: Node


@dataclass(eq=False)
class Sequence(Node):
    """A tuple or a list that is written out."""

    kind: str
    items: list[Node]


@dataclass(eq=False)
class Mapping(Node):
    """A dict with texts as keys."""

    items: dict[str, Node]


@dataclass(eq=False)
class Unary(Node):
    """``-x``, ``+x``, ``~x`` or ``not x``."""

    operator: str
    value: Node


@dataclass(eq=False)
class Binary(Node):
    """Arithmetic and comparison. ``classic /`` is Python 2's division, which rounds whole numbers down."""

    operator: str
    left: Node
    right: Node


@dataclass
class Budget:
    """Counts what is made of a function, so that one of a few bytes can't be made into endlessly much."""

    nodes: int = MAX_NODES
    parts: int = MAX_PARTS
    followed: list[Code] = field(default_factory=list)

    def add(self, node: Node, *parts: Node) -> Node:
        """``node``, which refers to ``parts``."""
        self.nodes -= 1
        self.parts -= len(parts)
        node.depth = 1 + max((part.depth for part in parts), default=0)
        if self.nodes < 0 or self.parts < 0 or node.depth > MAX_DEPTH:
            raise Refused("it computes more than kbridge follows")
        return node
