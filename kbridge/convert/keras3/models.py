"""A kbridge model as a Keras 3 model: the graph of its layers with a Keras 3 layer, or several in a row, for each."""

from __future__ import annotations

import re
from typing import Any

from ...engine.freezing import frozen_parts
from ...engine.topology import Container, InputLayer, Merge
from ...models import Sequential
from ..masks import calls, container_of
from ..problems import NotConvertible, Unsupported
from . import core, images, over_time, sequences  # noqa: F401 (they enter their layers into the table)
from .context import Context, safe_name
from .core import input_part
from .differences import alters, check_call, note_training
from .parts import Graph, Part, Ref, Stack


def converted(model, builder: Builder | None = None) -> tuple[Part, list[str]]:
    """(the Keras 3 model, notes of what differs). NotConvertible with all reasons, if there are any. ``builder``: for a like format."""
    builder = builder or Builder()
    for seen in calls(model, alters):
        builder.seen.setdefault(id(seen.layer), []).append(seen)
        builder.check(seen)
    for several in builder.seen.values():
        note_training(builder, several)
    part = builder.model(model)
    if builder.problems:
        raise NotConvertible("Keras 3", builder.problems)
    return part, builder.notes


class Builder(Context):
    """A Context that knows models too."""

    def check(self, seen) -> None:
        """Collect what prevents a call from being the same there."""
        check_call(self, seen)

    def inside(self, layer, shapes) -> list[Part]:
        """The layers in Keras 3 for a layer in a wrapper."""
        return [self.model(layer)] if isinstance(layer, Container) else self.make(layer, shapes)

    def parts(self, layer, shapes) -> list[Part]:
        """As ``inside``, with problems collected: a layer that can't be converted gives none."""
        try:
            return self.inside(layer, shapes)
        except Unsupported as problem:
            self.problems.append(str(problem))
            return []

    def model(self, model) -> Part:
        part = self._stack(model) if _is_chain(model) else self._graph(model)
        if not model.trainable:
            # Keras 3 doesn't read this setting of a model, so its layers say it
            part.freeze()
        return part

    def _stack(self, model) -> Stack:
        stack = Stack("Sequential", {"name": safe_name(model.name), "trainable": model.trainable})
        # a Sequential model of later Keras may list its input
        layers = [layer for layer in model.layers if not isinstance(layer, InputLayer)]
        first = model.inputs[0]
        source = first._keras_history[0]
        name = safe_name(source.name)
        dtype = getattr(source, "input_dtype", None)
        stack.layers.append(
            input_part(
                self, model, getattr(source, "batch_input_shape", first._keras_shape), dtype, name, bool(getattr(source, "sparse", False))
            )
        )
        shape = first._keras_shape
        rows = [list(stack.layers)]
        for layer in layers:
            rows.append(self.parts(layer, [shape]))
            shape = layer.get_output_shape_for(shape)
        _name_apart(rows)
        stack.layers = [part for row in rows for part in row]
        return stack

    def _graph(self, model) -> Graph:
        container = container_of(model)
        graph = Graph("Functional", {"name": safe_name(model.name), "trainable": model.trainable})
        numbers: dict[tuple, int] = {}
        last: dict = {}
        nodes: dict = {}
        for layer in container.layers:
            calls = [
                (index, node) for index, node in enumerate(layer.inbound_nodes) if f"{layer.name}_ib-{index}" in container.container_nodes
            ]
            nodes[layer] = calls
            numbers.update({(layer, index): number for number, (index, _) in enumerate(calls)})
        made = {layer: self._made(layer, calls) for layer, calls in nodes.items()}
        if any(part.class_name == "Concatenate" and self.masked(layer) for layer, parts in made.items() for part in parts):
            _leave_to_masks([part for parts in made.values() for part in parts])
        _name_apart(list(made.values()))
        still = frozen_parts(model).layers
        for part in (part for layer, parts in made.items() if id(layer) in still for part in parts):
            part.freeze()
        for layer, parts in made.items():
            last[layer] = parts[-1].name if parts else safe_name(layer.name)

        def ref(layer, node_index, tensor_index) -> Ref:
            return Ref(last[layer], numbers[layer, node_index], tensor_index)

        for layer, parts in made.items():
            dtype = getattr(layer, "input_dtype", None)
            for number, (index, node) in enumerate(nodes[layer]):
                for position, shape in enumerate(node.output_shapes):
                    tensor = ref(layer, index, position)
                    graph.shapes[tensor] = tuple(shape)
                    if not node.inbound_layers and dtype:
                        graph.dtypes[tensor] = dtype
                for part in parts[:-1]:  # shapes between the layers of a row serve as a note only
                    graph.shapes[Ref(part.name, number)] = tuple(node.output_shapes[0])
            for position, part in enumerate(parts):
                reads: list[Any] = []
                for number, (_, node) in enumerate(nodes[layer]):
                    if not node.inbound_layers:
                        continue
                    read = [ref(*s) for s in zip(node.inbound_layers, node.node_indices, node.tensor_indices, strict=True)]
                    several = len(read) > 1 or isinstance(layer, Merge)
                    reads.append(Ref(parts[position - 1].name, number) if position else read if several else read[0])
                graph.add(part, reads)
        for kind, refs in (("input", graph.inputs), ("output", graph.outputs)):
            ends = (f"{kind}_layers", f"{kind}_layers_node_indices", f"{kind}_layers_tensor_indices")
            refs += [ref(*end) for end in zip(*(getattr(container, name) for name in ends), strict=True)]
        if not self.problems:
            graph.sort()
        return graph

    def _made(self, layer, calls) -> list[Part]:
        node = calls[0][1]
        if not node.inbound_layers:
            dtype = getattr(layer, "input_dtype", None)
            return [input_part(self, layer, node.output_shapes[0], dtype, safe_name(layer.name), bool(getattr(layer, "sparse", False)))]
        return self.parts(layer, [tuple(s) for s in node.input_shapes])


def _leave_to_masks(parts: list[Part]) -> None:
    """Leave the names to Keras 3 that it gives to operations when it joins masks; a layer of such a name couldn't be loaded."""
    for part in parts:
        if re.fullmatch(r"concatenate(_\d+)?", part.name):
            part.config["name"] = f"{part.name}_layer"


def _name_apart(rows: list[list[Part]]) -> None:
    """Give the layers of a model different names, as Keras 3 wants them: the last ones of their rows keep theirs if they can."""
    taken: set[str] = set()
    for part in [*(row[-1] for row in rows if row), *(part for row in rows for part in row[:-1])]:
        name, number = part.name, 1
        while part.name in taken:
            part.config["name"] = f"{name}_{number}"
            number += 1
        taken.add(part.name)


def _is_chain(model) -> bool:
    """Whether a model is a Sequential one of layers that follow each other, each used once."""
    if not isinstance(model, Sequential) or isinstance(model.layers[0], Merge) or len(model.inputs) != 1:
        return False
    return len({id(layer) for layer in model.layers}) == len(model.layers)
