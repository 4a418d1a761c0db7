"""Calls of Theano's functions with values that fit.

Theano's own call checks each value, and compares each with all others and all variables for memory that they share. That takes longer than a
small model's step. Here the values are put where the compiled code reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import theano.tensor as T
from theano.link.utils import raise_with_op

#: what runs compiled functions; Theano has others, which this module leaves to Theano's own call
COMPILED = "CVM"


def direct_call(function: Any, count: int) -> Callable[[Sequence], list]:
    """A function that calls Theano's ``function`` with a sequence of ``count`` values, and returns a list of outputs. The dtypes and numbers of axes must be
    those of the inputs."""
    vm = function.fn
    inputs, variables = function.input_storage[:count], function.input_storage[count:]
    fits = all(container.required for container in inputs) and not any(container.required for container in variables)
    if not fits or type(vm).__name__ != COMPILED or vm.need_update_inputs or function.profile or function.output_keys is not None:
        return _quiet(lambda values: function(*values))
    cells = [container.storage for container in inputs]
    changed = [
        container.storage
        for x, container in zip(function.maker.expanded_inputs[count:], variables)
        if x.update is not None and isinstance(container.type, T.TensorType)
    ]
    graph = function.maker.fgraph
    # what isn't kept here can be used again
    kept = [container.storage for container, x in zip(function.output_storage, graph.outputs) if x.owner is not None] if vm.allow_gc else []
    returned = function.n_returned_outputs

    def call(values: Sequence) -> list:
        fed = set()
        for value in values:
            fed.add(id(value))
            base = getattr(value, "base", None)
            if base is not None:
                fed.add(id(base))
        for cell in changed:
            array = cell[0]
            if id(array) in fed or (array.base is not None and id(array.base) in fed):
                # a variable changes in place, while what was fed may still be read
                values = [value.copy() for value in values]
                break
        try:
            for cell, value in zip(cells, values):
                cell[0] = value
            try:
                outputs = vm()
            except Exception:
                _explain(vm, graph)
                raise
        finally:
            for cell in cells:
                cell[0] = None
        for cell in kept:
            cell[0] = None
        return outputs[:returned]

    return call if all(hasattr(thunk, "cthunk") for thunk in vm.thunks) else _quiet(call)


def _quiet(call: Callable[[Sequence], list]) -> Callable[[Sequence], list]:
    """``call`` without NumPy's warnings, as operations without C code compute with NumPy."""

    def quiet(values: Sequence) -> list:
        with np.errstate(all="ignore"):
            return call(values)

    return quiet


def _explain(vm: Any, graph: Any) -> None:
    """Raise the error that is being handled once more, with what Theano can say of the operation."""
    place = vm.position_of_error
    raise_with_op(graph, node=vm.nodes[place], thunk=vm.thunks[place], storage_map=getattr(vm, "storage_map", None))
