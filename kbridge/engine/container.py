"""``Container``: a graph of layers as one layer, with inputs and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from .. import backend as K
from ..budget import spend_work
from .entries import making, numbering
from .freezing import frozen_parts, mark
from .graph import walk
from .input_spec import InputSpec
from .inside import joined_kinds, ordered_weights, unique
from .layer import Layer
from .node import Node, as_shapes, object_list_uid, output_shapes_of, single, to_list


class Container(Layer):
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
        self.container_nodes = {_node_key(node) for node in graph.nodes}
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
                raise ValueError(f"The name {name!r} is used {times} times in {self.name}: all layers need names of their own.")

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
                raise ValueError(f"{self.name} has {len(self.layers)} layers, asked for the one at index {index}.")
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
        return any(x._uses_learning_phase for x in self.outputs)

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

    def _per_node(self, attribute: str, method: str, layers: list) -> list:
        """Losses or updates of ``layers``: those of the calls in this graph, and those of no call."""
        found: list = []
        for layer in layers:
            if not getattr(layer, attribute, None):
                continue
            for index, node in enumerate(layer.inbound_nodes):
                if _node_key(node, index) in self.container_nodes:
                    found += getattr(layer, method)(single(node.input_tensors))
            found += getattr(layer, method)(None)
            found += _unassigned(layer, attribute)
        return unique(found)

    @property
    def updates(self) -> list:  # type: ignore[override]  # a model has what its layers have
        """The updates that run with each training step; for a frozen model those of the states of stateful layers alone."""
        if not self.trainable:
            return self.state_updates
        frozen = frozen_parts(self).layers
        trained = [layer for layer in self.layers if id(layer) not in frozen]
        return unique(self._per_node("updates", "get_updates_for", trained) + self.state_updates)

    @property
    def losses(self) -> list:  # type: ignore[override]  # a model has what its layers have
        """The penalties of weights and outputs, as scalar tensors."""
        return self._per_node("losses", "get_losses_for", self.layers)

    @property
    def state_updates(self) -> list:
        """The updates of stateful layers by the calls in this graph, which run in prediction too."""
        stateful = [layer for layer in self.layers if getattr(layer, "stateful", False)]
        return self._per_node("updates", "get_state_updates_for", stateful)

    def get_losses_for(self, inputs) -> list:
        """Return the losses of a call of the model as a layer on ``inputs``; for None those that depend on no input."""
        return unique(super().get_losses_for(inputs) + self._of_calls("get_losses_for", inputs))

    def get_updates_for(self, inputs) -> list:
        """Return the updates of a call of the model as a layer on ``inputs``; for None those that depend on no input."""
        if not self.trainable:
            return self.get_state_updates_for(inputs)
        frozen = frozen_parts(self).layers
        found = super().get_updates_for(inputs) + self._of_calls("get_updates_for", inputs, frozen)
        return unique(found + self.get_state_updates_for(inputs))

    def get_state_updates_for(self, inputs) -> list:
        """Return those of stateful layers among the updates of a call of the model on ``inputs``, whether it is trained or not."""
        return unique(self._of_calls("get_state_updates_for", inputs))

    def _of_calls(self, method: str, inputs, without: Collection[int] = ()) -> list:
        """Return what ``method`` of the layers gives for the tensors that they were called on when the model was called on ``inputs``.

        Asked for anew each time, as a layer may be frozen after the call. ``without``: ids of layers that are left out.
        """
        if inputs is None:
            calls = [(layer, None) for layer in self.layers]
        else:
            calls = self._calls_within.get(object_list_uid(inputs), [])
        return [item for layer, tensors in calls if id(layer) not in without for item in getattr(layer, method)(tensors)]

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
        shapes = as_shapes(input_shape)
        if len(shapes) != len(self.inputs):
            raise ValueError(f"{self.name} has {len(self.inputs)} inputs, got shapes {shapes}.")
        known = {id(x): shape for x, shape in zip(self.inputs, shapes, strict=True)}
        for node in self._in_order():
            if all(id(x) in known for x in node.output_tensors):
                continue
            spend_work(1, f"layer {node.outbound_layer.name!r} in {self.name!r}")
            of_inputs = single([known[id(x)] for x in node.input_tensors])
            shapes = output_shapes_of(node.outbound_layer, of_inputs, node.output_shapes)
            for x, shape in zip(node.output_tensors, shapes, strict=True):
                known[id(x)] = shape
        return single([known[id(x)] for x in self.outputs])

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
        masks = [None] * len(inputs) if masks is None else masks
        calls = self._calls_within.setdefault(object_list_uid(inputs), [])
        computed = {id(x): (y, mask) for x, y, mask in zip(self.inputs, inputs, masks, strict=True)}
        for node in self._in_order():
            if all(id(x) in computed for x in node.output_tensors):
                continue
            spend_work(1, f"layer {node.outbound_layer.name!r} in {self.name!r}")
            pairs = [computed[id(x)] for x in node.input_tensors]
            tensors = single([tensor for tensor, _ in pairs])
            results = _called_on(node.outbound_layer, tensors, single([mask for _, mask in pairs]))
            calls.append((node.outbound_layer, tensors))
            computed.update({id(x): result for x, result in zip(node.output_tensors, results, strict=True)})
        results = [computed[id(x)] for x in self.outputs]
        shapes = [getattr(y, "_keras_shape", None) or K.int_shape(y) for y, _ in results]
        return [y for y, _ in results], [m for _, m in results], shapes

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

    def to_json(self, **kwargs) -> str:
        """Return the architecture as JSON, which ``model_from_json`` reads.

        Args:
            kwargs: arguments of ``json.dumps``.
        """
        from ..saving.configs import model_to_json

        return model_to_json(self, **kwargs)

    def to_yaml(self, **kwargs) -> str:
        """Return the architecture as YAML, which ``model_from_yaml`` reads. It needs the extra ``yaml``.

        Args:
            kwargs: arguments of ``yaml.dump``.
        """
        from ..saving.configs import model_to_yaml

        return model_to_yaml(self, **kwargs)

    def save(self, filepath, overwrite=True) -> None:
        """Write architecture, weights, training configuration and optimizer state to a file, which ``load_model`` reads.

        Args:
            filepath: the file: HDF5, or for a name that ends in '.keras' an archive of Keras 3; an open file of h5py or a binary stream too.
            overwrite: whether an existing file is written over without a question.
        """
        from ..saving.model import save_model

        save_model(self, filepath, overwrite)

    def save_weights(self, filepath, overwrite=True) -> None:
        """Write the weights to an HDF5 file, which ``load_weights`` reads.

        Args:
            filepath: the file, or a binary stream.
            overwrite: whether an existing file is written over without a question.
        """
        from ..saving.weights import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, by_name=False, original_backend=None) -> None:
        """Set the weights from a file or from a checkpoint of TensorFlow.

        Args:
            filepath: a weights file or a whole model's file of any Keras, or a checkpoint (the name that its files share, one of them, or its folder).
            by_name: whether layers are matched by their names; else in their order.
            original_backend: 'theano' or 'tensorflow': the convention of the kernels in the file, where it doesn't say it or says it wrongly.

        Raises:
            ModelFileError: the file doesn't fit; nothing is set then.
        """
        from ..saving.weights import load_weights

        load_weights(self, filepath, by_name, original_backend)

    def save_weights_to_hdf5_group(self, f) -> None:
        """Write the weights into ``f``, an open h5py group."""
        from ..saving.weights import write_weights

        write_weights(self, f)

    def load_weights_from_hdf5_group(self, f) -> None:
        """Set the weights, layer by layer in order, from ``f``, an open h5py group that ``save_weights_to_hdf5_group`` filled."""
        from ..saving.weights import load_group

        load_group(self, f)

    def load_weights_from_hdf5_group_by_name(self, f) -> None:
        """Set the weights of the layers whose names are in ``f``, an open h5py group."""
        from ..saving.weights import load_group

        load_group(self, f, by_name=True)

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


def _histories(tensors: list) -> tuple[list, list, list]:
    histories = [x._keras_history for x in tensors]
    return [h[0] for h in histories], [h[1] for h in histories], [h[2] for h in histories]


def _node_key(node: Node, index: int | None = None) -> str:
    layer = node.outbound_layer
    return f"{layer.name}_ib-{layer.inbound_nodes.index(node) if index is None else index}"


def _by_depth(items: list, depths: dict) -> dict[int, list]:
    grouped: dict[int, list] = {}
    for item in items:
        grouped.setdefault(depths[item], []).append(item)
    return grouped


def _unassigned(layer, attribute: str) -> list:
    """Losses or updates that a layer put into its list by hand, without saying which inputs they depend on."""
    by_inputs = getattr(layer, f"_per_input_{attribute}", {})
    known = {id(item) for items in by_inputs.values() for item in items}
    return [item for item in layer.__dict__.get(attribute, ()) if id(item) not in known]
