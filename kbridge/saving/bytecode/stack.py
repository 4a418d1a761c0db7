"""The stack of Python's own interpreter, with nodes instead of values: constants, variables, moves and names from outside."""

from __future__ import annotations

from typing import Any

from .binding import as_node
from .expressions import Attribute, Budget, Call, Constant, Function, Malformed, Name, Node, Refused
from .opcodes import VERSIONS
from .records import MAX_NAME

#: Values on the stack at once.
MAX_STACK = 1_000


class Null(Node):
    """The empty place that a call finds where a method has its object."""


NULL = Null()


class Stack:
    """A function that is being followed: its variables and the stack."""

    def __init__(self, function: Function, values: dict[str, Node], budget: Budget):
        self.code = function.code
        self.version = function.version
        self.age = VERSIONS.index(function.version)
        self.scope = function.scope
        self.values = values
        self.budget = budget
        self.stack: list[Node] = []
        self.keyword_names: tuple[str, ...] = ()

    def since(self, version: str) -> bool:
        """Whether the function was written by this Python or a later one."""
        return self.age >= VERSIONS.index(version)

    def push(self, node: Node, *parts: Node) -> None:
        """Put a new node on the stack."""
        self.stack.append(self.budget.add(node, *parts))

    def pop(self) -> Node:
        node = self.any()
        if isinstance(node, Null):
            raise Malformed
        return node

    def any(self) -> Node:
        if not self.stack:
            raise Malformed("its bytecode takes more from the stack than it put there")
        return self.stack.pop()

    def many(self, count: int) -> list[Node]:
        if count > len(self.stack):
            raise Malformed("its bytecode takes more from the stack than it put there")
        items = [self.pop() for _ in range(count)]
        return items[::-1]

    def at(self, values: tuple, index: int) -> Any:
        if not 0 <= index < len(values):
            raise Malformed("its bytecode refers to a constant or name that it doesn't hold")
        return values[index]

    def constant(self, index: int) -> Node:
        return as_node(self.at(self.code.constants, index), self.budget)

    def variable(self, index: int) -> str:
        return self.at(self.code.joined if self.code.joined is not None else self.code.locals, index)

    def cell(self, index: int) -> str:
        return self.at(self.code.joined if self.code.joined is not None else self.code.cells + self.code.free, index)

    def load(self, name: str) -> Node:
        if name not in self.values:
            if name in self.code.free:
                return self.scope.free(name)
            raise Refused(f"it uses its variable {name!r} before that has a value")
        return self.values[name]

    def name(self, index: int) -> str:
        return self.at(self.code.names, index)

    # ------------------------------------------------------------------ moves

    def load_fast(self, index: int) -> None:
        self.stack.append(self.load(self.variable(index)))

    def load_two(self, pair: int) -> None:
        self.load_fast(pair >> 4)
        self.load_fast(pair & 15)

    def store_fast(self, index: int) -> None:
        self.values[self.variable(index)] = self.pop()

    def store_two(self, pair: int) -> None:
        self.store_fast(pair >> 4)
        self.store_fast(pair & 15)

    def store_load(self, pair: int) -> None:
        self.store_fast(pair >> 4)
        self.load_fast(pair & 15)

    def store_cell(self, index: int) -> None:
        self.values[self.cell(index)] = self.pop()

    def swap(self, depth: int) -> None:
        if not 2 <= depth <= len(self.stack):
            raise Malformed
        self.stack[-1], self.stack[-depth] = self.stack[-depth], self.stack[-1]

    def copy(self, depth: int) -> None:
        if not 1 <= depth <= len(self.stack):
            raise Malformed
        self.stack.append(self.stack[-depth])

    def rotate(self, depth: int) -> None:
        """The top goes below ``depth - 1`` others."""
        if not 1 <= depth <= len(self.stack):
            raise Malformed
        self.stack.insert(len(self.stack) - depth, self.stack.pop())

    def copy_many(self, count: int) -> None:
        if count > len(self.stack):
            raise Malformed
        self.stack += self.stack[len(self.stack) - count :]

    def drop(self, _: int) -> None:
        node = self.any()
        if isinstance(node, Call):
            raise Refused(f"it calls {_called(node.function)} without using the result")

    # ------------------------------------------------------------------ names from outside

    def load_global(self, argument: int) -> None:
        null = self.since("3.11") and argument & 1
        node = self.scope.outside(self.name(argument >> 1 if self.since("3.11") else argument))
        self.push_callable(node, bool(null))

    def push_callable(self, node: Node, null: bool) -> None:
        """A function with or without the empty place of its object, in this Python's order."""
        if null and not self.since("3.13"):
            self.stack.append(NULL)
        self.stack.append(node)
        if null and self.since("3.13"):
            self.stack.append(NULL)

    def load_attribute(self, argument: int) -> None:
        method = False
        if self.since("3.12"):
            method, argument = bool(argument & 1), argument >> 1
        self.push_callable(self.attribute(self.pop(), self.name(argument)), method)

    def load_method(self, argument: int) -> None:
        node = self.attribute(self.pop(), self.name(argument))
        self.push_callable(node, self.since("3.11"))

    def attribute(self, value: Node, name: str) -> Node:
        if isinstance(value, Name):
            if len(value.path) + len(name) > MAX_NAME:
                raise Refused(f"it uses a name of more than {MAX_NAME} characters")
            return self.budget.add(self.scope.member(value, name))
        return self.budget.add(Attribute(value, name), value)

    def load_import(self, index: int) -> None:
        wanted, level = self.pop(), self.pop()
        if not isinstance(level, Constant) or level.value not in (0, -1):
            raise Refused("it imports from its own package")
        name = self.name(index)
        alone = isinstance(wanted, Constant) and wanted.value is None
        self.stack.append(self.scope.module(name.partition(".")[0] if alone else name))

    def import_from(self, index: int) -> None:
        module = self.pop()
        self.stack.append(module)
        self.stack.append(self.attribute(module, self.name(index)))


def _called(function: Node) -> str:
    return function.path if isinstance(function, Name) else f".{getattr(function, 'name', '')}"
