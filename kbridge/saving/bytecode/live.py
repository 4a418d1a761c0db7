"""Functions of the running program as graphs of operations: read as data, as those in files are; nothing is called or traced."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ... import backend as K
from ...operations import knows
from .binding import Scope
from .expressions import Argument, Budget, Call, Function, Name, Node, Refused
from .lower import BUILTINS, lower
from .opcodes import VERSIONS
from .records import CODE, Code, Opaque
from .stored import Read, graph_of, plain_node

_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_PLAIN = (bool, int, float, str, bytes, type(None), type(...))


def read_live(function: Any, arguments: Mapping[str, Any] | None = None, shapes: bool = False) -> Read:
    """The function that a layer holds, as it is now: the plain values of its closure and globals are taken in.

    ``arguments``: those that the layer passes on to it. ``shapes``: it is a function of shapes, not of tensors.
    """
    name = getattr(function, "__name__", None)
    budget = Budget()
    try:
        known = _known_name(function)
        if known is not None:
            keywords = {str(key): plain_node(item, budget, f"the argument {key!r}") for key, item in (arguments or {}).items()}
            call = budget.add(Call(Name(known), [budget.add(Argument(0, "x"))], keywords), *keywords.values())
            return Read(name, lower(call, ["x"], shapes), None)
        return Read(name, graph_of(_function(function, budget), arguments or {}, shapes, budget), None)
    except Refused as error:
        return Read(name, None, str(error))


class _Module(Name):
    """A module of the program."""

    module: ModuleType


class _LiveScope(Scope):
    """The meaning of names in a function of the running program."""

    def __init__(self, function: FunctionType, budget: Budget):
        super().__init__()
        self.function = function
        self.budget = budget

    def outside(self, name: str) -> Node:
        names = self.function.__globals__
        if name in names:
            return self.node(names[name], f"the global name {name!r}")
        return Name(name)

    def free(self, name: str) -> Node:
        code, cells = self.function.__code__, self.function.__closure__ or ()
        for variable, cell in zip(code.co_freevars, cells, strict=True):
            if variable == name:
                try:
                    return self.node(cell.cell_contents, f"{name!r}, a variable of the function round it")
                except ValueError:
                    break
        raise Refused(f"it uses {name!r}, a variable of the enclosing function, which has no value")

    def module(self, name: str) -> Node:
        found = sys.modules.get(name)
        return _module(found) if isinstance(found, ModuleType) else Name(name)

    def member(self, value: Name, name: str) -> Node:
        found = vars(value.module).get(name, _ABSENT) if isinstance(value, _Module) else _ABSENT
        if found is _ABSENT or value.path.partition(".")[0] in _LIBRARIES and not isinstance(found, ModuleType):
            return Name(f"{value.path}.{name}")
        return self.node(found, f"{value.path}.{name}")

    def node(self, value: Any, what: str) -> Node:
        """The node of what a name stands for."""
        if isinstance(value, ModuleType):
            return _module(value)
        known = _known_name(value)
        if known is not None:
            return Name(known)
        if isinstance(value, FunctionType) and (value.__module__ or "").partition(".")[0] not in _LIBRARIES:
            return _function(value, self.budget)
        return plain_node(value, self.budget, what)


_ABSENT = object()

#: Whose functions are looked up by name, not followed.
_LIBRARIES = ("kbridge", "keras", "numpy", "tensorflow", "tf_keras", "theano", "scipy")


def _module(module: ModuleType) -> Node:
    node = _Module(module.__name__)
    node.module = module
    return node


def _known_name(value: Any) -> str | None:
    """The name in the table of operations of a function that a library has; None for all else."""
    if (
        isinstance(value, type)
        and value.__module__ == "builtins"
        or isinstance(value, BuiltinFunctionType)
        and value.__module__ == "builtins"
    ):
        return value.__name__ if value.__name__ in BUILTINS else None
    name = getattr(value, "__name__", None)
    if not callable(value) or not isinstance(name, str):
        return None
    for module, path in ((K, "keras.backend"), (np, "numpy")):
        for found in (name, *_names_in(module, value)):
            if vars(module).get(found) is not None and _same(vars(module)[found], value) and knows(f"{path}.{found}"):
                return f"{path}.{found}"
    path = f"{getattr(value, '__module__', '')}.{name}"
    return path if getattr(sys.modules.get(path.rpartition(".")[0]), name, None) is value and knows(path) else None


def _same(found: Any, value: Any) -> bool:
    """Whether two callables are one; methods of a backend are made anew each time that they are asked for."""
    return found is value or isinstance(found, MethodType) and isinstance(value, MethodType) and found == value


def _names_in(module: ModuleType, value: Any) -> list[str]:
    return [name for name, found in vars(module).items() if _same(found, value)] if module is K else []


def _function(function: Any, budget: Budget) -> Function:
    """A function of the program as data."""
    if isinstance(function, MethodType):
        raise Refused("it is a method of an object")
    if not isinstance(function, FunctionType):
        raise Refused(f"it is a {type(function).__name__}, not a function that is written in Python")
    if _VERSION not in VERSIONS:
        raise Refused(f"kbridge doesn't know the instructions of Python {_VERSION}")
    code = function.__code__
    data = Code(
        code.co_name,
        code.co_code,
        tuple(map(_constant, code.co_consts)),
        code.co_names,
        code.co_varnames,
        code.co_cellvars,
        code.co_freevars,
        code.co_argcount,
        code.co_kwonlyargcount,
        code.co_flags,
        _joined(code),
        code.co_exceptiontable,
    )
    defaults = tuple(plain_node(value, budget, "a default value") for value in function.__defaults__ or ())
    only = {key: plain_node(value, budget, f"the default of {key!r}") for key, value in (function.__kwdefaults__ or {}).items()}
    return Function(data, _VERSION, defaults, only, _LiveScope(function, budget))


def _joined(code: Any) -> tuple[str, ...]:
    """From Python 3.11 on all variables have one numbering: a local that inner functions use stands among the locals only."""
    cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
    return (*code.co_varnames, *cells, *code.co_freevars)


def _constant(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    return value if isinstance(value, _PLAIN) else Opaque(CODE if hasattr(value, "co_code") else f"of type {type(value).__name__}")
