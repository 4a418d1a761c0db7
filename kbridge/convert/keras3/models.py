"""A kbridge model as a Keras 3 model: the graph of its layers with a Keras 3 layer, or several in a row, for each."""

from __future__ import annotations

from ...engine.topology import Container, Merge
from ...layers import Bidirectional
from ...models import Sequential
from ..problems import NotConvertible, Unsupported, called
from . import core, images, sequences  # noqa: F401 (they enter their layers into the table)
from .context import Context, safe_name
from .core import input_part
from .parts import Graph, Part, Ref, Stack


def converted(model) -> tuple[Part, list[str]]:
    """(the Keras 3 model, notes of what differs). NotConvertible with all reasons, if there are any."""
    builder = _Builder()
    part = builder.model(model)
    if builder.problems:
        raise NotConvertible("Keras 3", builder.problems)
    return part, builder.notes


class _Builder(Context):
    """A Context that knows models too."""

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
        layers = list(model.layers)
        first = model.inputs[0]
        source = first._keras_history[0]
        name = safe_name(source.name)
        dtype = getattr(source, "input_dtype", None)
        stack.layers.append(input_part(self, model, first._keras_shape, dtype, name, bool(getattr(source, "sparse", False))))
        shape = first._keras_shape
        for layer in layers:
            stack.layers += self.parts(layer, [shape])
            shape = layer.get_output_shape_for(shape)
        return stack

    def _graph(self, model) -> Graph:
        container = model._built_model() if isinstance(model, Sequential) else model
        graph = Graph("Functional", {"name": safe_name(model.name), "trainable": model.trainable})
        numbers: dict[tuple, int] = {}
        last: dict = {}
        nodes: dict = {}
        for layer in container.layers:
            calls = [
                (index, node)
                for index, node in enumerate(layer.inbound_nodes)
                if f"{layer.name}_ib-{index}" in container.container_nodes
            ]
            nodes[layer] = calls
            numbers.update({(layer, index): number for number, (index, _) in enumerate(calls)})
        made = {layer: self._made(layer, calls) for layer, calls in nodes.items()}
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
                calls = []
                for number, (_, node) in enumerate(nodes[layer]):
                    if not node.inbound_layers:
                        continue
                    read = [ref(*s) for s in zip(node.inbound_layers, node.node_indices, node.tensor_indices, strict=True)]
                    several = len(read) > 1 or isinstance(layer, Merge)
                    calls.append(Ref(parts[position - 1].name, number) if position else read if several else read[0])
                graph.add(part, calls)
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
        if isinstance(layer, Bidirectional) and layer.return_sequences and any(m is not None for _, call in calls for m in call.input_masks):
            self.note(layer, "at steps that a mask drops it puts out 0 in Keras 3, in Keras 1 the output before")
        if isinstance(layer, Merge):
            self.problems += {problem for _, call in calls if (problem := _mask_problem(layer, call))}
        return self.parts(layer, [tuple(s) for s in node.input_shapes])


def _mask_problem(layer, node) -> str | None:
    """Keras 1 keeps a step of merged inputs if no mask drops it, Keras 3 if any mask keeps it: one mask for all is the same."""
    masks = node.input_masks
    if layer.mode in ("dot", "cos") or all(mask is None for mask in masks):
        return None
    ndim = len(node.input_shapes[0])
    if all(mask is masks[0] for mask in masks) and (layer.mode != "concat" or layer.concat_axis % ndim == ndim - 1):
        return None
    return f"{called(layer)}: its inputs have different masks, which Keras 3 joins in another way"


def _is_chain(model) -> bool:
    """Whether a model is a Sequential one of layers that follow each other, each used once."""
    if not isinstance(model, Sequential) or isinstance(model.layers[0], Merge) or len(model.inputs) != 1:
        return False
    return len({id(layer) for layer in model.layers}) == len(model.layers)
