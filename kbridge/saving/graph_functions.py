"""Functions of Lambda and Merge layers as graphs of operations: called like the function they came from, stored as data."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import ModelFileError
from ..operations import Graph


class GraphFunction:
    """A function of a tensor (or list of tensors) that is a graph of operations; of a mask too, where the graph has a second input.

    Arguments that its layer passes on have been taken in when the graph was made, so that they change nothing any more.
    """

    def __init__(self, graph: Graph, name: str | None = None):
        if not 1 <= len(graph.inputs) <= 2:
            raise ModelFileError(
                f"The function of a layer takes the layer's input and perhaps its mask, but this one takes {len(graph.inputs)} arguments."
            )
        self.graph = graph
        self.__name__ = name or "<lambda>"
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter("x", kind)]
        if len(graph.inputs) > 1:
            parameters.append(inspect.Parameter("mask", kind, default=None))
        self.__signature__ = inspect.Signature([*parameters, inspect.Parameter("arguments", inspect.Parameter.VAR_KEYWORD)])

    def __call__(self, x: Any, mask: Any = None, **arguments: Any) -> Any:
        return self.graph.run([x, mask][: len(self.graph.inputs)])

    def __repr__(self) -> str:
        return f"lambda {', '.join(self.graph.inputs)}: {self.graph}"
