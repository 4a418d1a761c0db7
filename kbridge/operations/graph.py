"""A function of tensors as data: its inputs, the operations that it calls, and its result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backends.in_use import K
from ..errors import ModelFileError
from . import values
from .names import Operation, resolve, table
from .values import Ref

#: No result may hold more numbers than this, axes of unknown length counted as 1.
MAX_RESULT = 2**30


@dataclass(frozen=True)
class Call:
    """An operation by its own name, with its arguments.

    Attributes:
        operation: the name.
        arguments: values by the names of the arguments, a dict.
    """

    operation: str
    arguments: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Graph:
    """A function of tensors.

    Attributes:
        inputs: names of the arguments, whose Refs have the numbers 0, 1 ...
        calls: operations in order; the Ref of call i has the number ``len(inputs) + i``.
        result: a Ref, or a list or tuple of them (or of numbers, where a shape is what comes out).
    """

    inputs: tuple[str, ...]
    calls: tuple[Call, ...]
    result: Any

    def __post_init__(self) -> None:
        counter = values.Counter()
        if len(self.inputs) > values.MAX_INPUTS or len(self.calls) > values.MAX_CALLS:
            raise ModelFileError(
                f"A function has {len(self.inputs)} inputs and {len(self.calls)} operations, which is more than a file may have."
            )
        for name in self.inputs:
            # Python 2 calls an argument that is a tuple '.0'
            if not name.isidentifier() and not name.removeprefix(".").isdecimal() or len(name) > values.MAX_TEXT:
                raise ModelFileError(f"An argument of a function should have a name, got {name!r:.80}.")
        for i, call in enumerate(self.calls):
            counter.check(call.arguments)
            self._check_refs(call.arguments, len(self.inputs) + i)
        counter.check(self.result)
        self._check_refs(self.result, len(self.inputs) + len(self.calls))

    @staticmethod
    def _check_refs(value: Any, before: int) -> None:
        for ref in values.refs(value):
            if not 0 <= ref.number < before:
                raise ModelFileError(f"An operation refers to the value {ref.number}, which no operation before it computes.")

    def __str__(self) -> str:
        from .expression import expression

        return expression(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    # ------------------------------------------------------------------ as JSON

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON's types."""
        calls = [[call.operation, {key: values.to_json(item) for key, item in call.arguments.items()}] for call in self.calls]
        return {"inputs": list(self.inputs), "calls": calls, "result": values.to_json(self.result)}

    @classmethod
    def from_json(cls, data: Any) -> Graph:
        """The graph that ``to_json`` wrote. ModelFileError says what is wrong with ``data``."""
        if not isinstance(data, Mapping) or not all(isinstance(data.get(key), list) for key in ("inputs", "calls")):
            raise ModelFileError(f"A function as data should be a dict with the lists 'inputs' and 'calls', got {str(data):.80}.")
        inputs, calls = data["inputs"], data["calls"]
        if len(inputs) > values.MAX_INPUTS or len(calls) > values.MAX_CALLS:
            raise ModelFileError(f"A function has {len(inputs)} inputs and {len(calls)} operations, which is more than a file may have.")
        if not all(isinstance(name, str) for name in inputs):
            raise ModelFileError("The names of a function's inputs should be texts.")
        made = []
        for call in calls:
            if not (isinstance(call, list) and len(call) == 2 and isinstance(call[0], str) and isinstance(call[1], Mapping)):
                raise ModelFileError(f"A call of an operation should be [name, arguments], got {str(call):.80}.")
            own = table().get(call[0])
            if own is None:
                raise ModelFileError(f"The operation {call[0]!r:.80} isn't known here. [convert: operations]")
            arguments = {str(key): values.from_json(item) for key, item in call[1].items()}
            rest = arguments.pop(own.rest, ()) if own.rest else ()
            if not isinstance(rest, tuple):
                raise ModelFileError(f"The operation {own.name!r}: {own.rest} should be a tuple, got {str(rest):.80}.")
            made.append(Call(own.name, {**own.bound((), arguments), **({own.rest: rest} if own.rest else {})}))
        return cls(tuple(inputs), tuple(made), values.from_json(data.get("result")))

    # ------------------------------------------------------------------ computing

    def run(self, tensors: Sequence[Any]) -> Any:
        """The result for ``tensors`` of the backend in use: a tensor, or a list of them.

        Raises:
            ValueError: for another number of tensors, or where an operation can't take what it gets; the message names it.
        """
        if len(tensors) != len(self.inputs):
            raise ValueError(f"The function {self} takes {len(self.inputs)} tensors, got {len(tensors)}.")
        found = list(tensors)
        for call in self.calls:
            found.append(_called(table()[call.operation], values.mapped(call.arguments, lambda ref: _plainly(found[ref.number]))))
        result = values.mapped(self.result, lambda ref: found[ref.number])
        return list(result) if isinstance(result, tuple) else result

    def output_shapes(self, shapes: Sequence[Sequence[int | None]], dtypes: Sequence[str | None] | None = None) -> Any:
        """The shape of the result, or a list of shapes, for inputs of ``shapes`` (and ``dtypes``)."""
        dtypes = dtypes or [None] * len(shapes)
        tensors = [K.placeholder(shape=tuple(shape), dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
        result = self.run(tensors)
        return [_shape(item) for item in result] if isinstance(result, list) else _shape(result)

    @property
    def random(self) -> bool:
        """Whether it draws numbers."""
        return any(table()[call.operation].random for call in self.calls)

    @property
    def uses_phase(self) -> bool:
        """Whether it depends on the learning phase."""
        return any(table()[call.operation].phase for call in self.calls)


def as_tensors(result: Any) -> list[Any]:
    """Return ``result``, which ``run`` gave, as a list of tensors: numbers become constants, which remember that they are numbers."""
    if isinstance(result, (list, tuple)) and not all(isinstance(n, int) or n is None for n in result):
        return [x for item in result for x in as_tensors(item)]
    if K.is_tensor(result):
        return [result]
    made = K.constant(np.asarray(result), dtype="int32" if np.asarray(result).dtype.kind == "i" else None)
    made._known_number = result if isinstance(result, (int, float)) and not isinstance(result, bool) else None
    return [made]


def _plainly(value: Any) -> Any:
    """The number that a tensor of an operation before it is known to be; all else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plainly, value))
    number = getattr(value, "_known_number", None)
    return value if number is None else number


def _called(operation: Operation, arguments: dict[str, Any]) -> Any:
    try:
        result = operation.call(arguments)
    except (TypeError, IndexError, KeyError, AttributeError, ValueError, ZeroDivisionError, OverflowError, NotImplementedError) as error:
        raise ValueError(f"The operation {operation.name!r} can't take {_described(arguments)}: {error}") from error
    for item in result if isinstance(result, (list, tuple)) else [result]:
        if K.is_tensor(item) and math.prod(n or 1 for n in K.int_shape(item) or ()) > MAX_RESULT:
            raise ModelFileError(f"The operation {operation.name!r} returns shape {K.int_shape(item)}; the limit is {MAX_RESULT} numbers.")
    return result


def _described(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{key}={_word(value)}" for key, value in arguments.items()) or "no arguments"


def _word(value: Any) -> str:
    if K.is_tensor(value):
        return f"a tensor of shape {K.int_shape(value)}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_word(item) for item in value[:4]) + (", ...]" if len(value) > 4 else "]")
    return f"{value!r:.60}"


def _shape(value: Any) -> tuple[int | None, ...]:
    return tuple(K.int_shape(value)) if K.is_tensor(value) else np.shape(value)


class Builder:
    """Make a Graph call by call, by the names that programs have for operations.

    Args:
        inputs: the names of the function's arguments.
    """

    def __init__(self, inputs: Sequence[str]):
        self._names = tuple(inputs)
        #: the Refs of the inputs
        self.inputs = [Ref(i) for i in range(len(self._names))]
        self._calls: list[Call] = []

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call an operation, and return the Ref of its result, or a number where it is arithmetic of numbers.

        Args:
            name: the operation, by any name that programs have for it.
            args: its arguments.
            kwargs: its keyword arguments.

        Raises:
            ModelFileError: the table lacks the name or an argument; the message says which.
        """
        return self.called(name, args, kwargs)

    def called(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> Any:
        """Call an operation as ``call`` does.

        Args:
            name: the operation, by any name that programs have for it.
            args: its arguments, a list.
            kwargs: its keyword arguments, a dict.
            fixed: as for ``resolve``.
        """
        operation, arguments = resolve(name, args, kwargs, fixed)
        arguments = values.plain(arguments)
        if operation.folds and not any(True for _ in values.refs(arguments)) and _is_arithmetic(arguments):
            try:
                return operation.call(arguments)
            except (TypeError, ValueError, ArithmeticError, IndexError, KeyError) as error:
                raise ModelFileError(f"The operation {name!r} can't take {_described(arguments)}: {error}") from None
        self._calls.append(Call(operation.name, arguments))
        if len(self._calls) > values.MAX_CALLS:
            raise ModelFileError(f"A function has more than {values.MAX_CALLS} operations.")
        return Ref(len(self._names) + len(self._calls) - 1)

    def graph(self, result: Any) -> Graph:
        """Return the graph of what was called so far, with its result (a Ref, or a list or tuple of them). Calls that it doesn't need are left out."""
        needed = {ref.number for ref in values.refs(result)}
        first = len(self._names)
        for i in reversed(range(len(self._calls))):
            if first + i in needed:
                needed |= {ref.number for ref in values.refs(self._calls[i].arguments)}
        kept = [i for i in range(len(self._calls)) if first + i in needed]
        places = {first + i: first + place for place, i in enumerate(kept)} | {i: i for i in range(first)}

        def moved(value: Any) -> Any:
            return values.mapped(value, lambda ref: Ref(places[ref.number]))

        calls = tuple(Call(self._calls[i].operation, moved(self._calls[i].arguments)) for i in kept)
        return Graph(self._names, calls, moved(values.plain(result)))


def _is_arithmetic(value: Any) -> bool:
    """Whether there are only Python's own values in an argument."""
    if isinstance(value, dict):
        return all(map(_is_arithmetic, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_arithmetic, value))
    return not isinstance(value, np.ndarray)
