"""``Container``: a graph of layers as one layer, with inputs and outputs.

How it is computed on other tensors is in ``container_call.py``, which losses and updates are its in ``container_losses.py``, what it has to do
with files in ``container_files.py``.
"""

from __future__ import annotations

from collections import Counter

from .. import backend as K
from .container_call import run_graph, shapes_of_graph
from .container_files import ContainerFiles
from .container_losses import of_calls, per_node
from .entries import making, numbering
from .freezing import frozen_parts, mark
from .graph import node_key, walk
from .input_spec import InputSpec
from .inside import joined_kinds, ordered_weights, unique
from .layer import Layer
from .node import Node, object_list_uid, single, to_list


class Container(ContainerFiles, Layer):
    """The graph of layers between two ends, as one layer without training.

    Args:
        input: the tensor with which the graph begins, as ``Input`` gives it, or a list of them.
        output: the tensor with which it ends, or a list of them.
        name: the container's name; made of the class's name and a number if left out.

    Raises:
        TypeError: an end that no layer made.
        ValueError: two inputs are one tensor, an input comes from another layer, or two layers have one name.
    """

    def __init__(self, input, output, name=None):
        self.name = name or f"{type(self).__name__.lower()}_{K.get_uid(type(self).__name__.lower())}"
        self.trainable = True
        self.supports_masking = False
        self._connect(input, output)

    def _connect(self, input, output) -> None:
        """Take over a graph; also used when a Sequential model has grown."""
        self.inputs, self.outputs = to_list(input), to_list(output)
        self._check_ends()
        self.input_layers, self.input_layers_node_indices, self.input_layers_tensor_indices = _histories(self.inputs)
        self.output_layers, self.output_layers_node_indices, self.output_layers_tensor_indices = _histories(self.outputs)
        self.input_names = [layer.name for layer in self.input_layers]
        self.output_names = [layer.name for layer in self.output_layers]

        graph = walk(self.outputs, self.inputs)
        self.layers = graph.layers
        self._nodes = graph.nodes
        self.container_nodes = {node_key(node) for node in graph.nodes}
        self.layers_by_depth = _by_depth(graph.layers, graph.layer_depths)
        self.nodes_by_depth = _by_depth(graph.nodes, graph.node_depths)
        self._check_names()
        self.built = True

        self.internal_input_shapes = [x._keras_shape for x in self.inputs]
        self.internal_output_shapes = [x._keras_shape for x in self.outputs]
        masks = [
            layer.inbound_nodes[n].output_masks[t]
            for layer, n, t in zip(self.output_layers, self.output_layers_node_indices, self.output_layers_tensor_indices, strict=True)
        ]
        self.__dict__["inbound_nodes"] = []
        self.__dict__["outbound_nodes"] = []
        # the model's own graph counts as its first call
        Node(
            self, [], [], [], self.inputs, self.outputs, [None] * len(self.inputs), masks,
            self.internal_input_shapes, self.internal_output_shapes,
        )  # fmt: skip
        self._call_cache: dict = {}
        mark(self)

    def _check_ends(self) -> None:
        for what, tensors in (("input", self.inputs), ("output", self.outputs)):
            for x in tensors:
                if not K.is_keras_tensor(x):
                    raise TypeError(
                        f"Each {what} of {self.name} must be a tensor that a Keras layer or Input made, got {x!r}. "
                        f"Wrap other operations in a Lambda layer."
                    )
        if len({id(x) for x in self.inputs}) != len(self.inputs):
            raise ValueError(f"The inputs of {self.name} are not all different: {self.inputs}.")
        for x in self.inputs:
            layer = x._keras_history[0]
            if layer.inbound_nodes[x._keras_history[1]].inbound_layers:
                raise ValueError(
                    f"The inputs of {self.name} must come from Input, not from another layer; got an output of {layer.name!r}. "
                    f"To start a model in the middle of another one, call its later layers on a new Input."
                )

    def _check_names(self) -> None:
        for name, times in Counter(layer.name for layer in self.layers).items():
            if times > 1:
                raise ValueError(f"{times} layers of {self.name} have the name {name!r}. Each layer needs its own name.")

    # ------------------------------------------------------------------ layers and what they hold

    def get_layer(self, name=None, index=None) -> Layer:
        """Return a layer of the model.

        Args:
            name: its name.
            index: its place in ``layers``, in place of the name.

        Raises:
            ValueError: there is no such layer.
        """
        from ..errors import nearest

        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"{self.name} has {len(self.layers)} layers, so there is none at index {index}.")
            return self.layers[index]
        if not name:
            raise ValueError("get_layer needs a name or an index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"{self.name} has no layer {name!r}.{nearest(name, [layer.name for layer in self.layers])}")

    @property
    def uses_learning_phase(self) -> bool:  # type: ignore[override]  # a model has what its layers have
        """Whether an output depends on whether the model is trained or predicts."""
        for x in self.outputs:
            if x._uses_learning_phase:
                return True
        return False

    @property  # type: ignore[misc]  # a model has what its layers have
    def stateful(self) -> bool:
        """Whether a layer carries states from batch to batch."""
        return any(getattr(layer, "stateful", False) for layer in self.layers)

    @stateful.setter
    def stateful(self, value) -> None:
        raise AttributeError(f"stateful is a property of the layers of {self.name}, not of the model.")

    def reset_states(self) -> None:
        """Set the states of all stateful layers to zero."""
        for layer in self.layers:
            if hasattr(layer, "reset_states") and getattr(layer, "stateful", False):
                layer.reset_states()

    @property  # type: ignore[misc]  # a model has what its layers have
    def trainable(self) -> bool:
        """Whether the model is trained, here and as a part of another one. The layers keep flags of their own."""
        # a subclass may set its own attributes instead of calling __init__
        return self.__dict__.get("_trainable", True)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.__dict__["_trainable"] = value
        if "_nodes" in self.__dict__:
            mark(self)

    @property  # type: ignore[misc]  # a model has what its layers have
    def trainable_weights(self) -> list:
        if not self.trainable:
            return []
        frozen = frozen_parts(self).layers
        return [w for layer in self.layers if id(layer) not in frozen for w in layer.trainable_weights]

    @property  # type: ignore[misc]  # a model has what its layers have
    def non_trainable_weights(self) -> list:
        if not self.trainable:
            weights = [w for layer in self.layers for w in layer.non_trainable_weights]
            return [w for layer in self.layers for w in layer.trainable_weights] + weights
        frozen = frozen_parts(self).layers
        return [w for layer in self.layers for w in (layer.weights if id(layer) in frozen else layer.non_trainable_weights)]

    def _weight_kinds(self) -> tuple[list, list]:
        return joined_kinds(self.layers)

    @property
    def constraints(self) -> dict:  # type: ignore[override]  # a model has what its layers have
        """The constraints of all layers' weights, a dict from weights to functions."""
        merged: dict = {}
        for layer in self.layers:
            merged.update(getattr(layer, "constraints", {}))
        return merged

    @property  # type: ignore[misc]  # a model has what its layers have
    def regularizers(self) -> list:
        return [r for layer in self.layers for r in getattr(layer, "regularizers", [])]

    @property
    def updates(self) -> list:  # type: ignore[override]  # a model has what its layers have
        """The updates that run with each training step; for a frozen model those of the states of stateful layers alone."""
        if not self.trainable:
            return self.state_updates
        frozen = frozen_parts(self).layers
        trained = [layer for layer in self.layers if id(layer) not in frozen]
        return unique(per_node(self, "updates", "get_updates_for", trained) + self.state_updates)

    @property
    def losses(self) -> list:  # type: ignore[override]  # a model has what its layers have
        """The penalties of weights and outputs, as scalar tensors."""
        return per_node(self, "losses", "get_losses_for", self.layers)

    @property
    def state_updates(self) -> list:
        """The updates of stateful layers by the calls in this graph, which run in prediction too."""
        stateful = [layer for layer in self.layers if getattr(layer, "stateful", False)]
        return per_node(self, "updates", "get_state_updates_for", stateful)

    def get_losses_for(self, inputs) -> list:
        """Return the losses of a call of the model as a layer on ``inputs``; for None those that depend on no input."""
        return unique(super().get_losses_for(inputs) + of_calls(self, "get_losses_for", inputs))

    def get_updates_for(self, inputs) -> list:
        """Return the updates of a call of the model as a layer on ``inputs``; for None those that depend on no input."""
        if not self.trainable:
            return self.get_state_updates_for(inputs)
        frozen = frozen_parts(self).layers
        found = super().get_updates_for(inputs) + of_calls(self, "get_updates_for", inputs, frozen)
        return unique(found + self.get_state_updates_for(inputs))

    def get_state_updates_for(self, inputs) -> list:
        """Return those of stateful layers among the updates of a call of the model on ``inputs``, whether it is trained or not."""
        return unique(of_calls(self, "get_state_updates_for", inputs))

    def get_weights(self) -> list:
        """Return the values of all weights, layer by layer, as NumPy arrays."""
        return K.batch_get_value([w for layer in self.layers for w in ordered_weights(layer)])

    def set_weights(self, weights) -> None:
        """Set all weights.

        Args:
            weights: a list of arrays, in the order of ``get_weights``.

        Raises:
            ValueError: the number of arrays or the shape of one differs.
        """
        counts = [len(ordered_weights(layer)) for layer in self.layers]
        if len(weights) != sum(counts):
            raise ValueError(f"{self.name} has {sum(counts)} weights, got {len(weights)}.")
        start = 0
        for layer, count in zip(self.layers, counts, strict=True):
            # in the order of get_weights: a model inside may order its own set_weights otherwise
            Layer.set_weights(layer, weights[start : start + count])
            start += count

    def count_params(self) -> int:
        """Return how many numbers all weights hold together, each weight counted once."""
        return sum(K.count_params(w) for w in unique(w for layer in self.layers for w in layer.weights))

    @property  # type: ignore[misc]  # a model has what its layers have
    def input_spec(self):
        """The specs of the inputs, as of a layer."""
        specs = []
        for layer in self.input_layers:
            batch = layer.batch_input_shape
            specs.append(InputSpec(shape=(None if not self.stateful else batch[0], *batch[1:])))
        return single(specs)

    # a model that was called as a layer still has its own graph, which these mean (Keras 1 refused to answer)

    @property
    def input(self):
        return single(list(self.inputs))

    @property
    def output(self):
        return single(list(self.outputs))

    @property
    def input_shape(self):
        return single([x._keras_shape for x in self.inputs])

    @property
    def output_shape(self):
        return single([x._keras_shape for x in self.outputs])

    # ------------------------------------------------------------------ computation

    def call(self, input, mask=None):
        """Compute the model on other tensors.

        Args:
            input: the tensor, or a list of tensors, in place of the model's inputs.
            mask: its mask, or a list of masks.

        Returns:
            The output tensor, or a list of tensors.
        """
        inputs = to_list(input)
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        outputs, _, _ = self._run_cached(inputs, masks)
        return single(outputs)

    def compute_mask(self, input, mask):  # type: ignore[override]  # Keras 1's name of the argument
        inputs = to_list(input)
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        _, masks, _ = self._run_cached(inputs, masks)
        return single(masks)

    def _run_cached(self, inputs: list, masks: list):
        key = (object_list_uid(inputs), object_list_uid(masks))
        if key not in self._call_cache:
            # the inputs are kept with the result: their ids stay taken
            self._call_cache[key] = (*self.run_internal_graph(inputs, masks), inputs, masks)
        return self._call_cache[key][:3]

    def get_output_shape_for(self, input_shape):
        return shapes_of_graph(self, input_shape)

    def _in_order(self) -> list[Node]:
        """All nodes, deepest first: inputs before what is computed from them."""
        return [node for depth in sorted(self.nodes_by_depth, reverse=True) for node in self.nodes_by_depth[depth]]

    def run_internal_graph(self, inputs, masks=None):
        """Compute the model on other tensors.

        Args:
            inputs: a list of tensors in place of the model's inputs.
            masks: a list of their masks, or None.

        Returns:
            Lists of the outputs, of their masks and of their shapes.
        """
        return run_graph(self, inputs, [None] * len(inputs) if masks is None else masks)

    # ------------------------------------------------------------------ configuration

    def get_config(self) -> dict:
        from .graph_config import to_config

        with numbering(self):
            return to_config(self)

    @classmethod
    def from_config(cls, config: dict, custom_objects=None) -> Container:
        """Return a new model with new weights.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes and functions by name, for those that aren't Keras' own.
        """
        from .graph_config import from_config

        with making():
            inputs, outputs, name = from_config(config, custom_objects)
        return cls(input=inputs, output=outputs, name=name)

    def summary(self, line_length=100, positions=(0.33, 0.55, 0.67, 1.0)) -> None:
        """Print a table of the layers, their output shapes, parameters and connections.

        Args:
            line_length: the number of characters in a line.
            positions: where the four columns end, as fractions of the line.
        """
        from ..utils.layer_utils import print_summary

        print_summary(
            getattr(self, "flattened_layers", None) or self.layers,
            getattr(self, "container_nodes", None),
            line_length=line_length,
            positions=positions,
            trainable_weights=self.trainable_weights,
            compiled_weights=getattr(getattr(self, "model", None) or self, "_collected_trainable_weights", None),
        )


def _histories(tensors: list) -> tuple[list, list, list]:
    histories = [x._keras_history for x in tensors]
    return [h[0] for h in histories], [h[1] for h in histories], [h[2] for h in histories]


def _by_depth(items: list, depths: dict) -> dict[int, list]:
    grouped: dict[int, list] = {}
    for item in items:
        grouped.setdefault(depths[item], []).append(item)
    return grouped
