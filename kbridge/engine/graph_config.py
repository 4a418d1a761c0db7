"""The config of a functional model: its layers, and for each call of a layer where the inputs come from.

Node indices count the calls that belong to the model; a model that is used as a layer counts its own
graph as call 0, so that its first use is call 1, as Keras 1 wrote it.
"""

from __future__ import annotations

import copy
from collections import deque

from .entries import added_keys, made_before
from .node import to_list
from .registry import layer_from_config


def to_config(container) -> dict:
    """The config of a container."""
    numbers = _node_numbers(container)
    layers = []
    for layer in container.layers:
        calls = []
        for index, node in enumerate(layer.inbound_nodes):
            if (layer, index) not in numbers or not node.inbound_layers:
                continue
            calls.append(
                [
                    [source.name, numbers[source, node_index], tensor_index]
                    for source, node_index, tensor_index in zip(node.inbound_layers, node.node_indices, node.tensor_indices, strict=True)
                ]
            )
        entry = {"name": layer.name, "class_name": type(layer).__name__, "config": layer.get_config(), "inbound_nodes": calls}
        layers.append({**entry, **added_keys(layer)})

    def ends(kind: str) -> list:
        return [
            [layer.name, numbers[layer, node], tensor]
            for layer, node, tensor in zip(
                getattr(container, f"{kind}_layers"),
                getattr(container, f"{kind}_layers_node_indices"),
                getattr(container, f"{kind}_layers_tensor_indices"),
                strict=True,
            )
        ]

    config = {"name": container.name, "layers": layers, "input_layers": ends("input"), "output_layers": ends("output")}
    return copy.deepcopy(config)


def _node_numbers(container) -> dict:
    """(layer, index among all its calls) -> index among its calls in this model."""
    from .container import Container

    numbers = {}
    for layer in container.layers:
        number = 1 if isinstance(layer, Container) else 0
        for index in range(len(layer.inbound_nodes)):
            if f"{layer.name}_ib-{index}" in container.container_nodes:
                numbers[layer, index] = number
                number += 1
    return numbers


def from_config(config: dict, custom_objects=None) -> tuple[list, list, str | None]:
    """Build the layers and call them; returns (inputs, outputs, name) for a model's constructor.

    ValueError for a call whose inputs are never made, or a name that no layer has.
    """
    layers: dict[str, _Called] = {}
    calls: dict[str, list] = {}
    for entry in config["layers"]:
        shared = made_before(entry)
        if shared is None:
            layer = layer_from_config({key: entry[key] for key in entry if key != "inbound_nodes"}, custom_objects=custom_objects)
            layer.name = entry["name"]
            shared = layer, len(layer.inbound_nodes)
        layers[entry["name"]] = _Called(*shared)
        calls.setdefault(entry["name"], []).extend(entry["inbound_nodes"])
    _make_calls(layers, calls)
    inputs = [_tensor(layers, end) for end in to_list(config["input_layers"])]
    outputs = [_tensor(layers, end) for end in to_list(config["output_layers"])]
    return inputs, outputs, config.get("name")


class _Called:
    """A layer and those of its calls that count in the model that is made: a layer that other models share has more."""

    def __init__(self, layer, calls_when_new: int):
        self.layer = layer
        self.nodes = layer.inbound_nodes[:calls_when_new]

    def __call__(self, tensors) -> None:
        self.layer(tensors)
        self.nodes.append(self.layer.inbound_nodes[-1])


def _make_calls(layers: dict[str, _Called], calls: dict[str, list]) -> None:
    """Call each layer in the order of its calls, since others refer to them by number, as soon as its inputs are there."""
    made = dict.fromkeys(calls, 0)
    #: (layer, call) -> the layers that wait for it
    waiting: dict[tuple, list[str]] = {}
    ready = deque(calls)
    while ready:
        name = ready.popleft()
        layer = layers[name]
        while made[name] < len(calls[name]):
            call = calls[name][made[name]]
            missing = next((source for source in call if not _exists(layers, source)), None)
            if missing is not None:
                waiting.setdefault((missing[0], missing[1]), []).append(name)
                break
            tensors = [_tensor(layers, source) for source in call]
            layer(tensors[0] if len(tensors) == 1 else tensors)
            made[name] += 1
            ready.extend(waiting.pop((name, len(layer.nodes) - 1), ()))
    for name, count in made.items():
        if count < len(calls[name]):
            sources = [s[:3] for s in calls[name][count]]
            raise ValueError(f"The config says that layer {name!r} takes its inputs from {sources}, but no layer makes them.")


def _exists(layers: dict[str, _Called], source: list) -> bool:
    name, node_index = source[0], source[1]
    if name not in layers:
        raise ValueError(f"The config refers to a layer {name!r} that it doesn't have.")
    if not isinstance(node_index, int) or node_index < 0:
        raise ValueError(f"The config refers to call {node_index!r} of layer {name!r}, but calls are counted from 0.")
    return node_index < len(layers[name].nodes)


def _tensor(layers: dict[str, _Called], source: list):
    name, node_index, tensor_index = source[:3]
    if not _exists(layers, source):
        raise ValueError(f"The config refers to call {node_index} of layer {name!r}, which has fewer calls.")
    outputs = layers[name].nodes[node_index].output_tensors
    if not isinstance(tensor_index, int) or not 0 <= tensor_index < len(outputs):
        raise ValueError(f"The config refers to output {tensor_index!r} of layer {name!r}, which has {len(outputs)} outputs.")
    return outputs[tensor_index]
