"""Functions of Lambda and Merge layers as graphs of operations, for conversion to other formats."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..operations import Graph, Ref, values
from ..operations.graph import Call
from ..saving.functions import graph_of_live
from .problems import refusal


def graph_of_layer(layer: Any, shapes: Any) -> Graph:
    """Return the graph of what the function of ``layer`` computes of inputs of ``shapes``. Unsupported if it can't be read as data."""
    is_merge = hasattr(layer, "mode")
    function = layer.mode if is_merge else layer.function
    graph, stopped = graph_of_live(function, layer.arguments)
    slug = "merge-function" if is_merge else "lambda-function"
    if graph is None:
        raise refusal(layer, slug, f"its function can't be read as data: {stopped}")
    if len(graph.inputs) > 1:
        raise refusal(layer, slug, "its function takes a mask")
    return spread(graph, len(shapes))


def spread(graph: Graph, count: int) -> Graph:
    """A graph of one list of ``count`` tensors as one of so many tensors."""
    if count == 1:
        return graph
    parts = [Ref(i) for i in range(count)]

    def moved(value: Any) -> Any:
        return values.mapped(value, lambda ref: list(parts) if ref.number == 0 else Ref(ref.number + count - 1))

    calls = tuple(Call(call.operation, moved(call.arguments)) for call in graph.calls)
    return Graph(tuple(f"{graph.inputs[0]}_{i}" for i in range(count)), calls, moved(graph.result))


def tensors_like(layer: Any, shapes: Any) -> list:
    """Tensors of the backend of ``shapes``: those of a call of the layer, if there was one, which know their dtypes."""
    wanted = [tuple(shape) for shape in shapes]
    for node in layer.inbound_nodes:
        if [tuple(shape) for shape in node.input_shapes] == wanted:
            return list(node.input_tensors)
    return [K.placeholder(shape=shape) for shape in wanted]
