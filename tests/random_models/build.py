"""From the data of a random model to the model, on whatever backend is active."""

from __future__ import annotations

from typing import Any

#: axes are kept this small, so that a model runs in milliseconds
MOST_ELEMENTS = 300


class Graph:
    """The tensors of a model that grows node by node; ``spec`` has its inputs."""

    def __init__(self, spec: dict):
        from kbridge.layers import Input

        self.tensors: dict[str, Any] = {}
        self.layers: dict[str, Any] = {}
        self._ids = {entry["name"] for entry in spec["inputs"] if "ids" in entry}
        for entry in spec["inputs"]:
            shape = (spec.get("batch"), *entry["shape"])
            dtype = {"dtype": "int32"} if "ids" in entry else {}
            self.tensors[entry["name"]] = Input(batch_shape=shape, **dtype)

    def is_ids(self, name: str) -> bool:
        return name in self._ids

    def shape(self, name: str) -> tuple:
        """Without the samples."""
        return tuple(self.tensors[name]._keras_shape[1:])

    def add(self, node: dict) -> bool:
        """Build a node; False if it is of no use: its input has a mask that it can't take, or its result is too large or empty."""
        inputs = [self.tensors[name] for name in node["inputs"]]
        try:
            layer, result = apply(node, inputs, self.layers)
        except TypeError as error:
            if "mask" in str(error):
                return False
            raise
        shape = result._keras_shape[1:]
        known = [n for n in shape if n is not None]
        size = 1
        for n in known:
            size *= n
        if not shape or 0 in known or size > MOST_ELEMENTS or len(shape) > 4:
            return False
        self.layers[node["name"]] = layer
        self.tensors[node["name"]] = result
        return True


def apply(node: dict, inputs: list, made: dict[str, Any]) -> tuple[Any, Any]:
    """The layer of a node and its result."""
    from kbridge.layers import Merge

    if "shared" in node:
        layer = made[node["shared"]]
    elif "merge" in node:
        layer = Merge(**node["merge"])
    elif "model" in node:
        layer = model(node["model"])[0]
    else:
        layer = layer_of(node["layer"])
    return layer, layer(inputs if len(inputs) > 1 else inputs[0])


def layer_of(data: dict, **more: Any) -> Any:
    from kbridge import constraints, layers, regularizers

    arguments = {}
    for name, value in data["arguments"].items():
        if name == "layer":
            value = layer_of(value)
        elif name.endswith("regularizer"):
            value = regularizers.get(dict(value))
        elif name.endswith("constraint"):
            value = constraints.get(dict(value))
        elif isinstance(value, list):
            value = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        arguments[name] = value
    if data["class"] == "Deconvolution2D" and "output_shape" in arguments:
        more["output_shape"] = arguments.pop("output_shape")
    return getattr(layers, data["class"])(**arguments, **more)


def model(spec: dict) -> tuple[Any, dict[str, Any]]:
    """The model and its layers by the names of their nodes."""
    from kbridge.models import Model, Sequential

    if spec.get("sequential"):
        made: dict[str, Any] = {}
        result = Sequential()
        for i, node in enumerate(spec["nodes"]):
            shape = {"batch_input_shape": (spec.get("batch"), *spec["inputs"][0]["shape"])} if not i else {}
            made[node["name"]] = layer_of(node["layer"], **shape)
            result.add(made[node["name"]])
        return result, made
    graph = Graph(spec)
    for node in spec["nodes"]:
        if not graph.add(node):
            raise ValueError(f"The node {node} can't be built.")
    return Model([graph.tensors[i["name"]] for i in spec["inputs"]], [graph.tensors[o] for o in spec["outputs"]]), graph.layers
