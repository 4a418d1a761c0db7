"""Calls of functions in functional models of tf.keras and Keras 3, as layers ``Operations``.

tf.keras from 2.4 on names the function and its arguments (TFOpLambda, SlicingOpLambda), before that it holds a node of TensorFlow's
graph (TensorFlowOpLayer). Keras 3 holds an object of a class of ``keras.ops`` and the arguments of its call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...operations import Builder, Call, Graph, Ref
from ...operations.joining import joined, of_shapes
from ..errors import ModelFileError
from .nodes import attributes_of, node_of_text

#: classes of tf.keras that hold a function's name, or a node of TensorFlow
NAMED = ("TFOpLambda", "SlicingOpLambda")
NODES = ("TensorFlowOpLayer",)

#: what stands for a tensor where tf.keras writes a constant
_CONSTANT = "_CONSTANT_VALUE"


class _Sources:
    """The tensors that a call reads, in order, each once, as the inputs of a graph."""

    def __init__(self) -> None:
        self.places: list[list[Any]] = []

    def ref(self, place: list[Any]) -> Ref:
        place = list(place[:3])
        if place not in self.places:
            self.places.append(place)
        return Ref(self.places.index(place))


def is_of_tensorflow(class_name: str) -> bool:
    """Whether a class of tf.keras holds a function and no layer."""
    return class_name in NAMED or class_name in NODES


def of_tensorflow(
    name: str, class_name: str, config: Mapping[str, Any], calls: list[Any], layers: set[str]
) -> tuple[dict[str, Any], list[list[Any]]]:
    """The config of a layer ``Operations`` for a layer of tf.keras that holds a function, and what each call reads.

    ``layers``: the names of the model's layers, by which tensors are told from lists. ModelFileError names the layer and the function.
    """
    read = _named if class_name in NAMED else _node
    return _one_graph(name, [read(name, config, call, layers) for call in calls], config)


def of_keras3(entry: Mapping[str, Any]) -> tuple[dict[str, Any], list[list[Any]]]:
    """The config of a layer ``Operations`` for an operation of Keras 3 in a functional model, and what each call reads."""
    config = entry.get("config")
    name, calls = entry.get("name"), entry.get("inbound_nodes")
    if not isinstance(config, Mapping) or not isinstance(calls, list) or not isinstance(name, str):
        raise ModelFileError(f"The operation {name!r:.80} should have a config and a list of calls.")
    # entries in .h5 files say no module
    module = entry["module"] if isinstance(entry.get("module"), str) else "keras.ops"
    function = f"{module}.{entry.get('class_name')}"
    made = []
    for call in calls:
        if not isinstance(call, Mapping) or not isinstance(call.get("args"), list) or not isinstance(call.get("kwargs", {}), Mapping):
            raise ModelFileError(f"The operation {name!r}: a call should be a dict of 'args' and 'kwargs'.")
        sources = _Sources()
        fixed = {key: _of_keras3(value, sources, name) for key, value in config.items() if key not in ("name", "trainable")}
        args = [_of_keras3(value, sources, name) for value in call["args"]]
        kwargs = {key: _of_keras3(value, sources, name) for key, value in call.get("kwargs", {}).items()}
        made.append((_graph(name, sources, function, args, kwargs, fixed), sources.places))
    return _one_graph(name, made, config)


def _one_graph(name: str, calls: list[tuple[Graph, list]], config: Mapping[str, Any]) -> tuple[dict[str, Any], list[list[Any]]]:
    if not calls:
        raise ModelFileError(f"Layer {name!r} holds a function, but never calls it.")
    graphs = [graph for graph, _ in calls]
    if any(graph != graphs[0] for graph in graphs):
        raise ModelFileError(
            f"Layer {name!r} is called with different arguments in different calls ({graphs[0]}; {graphs[-1]}), which can't "
            "be represented here. [convert: keras2-call]"
        )
    made = {"name": name, "graph": graphs[0].to_json()}
    return {**made, "trainable": bool(config.get("trainable", True))}, [places for _, places in calls]


def _graph(
    name: str, sources: _Sources, function: str, args: list, kwargs: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
) -> Graph:
    if not sources.places:
        raise ModelFileError(
            f"Layer {name!r}: {function} is called without a tensor, which can't be represented here. [convert: keras2-call]"
        )
    builder = Builder(["x", "y", "z"][: len(sources.places)] if len(sources.places) <= 3 else [f"x{i}" for i in range(len(sources.places))])
    try:
        return builder.graph(builder.called(function, args, kwargs, fixed))
    except ModelFileError as error:
        raise ModelFileError(f"Layer {name!r}: {error}") from None


# ---------------------------------------------------------------------- functions by name


def _named(name: str, config: Mapping[str, Any], call: Any, layers: set[str]) -> tuple[Graph, list]:
    function = config.get("function")
    if not isinstance(function, str):
        raise ModelFileError(f"Layer {name!r} should hold the name of a function, got {function!r:.80}.")
    sources = _Sources()
    keywords: dict[str, Any] = {}

    def first(value: Any) -> Any:
        """The first argument: a place with the keywords behind it, or a list of such."""
        if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and (value[0] == _CONSTANT or value[0] in layers):
            if len(value) == 4 and isinstance(value[3], Mapping):
                keywords.update(value[3])
            return _argument(value[2], layers, sources, name) if value[0] == _CONSTANT else sources.ref(value)
        if isinstance(value, list):
            return [first(item) for item in value]
        raise ModelFileError(f"Layer {name!r}: a call should be a list of [name, node, tensor, arguments], got {value!r:.80}.")

    args = [first(call)]
    kwargs = {key: _argument(value, layers, sources, name) for key, value in keywords.items()}
    if "slice_spec" in kwargs and isinstance(kwargs["slice_spec"], list):
        kwargs["slice_spec"] = tuple(kwargs["slice_spec"])
    return _graph(name, sources, f"tf.{function}", args, kwargs), sources.places


def _argument(value: Any, layers: set[str], sources: _Sources, name: str) -> Any:
    if isinstance(value, list):
        if len(value) in (3, 4) and isinstance(value[0], str) and value[0] in layers and type(value[1]) is int and type(value[2]) is int:
            return sources.ref(value)
        if len(value) >= 3 and value[0] == _CONSTANT:
            return _argument(value[2], layers, sources, name)
        return [_argument(item, layers, sources, name) for item in value]
    return _object(value, lambda item: _argument(item, layers, sources, name), name)


def _object(value: Any, inner: Callable[[Any], Any], name: str) -> Any:
    """A slice, an ellipsis, a dtype or a plain value."""
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__" and isinstance(config, Mapping):
        return slice(*(inner(config.get(key)) for key in ("start", "stop", "step")))
    if kind is None and set(value) == {"start", "stop", "step"}:
        return slice(*(inner(value[key]) for key in ("start", "stop", "step")))
    if kind in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return tuple(inner(item) for item in value["items"])
    if kind in ("__numpy__", "__tensor__", "__constant_tensor__") and isinstance(config, Mapping) and "value" in config:
        return _constant(config, name)
    raise ModelFileError(f"Layer {name!r} is called with {value!r:.80}, which kbridge doesn't know. [convert: keras2-call]")


def _constant(config: Mapping[str, Any], name: str) -> Any:
    import numpy as np

    from ...operations.operands import dtype_name

    try:
        return np.asarray(config["value"], dtype=dtype_name(config.get("dtype") or "float32"))
    except (ValueError, TypeError, OverflowError):
        raise ModelFileError(f"Layer {name!r}: kbridge can't read a constant of dtype {config.get('dtype')!r:.40}.") from None


# ---------------------------------------------------------------------- nodes of TensorFlow


def _node(name: str, config: Mapping[str, Any], call: Any, layers: set[str]) -> tuple[Graph, list]:
    node, constants = config.get("node_def"), config.get("constants")
    if isinstance(node, str):
        try:
            node = json.loads(node)
        except ValueError:
            node = node_of_text(node)
    if not isinstance(node, Mapping) or not isinstance(node.get("op"), str) or not isinstance(node.get("input", []), list):
        raise ModelFileError(f"Layer {name!r} holds a TensorFlow node that kbridge can't read: {node!r:.80}.")
    if isinstance(call, list) and call and isinstance(call[0], str):
        call = [call]
    if not isinstance(call, list) or not all(isinstance(c, list) and len(c) >= 3 and isinstance(c[0], str) for c in call):
        raise ModelFileError(f"Layer {name!r}: a call should be a list of [name, node, tensor].")
    sources = _Sources()
    given = {str(key): value for key, value in constants.items()} if isinstance(constants, Mapping) else {}
    rest = iter(call)
    inputs = []
    for i in range(sum(not str(source).startswith("^") for source in node.get("input", []))):
        if str(i) in given:
            inputs.append(given[str(i)])
        else:
            source = next(rest, None)
            if source is None:
                raise ModelFileError(f"Layer {name!r}: its node takes {len(node['input'])} tensors, but the call gives {len(call)}.")
            inputs.append(sources.ref(source))
    function, args, kwargs = attributes_of(node, inputs)
    return _graph(name, sources, function, args, kwargs), sources.places


# ---------------------------------------------------------------------- Keras 3


def _of_keras3(value: Any, sources: _Sources, name: str) -> Any:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, Mapping) else None
        if isinstance(history, list) and len(history) == 3 and isinstance(history[0], str) and all(type(n) is int for n in history[1:]):
            return sources.ref(history)
        raise ModelFileError(f"The operation {name!r} reads a tensor from {history!r:.80}, which should be [name, node, tensor].")
    if isinstance(value, list):
        return [_of_keras3(item, sources, name) for item in value]
    found = _object(value, lambda item: _of_keras3(item, sources, name), name)
    return found


# ---------------------------------------------------------------------- shapes


def with_shapes_inside(layers: list[dict[str, Any]], outputs: list[list[Any]]) -> list[dict[str, Any]]:
    """The layers of a model, those ``Operations`` that only compute lengths of tensors put into the ones that use them.

    A length isn't a tensor of samples: other formats, and what a shape is inferred from, need it where it is used.
    """
    by_name = {layer["name"]: layer for layer in layers}
    own = {name: layer for name, layer in by_name.items() if layer["class_name"] == "Operations" and len(layer["inbound_nodes"]) == 1}
    readers: dict[str, list[dict[str, Any]]] = {}
    for layer in layers:
        for call in layer["inbound_nodes"]:
            for place in call:
                readers.setdefault(place[0], []).append(layer)
    lengths: dict[str, tuple[Graph, list[Any]]] = {}
    ends = {place[0] for place in outputs}
    for name in _in_order(own):
        layer = own[name]
        graph, places = _taken_in(Graph.from_json(layer["config"]["graph"]), layer["inbound_nodes"][0], lengths)
        layer["config"]["graph"], layer["inbound_nodes"] = graph.to_json(), [places]
        used = readers.get(name, [])
        if name not in ends and used and all(reader["name"] in own for reader in used) and of_shapes(graph, [False] * len(places)):
            lengths[name] = (graph, places)
    return [layer for layer in layers if layer["name"] not in lengths]


def _taken_in(graph: Graph, places: list[Any], lengths: Mapping[str, tuple[Graph, list[Any]]]) -> tuple[Graph, list[Any]]:
    replaced = {i: _part(lengths[place[0]][0], place[2]) for i, place in enumerate(places) if place[0] in lengths}
    if not replaced:
        return graph, places
    return joined(graph, replaced, places, {i: lengths[places[i][0]][1] for i in replaced})


def _part(graph: Graph, index: int) -> Graph:
    """A graph with one of its results, where it has several."""
    last = graph.calls[-1] if graph.calls else None
    if last is None or last.operation not in ("unstack", "split", "split_by_sizes", "split_equally"):
        return graph
    return Graph(
        graph.inputs, (*graph.calls, Call("getitem", {"x": graph.result, "key": index})), Ref(len(graph.inputs) + len(graph.calls))
    )


def _in_order(own: Mapping[str, dict[str, Any]]) -> list[str]:
    """Names, each behind those that it reads."""
    found: list[str] = []
    done: set[str] = set()
    for start in own:
        pending = [(start, False)]
        while pending:
            name, leaving = pending.pop()
            if leaving:
                found.append(name)
            elif name not in done:
                done.add(name)
                pending.append((name, True))
                pending += [(place[0], False) for place in own[name]["inbound_nodes"][0] if place[0] in own and place[0] not in done]
    return found
