"""Where the weights of each layer lie in a file of Keras 3.

A model's layers lie below ``layers``, each in a group that is called by its class and counted within its class, in the model's order:
``layers/dense``, ``layers/dense_1``. What a layer holds lies below the names of its attributes (``cell``, ``forward_layer``), and its own
weights in ``vars``, numbered. Newer versions put the layer's name beside them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..limits import MAX_DEPTH
from ..reading import Group
from .masks import is_operation
from .models import FUNCTIONAL

#: class here -> class in Keras 3, whose name makes the path
_CLASSES = {
    "AtrousConvolution1D": "Conv1D", "AtrousConvolution2D": "Conv2D", "Convolution1D": "Conv1D", "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D", "Deconvolution2D": "Conv2DTranspose", "SeparableConvolution2D": "SeparableConv2D", "TimeDistributedDense": "Dense",
    "Model": "Functional", "Container": "Functional",
}  # fmt: skip


#: attributes of attributes, down to where layers of a class of somebody's own get names
_MAX_ATTRIBUTES = 8

#: class as configs call it -> its own name, which makes the path
_EXPORTED = {"GroupQueryAttention": "GroupedQueryAttention"}

_MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "min": "Minimum", "sub": "Subtract", "concat": "Concatenate",
    "dot": "Dot", "cos": "Dot", "normalized_dot": "Dot",
}  # fmt: skip


class Node(NamedTuple):
    """A layer: its name, its class in Keras 3, and the layers inside if it is a model or wraps one."""

    name: str
    class_name: str
    children: list[Node] | None = None
    #: whether ``children`` are those of the layer that it wraps
    wraps: bool = False


def snake_case(name: str) -> str:
    """'BatchNormalization' as 'batch_normalization': how Keras 3 makes paths of classes."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def nodes_of_config(entry: Any, depth: int = 0) -> list[Node]:
    """The layers of a model's config, in order."""
    inner = entry.get("config") if isinstance(entry, Mapping) else None
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(layers, list) or depth > MAX_DEPTH:
        return []
    return [_node(layer, depth) for layer in layers if isinstance(layer, Mapping) and not is_operation(layer)]


def _node(entry: Mapping[str, Any], depth: int) -> Node:
    stored = entry.get("config")
    config = stored if isinstance(stored, Mapping) else {}
    name = str(entry.get("name") or config.get("name"))
    class_name = str(entry.get("class_name")).rpartition(">")[2]
    if class_name == "Sequential" or class_name in FUNCTIONAL:
        return Node(name, class_name if class_name == "Sequential" else "Functional", nodes_of_config(entry, depth + 1))
    if class_name == "Pipeline":
        return Node(name, class_name, nodes_of_config(entry, depth + 1))
    wrapped = config.get("layer")
    if isinstance(wrapped, Mapping) and isinstance(wrapped.get("config"), Mapping) and isinstance(wrapped["config"].get("layers"), list):
        return Node(name, class_name, nodes_of_config(wrapped, depth + 1), True)
    return Node(name, _EXPORTED.get(class_name, class_name))


def nodes_of_model(model: Any) -> list[Node]:
    """The layers of a model of kbridge's, as Keras 3 would have them."""
    return [_node_of(layer) for layer in model.layers]


def _node_of(layer: Any) -> Node:
    if is_model(layer):
        return Node(layer.name, "Sequential" if hasattr(layer, "flattened_layers") else "Functional", nodes_of_model(layer))
    own = type(layer).__name__
    if own == "Pipeline":
        return Node(layer.name, own, nodes_of_model(layer))
    wrapped = getattr(layer, "layer", None)
    if wrapped is not None and is_model(wrapped):
        return Node(layer.name, own, nodes_of_model(wrapped), True)
    if own == "Merge":
        return Node(layer.name, _MERGES.get(layer.mode, "Merge") if isinstance(layer.mode, str) else "Merge")
    own = _CLASSES.get(own, own)
    return Node(layer.name, _EXPORTED.get(own, own))


def is_model(layer: Any) -> bool:
    """Whether a layer is a model of layers."""
    return hasattr(layer, "container_nodes") or hasattr(layer, "flattened_layers")


def places(nodes: Iterable[Node]) -> list[str]:
    """The paths of a model's layers below its group."""
    taken: Counter[str] = Counter()
    found = []
    for node in nodes:
        name = snake_case(node.class_name)
        found.append(f"layers/{name}" + (f"_{taken[name]}" if taken[name] else ""))
        taken[name] += 1
    return found


# ---------------------------------------------------------------------- what a file has


def has_arrays(group: Group, depth: int = 0) -> bool:
    """Whether there are weights below a layer's group, but for the seeds of what it draws."""
    for name in group.keys():
        if name in SEEDS or not group.is_group(name) or depth > MAX_DEPTH:
            continue
        inner = group.group(name)
        if name == "vars" and inner.keys() or name != "vars" and has_arrays(inner, depth + 1):
            return True
    return False


def stored_names(group: Group) -> dict[str, str]:
    """Names of a model's layers as the file has them -> their paths; empty for a file of before it had any.

    In a file of a class of somebody's own, which doesn't number its layers, a layer is also called by its attribute: ``encoder/dense``.
    """
    if "layers" not in group or not group.is_group("layers"):
        return _names_of_attributes(group)
    found = {}
    layers = group.group("layers")
    for place in layers.keys():
        if layers.is_group(place) and (name := _name_of(layers.group(place))):
            found[name] = f"layers/{place}"
    return found


def _name_of(group: Group) -> str | None:
    """The name of the layer whose weights are in ``group``, if the file says it."""
    return group.group("vars").text("name") if "vars" in group and group.is_group("vars") else None


def attributes(group: Group) -> list[str]:
    """The attributes of a model of somebody's own class that may hold layers."""
    return [name for name in group.keys() if name not in ("optimizer", "vars", "metrics", "layers", *SEEDS) and group.is_group(name)]


def _names_of_attributes(group: Group) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[tuple[str, str]] = []

    def walk(inner: Group, path: str, depth: int) -> None:
        if not has_arrays(inner):
            return
        found[path] = path
        if name := _name_of(inner):
            names.append((name, path))
        for attribute in inner.keys() if depth < _MAX_ATTRIBUTES else ():
            if attribute not in ("vars", *SEEDS) and inner.is_group(attribute):
                walk(inner.group(attribute), f"{path}/{attribute}", depth + 1)

    for attribute in attributes(group):
        walk(group.group(attribute), attribute, 1)
    count = Counter(name for name, _ in names)
    return found | {name: path for name, path in names if count[name] == 1 and name not in found}


#: attributes of layers that hold the state of random numbers
SEEDS = ("seed_generator", "_seed_generator", "random_generator", "_random_generator")
