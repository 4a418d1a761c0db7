"""``Layer``: the base of all layers, with weights, calls, shapes, masks, losses and updates."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import backend as K
from ..backends.updates import of_state
from ..budget import spend
from ..errors import one_length, unknown_argument
from . import later
from .inside import ordered_weights, weight_kinds
from .node import Node, single, to_list


class InputSpec:
    """The inputs that a layer accepts at one position.

    Args:
        dtype: the only dtype that fits, as a text; None for any.
        shape: the lengths of all axes, None for any length; it sets ``ndim`` too.
        ndim: the number of axes, or a text such as '2+' for at least so many.
        max_ndim: the largest number of axes.
        min_ndim: the least number of axes, as in later Keras; the same as ``ndim='2+'`` for 2.
        axes: the lengths of some axes, as a dict from an axis' number to its length (None for any).

    Raises:
        ValueError: ``ndim`` is a text that doesn't end in '+'.
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None):
        if min_ndim is not None and ndim is None:
            ndim = f"{min_ndim}+"
        if isinstance(ndim, str) and "+" not in ndim:
            raise ValueError(f"ndim as a string must end in '+', for 'at least', got {ndim!r}.")
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.axes = {} if axes is None else {int(axis): length for axis, length in axes.items()}


def built_for(input_shape, *axes: int) -> InputSpec:
    """The spec of a layer whose weights depend on the lengths of ``axes`` of ``input_shape``, for which it was built."""
    kept = [axis % len(input_shape) for axis in axes]
    return InputSpec(shape=tuple(n if axis in kept else None for axis, n in enumerate(input_shape)))


class _MadeName:
    """A name made when it is first asked for: layers and models whose class doesn't call ``__init__`` have one too."""

    def __get__(self, layer, cls):
        return layer and layer.__dict__.setdefault("name", _new_name(cls))


class Layer:
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

    name: Any = _MadeName()
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
        _check_call(cls, args, kwargs)
        layer = super().__new__(cls)
        # here, so that a subclass has them that fills them before it calls __init__, or never calls it
        layer.__dict__.update((attribute, make()) for attribute, make in _STATE.items())
        return layer

    def __init__(self, **kwargs):
        others = () if is_kbridges(type(self)) else later.OPTIONS
        for name in kwargs:
            if name not in self.common_arguments and name not in others:
                raise unknown_argument(type(self).__name__, name, [*arguments_of(type(self)), *self.common_arguments])
        self.trainable = kwargs.get("trainable", True)
        if kwargs.get("drop_mask"):
            self.drop_mask = True
        self.name = kwargs.get("name") or _new_name(type(self))
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

    # ------------------------------------------------------------------ weights

    @property
    def trainable_weights(self) -> list:
        """The variables that training changes, as a list; empty for a layer with ``trainable=False``."""
        if not getattr(self, "trainable", True):
            return []
        return later.with_held(self, self._trainable_weights, lambda held: held.trainable_weights)

    @trainable_weights.setter
    def trainable_weights(self, weights) -> None:
        self.__dict__["_trainable_weights"] = list(weights)

    @property
    def non_trainable_weights(self) -> list:
        """The variables that training doesn't change, as a list; all of them for a layer with ``trainable=False``."""
        if getattr(self, "trainable", True):
            return later.with_held(self, self._non_trainable_weights, lambda held: held.non_trainable_weights)
        return later.with_held(self, self._trainable_weights + self._non_trainable_weights, lambda held: held.weights)

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights) -> None:
        self.__dict__["_non_trainable_weights"] = list(weights)

    def _weight_kinds(self) -> tuple[list, list]:
        """The weights that are trained unless something is frozen, and those that never are; see ``inside.weight_kinds``."""
        trained = later.with_held(self, self._trainable_weights, lambda held: weight_kinds(held)[0])
        return trained, later.with_held(self, self._non_trainable_weights, lambda held: weight_kinds(held)[1])

    @property
    def weights(self) -> list:
        """All weights: those that are trained now, then the others."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def regularizers(self) -> list:
        """Regularizers with a parameter of their own (``set_param``), as layers of Keras 1.0 list them."""
        return self._regularizers

    @regularizers.setter
    def regularizers(self, regularizers) -> None:
        self.__dict__["_regularizers"] = list(regularizers)

    def add_weight(self, *args, **kwargs):
        """Make a variable and register it as a weight of this layer.

        Keras 1 calls it with (shape, initializer, name, ...), Keras 2 with (name, shape, dtype, initializer, ...): a text that comes first is
        the name.

        Args:
            shape: the lengths of the weight's axes, a tuple.
            initializer: a function of a shape, or the name of one; 'glorot_uniform' if left out.
            name: the weight's name.
            trainable: whether training changes it; True if left out.
            regularizer: a penalty on it: an object, a config or a name.
            constraint: a function that is applied to it after each update: an object, a config or a name.
            dtype: its dtype; floatx if left out.

        Returns:
            The variable.

        Raises:
            TypeError: an argument that it doesn't have.
        """
        given = later.weight_options(self, args, kwargs)
        name, dtype = given.get("name"), given.get("dtype")
        weight = later.as_variable(_initialized(later.initializer_of(given.get("initializer")), given["shape"], name), name, dtype)
        regularizer = later.regularizer_of(given.get("regularizer"))
        if regularizer is not None:
            self.add_loss(regularizer(weight))
        constraint = later.constraint_of(given.get("constraint"))
        if constraint is not None:
            self.constraints[weight] = constraint
        (self._trainable_weights if given.get("trainable", True) else self._non_trainable_weights).append(weight)
        return weight

    def get_weights(self) -> list[np.ndarray]:
        """Return the values of the layer's weights, as NumPy arrays, in the order that ``weights`` has if nothing is frozen."""
        return K.batch_get_value(ordered_weights(self))

    def set_weights(self, weights) -> None:
        """Set the layer's weights from arrays.

        Args:
            weights: a list of arrays, of the shapes and in the order that ``get_weights`` gives.

        Raises:
            ValueError: the number of arrays or the shape of one differs; nothing is set then.
        """
        own = ordered_weights(self)
        if len(own) != len(weights):
            unbuilt = "" if self.built else " It gets its weights when it is first called."
            raise ValueError(
                f"Layer {self.name!r} has {len(own)} weights, got {len(weights)}.{unbuilt} Expected shapes: "
                f"{[K.int_shape(w) for w in own]}, got {[np.shape(w) for w in weights]}."
            )
        for weight, value in zip(own, weights, strict=True):
            if tuple(K.int_shape(weight)) != np.shape(value):
                raise ValueError(
                    f"Layer {self.name!r}: weight {K.tensor_name(weight)!r} has shape {tuple(K.int_shape(weight))}, "
                    f"got a value of shape {np.shape(value)}."
                )
        K.batch_set_value(list(zip(own, weights, strict=True)))

    def count_params(self) -> int:
        """Return how many numbers all weights hold together.

        Raises:
            RuntimeError: the layer isn't built yet.
        """
        if not self.built:
            raise RuntimeError(f"Layer {self.name!r} has no weights yet: it is built when it is first called or given an input shape.")
        return sum(K.count_params(w) for w in self.weights)

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

    def __call__(self, x, mask=None, training=None) -> Any:
        inputs = to_list(x)
        if training is not None and all(K.is_keras_tensor(i) for i in inputs):
            raise TypeError(
                f"Layer {self.name!r} is called with training={training!r} in a model: all layers of a model follow the learning phase. Give "
                "training only to layers that the call of your own layer calls."
            )
        if not self.built:
            self.assert_input_compatibility(x)
            self.build_once(single([_shape_of(self, i) for i in inputs]))
        if all(K.is_keras_tensor(i) for i in inputs):
            layers, nodes, positions = zip(*(i._keras_history for i in inputs), strict=True)
            self.add_inbound_node(list(layers), list(nodes), list(positions))
            outputs = self.inbound_nodes[-1].output_tensors
        else:
            self.assert_input_compatibility(x)
            with K.graph_scope(), later.phase(training):
                outputs = to_list(self.call(x, mask=mask))
        if self.activity_regularizer is not None:
            with K.graph_scope():
                losses = [self.activity_regularizer(o) for o in outputs]
            self.add_loss(losses, x)
        return single(outputs)

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
        with K.graph_scope():
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
        if not self.input_spec:
            return
        specs, inputs = to_list(self.input_spec), to_list(input)
        # as in Keras 1, the one spec of a program's own layer is for the first of several inputs
        if len(specs) != len(inputs) and (len(specs) > 1 or is_kbridges(type(self))):
            raise ValueError(f"Layer {self.name} expects {len(specs)} inputs, but it received {len(inputs)} input tensors: {inputs}.")
        for i, (x, spec) in enumerate(zip(inputs, specs)):
            if spec is None or (x is None and not is_kbridges(type(self))):
                continue
            if x is None:
                raise not_a_tensor(self, x)
            shape = getattr(x, "_keras_shape", None) or K.int_shape(x)
            ndim = len(shape)
            where = f"Input {i} is incompatible with layer {self.name}: "
            if isinstance(spec.ndim, str):
                least = int(spec.ndim[:-1])
                if ndim < least:
                    raise ValueError(f"{where}expected ndim >= {least}, found ndim={ndim} (shape {tuple(shape)}).")
            elif spec.ndim is not None and ndim != spec.ndim:
                raise ValueError(f"{where}expected ndim={spec.ndim}, found ndim={ndim} (shape {tuple(shape)}).{self._built_for()}")
            if getattr(spec, "max_ndim", None) is not None and ndim > spec.max_ndim:
                raise ValueError(
                    f"{where}expected at most {spec.max_ndim} axes, found ndim={ndim} (shape {tuple(shape)}).{self._built_for()}"
                )
            for axis, length in getattr(spec, "axes", {}).items():
                if length is not None and -ndim <= axis < ndim and shape[axis] not in (None, length):
                    raise ValueError(f"{where}expected length {length} at axis {axis}, found shape={tuple(shape)}.{self._built_for()}")
            if spec.dtype is not None and K.dtype(x) != spec.dtype:
                raise ValueError(f"{where}expected dtype={spec.dtype}, found dtype={K.dtype(x)}.")
            if spec.shape is not None and any(
                want is not None and have is not None and want != have for want, have in zip(spec.shape, shape, strict=True)
            ):
                raise ValueError(f"{where}expected shape={tuple(spec.shape)}, found shape={tuple(shape)}.{self._built_for()}")

    def _built_for(self) -> str:
        """Return the sentence that an error about an input adds for a layer that has its weights already."""
        shape = self.__dict__.get("_build_shape")
        if not self.built or shape is None:
            return ""
        shown = [tuple(s) for s in shape] if isinstance(shape, list) else tuple(shape)
        return f" This {type(self).__name__} was built for inputs of shape {shown}; for others it takes a layer of its own."

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

    # ------------------------------------------------------------------ what came in and went out

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


def is_kbridges(cls: type) -> bool:
    """Whether a class is of kbridge itself, not of a program."""
    return cls.__module__.partition(".")[0] == __name__.partition(".")[0]


def shape_of(shape, owner: str, argument: str) -> tuple:
    """``shape`` as a tuple of ints and None; ValueError naming ``owner`` and ``argument`` for anything else."""
    if not isinstance(shape, (tuple, list)):
        raise ValueError(f"{owner}: {argument} must be a tuple such as ({shape},), got {shape!r}.")
    return tuple(one_length(n, owner, argument) for n in shape)


def _new_name(cls: type) -> str:
    """dense_1, dense_2 ..."""
    prefix = cls.__name__.lower()
    return f"{prefix}_{K.get_uid(prefix)}"


def _check_call(cls: type, args: tuple, kwargs: dict) -> None:
    """TypeError for arguments that the constructor of ``cls`` can't take because one of them has another name here."""
    if not kwargs:
        return
    try:
        constructor: Any = cls.__init__  # type: ignore[misc]  # the class's own is meant
        inspect.signature(constructor).bind(None, *args, **kwargs)
    except TypeError:
        known = [*arguments_of(cls), *Layer.common_arguments]
        for name in kwargs:
            if name not in known:
                raise unknown_argument(cls.__name__, name, known) from None


def arguments_of(cls: type) -> list[str]:
    """The names that the constructors of a class and its bases take."""
    names: list[str] = []
    for base in cls.__mro__:
        code = getattr(base.__dict__.get("__init__"), "__code__", None)
        if code is not None:
            names.extend(n for n in code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
    return names


def parameters_of(function: Any) -> list[str]:
    """The names of a function's arguments; none where they can't be told."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _initialized(initializer, shape: tuple, name: str | None):
    """Call an initialization that may or may not take a ``name``."""
    spend(shape)
    try:
        return initializer(shape, name=name)
    except TypeError as error:
        if "name" not in str(error):
            raise
    return initializer(shape)


def _shape_of(layer: Layer, x):
    if x is None and not is_kbridges(type(layer)):
        # an input that is left out
        return None
    if hasattr(x, "_keras_shape"):
        return x._keras_shape
    if K.is_tensor(x):
        return K.int_shape(x)
    raise not_a_tensor(layer, x)


def not_a_tensor(layer: Layer, x) -> TypeError:
    """The error for a layer that was called on something else than a tensor."""
    return TypeError(f"Layer {layer.name} was called on {x!r}, which is not a tensor of the {K.backend()} backend.")


def object_list_uid(object_list) -> str:
    """Return a key for the identity of one object, or of several in ``object_list``."""
    return ", ".join(str(id(o)) for o in to_list(object_list)) if object_list is not None else "None"
