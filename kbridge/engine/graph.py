"""Walking a graph of layers from its outputs: which nodes belong to it, how deep they lie, in what order."""

from __future__ import annotations

from typing import NamedTuple

from .node import Node


class LayerGraph(NamedTuple):
    """The nodes between inputs and outputs of a model.

    ``layers`` are ordered by depth, then by when the walk from the outputs met them, as Keras 1
    ordered them (files rely on it). ``nodes`` are in an order in which they can be computed.
    """

    layers: list
    nodes: list[Node]
    layer_depths: dict
    node_depths: dict[Node, int]


def walk(outputs: list, inputs: list) -> LayerGraph:
    """The graph that computes ``outputs``. ValueError if it needs an input that isn't in ``inputs``."""
    given = {id(x) for x in inputs}
    order: dict = {}
    finished: list[Node] = []
    done: set[Node] = set()
    on_path: set[Node] = set()
    roots = [_node_of(x) for x in outputs]
    stack = [(node, False) for node in reversed(roots)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            on_path.discard(node)
            if node not in done:
                done.add(node)
                finished.append(node)
            continue
        order.setdefault(node.outbound_layer, len(order))
        if node in done:
            continue
        if node in on_path:
            raise ValueError(f"The graph of layers has a cycle through layer {node.outbound_layer.name!r}.")
        on_path.add(node)
        stack.append((node, True))
        if not node.inbound_layers:
            # an InputLayer, or a model that stands in the graph by its own inputs
            if not all(id(x) in given for x in node.input_tensors):
                raise ValueError(
                    f"Graph disconnected: the outputs depend on the input {node.outbound_layer.name!r} "
                    f"(shape {node.output_shapes[0]}), which is not among the model's inputs."
                )
            continue
        sources = [layer.inbound_nodes[index] for layer, index in zip(node.inbound_layers, node.node_indices, strict=True)]
        stack.extend((source, False) for source in reversed(sources))

    node_depths: dict[Node, int] = dict.fromkeys(roots, 0)
    layer_depths: dict = {}
    for node in reversed(finished):
        # all nodes of a layer lie as deep as its deepest one
        depth = max(node_depths.get(node, 0), layer_depths.get(node.outbound_layer, 0))
        node_depths[node] = depth
        layer_depths[node.outbound_layer] = depth
        for layer, index in zip(node.inbound_layers, node.node_indices, strict=True):
            source = layer.inbound_nodes[index]
            node_depths[source] = max(node_depths.get(source, 0), depth + 1)
    for node in (_node_of(x) for x in inputs):
        # an input that nothing depends on still is one of the model's inputs
        if node not in node_depths:
            order.setdefault(node.outbound_layer, len(order))
            node_depths[node] = layer_depths[node.outbound_layer] = max(node_depths.values())
            finished.append(node)
    layers = sorted(layer_depths, key=lambda layer: (-layer_depths[layer], order[layer]))
    return LayerGraph(layers, finished, layer_depths, node_depths)


def _node_of(tensor) -> Node:
    layer, node_index, _ = tensor._keras_history
    return layer.inbound_nodes[node_index]


def node_key(node: Node, index: int | None = None) -> str:
    """The name of a node in ``container_nodes``. ``index``: its place among the calls of its layer, where that is known."""
    layer = node.outbound_layer
    return f"{layer.name}_ib-{layer.inbound_nodes.index(node) if index is None else index}"
