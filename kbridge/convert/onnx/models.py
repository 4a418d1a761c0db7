"""A kbridge model, as it predicts, as an ONNX graph."""

from __future__ import annotations

from typing import Any

from ... import backend as K
from ...engine.topology import Container
from ...saving.input_names import input_names
from ..masks import container_of, node_masks
from ..problems import NotConvertible, Unsupported, with_id
from . import core, images, sequences  # noqa: F401 (they enter their layers into the table)
from .builder import Builder
from .context import Call, Context
from .masks import handed_on
from .proto import DATA_TYPES


def converted(model) -> tuple[Builder, list[str]]:
    """(the graph, notes of what differs). NotConvertible with all reasons, if there are any."""
    context = _Models(model.name)
    container = container_of(model)
    tensors = [
        context.graph.input(name, _dtype(layer), x._keras_shape)
        for name, layer, x in zip(input_names(model), container.input_layers, container.inputs)
    ]
    outputs, _ = context.container(container, tensors, [None] * len(tensors), [None] * len(tensors))
    if context.problems:
        raise NotConvertible("ONNX", context.problems)
    for layer, tensor, x in zip(container.output_layers, outputs, container.outputs):
        context.graph.output(
            f"{layer.name}_output" if layer in container.input_layers else layer.name, tensor, x._keras_shape, _dtype_of(x)
        )
    if K.floatx() != "float32":
        context.notes.append(with_id("onnx-float32", f"it computes in float32, not in {K.floatx()}"))
    return context.graph, context.notes


def _dtype(layer) -> str:
    dtype = str(getattr(layer, "input_dtype", None) or "float32")
    return dtype if dtype in DATA_TYPES and not dtype.startswith("float") else "float32"


def _dtype_of(x) -> str:
    """The dtype of an output: numbers with a fraction are float32."""
    dtype = K.dtype(x)
    return dtype if dtype in DATA_TYPES and not dtype.startswith("float") else "float32"


class _Models(Context):
    """A Context that knows models too."""

    def inside(self, layer, call: Call) -> Any:
        """The output of a layer, or of a model, inside of another."""
        if isinstance(layer, Container):
            outputs, call.made = self.container(container_of(layer), call.inputs, call.masks, call.lazy or [None] * len(call.inputs))
            return outputs[0] if len(outputs) == 1 else outputs
        return self.make(layer, call)

    def container(self, container, inputs: list[str], masks: list, lazy: list) -> tuple[list[str], list]:
        """The output tensors of a graph of layers on ``inputs`` with their masks, and the masks of these. What can't be converted is noted.

        ``lazy`` makes the masks of the inputs in the graph.
        """
        known, made = node_masks(container, masks)
        tensors: dict[tuple, list[str]] = {}
        found: dict[tuple, list] = {}
        for layer, node, tensor, mask in zip(container.input_layers, container.input_layers_node_indices, inputs, lazy, strict=True):
            tensors[layer, node], found[layer, node] = [tensor], [mask]
        indices = {id(node): index for layer in container.layers for index, node in enumerate(layer.inbound_nodes)}
        scope = self.graph.scope
        for node in container._nodes:
            layer, index = node.outbound_layer, indices[id(node)]
            if (layer, index) in tensors:
                continue
            sources = list(zip(node.inbound_layers, node.node_indices, node.tensor_indices, strict=True))
            read, own = ([kept[source, n][t] for source, n, t in sources] for kept in (tensors, found))
            self.graph.scope = f"{scope}/{layer.name}" if scope else layer.name
            shapes = [tuple(s) for s in node.input_shapes]
            call = Call(read, shapes, [tuple(s) for s in node.output_shapes], known[id(node)], own)
            try:
                outputs = self.inside(layer, call)
            except Unsupported as problem:
                self.problems.append(str(problem))
                outputs = [""] * len(node.output_shapes)
            tensors[layer, index] = outputs if isinstance(outputs, list) else [outputs]
            found[layer, index] = call.made or handed_on(self, layer, call, made[id(node)])
        self.graph.scope = scope
        ends = list(zip(container.output_layers, container.output_layers_node_indices, container.output_layers_tensor_indices, strict=True))
        results = [tensors[layer, node][tensor] for layer, node, tensor in ends]
        return results, [found[layer, node][tensor] for layer, node, tensor in ends]
