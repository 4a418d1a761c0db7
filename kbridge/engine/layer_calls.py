"""``LayerCalls``: the part of ``Layer`` that tells what came in and went out, by call."""

from __future__ import annotations

from typing import Any

from .node import single


class LayerCalls:
    """The part of every ``Layer`` that tells what came in and went out in each of its calls: tensors, shapes and masks."""

    name: Any
    inbound_nodes: list[Any]

    def _at_node(self, node_index: int, attribute: str, what: str):
        if not self.inbound_nodes:
            raise RuntimeError(f"Layer {self.name} has never been called and thus has no defined {what}.")
        if not -len(self.inbound_nodes) <= node_index < len(self.inbound_nodes):
            raise ValueError(f"Layer {self.name} has {len(self.inbound_nodes)} inbound nodes, asked for the {what} of node {node_index}.")
        return single(getattr(self.inbound_nodes[node_index], attribute))

    def _only(self, attribute: str, what: str):
        if len(self.inbound_nodes) > 1:
            raise AttributeError(
                f"Layer {self.name} has {len(self.inbound_nodes)} inbound nodes, so the notion of {what} is ill-defined. "
                f"Use get_{what.replace(' ', '_')}_at(node_index) instead."
            )
        if not self.inbound_nodes:
            raise AttributeError(f"Layer {self.name} is not connected: it has no {what} before it is called.")
        return single(getattr(self.inbound_nodes[0], attribute))

    def get_input_shape_at(self, node_index):
        """Return the input shape, or a list of shapes, of the call with the number ``node_index``."""
        return self._at_node(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index):
        """Return the output shape, or a list of shapes, of the call with the number ``node_index``."""
        return self._at_node(node_index, "output_shapes", "output shape")

    def get_input_at(self, node_index):
        """Return the input tensor, or a list of tensors, of the call with the number ``node_index``."""
        return self._at_node(node_index, "input_tensors", "input")

    def get_output_at(self, node_index):
        """Return the output tensor, or a list of tensors, of the call with the number ``node_index``."""
        return self._at_node(node_index, "output_tensors", "output")

    def get_input_mask_at(self, node_index):
        """Return the input mask, or a list of masks, of the call with the number ``node_index``."""
        return self._at_node(node_index, "input_masks", "input mask")

    def get_output_mask_at(self, node_index):
        """Return the output mask, or a list of masks, of the call with the number ``node_index``."""
        return self._at_node(node_index, "output_masks", "output mask")

    @property
    def input(self):
        """The input tensor (or tensors) of a layer that was called once; AttributeError for one that was called never or several times."""
        return self._only("input_tensors", "input")

    @property
    def output(self):
        """The output tensor (or tensors) of a layer that was called once; AttributeError for one that was called never or several times."""
        return self._only("output_tensors", "output")

    @property
    def input_mask(self):
        """The input mask (or masks) of a layer that was called once."""
        return self._only("input_masks", "input mask")

    @property
    def output_mask(self):
        """The output mask (or masks) of a layer that was called once."""
        return self._only("output_masks", "output mask")

    def _only_shape(self, attribute: str, what: str):
        if not self.inbound_nodes:
            raise AttributeError(f"Layer {self.name} is not connected: it has no {what} before it is called.")
        shapes = {str(getattr(node, attribute)): getattr(node, attribute) for node in self.inbound_nodes}
        if len(shapes) > 1:
            raise AttributeError(
                f"Layer {self.name} was called on inputs of different shapes, so the notion of {what} is ill-defined. "
                f"Use get_{what.replace(' ', '_')}_at(node_index) instead."
            )
        return single(next(iter(shapes.values())))

    @property
    def input_shape(self):
        """The shape (or shapes) of the input; AttributeError if several calls had different ones."""
        return self._only_shape("input_shapes", "input shape")

    @property
    def output_shape(self):
        """The shape (or shapes) of the output; AttributeError if several calls had different ones."""
        return self._only_shape("output_shapes", "output shape")
