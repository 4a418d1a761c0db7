"""Nodes: one for each call of a layer. They connect the layers of a graph."""

from __future__ import annotations

import warnings

from .. import backend as K
from ..budget import spend_work


def to_list(x) -> list:
    """``x`` itself if it is a list, else a list that holds it."""
    return x if isinstance(x, list) else list(x) if isinstance(x, tuple) else [x]


def single(items: list):
    """The only item of a list, or the list if there are several (or none)."""
    return items[0] if len(items) == 1 else items


def object_list_uid(object_list) -> str:
    """Return a key for the identity of one object, or of several in ``object_list``."""
    return ", ".join(str(id(o)) for o in to_list(object_list)) if object_list is not None else "None"


def static_shape(x) -> tuple:
    """The shape of a tensor of a graph as far as it is known, None for other lengths."""
    return getattr(x, "_keras_shape", None) or K.int_shape(x)


class Node:
    """A call of a layer on the outputs of other nodes.

    Making a node enters it into the ``inbound_nodes`` of its layer and the ``outbound_nodes`` of the layers it reads.

    Args:
        outbound_layer: the layer that is called.
        inbound_layers: the layers whose outputs come in, a list.
        node_indices: which call of each of these layers is meant, a list.
        tensor_indices: which output of that call is meant, a list.
        input_tensors: the tensors that come in, a list.
        output_tensors: the tensors that come out, a list.
        input_masks: the masks of the inputs, a list.
        output_masks: the masks of the outputs, a list.
        input_shapes: the shapes of the inputs, a list.
        output_shapes: the shapes of the outputs, a list.
    """

    #: marks of the frozen models whose graphs this call is a part of, see ``freezing``
    frozen_by: list = []

    def __init__(
        self,
        outbound_layer,
        inbound_layers,
        node_indices,
        tensor_indices,
        input_tensors,
        output_tensors,
        input_masks,
        output_masks,
        input_shapes,
        output_shapes,
    ):
        self.outbound_layer = outbound_layer
        self.inbound_layers = inbound_layers
        self.node_indices = node_indices
        self.tensor_indices = tensor_indices
        self.input_tensors = input_tensors
        self.output_tensors = output_tensors
        self.input_masks = input_masks
        self.output_masks = output_masks
        self.input_shapes = input_shapes
        self.output_shapes = output_shapes
        for layer in inbound_layers:
            if layer is not None:
                layer.outbound_nodes.append(self)
        outbound_layer.inbound_nodes.append(self)

    @classmethod
    def create_node(cls, outbound_layer, inbound_layers, node_indices=None, tensor_indices=None) -> Node:
        """Call a layer on what other nodes put out, and record the call.

        Args:
            outbound_layer: the layer to call.
            inbound_layers: the layers whose outputs come in, a list.
            node_indices: which call of each of these layers is meant; the first one if left out.
            tensor_indices: which output of that call is meant; the first one if left out.
        """
        node_indices = node_indices or [0] * len(inbound_layers)
        tensor_indices = tensor_indices or [0] * len(inbound_layers)
        inbound_layers, node_indices, tensor_indices = _makers(inbound_layers, node_indices, tensor_indices)
        tensors, masks, shapes = [], [], []
        for layer, node_index, tensor_index in zip(inbound_layers, node_indices, tensor_indices, strict=True):
            node = layer.inbound_nodes[node_index]
            tensors.append(node.output_tensors[tensor_index])
            masks.append(node.output_masks[tensor_index])
            shapes.append(node.output_shapes[tensor_index])

        outbound_layer.assert_input_compatibility(single(tensors))
        spend_work(1, f"layer {outbound_layer.name!r}")
        with K.graph_scope():
            outputs = to_list(outbound_layer.call(single(tensors), mask=single(masks)))
            output_masks = to_list(outbound_layer.compute_mask(single(tensors), single(masks)))
            of_tensors = [K.int_shape(x) for x in outputs]
            output_shapes = output_shapes_of(outbound_layer, single(shapes), of_tensors)
        if len(output_masks) == 1 and len(outputs) > 1 and output_masks[0] is None:
            output_masks = [None] * len(outputs)
        if not len(outputs) == len(output_masks) == len(output_shapes):
            raise ValueError(
                f"Layer {outbound_layer.name!r}: call returned {len(outputs)} outputs, compute_mask {len(output_masks)} masks and "
                f"get_output_shape_for {len(output_shapes)} shapes. These numbers must be equal."
            )
        _warn_of_other_shapes(outbound_layer, output_shapes, of_tensors)
        phase = (
            any(getattr(x, "_uses_learning_phase", False) for x in tensors)
            or outbound_layer.uses_learning_phase
            or K.uses_learning_phase(outputs)
        )
        for i, (x, shape) in enumerate(zip(outputs, output_shapes, strict=True)):
            if K.is_keras_tensor(x):
                # an identity gave back its input: its history must stay with the input
                x = outputs[i] = K.identity(x)
            x._keras_shape = shape
            x._uses_learning_phase = phase
            x._keras_history = (outbound_layer, len(outbound_layer.inbound_nodes), i)
        return cls(
            outbound_layer,
            inbound_layers,
            node_indices,
            tensor_indices,
            tensors,
            outputs,
            masks,
            output_masks,
            shapes,
            output_shapes,
        )

    def get_config(self) -> dict:
        """Return the names and indices of a node, without tensors, as a dict."""
        return {
            "outbound_layer": self.outbound_layer.name if self.outbound_layer else None,
            "inbound_layers": [layer.name for layer in self.inbound_layers],
            "node_indices": self.node_indices,
            "tensor_indices": self.tensor_indices,
        }


def _makers(layers, node_indices, tensor_indices) -> tuple[list, list, list]:
    """The layers, nodes and positions that really made the tensors: call 0 of a model stands for its inner layers."""
    histories = [
        layer.inbound_nodes[node].output_tensors[position]._keras_history
        for layer, node, position in zip(layers, node_indices, tensor_indices, strict=True)
    ]
    return [h[0] for h in histories], [h[1] for h in histories], [h[2] for h in histories]


def output_shapes_of(layer, input_shape, of_tensors: list[tuple]) -> list[tuple]:
    """Return the shapes that ``get_output_shape_for`` of ``layer`` tells for ``input_shape``; where it says nothing (None), or a program's own can't be
    run, the shapes ``of_tensors``.
    """
    try:
        given = layer.get_output_shape_for(input_shape)
    except TypeError as error:
        if type(layer).get_output_shape_for.__module__.partition(".")[0] == __name__.partition(".")[0]:
            raise
        warnings.warn(
            f"Layer {layer.name!r}: get_output_shape_for can't compute the output shape for {input_shape} ({error}). kbridge "
            f"takes it from the tensors: {of_tensors} [differences: shapes-from-tensors]",
            stacklevel=2,
        )
        given = None
    if given is None:
        return of_tensors
    nested = [isinstance(s, (list, tuple)) for s in given]
    if None in given and (any(nested) or len(of_tensors) > 1) and all(n or s is None for n, s in zip(nested, given)):
        given = [tensor if shape is None else shape for shape, tensor in zip(given, of_tensors, strict=True)]
    return as_shapes(given)


def _warn_of_other_shapes(layer, declared: list[tuple], of_tensors: list[tuple]) -> None:
    """A warning, once for a layer, where it computes another shape than it says: the layers behind it go by what it says."""
    for said, real in zip(declared, of_tensors, strict=True):
        differ = len(said) != len(real) or any(None not in (n, m) and n != m for n, m in zip(said[1:], real[1:], strict=True))
        if differ and not layer.__dict__.get("_told_of_shapes"):
            layer.__dict__["_told_of_shapes"] = True
            warnings.warn(
                f"Layer {layer.name!r} says that its output has shape {tuple(said)}, but it computes {tuple(real)}. Its "
                "output_shape (or get_output_shape_for) is wrong for this input [differences: declared-shapes]",
                stacklevel=2,
            )


def flat_shape(shape) -> tuple:
    """The shape in a tuple of one: Keras 1 let ``output_shape=((4,),)`` pass."""
    return flat_shape(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else tuple(shape)


def as_shapes(shape) -> list[tuple]:
    """A list of shapes, from one shape or several."""
    if isinstance(shape, list) or (isinstance(shape, tuple) and shape and isinstance(shape[0], (tuple, list))):
        if isinstance(shape, list) and (not shape or not isinstance(shape[0], (tuple, list))):
            return [tuple(shape)]
        return [tuple(s) for s in shape]
    return [tuple(shape)]
