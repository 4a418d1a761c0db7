"""The meaning of the names of a function: its arguments for a call, its constants, and what it takes from outside."""

from __future__ import annotations

from typing import Any

from .expressions import Budget, Constant, Function, Mapping, Name, Node, Refused, Sequence
from .records import CODE, Code, Opaque


class Scope:
    """The meaning of the names of a function that comes from a file: what the file holds, or names alone."""

    def __init__(self, closure: dict[str, Node] | None = None):
        self.closure = closure or {}

    def outside(self, name: str) -> Node:
        """The node of a name that the function doesn't define."""
        return Name(name)

    def free(self, name: str) -> Node:
        """The node of a variable of the function round this one."""
        found = self.closure.get(name)
        if found is None:
            raise Refused(f"it uses {name!r}, a variable of the enclosing function, which isn't in the file")
        return found

    def module(self, name: str) -> Node:
        """The node of a module that the function imports: a name and no more."""
        return Name(name)

    def member(self, value: Name, name: str) -> Node:
        """The node of what stands in a module under a name."""
        return Name(f"{value.path}.{name}")


def as_node(value: Any, budget: Budget) -> Node:
    """The node of a constant in bytecode, tuples as they would be written out. Raises Refused for what is no plain value."""
    if isinstance(value, Code) or isinstance(value, Opaque) and value.kind == CODE:
        raise Refused("it uses a function that is defined inside of it")
    if isinstance(value, Opaque):
        raise Refused(f"it uses a constant that is {value.kind}")
    if isinstance(value, tuple):
        items = [as_node(item, budget) for item in value]
        return budget.add(Sequence("tuple", items), *items)
    return budget.add(Constant(value))


def signature_of(function: Function) -> list[str]:
    """The names of the arguments that can be given by name."""
    return list(function.code.locals[: function.code.arguments + function.code.keyword_only])


def bound_arguments(function: Function, arguments: list[Node], keywords: dict[str, Node]) -> dict[str, Node]:
    """Name of a local variable -> what a call gives it."""
    code = function.code
    names = code.locals[: code.arguments]
    only = code.locals[code.arguments : code.arguments + code.keyword_only]
    rest = list(code.locals[code.arguments + code.keyword_only :])
    values = dict(zip(names, arguments))
    extra = arguments[len(names) :]
    if code.flags & 0x04 and rest:
        values[rest.pop(0)] = Sequence("tuple", list(extra))
    elif extra:
        raise Refused(f"{code.name!r} takes {len(names)} arguments, but is called with {len(arguments)}")
    others: dict[str, Node] = {}
    for name, node in keywords.items():
        if name in values and name in names or name not in (*names, *only) and not code.flags & 0x08:
            raise Refused(f"{code.name!r} is called with an argument {name!r} that it doesn't have, or gets twice")
        (values if name in (*names, *only) else others)[name] = node
    if code.flags & 0x08 and rest:
        values[rest.pop(0)] = Mapping(others)
    defaults = dict(zip(names[len(names) - len(function.defaults) :], function.defaults)) | function.keyword_defaults
    for name in (*names, *only):
        if name not in values:
            if name not in defaults:
                raise Refused(f"{code.name!r} is called without its argument {name!r}")
            values[name] = defaults[name]
    return values
