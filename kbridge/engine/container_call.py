"""A container called on other tensors: its graph is computed again, node by node, inputs before what is computed from them."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..budget import spend_work
from .node import Node, as_shapes, object_list_uid, output_shapes_of, single, static_shape, to_list

#: id of a tensor of the container's graph -> the tensor computed in its place, and its mask
Computed = dict[int, tuple[Any, Any]]


def run_graph(container: Any, inputs: list, masks: list) -> tuple[list, list, list]:
    """Return lists of the outputs, of their masks and of their shapes, for ``inputs`` in place of the container's."""
    calls = container._calls_within.setdefault(object_list_uid(inputs), [])
    computed: Computed = {id(x): (y, mask) for x, y, mask in zip(container.inputs, inputs, masks, strict=True)}
    for node in container._in_order():
        if _is_known(node, computed):
            continue
        _spend_for(node, container)
        tensors, node_masks = _inputs_of(node, computed)
        results = _called_on(node.outbound_layer, tensors, node_masks)
        calls.append((node.outbound_layer, tensors))
        computed.update({id(x): result for x, result in zip(node.output_tensors, results, strict=True)})
    return _at_ends(container.outputs, computed)


def shapes_of_graph(container: Any, input_shape: Any) -> Any:
    """Return the shapes of the outputs for inputs of other shapes, as ``get_output_shape_for`` does."""
    shapes = as_shapes(input_shape)
    if len(shapes) != len(container.inputs):
        raise ValueError(f"{container.name} has {len(container.inputs)} inputs, got shapes {shapes}.")
    known = {id(x): shape for x, shape in zip(container.inputs, shapes, strict=True)}
    for node in container._in_order():
        if _is_known(node, known):
            continue
        _spend_for(node, container)
        of_inputs = single([known[id(x)] for x in node.input_tensors])
        shapes = output_shapes_of(node.outbound_layer, of_inputs, node.output_shapes)
        for x, shape in zip(node.output_tensors, shapes, strict=True):
            known[id(x)] = shape
    return single([known[id(x)] for x in container.outputs])


def _is_known(node: Node, known: dict[int, Any]) -> bool:
    """Whether all that a node puts out is known already."""
    return all(id(x) in known for x in node.output_tensors)


def _spend_for(node: Node, container: Any) -> None:
    """Count a node as work, which files can make kbridge do."""
    spend_work(1, f"layer {node.outbound_layer.name!r} in {container.name!r}")


def _inputs_of(node: Node, computed: Computed) -> tuple[Any, Any]:
    """The tensors that come into a node, and their masks: each the only one, or a list."""
    pairs = [computed[id(x)] for x in node.input_tensors]
    return single([tensor for tensor, _ in pairs]), single([mask for _, mask in pairs])


def _at_ends(outputs: list, computed: Computed) -> tuple[list, list, list]:
    """The tensors computed in the place of ``outputs``, their masks and their shapes."""
    results = [computed[id(x)] for x in outputs]
    shapes = [static_shape(y) for y, _ in results]
    return [y for y, _ in results], [m for _, m in results], shapes


def _called_on(layer, tensors, masks) -> list[tuple]:
    """(output, mask) of each output of ``layer`` on tensors that belong to no call of its own."""
    outputs = to_list(layer.call(tensors, mask=masks))
    output_masks = to_list(layer.compute_mask(tensors, masks))
    if len(output_masks) == 1 and len(outputs) > 1:
        output_masks = output_masks * len(outputs)
    _penalise_outputs(layer, tensors, outputs)
    _tell_shapes(layer, to_list(tensors), outputs)
    return list(zip(outputs, output_masks, strict=True))


def _penalise_outputs(layer, tensors, outputs: list) -> None:
    """Add the penalty of an ``activity_regularizer``, unless a call on these tensors has added it."""
    if getattr(layer, "activity_regularizer", None) is not None and not layer.get_losses_for(tensors):
        layer.add_loss([layer.activity_regularizer(output) for output in outputs], tensors)


def _tell_shapes(layer, inputs: list, outputs: list) -> None:
    """Note the shapes of ``outputs``, if those of ``inputs`` are noted: layers may read them from their inputs."""
    if not all(hasattr(x, "_keras_shape") for x in inputs):
        return
    shapes = output_shapes_of(layer, single([x._keras_shape for x in inputs]), [K.int_shape(y) for y in outputs])
    for y, shape in zip(outputs, shapes, strict=True):
        if not hasattr(y, "_keras_shape"):
            y._keras_shape = shape
