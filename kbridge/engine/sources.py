"""Where a tensor comes from."""

from __future__ import annotations


def get_source_inputs(tensor, layer=None, node_index=None) -> list:
    """Return the input tensors (of InputLayers) that are needed to compute a tensor.

    Args:
        tensor: the tensor.
        layer: the layer that made it; read from the tensor if left out.
        node_index: which call of the layer made it.
    """
    if not hasattr(tensor, "_keras_history"):
        return [tensor]
    if layer is None or node_index:
        layer, node_index, _ = tensor._keras_history
    if not layer.inbound_nodes:
        return [tensor]
    found: list = []
    seen: set = set()
    stack = [layer.inbound_nodes[node_index or 0]]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if not node.inbound_layers:
            found += [x for x in node.input_tensors if not any(x is f for f in found)]
            continue
        stack.extend(
            layer.inbound_nodes[index] for layer, index in reversed(list(zip(node.inbound_layers, node.node_indices, strict=True)))
        )
    return found
