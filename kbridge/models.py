"""``Sequential`` and ``Model``. ``load_model`` and its kind are in ``saving``, and can be imported from here too."""

from __future__ import annotations

import copy
import json
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend as K
from . import optimizers
from .engine.entries import NUMBER, layer_entry, made_before, making, numbering, remember_layer
from .engine.freezing import mark
from .engine.inside import joined_kinds, ordered_weights
from .engine.registry import layer_from_config, register
from .engine.topology import Container, Input, Layer, Merge, Node, get_source_inputs
from .errors import nearest
from .optimizers import optimizer_from_config
from .training.arguments import keras1_arguments
from .training.compiling import not_compiled, unchanged_on_error
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
    from .saving import configs, model

    if name in ("load_model", "save_model"):
        return getattr(model, name)
    if name in ("model_from_config", "model_from_json", "model_from_yaml"):
        return getattr(configs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Sequential(Model):
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
                    f"All layers of a Sequential model have one output; {layer.name!r} has {len(output)}. Use a functional Model."
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
                    f"The first layer of a Sequential model must know its input: give {type(layer).__name__} an input_shape "
                    f"(without the batch axis), a batch_input_shape, or, for layers that have it, an input_dim."
                )
            layer.create_input_layer(layer.batch_input_shape, getattr(layer, "input_dtype", None))
        elif node == 0 and len(layer.inbound_nodes) > 1 and not isinstance(layer, Container):
            raise ValueError(
                f"The first layer of a Sequential model must not be connected elsewhere; {layer.name!r} was called "
                f"{len(layer.inbound_nodes)} times. Start the model with one of the tensors in a functional Model."
            )
        outputs = layer.inbound_nodes[node].output_tensors
        if len(outputs) != 1:
            raise TypeError(f"All layers of a Sequential model have one output; {layer.name!r} has {len(outputs)}. Use a functional Model.")
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
            raise TypeError("There are no layers in the model.")
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

    def build(self, input_shape=None) -> None:
        """Make the inner functional model; it is called when that is needed. ``input_shape`` is not used."""
        if not self.inputs or not self.outputs:
            raise TypeError("A Sequential model can't be built before it has a layer: add some first.")
        self.model = self._working_model()
        self._show_graph_of(self.model)
        self.built = True

    def _working_model(self) -> Model:
        """Return a functional model of the same layers. It does the computing and the training."""
        model = Model(self.inputs, self.outputs[0], name=f"{self.name}_model")
        # callbacks see, and save, the model that the user made
        model.callback_model = self
        model.trainable = self.trainable
        return model

    def _show_graph_of(self, model: Model) -> None:
        """Copy the attributes of ``model``, a functional one, that describe its graph."""
        for attribute in (
            "supports_masking", "_call_cache", "nodes_by_depth", "container_nodes", "_nodes", "output_names", "input_names",
            "input_layers", "input_layers_node_indices", "input_layers_tensor_indices", "layers_by_depth",
            "output_layers", "output_layers_node_indices", "output_layers_tensor_indices",
            "internal_input_shapes", "internal_output_shapes",
        ):  # fmt: skip
            setattr(self, attribute, getattr(model, attribute))

    def _built_model(self) -> Model:
        if not self.built:
            self.build()
        return self.model

    # ------------------------------------------------------------------ as a layer

    def __call__(self, x, mask=None):  # type: ignore[override]  # the phase is the graph's
        self._built_model()
        return super().__call__(x, mask)

    def call(self, x, mask=None):
        """Compute the model on other tensors.

        Args:
            x: the tensor, or a list of tensors, in place of the model's inputs.
            mask: its mask, or a list of masks.
        """
        return self._built_model().call(x, mask)

    def compute_mask(self, input, mask=None):
        return self._built_model().compute_mask(input, mask)

    def get_output_shape_for(self, input_shape):
        return self._built_model().get_output_shape_for(input_shape)

    @property
    def uses_learning_phase(self) -> bool:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().uses_learning_phase

    @property  # type: ignore[misc]  # a model has what its layers have
    def stateful(self) -> bool:  # type: ignore[override]  # read from the layers; Container says why it can't be set
        return any(getattr(layer, "stateful", False) for layer in self.flattened_layers)

    @property  # type: ignore[misc]  # a model has what its layers have
    def input_spec(self):
        return self._built_model().input_spec

    # ------------------------------------------------------------------ layers and what they hold

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

    @property
    def updates(self) -> list:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().updates

    @property
    def state_updates(self) -> list:
        return self._built_model().state_updates

    @property
    def losses(self) -> list:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().losses

    @property
    def constraints(self) -> dict:  # type: ignore[override]  # a model has what its layers have
        return self._built_model().constraints

    @property  # type: ignore[misc]  # a model has what its layers have
    def regularizers(self) -> list:
        return self._built_model().regularizers

    def get_losses_for(self, inputs) -> list:
        return self._built_model().get_losses_for(inputs)

    def get_updates_for(self, inputs) -> list:
        return self._built_model().get_updates_for(inputs)

    def get_state_updates_for(self, inputs) -> list:
        return self._built_model().get_state_updates_for(inputs)

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

    def count_params(self) -> int:
        """Return how many numbers all weights hold together, each weight counted once."""
        return self._built_model().count_params()

    # ------------------------------------------------------------------ training, by the inner model

    @property
    def validation_data(self):  # type: ignore[override]  # that of the model that trains
        """The arrays that the last ``fit`` validated on: inputs, targets and weights; None if it didn't validate."""
        return self._built_model().validation_data

    @property
    def training_data(self):  # type: ignore[override]  # that of the model that trains
        """None: an attribute of Keras 1 that nothing sets."""
        return self._built_model().training_data

    def compile(  # type: ignore[override]  # Keras 1 has no loss_weights here
        self, optimizer, loss, metrics=None, sample_weight_mode=None, **kwargs
    ) -> None:
        """Choose how to train.

        The other arguments are those of ``Model.compile``, as keyword arguments.

        Args:
            optimizer: a name or an Optimizer.
            loss: a name, a function (y_true, y_pred) or a ``losses.Loss``.
            metrics: a list of names, functions or ``metrics.Metric`` objects.
            sample_weight_mode: 'temporal' for weights of time steps (samples, time), None for weights of samples.

        Raises:
            ValueError: an unknown name.
        """
        # programs of Keras 1 may have changed the lists of layers and outputs by hand
        with unchanged_on_error(self):
            self.build()
            self.model.compile(optimizer, loss, metrics=metrics, sample_weight_mode=sample_weight_mode, **kwargs)
        model = self.model
        for attribute in ("optimizer", "loss", "loss_weights", "total_loss", "metrics", "weighted_metrics", "metrics_of_outputs", "metrics_tensors", "metrics_names", "sample_weight_mode", "sample_weights", "targets", "loss_functions"):  # fmt: skip  # noqa: E501
            setattr(self, attribute, getattr(model, attribute))

    def _compiled_model(self, what: str) -> Model:
        if not hasattr(getattr(self, "model", None), "loss_functions"):
            raise not_compiled(self, what)
        return self.model

    def fit(self, x, y, batch_size=32, nb_epoch=10, verbose=1, callbacks=None, validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train for ``nb_epoch`` epochs, and return a ``History``.

        The other arguments are those of ``Model.fit``.
        """
        return self._compiled_model("train").fit(
            x, y, batch_size=batch_size, nb_epoch=nb_epoch, verbose=verbose, callbacks=callbacks,
            validation_split=validation_split, validation_data=validation_data, shuffle=shuffle, class_weight=class_weight,
            sample_weight=sample_weight, initial_epoch=initial_epoch, **kwargs,
        )  # fmt: skip

    def evaluate(self, x, y, batch_size=32, verbose=1, sample_weight=None, **kwargs):
        """Return loss and metrics on data.

        The other arguments are those of ``Model.evaluate``.
        """
        return self._compiled_model("evaluate").evaluate(
            x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight, **kwargs
        )

    @keras1_arguments
    def predict(self, x, batch_size=32, verbose=0):
        """Return outputs for inputs.

        Args:
            x: the inputs, an array (samples, ...).
            batch_size: the number of samples that are computed at once.
            verbose: 1 prints a progress bar, 0 doesn't.

        Returns:
            An array (samples, ...).
        """
        return self._built_model().predict(x, batch_size=batch_size, verbose=verbose)

    @keras1_arguments
    def predict_on_batch(self, x):
        """Return outputs for the one batch ``x``, an array (samples, ...)."""
        return self._built_model().predict_on_batch(x)

    def train_on_batch(self, x, y, class_weight=None, sample_weight=None, **kwargs):
        """Make one training step, and return its loss and metrics.

        The other arguments are those of ``Model.train_on_batch``.
        """
        return self._compiled_model("train").train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight, **kwargs)

    def test_on_batch(self, x, y, sample_weight=None, **kwargs):
        """Return loss and metrics on one batch.

        The other arguments are those of ``Model.test_on_batch``.
        """
        return self._compiled_model("evaluate").test_on_batch(x, y, sample_weight=sample_weight, **kwargs)

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
                "The model gives values outside [0, 1], so they are no probabilities: is the last activation missing?", stacklevel=2
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

    @keras1_arguments
    def fit_generator(self, generator, samples_per_epoch, nb_epoch, verbose=1, callbacks=None, validation_data=None, nb_val_samples=None, class_weight=None, max_q_size=10, nb_worker=1, pickle_safe=False, initial_epoch=0, **kwargs):  # fmt: skip  # noqa: E501
        """Train on batches from a generator, and return a ``History``.

        The other arguments are those of ``Model.fit_generator``.
        """
        return self._compiled_model("train").fit_generator(
            generator, samples_per_epoch, nb_epoch, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
            nb_val_samples=nb_val_samples, class_weight=class_weight, max_q_size=max_q_size, nb_worker=nb_worker,
            pickle_safe=pickle_safe, initial_epoch=initial_epoch, **kwargs,
        )  # fmt: skip

    @keras1_arguments
    def evaluate_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False, **kwargs):
        """Return loss and metrics over samples from a generator.

        The other arguments are those of ``Model.evaluate_generator``.
        """
        return self._compiled_model("evaluate").evaluate_generator(
            generator, val_samples, max_q_size=max_q_size, nb_worker=nb_worker, pickle_safe=pickle_safe, **kwargs
        )

    @keras1_arguments
    def predict_generator(self, generator, val_samples, max_q_size=10, nb_worker=1, pickle_safe=False):
        """Return outputs for samples from a generator.

        The other arguments are those of ``Model.predict_generator``.
        """
        return self._built_model().predict_generator(
            generator, val_samples, max_q_size=max_q_size, nb_worker=nb_worker, pickle_safe=pickle_safe
        )

    def reset_states(self) -> None:
        """Reset the states of all stateful layers."""
        for layer in self.flattened_layers:
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()

    def summary(self, line_length=100, positions=(0.33, 0.55, 0.67, 1.0)) -> None:
        """Print a table of the layers, their output shapes, parameters and connections.

        Args:
            line_length: the number of characters in a line.
            positions: where the four columns end, as fractions of the line.
        """
        self._built_model()
        super().summary(line_length, positions)

    # ------------------------------------------------------------------ configuration

    def get_config(self) -> list:  # type: ignore[override]  # Keras 1 writes the layers as a list
        """Return a list of {'class_name', 'config'}, one for each layer."""
        with numbering(self):
            entries = [layer_entry(layer) for layer in self.layers]
            first = self.layers[0] if self.layers else None
            if isinstance(first, Merge) and first.layers:
                entries[0]["config"]["layers"] = [layer_entry(branch) for branch in first.layers]
            elif first is not None and not isinstance(first, Container):
                shape = first.inbound_nodes[0].input_shapes[0]
                entries[0]["config"] = {**entries[0]["config"], "batch_input_shape": entries[0]["config"].get("batch_input_shape", shape)}
        return copy.deepcopy(entries)

    @classmethod
    def from_config(cls, config, layer_cache=None) -> Sequential:
        """Return a new model with new weights; layers of one name are one layer.

        Args:
            config: a list that ``get_config`` gave.
            layer_cache: layers by their names that models made before share with this one, a dict.
        """
        if not isinstance(config, list):
            raise TypeError(f"The config of a Sequential model is a list with one entry for each layer, got {type(config).__name__}.")
        cache = {} if layer_cache is None else layer_cache
        model = cls()
        with making():
            for entry in config:
                shared = made_before(entry)
                layer = _cached_layer(entry, cache)
                called = shared is not None and len(layer.inbound_nodes) > shared[1] == 0
                made_without_input = (
                    shared is not None and not hasattr(layer, "batch_input_shape") and "batch_input_shape" in entry["config"]
                )
                if not model.layers and (called or made_without_input):
                    # another model called it before, or will
                    layer(Input(batch_shape=entry["config"].get("batch_input_shape"), dtype=entry["config"].get("input_dtype")))
                    model._add_first(layer, -1)
                    model._added(layer)
                else:
                    model.add(layer)
        return model


def _inputs_of(layer: Layer) -> list:
    """Return the inputs of a model's first layer, in the order that the layer has if it is a model itself."""
    if isinstance(layer, Container):
        return list(layer.inputs)
    if isinstance(layer, Merge) and layer.layers and not any(layer.node_indices or []):
        inputs = [x for branch in layer.layers for x in _inputs_of(branch)]
        return list({id(x): x for x in inputs}.values())
    return get_source_inputs(layer.inbound_nodes[0].output_tensors[0])


def _cached_layer(entry: dict, cache: dict) -> Layer:
    """Return the layer of a config's entry: a new one, or the one with the same name or number that was made before."""
    config = entry["config"]
    name = config.get("name") if isinstance(config, dict) and NUMBER not in entry else None
    if name in cache:
        return cache[name]
    shared = made_before(entry)
    if shared is not None:
        return shared[0]
    if entry["class_name"] == "Merge" and isinstance(config, dict) and config.get("layers"):
        branches = [_branch(branch, cache) for branch in config["layers"]]
        layer = Merge.from_config({**config, "layers": branches})
    elif entry["class_name"] == "Sequential":
        layer = Sequential.from_config(config, layer_cache=cache)
        layer.name = entry.get("name", layer.name)
    else:
        layer = layer_from_config(entry)
    if name:
        cache[name] = layer
    return remember_layer(layer, entry)


def _branch(entry: dict, cache: dict) -> Layer:
    """Return a branch of a Merge at the head of a model. Keras 1 doesn't know the names of branches that are Sequential."""
    return _cached_layer({key: value for key, value in entry.items() if key != "name"}, cache)


register({"Model": Model, "Sequential": Sequential, "Container": Container})
