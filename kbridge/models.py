"""``Sequential`` and ``Model``. ``load_model`` and its kind are in ``saving``, and can be imported from here too.

What a Sequential model leaves to the functional model of its layers is in ``training/inner_model.py``, its config in ``engine/sequential_config.py``.
"""

from __future__ import annotations

import copy
import json
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend as K
from . import optimizers
from .engine.freezing import mark
from .engine.inside import joined_kinds, ordered_weights
from .engine.registry import register
from .engine.sequential_config import add_layers, to_config
from .engine.topology import Container, Layer, Merge, Node, get_source_inputs
from .errors import nearest
from .optimizers import optimizer_from_config
from .training.arguments import keras1_arguments
from .training.inner_model import WithInnerModel
from .training.model import Model
from .utils.io_utils import ask_to_proceed_with_overwrite

if TYPE_CHECKING:
    from .saving.configs import model_from_config, model_from_json, model_from_yaml
    from .saving.model import load_model, save_model

# a star import brings the modules that Keras 1 imported, too: programs rely on it
__all__ = [
    "K",
    "Layer",
    "Merge",
    "Model",
    "Node",
    "Sequential",
    "ask_to_proceed_with_overwrite",
    "copy",
    "get_source_inputs",
    "json",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "np",
    "optimizer_from_config",
    "optimizers",
    "os",
    "save_model",
    "warnings",
]


def __getattr__(name: str):
    """Find the functions that load and save, which Keras 1 has in this module. They are imported when they are asked for, since they build on it."""
    # the names first: ``from kbridge.models import Sequential`` makes Python ask for ``__path__``
    if name in ("load_model", "save_model"):
        from .saving import model

        return getattr(model, name)
    if name in ("model_from_config", "model_from_json", "model_from_yaml"):
        from .saving import configs

        return getattr(configs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Sequential(WithInnerModel):
    """A stack of layers: each one's output is the next one's input.

    The first layer needs an ``input_shape``, ``batch_input_shape`` or ``input_dim``; it may also be a model, or a ``Merge`` of several models.

    Args:
        layers: a list of layers to begin with; ``add`` puts more on top.
        name: the model's name; 'sequential_1' and so on if left out.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Dense(8, activation="relu", input_dim=4), Dense(1)])
        >>> model.compile(optimizer="adam", loss="mse")
        >>> history = model.fit(np.ones((16, 4)), np.ones((16, 1)), nb_epoch=1, verbose=0)
        >>> model.predict(np.ones((2, 4))).shape
        (2, 1)
    """

    #: the name that the file of a later Keras has for the input layer, where it has one
    _input_name: str | None = None

    def __init__(self, layers=None, name=None):
        self.layers: list[Layer] = []
        self.model: Any = None
        self.inputs: list = []
        self.outputs: list = []
        self.trainable = True
        self.name = name or f"sequential_{K.get_uid('sequential')}"
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Put ``layer`` on top.

        Raises:
            TypeError: something else than a layer, or a layer with several outputs.
            ValueError: the first layer doesn't know the shape of its input.
        """
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential.add takes a Layer, got {layer!r} of type {type(layer).__name__}.")
        if not self.outputs:
            self._add_first(layer)
        else:
            output = layer(self.outputs[0])
            if isinstance(output, list):
                raise TypeError(
                    f"Each layer of a Sequential model must have one output, but {layer.name!r} has {len(output)}. Use a functional Model."
                )
            self.outputs = [output]
        self._added(layer)

    def _added(self, layer: Layer) -> None:
        self.layers.append(layer)
        self._graph_changed()

    def _add_first(self, layer: Layer, node: int = 0) -> None:
        if not layer.inbound_nodes:
            if not hasattr(layer, "batch_input_shape"):
                raise ValueError(
                    f"The first layer of a Sequential model needs the shape of its input. Give {type(layer).__name__} an input_shape "
                    "(without the batch axis), a batch_input_shape, or, if it has this argument, an input_dim."
                )
            layer.create_input_layer(layer.batch_input_shape, getattr(layer, "input_dtype", None))
        elif node == 0 and len(layer.inbound_nodes) > 1 and not isinstance(layer, Container):
            raise ValueError(
                f"The first layer of a Sequential model must not be connected elsewhere; {layer.name!r} was called "
                f"{len(layer.inbound_nodes)} times. Start the model with one of the tensors in a functional Model."
            )
        outputs = layer.inbound_nodes[node].output_tensors
        if len(outputs) != 1:
            raise TypeError(
                f"Each layer of a Sequential model must have one output, but {layer.name!r} has {len(outputs)}. Use a functional Model."
            )
        self.outputs = list(outputs)
        self.inputs = _inputs_of(layer)

    def _graph_changed(self) -> None:
        self.built = False
        self.model = None
        if not self.outputs:
            self.__dict__["inbound_nodes"] = []
            return
        layer, node, position = self.outputs[0]._keras_history
        Node(
            self, [], [], [], self.inputs, self.outputs, [None] * len(self.inputs),
            [layer.inbound_nodes[node].output_masks[position]],
            [x._keras_shape for x in self.inputs], [x._keras_shape for x in self.outputs],
        )  # fmt: skip
        # the model's own graph is call 0; calls of the smaller model keep their numbers
        self.inbound_nodes[:1] = [self.inbound_nodes.pop()]
        mark(self)

    def pop(self) -> None:
        """Remove the last layer.

        Raises:
            TypeError: there is none.
        """
        if not self.layers:
            raise TypeError("The model has no layers.")
        removed = self.layers.pop()
        if not self.layers:
            self.inputs, self.outputs = [], []
        else:
            self.layers[-1].__dict__["outbound_nodes"] = []
            # the last call of the removed layer in this model was made on the tensor that is the output now
            maker, node, _ = self.outputs[0]._keras_history
            if maker is removed:
                self.outputs = list(removed.inbound_nodes[node].input_tensors)
            else:
                self.outputs = list(self.layers[-1].inbound_nodes[-1].output_tensors)
        self._graph_changed()

    # ------------------------------------------------------------------ layers and what they hold

    @property  # type: ignore[misc]  # a model has what its layers have
    def stateful(self) -> bool:  # type: ignore[override]  # read from the layers; Container says why it can't be set
        return any(getattr(layer, "stateful", False) for layer in self.flattened_layers)

    def get_layer(self, name=None, index=None) -> Layer:
        """Return a layer of the model.

        Args:
            name: its name.
            index: its place in ``layers``, in place of the name.

        Raises:
            ValueError: there is no such layer.
        """
        if index is None and name:
            for layer in self.flattened_layers:
                if layer.name == name:
                    return layer
            raise ValueError(f"{self.name} has no layer {name!r}.{nearest(name, [layer.name for layer in self.flattened_layers])}")
        return super().get_layer(name, index)

    @property
    def flattened_layers(self) -> list[Layer]:
        """The layers in their order. If the first one is a Merge of models, the layers of these models stand in its place."""
        layers: list[Layer] = []
        if self.layers and isinstance(self.layers[0], Merge) and self.layers[0].layers:
            for branch in self.layers[0].layers:
                inner = getattr(branch, "flattened_layers", None) or getattr(branch, "layers", None) or [branch]
                layers += [layer for layer in inner if layer not in layers]
        elif self.layers:
            layers.append(self.layers[0])
        return layers + [layer for layer in self.layers[1:] if layer not in layers]

    @property  # type: ignore[misc]  # a model has what its layers have
    def trainable(self) -> bool:
        """Whether the model is trained, by itself and as a part of another model. The layers keep flags of their own."""
        return self.__dict__.get("_trainable", True)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if self.__dict__.get("model") is not None:
            self.model.trainable = value
        self.__dict__["_trainable"] = value
        mark(self)

    @property  # type: ignore[misc]  # a model has what its layers have
    def trainable_weights(self) -> list:
        if not self.trainable:
            return []
        weights = [w for layer in self.flattened_layers for w in layer.trainable_weights]
        if self.outputs and any(node.frozen_by for layer in self.flattened_layers for node in layer.inbound_nodes):
            trained = {id(w) for w in self._built_model().trainable_weights}
            weights = [w for w in weights if id(w) in trained]
        return weights

    @property  # type: ignore[misc]  # a model has what its layers have
    def non_trainable_weights(self) -> list:
        layers = self.flattened_layers
        if not self.trainable:
            weights = [w for layer in layers for w in layer.non_trainable_weights]
            return [w for layer in layers for w in layer.trainable_weights] + weights
        trained = {id(w) for w in self.trainable_weights}
        return [w for layer in layers for w in layer.weights if id(w) not in trained]

    def _weight_kinds(self) -> tuple[list, list]:
        return joined_kinds(self.flattened_layers)

    def get_weights(self) -> list:
        """Return the values of all weights, layer by layer, as NumPy arrays."""
        return K.batch_get_value([w for layer in self.flattened_layers for w in ordered_weights(layer)])

    def set_weights(self, weights) -> None:
        """Set all weights.

        Args:
            weights: a list of arrays, in the order of ``get_weights``.

        Raises:
            ValueError: the number of arrays or the shape of one differs.
        """
        layers = self.flattened_layers
        total = sum(len(ordered_weights(layer)) for layer in layers)
        if len(weights) != total:
            raise ValueError(f"{self.name} has {total} weights, got {len(weights)}.")
        weights = list(weights)
        for layer in layers:
            count = len(ordered_weights(layer))
            Layer.set_weights(layer, weights[:count])
            del weights[:count]

    # ------------------------------------------------------------------ classes and states

    @keras1_arguments
    def predict_proba(self, x, batch_size=32, verbose=1):
        """Return what ``predict`` returns, with a warning if these are no probabilities.

        Args:
            x: the inputs, an array (samples, ...).
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.
        """
        import warnings

        predictions = self.predict(x, batch_size, verbose)
        if predictions.min() < 0.0 or predictions.max() > 1.0:
            warnings.warn(
                "The model returns values outside [0, 1], so they aren't probabilities. Is the last activation missing?", stacklevel=2
            )
        return predictions

    @keras1_arguments
    def predict_classes(self, x, batch_size=32, verbose=1):
        """Return the class of each sample: the index of the largest output, or, for one output, whether it is above 0.5 (int32).

        Args:
            x: the inputs, an array (samples, ...).
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.
        """
        probabilities = self.predict(x, batch_size=batch_size, verbose=verbose)
        if probabilities.shape[-1] > 1:
            return probabilities.argmax(axis=-1)
        return (probabilities > 0.5).astype("int32")

    def reset_states(self) -> None:
        """Reset the states of all stateful layers."""
        for layer in self.flattened_layers:
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()

    # ------------------------------------------------------------------ configuration

    def get_config(self) -> list:  # type: ignore[override]  # Keras 1 writes the layers as a list
        """Return a list of {'class_name', 'config'}, one for each layer."""
        return to_config(self)

    @classmethod
    def from_config(cls, config, layer_cache=None) -> Sequential:
        """Return a new model with new weights; layers of one name are one layer.

        Args:
            config: a list that ``get_config`` gave.
            layer_cache: layers by their names that models made before share with this one, a dict.
        """
        if not isinstance(config, list):
            raise TypeError(f"The config of a Sequential model must be a list with one entry for each layer, got {type(config).__name__}.")
        model = cls()
        add_layers(model, config, {} if layer_cache is None else layer_cache)
        return model


def _inputs_of(layer: Layer) -> list:
    """Return the inputs of a model's first layer, in the order that the layer has if it is a model itself."""
    if isinstance(layer, Container):
        return list(layer.inputs)
    if isinstance(layer, Merge) and layer.layers and not any(layer.node_indices or []):
        inputs = [x for branch in layer.layers for x in _inputs_of(branch)]
        return list({id(x): x for x in inputs}.values())
    return get_source_inputs(layer.inbound_nodes[0].output_tensors[0])


register({"Model": Model, "Sequential": Sequential, "Container": Container})
