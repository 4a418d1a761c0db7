"""From the nodes of a function to a graph of operations: names are looked up in the table of operations, Python's own arithmetic is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import backend as K
from ...errors import ModelFileError
from ...operations import Builder, Ref, constant, knows
from ...operations.names import normalised
from .expressions import (
    Argument,
    Attribute,
    Binary,
    Call,
    Constant,
    Function,
    Item,
    Mapping,
    Name,
    Node,
    Refused,
    Sequence,
    Slice,
    Unary,
)

#: How programs call modules that are no names of the table by themselves.
_ALIASES = {
    "backend": "keras.backend", "KB": "keras.backend", "kb": "keras.backend", "k": "keras.backend", "KTF": "keras.backend", "ktf": "keras.backend",
    "ops": "keras.ops", "kops": "keras.ops", "knp": "keras.ops",
}  # fmt: skip

#: Python's own functions that may be called: with values that are known, ``abs`` with tensors too.
BUILTINS = ("len", "int", "float", "tuple", "list", "range", "abs", "sum", "max", "min", "round", "pow")

_OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul", "&": "and_", "|": "or_", "^": "xor",
    "<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge",
}  # fmt: skip

_MATH: dict[str, Any] = {
    "math.pi": math.pi, "math.e": math.e, "math.sqrt": math.sqrt, "math.log": math.log, "math.exp": math.exp, "math.floor": math.floor,
    "math.ceil": math.ceil,
}  # fmt: skip

#: Names in Python 2, which may be written there as any other.
_WORDS_OF_PYTHON2 = {"True": True, "False": False, "None": None}

#: Settings that a function asks for without arguments: taken as they are when it is read.
_SETTINGS: dict[str, Callable[[], Any]] = {
    "K.epsilon": K.epsilon,
    "K.floatx": K.floatx,
    "K.image_dim_ordering": K.image_dim_ordering,
    "K.image_data_format": lambda: {"th": "channels_first", "tf": "channels_last"}[K.image_dim_ordering()],
}

#: Names whose results are whole numbers: shapes. Python 2's ``/`` rounds these down.
_SHAPES = ("shape", "int_shape", "get_shape", "as_list", "ndim")

#: Values in a list, those of lists inside included; and in all lists that a function makes on its way.
_LONGEST = 5_000
_MOST = 100_000


def lower(node: Node, inputs: list[str], shapes: bool = False) -> Any:
    """The graph of operations that computes ``node`` from arguments called ``inputs``.

    ``shapes``: the arguments are shapes, not tensors. Raises Refused with the name or argument that stops it.
    """
    return _Lowering(inputs, shapes).graph(node)


class _Lowering:
    def __init__(self, inputs: list[str], shapes: bool):
        self.builder = Builder(inputs)
        self.shapes = shapes
        self.made: dict[int, Any] = {}
        self.left = _MOST

    def graph(self, node: Node) -> Any:
        result = self.value(node)
        for item in result if isinstance(result, (tuple, list)) else [result]:
            if not self.shapes and not isinstance(item, Ref):
                raise Refused(f"it returns {_shortened(item)}, which isn't a tensor")
        try:
            return self.builder.graph(result)
        except ModelFileError as error:
            raise Refused(str(error)) from None

    def value(self, node: Node) -> Any:
        """Return the argument that an operation gets for ``node``: a Ref, or a plain value."""
        if id(node) not in self.made:
            self.made[id(node)] = value = _MAKERS[type(node)](self, node)
            self.left -= _length(value)
            if self.left < 0:
                raise Refused(f"it makes lists of more than {_MOST} values together")
        return self.made[id(node)]

    def operation(self, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.builder.call(name, *args, **kwargs)
        except ModelFileError as error:
            raise Refused(str(error)) from None

    # ------------------------------------------------------------------ kinds of nodes

    def argument(self, node: Argument) -> Any:
        return self.builder.inputs[node.index]

    def constant(self, node: Constant) -> Any:
        if isinstance(node.value, bytes):
            raise Refused("it uses a constant that is bytes")
        return node.value

    def name(self, node: Name) -> Any:
        if node.path in _WORDS_OF_PYTHON2:
            return _WORDS_OF_PYTHON2[node.path]
        path = _full(node.path)
        if path in _MATH and isinstance(_MATH[path], float):
            return _MATH[path]
        try:
            return constant(path)
        except KeyError:
            what = "is no value" if knows(path) or node.path in BUILTINS else "is not in the file, nor is it known here"
            raise Refused(f"it uses the name {node.path!r}, which {what}") from None

    def function(self, node: Function) -> Any:
        raise Refused(f"it uses the function {node.code.name!r} as a value")

    def attribute(self, node: Attribute) -> Any:
        return self.method(node, [], {}, "attribute")

    def method(self, node: Attribute, args: list, kwargs: dict, what: str) -> Any:
        value = self.value(node.value)
        name = f"tensor.{node.name}"
        if not _holds_ref(value) or not knows(name):
            raise Refused(f"it uses the {what} {node.name!r} of a value, which kbridge doesn't know")
        return self.operation(name, value, *args, **kwargs)

    def call(self, node: Call) -> Any:
        args = [self.value(part) for part in node.arguments]
        kwargs = {key: self.value(part) for key, part in node.keywords.items()}
        if isinstance(node.function, Attribute):
            return self.method(node.function, args, kwargs, "method")
        name = node.function.path  # type: ignore[attr-defined]
        if name in BUILTINS:
            return self.builtin(name, args, kwargs)
        path = _full(name)
        if callable(_MATH.get(path)):
            return _computed(path, _MATH[path], args, kwargs)
        setting = _SETTINGS.get(normalised(path).replace("keras.config.", "K."))
        if setting is not None and not args and not kwargs:
            return setting()
        # a bare name is a function of the program's own, whatever it is called; kbridge's own names of operations are bare, too
        if "." not in path or path.startswith(("tensor.", "node.")) or not knows(path):
            raise Refused(f"it calls {name!r}, which is not among the functions that kbridge knows")
        return self.operation(path, *args, **kwargs)

    def builtin(self, name: str, args: list, kwargs: dict) -> Any:
        if name == "abs" and len(args) == 1 and not kwargs:
            return abs(args[0]) if _is_number(args[0]) else self.operation("keras.backend.abs", args[0])
        if name == "pow" and len(args) == 2 and not kwargs:
            return _arithmetic("**", *args) if all(map(_is_number, args)) else self.operation("operator.pow", *args)
        if name in ("tuple", "list", "int", "float", "len") and len(args) == 1 and isinstance(args[0], Ref):
            return self.operation(f"builtins.{name}", args[0])
        if name == "sum" and len(args) == 1 and not kwargs and _holds_ref(args[0]):
            return self.operation("builtins.sum", args[0])
        if name == "range" and (not args or not all(type(n) is int and abs(n) <= _LONGEST for n in args)):
            raise Refused("it calls range() with something other than small whole numbers")
        functions: dict[str, Callable] = {
            "len": len,
            "int": int,
            "float": float,
            "tuple": tuple,
            "list": list,
            "range": lambda *n: list(range(*n)),
            "sum": sum,
            "max": max,
            "min": min,
            "round": round,
        }
        if any(map(_holds_ref, args)) or kwargs and name in ("max", "min", "sum"):
            raise Refused(f"it calls {name}() with a value that isn't known when the function is read")
        return _computed(name, functions[name], args, kwargs)

    def item(self, node: Item) -> Any:
        value, key = self.value(node.value), self.value(node.key)
        if not isinstance(value, Ref) and not _holds_ref(key) and isinstance(value, (tuple, list, str)):
            return _computed("[]", lambda: value[key], [], {})
        if not isinstance(value, Ref) and not isinstance(value, np.ndarray):
            raise Refused(f"it takes an item of {_shortened(value)}")
        return self.operation("operator.getitem", value, key)

    def slice(self, node: Slice) -> Any:
        return slice(self.value(node.start), self.value(node.stop), self.value(node.step))

    def sequence(self, node: Sequence) -> Any:
        items = [self.value(item) for item in node.items]
        return tuple(items) if node.kind == "tuple" else items

    def mapping(self, node: Mapping) -> Any:
        return {key: self.value(item) for key, item in node.items.items()}

    def unary(self, node: Unary) -> Any:
        value = self.value(node.value)
        if node.operator == "~" and isinstance(value, float):
            raise Refused("it uses '~' with a number that isn't whole")
        if _is_number(value):
            return {"-": lambda: -value, "+": lambda: +value, "not": lambda: not value, "~": lambda: ~int(value)}[node.operator]()
        if node.operator == "not":
            raise Refused("it uses 'not', which asks whether a tensor is true")
        if node.operator == "+":
            return value
        return self.operation("operator.neg" if node.operator == "-" else "operator.invert", value)

    def binary(self, node: Binary) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        sign = node.operator
        if sign == "classic /":
            whole = type(left) is int and type(right) is int or self.whole(node.left) and self.whole(node.right)
            sign = "//" if whole else "/"
        if sign in ("is", "is not", "in", "not in"):
            return self.asked(sign, left, right)
        if _is_number(left) and _is_number(right):
            return _arithmetic(sign, left, right)
        if isinstance(left, (tuple, list)) and type(left) is type(right) and sign == "+":
            if len(left) + len(right) > _LONGEST:
                raise Refused(f"it makes a list of more than {_LONGEST} values")
            return type(left)([*left, *right])
        if sign == "*" and any(isinstance(a, (tuple, list)) and type(b) is int for a, b in ((left, right), (right, left))):
            items, count = (left, right) if isinstance(left, (tuple, list)) else (right, left)
            if len(items) * max(count, 0) > _LONGEST:
                raise Refused("it repeats a list too often")
            return items * count
        if sign not in _OPERATORS:
            raise Refused(f"it uses the operator {sign}")
        if isinstance(left, str) or isinstance(right, str):
            raise Refused(f"it uses the operator {sign} with a text")
        return self.operation(f"operator.{_OPERATORS[sign]}", left, right)

    def asked(self, sign: str, left: Any, right: Any) -> bool:
        """Return the answer to a comparison of values that are known."""
        if _holds_ref(left) or _holds_ref(right) or (sign in ("in", "not in")) != isinstance(right, (tuple, list)):
            raise Refused(f"it uses the operator {sign!r}")
        found = left in right if "in" in sign.split() else left is right
        return found != sign.startswith("not") if "in" in sign.split() else found != (sign == "is not")

    def whole(self, node: Node) -> bool:
        """Whether a value is a whole number of which only its shape is known: an item of a shape, and what is made of some."""
        if isinstance(node, Constant):
            return type(node.value) is int
        if isinstance(node, Argument):
            return self.shapes
        if isinstance(node, (Item, Unary)):
            return self.whole(node.value)
        if isinstance(node, Binary):
            return node.operator != "/" and self.whole(node.left) and self.whole(node.right)
        if isinstance(node, Attribute):
            return node.name in _SHAPES
        if isinstance(node, Call):
            function = node.function
            return (function.path.rpartition(".")[2] if isinstance(function, Name) else getattr(function, "name", "")) in (
                *_SHAPES,
                "len",
                "int",
            )
        return False


_MAKERS: dict[type, Callable[[_Lowering, Any], Any]] = {
    Argument: _Lowering.argument,
    Constant: _Lowering.constant,
    Name: _Lowering.name,
    Function: _Lowering.function,
    Attribute: _Lowering.attribute,
    Call: _Lowering.call,
    Item: _Lowering.item,
    Slice: _Lowering.slice,
    Sequence: _Lowering.sequence,
    Mapping: _Lowering.mapping,
    Unary: _Lowering.unary,
    Binary: _Lowering.binary,
}


def _full(path: str) -> str:
    root, dot, rest = path.partition(".")
    return _ALIASES.get(root, root) + dot + rest


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _holds_ref(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_holds_ref, value))
    if isinstance(value, slice):
        return any(map(_holds_ref, (value.start, value.stop, value.step)))
    return isinstance(value, Ref)


def _length(value: Any) -> int:
    """How many values there are in a value, those at several places counted at each. A list that was put together from itself is refused."""
    pending, count = [value], 0
    while pending:
        item = pending.pop()
        count += 1
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, (tuple, list)):
            pending.extend(item)
        elif isinstance(item, slice):
            pending.extend((item.start, item.stop, item.step))
        if count + len(pending) > _LONGEST:
            raise Refused(f"it makes a list of more than {_LONGEST} values")
    return count


def _computed(name: str, function: Callable, args: list, kwargs: dict) -> Any:
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise Refused(f"it calls {name} with {', '.join(map(_shortened, args)) or 'nothing'}: {error}") from None


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    """Arithmetic of two numbers, none of which may become longer than a shape or constant is."""
    for value in (left, right):
        if isinstance(value, int) and abs(value) >= 2**63:
            raise Refused("it uses a number of more than 64 bits")
    if sign == "**" and isinstance(left, int) and isinstance(right, int) and right > 0 and left.bit_length() * right > 64:
        raise Refused("it uses a number of more than 64 bits")
    if sign in ("<<", ">>") and (not isinstance(left, int) or not isinstance(right, int) or not 0 <= right < 64):
        raise Refused(f"it uses the operator {sign}")
    functions: dict[str, Callable] = {
        "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b, "//": lambda a, b: a // b,
        "%": lambda a, b: a % b, "**": lambda a, b: a**b, "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
        "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
        "==": lambda a, b: a == b, "!=": lambda a, b: a != b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    }  # fmt: skip
    if sign not in functions:
        raise Refused(f"it uses the operator {sign} with numbers")
    found = _computed(sign, functions[sign], [left, right], {})
    if isinstance(found, complex):
        raise Refused("it uses a complex number")
    return found


def _shortened(value: Any) -> str:
    if isinstance(value, Ref):
        return "a tensor"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
