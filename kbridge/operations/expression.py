"""A graph as an expression, as a person would write it: ``x / 127.5 - 1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import values
from .names import table
from .values import Ref

if TYPE_CHECKING:
    from .graph import Call, Graph

#: operation -> (sign, how tightly it binds)
_BINARY = {
    "or_": ("|", 1), "xor": ("^", 2), "and_": ("&", 3),
    "equal": ("==", 0), "not_equal": ("!=", 0), "greater": (">", 0), "greater_equal": (">=", 0), "lesser": ("<", 0), "lesser_equal": ("<=", 0),
    "add": ("+", 5), "subtract": ("-", 5), "multiply": ("*", 6), "divide": ("/", 6), "floor_divide": ("//", 6), "mod": ("%", 6), "matmul": ("@", 6),
    "pow": ("**", 8),
}  # fmt: skip
_NEGATIVE = 7
_ATOM = 9
#: longest text that is repeated where a result is used more than once
_SHORT = 24
#: longest text that is put into another one: texts in texts in texts would grow with the square of the number of calls
_MOST = 500
#: longest text of a list without results
_LONG = 60


def expression(graph: Graph) -> str:
    """The result as an expression of the inputs; what is used several times stands before it, as ``a = ...;``."""
    uses: dict[int, int] = {}
    for call in graph.calls:
        for ref in values.refs(call.arguments):
            uses[ref.number] = uses.get(ref.number, 0) + 1
    inside = set(uses)
    for ref in values.refs(graph.result):
        uses[ref.number] = uses.get(ref.number, 0) + 1
    texts: list[tuple[str, int]] = [(name, _ATOM) for name in graph.inputs]
    steps: list[str] = []
    names = (name for name in _letters() if name not in graph.inputs)
    for i, call in enumerate(graph.calls):
        text, tightness = _call(call, texts)
        number = len(graph.inputs) + i
        if uses.get(number, 0) > 1 and len(text) > _SHORT or number in inside and len(text) > _MOST:
            name = next(names)
            steps.append(f"{name} = {text}; ")
            text, tightness = name, _ATOM
        texts.append((text, tightness))
    return "".join(steps) + _value(graph.result, texts)


def _letters() -> Any:
    number = 0
    while True:
        for letter in "abcdefghijklmnopqrstuvw":
            yield letter + (str(number) if number else "")
        number += 1


def _call(call: Call, texts: list[tuple[str, int]]) -> tuple[str, int]:
    given = dict(call.arguments)
    own = table()[call.operation]
    if call.operation in _BINARY and set(given) == {"x", "y"}:
        sign, tight = _BINARY[call.operation]
        # ** binds from the right; all others from the left
        right, left = (tight, tight + 1) if sign == "**" else (tight + 1, tight)
        return f"{_value(given['x'], texts, left)} {sign} {_value(given['y'], texts, right)}", tight
    if call.operation == "negative":
        return f"-{_value(given['x'], texts, _NEGATIVE)}", _NEGATIVE
    if call.operation == "getitem":
        return f"{_value(given['x'], texts, _ATOM)}[{_key(given['key'], texts)}]", _ATOM
    words = []
    for parameter in own.parameters:
        if parameter.name in given:
            text = _value(given.pop(parameter.name), texts)
            words.append(text if parameter.default is parameter.empty else f"{parameter.name}={text}")
    if own.rest:
        words += [_value(item, texts) for item in given.pop(own.rest, ())]
    return f"{call.operation}({', '.join(words)})", _ATOM


def _key(key: Any, texts: list[tuple[str, int]]) -> str:
    parts = [_part(part, texts) for part in key] if isinstance(key, (tuple, list)) else [_part(key, texts)]
    return ", ".join(parts)


def _part(part: Any, texts: list[tuple[str, int]]) -> str:
    if isinstance(part, slice):
        start, stop, step = ("" if n is None else _value(n, texts) for n in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if part is Ellipsis else _value(part, texts)


def _value(value: Any, texts: list[tuple[str, int]], least: int = -1) -> str:
    if isinstance(value, Ref):
        text, tight = texts[value.number]
        return f"({text})" if tight < least else text
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_value(item, texts) for item in value)
        if len(inside) > _LONG and not any(True for _ in values.refs(value)):
            return f"{type(value).__name__} of {len(value)}"
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_value(item, texts)}" for key, item in value.items()) + "}"
    if isinstance(value, slice):
        return f"slice({', '.join(_value(n, texts) for n in (value.start, value.stop, value.step))})"
    if value is Ellipsis:
        return "..."
    if isinstance(value, np.ndarray):
        return f"array({value.tolist()})" if value.size <= 8 else f"array of shape {value.shape}"
    text = repr(value)
    return f"({text})" if least >= _NEGATIVE and text.startswith("-") else text
