"""Functions as Keras 1, 2 and 3 stored them, and live ones that are saved, as graphs of operations."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...operations import Graph
from .binding import Scope, signature_of
from .expressions import Argument, Budget, Call, Constant, Function, Malformed, Mapping, Name, Node, Refused, Sequence
from .lower import lower
from .records import Code, Unreadable, read_code
from .texts import parts_of
from .walk import follow

#: Numbers in an array of a function's closure or globals.
MAX_ARRAY = 2**16

#: Levels of lists and dicts in a function's defaults, closure and arguments.
MAX_NESTING = 16


@dataclass(frozen=True)
class Read:
    """A function that was read: its own name and its graph, or what stopped the reader."""

    name: str | None
    graph: Graph | None
    stopped: str | None


def read_stored(value: Any, arguments: AnyMapping[str, Any] | None = None, shapes: bool = False) -> Read:
    """The function in a config's ``value``, whatever Keras wrote it: ``[code, defaults, closure]``, the code alone, or Keras 3's record.

    ``arguments``: those that the layer passes on to it. ``shapes``: it is a function of shapes, not of tensors.
    """
    try:
        data, defaults, closure = parts_of(value)
        code, versions = read_code(data)
    except Unreadable as error:
        return Read(None, None, str(error))
    found: list[Graph] = []
    stopped: list[Unreadable] = []
    for version in versions:
        try:
            budget = Budget()
            function = Function(code, version, _defaults(defaults, budget), {}, Scope(_closure(code, closure, budget)))
            found.append(graph_of(function, arguments or {}, shapes, budget))
        except Unreadable as error:
            stopped.append(error)
    if found and all(graph == found[0] for graph in found):
        return Read(code.name, found[0], None)
    if found:
        return Read(code.name, None, f"it means one thing in one of Python {', '.join(versions)} and another in another")
    stopped.sort(key=lambda error: isinstance(error, Refused) + (isinstance(error, Refused) and not isinstance(error, Malformed)))
    return Read(code.name, None, str(stopped[-1]))


def read_named(path: str, arguments: AnyMapping[str, Any] | None = None) -> Graph | None:
    """The graph of a function that a file tells by the name that its library has for it, such as ``keras.ops.relu``; None for unknown ones."""
    budget = Budget()
    try:
        keywords = {str(key): plain_node(item, budget, f"the argument {key!r}") for key, item in (arguments or {}).items()}
        call = budget.add(Call(Name(path), [budget.add(Argument(0, "x"))], keywords), *keywords.values())
        return lower(call, ["x"])
    except Refused:
        return None


def graph_of(function: Function, arguments: AnyMapping[str, Any], shapes: bool, budget: Budget) -> Graph:
    """The graph of a function of tensors, or of shapes, as a layer calls it. Raises Refused."""
    names = signature_of(function)
    if not names and not function.code.flags & 0x04:
        raise Refused("it takes no arguments")
    inputs = [names[0] if names else "x"]
    keywords = {str(key): plain_node(item, budget, f"the argument {key!r}") for key, item in arguments.items()}
    if "mask" in names[1:] and not shapes:
        inputs.append("mask")
        keywords["mask"] = budget.add(Argument(1, "mask"))
    result = follow(function, [budget.add(Argument(0, inputs[0]))], keywords, budget)
    return lower(result, inputs, shapes)


def plain_node(value: Any, budget: Budget, what: str, depth: int = 0) -> Node:
    """The node of a plain value: a number, a text, a list or dict of them, a small array. Raises Refused, naming it as ``what``."""
    if depth > MAX_NESTING:
        raise Refused(f"it uses {what}, a value that is nested more than {MAX_NESTING} levels deep")
    if type(value) is int and value.bit_length() > 64:
        raise Refused(f"it uses {what}, a number of more than 64 bits")
    if type(value) in (bool, int, float, str, type(None)) or value is Ellipsis:
        return budget.add(Constant(value))
    if isinstance(value, np.generic):
        return plain_node(value.item(), budget, what, depth)
    if type(value) is np.ndarray:
        if value.size > MAX_ARRAY or value.dtype.kind not in "fiub":
            raise Refused(
                f"it uses {what}, an array of {value.size} numbers of type {value.dtype} (at most {MAX_ARRAY} numbers can be stored)"
            )
        return budget.add(Constant(value.copy()))
    if type(value) in (tuple, list):
        items = [plain_node(item, budget, what, depth + 1) for item in value]
        return budget.add(Sequence(type(value).__name__, items), *items)
    if type(value) is dict and value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
        return plain_node(tuple(value["items"]), budget, what, depth)
    if type(value) is dict and value.get("class_name") == "module" and type(value.get("config")) is str:
        # Keras 3 stores a module in a closure by its name, which is looked up as any other
        return budget.add(Name(value["config"]))
    if type(value) is dict and all(type(key) is str for key in value):
        parts = {key: plain_node(item, budget, what, depth + 1) for key, item in value.items()}
        return budget.add(Mapping(parts), *parts.values())
    raise Refused(f"it uses {what}, a {type(value).__name__}, which can't be stored as data")


# ---------------------------------------------------------------------- what configs hold


def _defaults(stored: Any, budget: Budget) -> tuple[Node, ...]:
    if stored is None:
        return ()
    node = plain_node(tuple(stored) if isinstance(stored, list) else stored, budget, "its default values")
    if not isinstance(node, Sequence):
        raise Refused("its default values aren't a list")
    return tuple(node.items)


def _closure(code: Code, stored: Any, budget: Budget) -> dict[str, Node]:
    if stored is None:
        return {}
    node = plain_node(tuple(stored) if isinstance(stored, list) else stored, budget, "its closure")
    if not isinstance(node, Sequence) or len(node.items) != len(code.free):
        raise Refused("its closure holds other variables than the function uses")
    return dict(zip(code.free, node.items, strict=True))
