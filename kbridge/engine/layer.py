"""``Layer``: the base of all layers. It is called, computes shapes and masks, and has losses, updates and a config.

Its weights are in ``layer_weights.py``, its calls' inputs and outputs in ``layer_calls.py``, what it accepts in ``input_spec.py``.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

from .. import backend as K
from ..backends.updates import of_state
from ..errors import unknown_argument
from . import later, several
from .input_spec import InputSpec, check_inputs, shape_at_call
from .layer_arguments import MadeName, arguments_of, check_call, is_kbridges, new_name, shape_of
from .layer_calls import LayerCalls
from .layer_weights import LayerWeights
from .node import Node, object_list_uid, single, to_list
from .writer import remember_writer, writer_of, written_by

__all__ = ["InputSpec", "Layer", "object_list_uid"]


class Layer(LayerWeights, LayerCalls):
    """A function of tensors with weights: the base of all layers.

    A subclass writes ``build(input_shape)`` to make weights, ``call(x, mask=None)`` for the computation,
    ``get_output_shape_for(input_shape)`` where the shape changes, and ``get_config`` for saving.

    Every layer takes these arguments besides those that its own class names:

    Args:
        name: the layer's name, unique in its model; made of the class's name and a number if left out ('dense_1').
        trainable: whether training changes the weights; True if left out.
        input_shape: the shape of the input without the batch axis, a tuple; the first layer of a Sequential model needs it or one of the next.
        batch_input_shape: the shape of the input with the batch axis, where None stands for any number of samples.
        input_dtype: the dtype of the input, as a text; floatx if left out.
        create_input_layer: accepted for configs of Keras 1.0, and not used.
        drop_mask: whether a layer that doesn't support masks drops one that comes in, as in tf.keras; if left out this is a TypeError, as in
            Keras 1. It is stored where a mask came in.

    Raises:
        TypeError: an argument that neither this list nor the class names; the message lists those that it does.

    Example:
        >>> from kbridge import backend as K
        >>> from kbridge.layers import Layer
        >>> from kbridge.models import Sequential
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), initializer="one", name="factor")
        ...         self.built = True
        ...     def call(self, x, mask=None):
        ...         return x * self.factor
        >>> Sequential([Scale(input_shape=(3,))]).count_params()
        3
    """

    name: Any = MadeName()
    input_spec: Any = None
    supports_masking = False
    uses_learning_phase = False
    stateful = False
    built = False
    activity_regularizer: Any = None
    initial_weights: Any = None
    drop_mask = False
    #: whether a program's class has methods of Keras 2 or 3; see ``later``
    of_later_keras = False

    #: what each layer has from its start; see ``_STATE``
    inbound_nodes: list[Any]
    outbound_nodes: list[Any]
    constraints: dict[Any, Any]
    losses: list[Any]
    updates: list[Any]
    _trainable_weights: list[Any]
    _non_trainable_weights: list[Any]
    _regularizers: list[Any]
    _per_input_losses: dict[str, list[Any]]
    _per_input_updates: dict[str, list[Any]]
    _calls_within: dict[Any, Any]

    #: keyword arguments that every layer takes
    common_arguments: tuple[str, ...] = (
        "input_shape",
        "batch_input_shape",
        "input_dtype",
        "name",
        "trainable",
        "create_input_layer",
        "drop_mask",
    )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not is_kbridges(cls):
            later.adapt(cls)

    def __new__(cls, *args, **kwargs):
        check_call(cls, args, kwargs, Layer.common_arguments)
        layer = super().__new__(cls)
        # here, so that a subclass has them that fills them before it calls __init__, or never calls it
        layer.__dict__.update((attribute, make()) for attribute, make in _STATE.items())
        if cls.of_later_keras:
            remember_writer(layer)
        return layer

    def __init__(self, **kwargs):
        others = () if is_kbridges(type(self)) else later.OPTIONS
        for name in kwargs:
            if name not in self.common_arguments and name not in others:
                raise unknown_argument(type(self).__name__, name, [*arguments_of(type(self)), *self.common_arguments])
        self.trainable = kwargs.get("trainable", True)
        if kwargs.get("drop_mask"):
            self.drop_mask = True
        self.name = kwargs.get("name") or new_name(type(self))
        if others:
            later.check_options(self, kwargs)
            if kwargs.get("activity_regularizer") is not None:
                self.activity_regularizer = later.regularizer_of(kwargs["activity_regularizer"])
            if isinstance(kwargs.get("dtype"), str) and "input_dtype" not in kwargs:
                kwargs["input_dtype"] = kwargs["dtype"]
        if "batch_input_shape" in kwargs or "input_shape" in kwargs:
            shape = kwargs.get("batch_input_shape")
            if shape is None:
                shape = (kwargs.get("batch_size"), *shape_of(kwargs["input_shape"], type(self).__name__, "input_shape"))
            self.batch_input_shape = shape_of(shape, type(self).__name__, "batch_input_shape")
            self.input_dtype = kwargs.get("input_dtype") or getattr(self, "input_dtype", None) or K.floatx()
        elif kwargs.get("input_dtype") and "dtype" not in kwargs:
            self.input_dtype = kwargs["input_dtype"]

    # ------------------------------------------------------------------ losses and updates

    def add_loss(self, losses, inputs=None) -> None:
        """Add penalties to the loss that training lowers.

        Args:
            losses: a scalar tensor, a function without arguments that gives one, or a list of these.
            inputs: the tensor (or list of tensors) that they depend on; None for penalties of weights alone.
        """
        losses = [] if losses is None else [loss() if inspect.isfunction(loss) else loss for loss in to_list(losses)]
        inputs = self.__dict__.get("_inputs_of_call") if inputs is None else inputs
        self.__dict__["losses"].extend(losses)
        self._per_input_losses.setdefault(object_list_uid(inputs), []).extend(losses)

    def add_update(self, updates, inputs=None) -> None:
        """Add updates of variables that run with each training step.

        New values of a stateful layer are states: if it is called several times, those of the last call stay.

        Args:
            updates: a pair (variable, new value) as ``K.update`` gives it, or a list of pairs.
            inputs: the tensor (or list of tensors) that they depend on; None for none.
        """
        updates = [] if updates is None else updates if isinstance(updates, list) else [updates]
        inputs = self.__dict__.get("_inputs_of_call") if inputs is None else inputs
        if getattr(self, "stateful", False):
            updates = [of_state(update, self) for update in updates]
        self.__dict__["updates"].extend(updates)
        self._per_input_updates.setdefault(object_list_uid(inputs), []).extend(updates)

    def get_losses_for(self, inputs) -> list:
        """Return the losses that depend on ``inputs``, a tensor or a list of tensors; None for those that depend on no input."""
        return self._per_input_losses.get(object_list_uid(inputs), [])

    def get_updates_for(self, inputs) -> list:
        """Return the updates that depend on ``inputs``, a tensor or a list of tensors; None for those that depend on no input."""
        return self._per_input_updates.get(object_list_uid(inputs), [])

    def get_state_updates_for(self, inputs) -> list:
        """Return those updates for ``inputs`` that carry a stateful layer's states on; they run in prediction too."""
        return self.get_updates_for(inputs) if self.stateful else []

    # ------------------------------------------------------------------ calls

    def __call__(self, x, mask=None, *, training=None) -> Any:
        inputs = to_list(x)
        in_graph = all(K.is_keras_tensor(i) for i in inputs) and not several.is_inside()
        if training is not None and in_graph:
            raise TypeError(
                f"Layer {self.name!r} is called with training={training!r} in a model, but all layers of a model follow the "
                "learning phase. Pass training only to layers that your own layer calls."
            )
        if not self.built:
            self.assert_input_compatibility(x)
            self.build_once(single([shape_at_call(self, i) for i in inputs]))
        if in_graph:
            layers, nodes, positions = zip(*(i._keras_history for i in inputs), strict=True)
            self.add_inbound_node(list(layers), list(nodes), list(positions))
            outputs = self.inbound_nodes[-1].output_tensors
        else:
            self.assert_input_compatibility(x)
            mask = several.mask_of(x) if mask is None and several.is_inside() else mask
            with K.graph_scope(), later.phase(training):
                outputs = to_list(self.call(x, mask=mask, **self.__dict__.get("_more_of_call", {})))
            if several.is_inside():
                several.follow(self, x, mask, outputs)
        if self.activity_regularizer is not None:
            with K.graph_scope():
                losses = [self.activity_regularizer(o) for o in outputs]
            self.add_loss(losses, x)
        return single(outputs)

    @contextlib.contextmanager
    def with_arguments(self, more: dict) -> Iterator[None]:
        """Within the context the layer's ``call`` gets ``more``, a dict of arguments by name, which are no part of a graph."""
        self.__dict__["_more_of_call"] = more
        try:
            yield
        finally:
            del self.__dict__["_more_of_call"]

    def add_inbound_node(self, inbound_layers, node_indices=None, tensor_indices=None) -> None:
        """Call the layer on outputs of other layers and record the call as a new node.

        Args:
            inbound_layers: the layer, or the list of layers, whose outputs come in.
            node_indices: which call of each of these layers is meant; the first one if left out.
            tensor_indices: which output of that call is meant; the first one if left out.
        """
        inbound_layers = to_list(inbound_layers)
        if not node_indices:
            node_indices = [0] * len(inbound_layers)
        if not tensor_indices:
            tensor_indices = [0] * len(inbound_layers)
        if not self.built:
            shapes = [
                layer.inbound_nodes[n].output_shapes[t] for layer, n, t in zip(inbound_layers, node_indices, tensor_indices, strict=True)
            ]
            self.build_once(single(shapes))
        Node.create_node(self, inbound_layers, node_indices, tensor_indices)

    def build(self, input_shape) -> None:
        """Make the weights for inputs of the shape ``input_shape``, a tuple with the batch axis, or a list of tuples for several inputs.

        A subclass that overrides it sets ``self.built = True`` at its end.
        """
        self.built = True

    def build_once(self, input_shape) -> None:
        """Build the layer unless that has been done, and set the weights that its constructor was given.

        A layer that builds another one (a wrapper, for example) calls this in place of ``build``.

        Args:
            input_shape: as for ``build``.
        """
        if self.built:
            return
        self.__dict__["_build_shape"] = input_shape
        with K.graph_scope(), written_by(writer_of(self)):
            self.build(input_shape)
            self._add_listed_penalties()
        self.built = True
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            self.initial_weights = None

    def _add_listed_penalties(self) -> None:
        """The penalties of regularizers that were told their weight (``set_param``), as in Keras 1.0."""
        for regularizer in self._regularizers:
            if getattr(regularizer, "p", None) is not None:
                # in Keras 1.0 a regularizer was called with the loss so far and added its penalty
                takes_loss = next(iter(inspect.signature(regularizer).parameters), None) == "loss"
                self.add_loss(regularizer(0.0 if takes_loss else regularizer.p))

    def call(self, x, mask=None):
        """Compute the layer's output. This base class returns the input.

        Args:
            x: the input tensor, or a list of tensors for a layer with several inputs.
            mask: the mask of the input, a bool tensor (samples, time) that is False where a step doesn't count, or None; a list for several inputs.

        Returns:
            The output tensor, or a list of tensors.
        """
        return x

    def get_output_shape_for(self, input_shape):
        """Return the shape of the output for an input of the shape ``input_shape``, both with the batch axis; here they are equal.

        A layer that a program wrote for Keras 2 or 3 may say nothing: it returns None, and the shape is read from the tensors.
        """
        return None if self.of_later_keras else input_shape

    def compute_output_shape(self, input_shape):
        """Return what ``get_output_shape_for`` returns for ``input_shape``: this is its name in Keras 2."""
        return later.shape_of_bases(self, input_shape)

    def compute_mask(self, input, input_mask=None):
        """Return the mask of the output; here it is the mask of the input.

        Args:
            input: the input tensor, or a list of tensors.
            input_mask: its mask or None, or a list of masks.

        Raises:
            TypeError: a mask came in and the layer doesn't support masks (unless it was made with ``drop_mask=True``).
        """
        if not self.supports_masking:
            if input_mask is not None and any(m is not None for m in to_list(input_mask)):
                self.__dict__["_met_mask"] = True
                if self.drop_mask or self.of_later_keras:
                    return None
                raise TypeError(f"Layer {self.name} does not support masking, but was passed an input_mask: {input_mask}.")
            return None
        return input_mask

    def assert_input_compatibility(self, input) -> None:
        """Raise a ValueError that names the layer if ``input``, a tensor or a list of tensors, doesn't fit ``input_spec``."""
        check_inputs(self, input)

    def create_input_layer(self, batch_input_shape, input_dtype=None, name=None) -> None:
        """Make an input for this layer and call the layer on it, so that it is the first of a model.

        Args:
            batch_input_shape: the shape of the input, with the batch axis.
            input_dtype: its dtype; floatx if left out.
            name: its name; made of the layer's class if left out.
        """
        from .input_layer import Input

        prefix = f"{type(self).__name__.lower()}_input"
        name = name or f"{prefix}_{K.get_uid(prefix)}"
        self.__dict__.pop("_implied", None)
        self.batch_input_shape = batch_input_shape
        self.input_dtype = input_dtype
        self(Input(batch_shape=batch_input_shape, dtype=input_dtype, name=name))

    # ------------------------------------------------------------------ configuration

    def get_config(self) -> dict:
        """Return the arguments that make an equal layer, without its weights, as a dict that JSON can hold (tuples become lists)."""
        config = {"name": self.name}
        if hasattr(self, "trainable"):
            config["trainable"] = self.trainable
        for key in ("batch_input_shape", "input_dtype"):
            if hasattr(self, key) and key not in self.__dict__.get("_implied", ()):
                config[key] = getattr(self, key)
        if self.drop_mask and "_met_mask" in self.__dict__:
            config["drop_mask"] = True
        return config

    @classmethod
    def from_config(cls, config: dict) -> Layer:
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
        """
        layer = cls(**config)
        # an input_dim that building filled in doesn't make this the first layer of a model
        layer.__dict__["_implied"] = {"batch_input_shape", "input_dtype"} - set(config)
        return layer

    def __copy__(self) -> Layer:
        """The same layer under another identity: weights and calls are shared."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __reduce__(self):
        """Pickling and deep copies: config and weights, not the calls."""
        from .copying import reduced

        return reduced(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} layer {getattr(self, 'name', '?')!r}>"


_STATE = {
    "inbound_nodes": list,
    "outbound_nodes": list,
    "_trainable_weights": list,
    "_non_trainable_weights": list,
    "_regularizers": list,
    "constraints": dict,
    "losses": list,
    "updates": list,
    "_per_input_losses": dict,
    "_per_input_updates": dict,
    "_calls_within": dict,
}
