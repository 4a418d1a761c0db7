"""The config of a Sequential model: a list with an entry for each layer, of which layers of one name are one layer."""

from __future__ import annotations

import copy
from typing import Any

from .container import Container
from .entries import NUMBER, layer_entry, made_before, making, numbering, remember_layer
from .input_layer import Input
from .layer import Layer
from .merge import Merge
from .registry import layer_classes, layer_from_config


def to_config(model: Any) -> list:
    """The config of a Sequential model."""
    with numbering(model):
        entries = [layer_entry(layer) for layer in model.layers]
        first = model.layers[0] if model.layers else None
        if isinstance(first, Merge) and first.layers:
            entries[0]["config"]["layers"] = [layer_entry(branch) for branch in first.layers]
        elif first is not None and not isinstance(first, Container):
            shape = first.inbound_nodes[0].input_shapes[0]
            entries[0]["config"] = {**entries[0]["config"], "batch_input_shape": entries[0]["config"].get("batch_input_shape", shape)}
    return copy.deepcopy(entries)


def add_layers(model: Any, config: list, cache: dict) -> None:
    """Give a new Sequential model the layers of a config. ``cache``: layers by name that models made before share with it."""
    with making():
        for entry in config:
            shared = made_before(entry)
            layer = _cached_layer(entry, cache)
            called = shared is not None and len(layer.inbound_nodes) > shared[1] == 0
            made_without_input = shared is not None and not hasattr(layer, "batch_input_shape") and "batch_input_shape" in entry["config"]
            if not model.layers and (called or made_without_input):
                # another model called it before, or will
                layer(Input(batch_shape=entry["config"].get("batch_input_shape"), dtype=entry["config"].get("input_dtype")))
                model._add_first(layer, -1)
                model._added(layer)
            else:
                model.add(layer)


def _cached_layer(entry: dict, cache: dict) -> Layer:
    """Return the layer of a config's entry: a new one, or the one with the same name or number that was made before."""
    config = entry["config"]
    name = config.get("name") if isinstance(config, dict) and NUMBER not in entry else None
    if name in cache:
        return cache[name]
    shared = made_before(entry)
    if shared is not None:
        return shared[0]
    if entry["class_name"] == "Merge" and isinstance(config, dict) and config.get("layers"):
        branches = [_branch(branch, cache) for branch in config["layers"]]
        layer = Merge.from_config({**config, "layers": branches})
    elif entry["class_name"] == "Sequential":
        sequential: Any = layer_classes()["Sequential"]
        layer = sequential.from_config(config, layer_cache=cache)
        layer.name = entry.get("name", layer.name)
    else:
        layer = layer_from_config(entry)
    if name:
        cache[name] = layer
    return remember_layer(layer, entry)


def _branch(entry: dict, cache: dict) -> Layer:
    """Return a branch of a Merge at the head of a model. Keras 1 doesn't know the names of branches that are Sequential."""
    return _cached_layer({key: value for key, value in entry.items() if key != "name"}, cache)
