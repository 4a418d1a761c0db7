"""Graphs put together: what computes shapes goes into the functions that use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import values
from .graph import Call, Graph
from .names import table
from .values import Ref

#: operations that only look at the shape of their input
_ROOTS = ("shape", "int_shape", "mixed_shape", "size", "rank", "ndim", "length")
#: operations that give a length or a shape when they get some
_ARITHMETIC = frozenset(
    {
        "getitem", "strided_slice", "slice", "add", "subtract", "multiply", "divide", "floor_divide", "mod", "negative", "cast", "stack", "concatenate",
        "prod", "sum", "maximum", "minimum", "gather", "take", "expand_dims", "squeeze", "unstack", "identity", "whole", "real", "sqrt", "pow", "reshape",
    }
)  # fmt: skip


def of_shapes(graph: Graph, inputs: Sequence[bool]) -> bool:
    """Whether a graph only computes with lengths of tensors. ``inputs``: which of its inputs are such lengths already."""
    known = list(inputs)
    for call in graph.calls:
        reads = list(values.refs(call.arguments))
        known.append(call.operation in _ROOTS or call.operation in _ARITHMETIC and all(known[ref.number] for ref in reads))
    return isinstance(graph.result, Ref) and known[graph.result.number]


def joined(
    graph: Graph, replaced: Mapping[int, Graph], places: Sequence[Any], inner: Mapping[int, Sequence[Any]]
) -> tuple[Graph, list[Any]]:
    """(a graph in which some inputs are the results of other graphs, what its inputs are now).

    Args:
        graph: the function that uses them.
        replaced: number of an input -> the graph whose result it is.
        places: what each input of ``graph`` is, as anything that can be compared.
        inner: number of an input -> what the inputs of its graph are.
    """
    sources: list[Any] = []

    def source(place: Any) -> int:
        if place not in sources:
            sources.append(place)
        return sources.index(place)

    for i, place in enumerate(places):
        for item in inner[i] if i in replaced else [place]:
            source(item)
    first = len(sources)
    calls: list[Call] = []
    known: dict[str, int] = {}

    def add(own: Graph, numbers: list[int]) -> list[int]:
        """Take over the calls of a graph; ``numbers``: where its inputs are. Where all its values are."""
        numbers = list(numbers)
        for call in own.calls:
            arguments = values.mapped(call.arguments, lambda ref: Ref(numbers[ref.number]))
            key = repr((call.operation, values.to_json(arguments)))
            if key not in known or table()[call.operation].random:
                calls.append(Call(call.operation, arguments))
                known[key] = first + len(calls) - 1
            numbers.append(known[key])
        return numbers

    own_inputs = []
    for i, place in enumerate(places):
        if i in replaced:
            numbers = add(replaced[i], [source(item) for item in inner[i]])
            own_inputs.append(numbers[replaced[i].result.number])
        else:
            own_inputs.append(source(place))
    numbers = add(graph, own_inputs)
    names = ["x", "y", "z"][:first] if first <= 3 else [f"x{i}" for i in range(first)]
    return Graph(tuple(names), tuple(calls), values.mapped(graph.result, lambda ref: Ref(numbers[ref.number]))), sources
