"""Each call of each layer of a model, models inside it opened, with the tensors that go in and come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import backend as K
from ..engine.container import Container
from ..engine.node import single, to_list
from ..models import Sequential


@dataclass
class Call:
    """One call of a layer; ``sources`` are the numbers of the calls that made its inputs."""

    name: str
    layer: Any
    inputs: list
    masks: list
    outputs: list
    sources: list[int]
    #: which output of each source
    positions: list[int]


def calls_of(model) -> tuple[list[Call], list, list]:
    """(all calls in graph order, the model's outputs, their masks), computed on the model's own inputs."""
    calls: list[Call] = []
    made: dict[int, tuple[int, int]] = {}
    graph = graph_of(model)
    for x, layer in zip(graph.inputs, graph.input_layers, strict=True):
        made[id(x)] = (len(calls), 0)
        calls.append(Call(layer.name, layer, [], [], [x], [], []))
    with K.graph_scope():
        outputs, masks = _run(graph, list(graph.inputs), [None] * len(graph.inputs), "", calls, made)
    return calls, outputs, masks


def graph_of(model) -> Container:
    """The graph of layers behind a model."""
    return model._built_model() if isinstance(model, Sequential) else model


def _run(
    graph: Container, inputs: list, masks: list, prefix: str, calls: list[Call], made: dict[int, tuple[int, int]]
) -> tuple[list, list]:
    known = {id(x): (y, mask) for x, y, mask in zip(graph.inputs, inputs, masks, strict=True)}
    for node in graph._in_order():
        if all(id(x) in known for x in node.output_tensors):
            continue
        layer = node.outbound_layer
        pairs = [known[id(x)] for x in node.input_tensors]
        tensors, node_masks = [p[0] for p in pairs], [p[1] for p in pairs]
        name = prefix + layer.name
        if isinstance(layer, Container):
            outputs, output_masks = _run(graph_of(layer), tensors, node_masks, f"{name}/", calls, made)
        else:
            outputs = to_list(layer.call(single(tensors), mask=single(node_masks)))
            # a layer that hands on its input gets a tensor of its own, for a gradient of its own
            outputs = [K.identity(y) if id(y) in made else y for y in outputs]
            output_masks = to_list(layer.compute_mask(single(tensors), single(node_masks)))
            if len(output_masks) < len(outputs):
                output_masks = output_masks * len(outputs)
            for y, x in zip(outputs, node.output_tensors, strict=True):
                y._keras_shape = x._keras_shape
            times = sum(call.layer is layer for call in calls)
            sources, positions = map(list, zip(*(made[id(x)] for x in tensors), strict=True))
            if times:
                name += f" (call {times + 1})"
            made.update((id(y), (len(calls), j)) for j, y in enumerate(outputs))
            calls.append(Call(name, layer, tensors, node_masks, outputs, sources, positions))
        known.update((id(x), (y, m)) for x, y, m in zip(node.output_tensors, outputs, output_masks, strict=True))
    return [known[id(x)][0] for x in graph.outputs], [known[id(x)][1] for x in graph.outputs]
