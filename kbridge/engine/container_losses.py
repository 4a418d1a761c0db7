"""The losses and updates of a container: those of its layers, as far as they belong to calls in its graph or to calls of itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .graph import node_key
from .inside import unique
from .node import object_list_uid, single


def per_node(container: Any, attribute: str, method: str, layers: list) -> list:
    """Losses or updates of ``layers``: those of the calls in this graph, and those of no call."""
    found: list = []
    for layer in layers:
        if not getattr(layer, attribute, None):
            continue
        for index, node in enumerate(layer.inbound_nodes):
            if node_key(node, index) in container.container_nodes:
                found += getattr(layer, method)(single(node.input_tensors))
        found += getattr(layer, method)(None)
        found += _unassigned(layer, attribute)
    return unique(found)


def of_calls(container: Any, method: str, inputs: Any, without: Collection[int] = ()) -> list:
    """Return what ``method`` of the layers gives for the tensors that they were called on when the model was called on ``inputs``.

    Asked for anew each time, as a layer may be frozen after the call. ``without``: ids of layers that are left out.
    """
    if inputs is None:
        calls = [(layer, None) for layer in container.layers]
    else:
        calls = container._calls_within.get(object_list_uid(inputs), [])
    return [item for layer, tensors in calls if id(layer) not in without for item in getattr(layer, method)(tensors)]


def _unassigned(layer, attribute: str) -> list:
    """Losses or updates that a layer put into its list by hand, without saying which inputs they depend on."""
    by_inputs = getattr(layer, f"_per_input_{attribute}", {})
    known = {id(item) for items in by_inputs.values() for item in items}
    return [item for item in layer.__dict__.get(attribute, ()) if id(item) not in known]
