"""Layers from configs, and the table that ``model.summary()`` prints."""

from __future__ import annotations

import warnings

from .. import backend as K
from .generic_utils import get_custom_objects  # noqa: F401 (a name of Keras 1's module)
from .np_utils import convert_kernel


def __getattr__(name: str):
    """Keras 1 had all layers and models here too; they are imported when they are asked for."""
    # Python asks for ``__path__`` when something is imported from this module
    if not name.startswith("_"):
        from .. import layers, models

        for module in (layers, models):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def layer_from_config(config, custom_objects=None):
    """Return a new layer or model.

    Args:
        config: ``{'class_name': ..., 'config': ...}``.
        custom_objects: classes and functions by name, for those that aren't Keras' own.
    """
    from ..engine.registry import layer_from_config as build

    return build(config, custom_objects)


def count_total_params(layers, layer_set=None, trainable_weights=None) -> tuple[int, int]:
    """Return how many numbers the weights of ``layers`` hold, (trainable, non-trainable), each weight counted once.

    Args:
        layers: a list of layers and models.
        layer_set: accepted for programs of Keras 1, and not used.
        trainable_weights: the weights that the model around trains, which may be frozen; without it the layers' own flags count.
    """
    if trainable_weights is None:
        trainable_weights = [w for layer in layers for w in layer.trainable_weights]
    trainable = {id(w): w for w in trainable_weights}
    others = {id(w): w for layer in layers for w in layer.weights if id(w) not in trainable}
    return sum(map(K.count_params, trainable.values())), sum(map(K.count_params, others.values()))


def print_summary(layers, relevant_nodes=None, line_length=100, positions=None, trainable_weights=None, compiled_weights=None) -> None:  # fmt: skip  # noqa: E501
    """Print name and class, output shape, parameters and connections of each layer.

    Args:
        layers: a list of layers.
        relevant_nodes: the calls to show, as a model's ``container_nodes``; all if left out.
        line_length: the number of characters in a line.
        positions: where the columns end, as fractions of ``line_length`` or as numbers of characters.
        trainable_weights: the weights that the model trains, if its layers' own flags don't say it all.
        compiled_weights: the weights that the model trains since it was compiled.
    """
    positions = list(positions or (0.33, 0.55, 0.67, 1.0))
    if positions[-1] <= 1:
        positions = [int(line_length * p) for p in positions]

    def row(fields) -> None:
        line = ""
        for text, end in zip(fields, positions, strict=True):
            # a field that fills its column is cut, so that a space stands before the next one
            line = (line[:-1] + " " if line else "") + str(text)
            line = line[:end].ljust(end)
        print(line.rstrip())

    print("_" * line_length)
    row(["Layer (type)", "Output Shape", "Param #", "Connected to"])
    print("=" * line_length)
    for i, layer in enumerate(layers):
        connections = _connections(layer, relevant_nodes)
        shape = getattr(layer, "output_shape", "multiple") if layer.inbound_nodes else "?"
        row([f"{layer.name} ({type(layer).__name__})", shape, layer.count_params(), connections[0] if connections else ""])
        for connection in connections[1:]:
            row(["", "", "", connection])
        print(("=" if i == len(layers) - 1 else "_") * line_length)
    trainable, others = count_total_params(layers, trainable_weights=trainable_weights)
    print(f"Total params: {trainable + others:,}")
    print(f"Trainable params: {trainable:,}")
    print(f"Non-trainable params: {others:,}")
    if compiled_weights is not None and trainable_weights is not None:
        compiled = {id(w): w for w in compiled_weights}
        if set(compiled) != {id(w) for w in trainable_weights}:
            # what is trained was settled by compile
            print(f"Trained as compiled: {sum(map(K.count_params, compiled.values())):,} (compile again to train what is trainable now)")
    print("_" * line_length)


def _connections(layer, relevant_nodes) -> list[str]:
    found = []
    for index, node in enumerate(layer.inbound_nodes):
        if relevant_nodes and f"{layer.name}_ib-{index}" not in relevant_nodes:
            continue
        found += [
            f"{source.name}[{node_index}][{tensor_index}]"
            for source, node_index, tensor_index in zip(node.inbound_layers, node.node_indices, node.tensor_indices, strict=True)
        ]
    return found


def convert_all_kernels_in_model(model) -> None:
    """Flip the kernels of all convolutions of ``model``, those of models inside it too: weights that were set
    without conversion go from Theano's convention to TensorFlow's, or back.

    Weights that were loaded from a file have been converted already; they stay as they are, with a warning.
    """
    from ..layers.convolutional import Convolution1D, Convolution2D, Convolution3D
    from ..layers.local import LocallyConnected1D, LocallyConnected2D

    if getattr(model, "kernels_converted", False):
        warnings.warn(
            f"convert_all_kernels_in_model leaves the kernels of {model.name} as they are, because they were converted, if "
            "necessary, when they were loaded.",
            stacklevel=2,
        )
        return
    for layer in getattr(model, "flattened_layers", None) or model.layers:
        if hasattr(layer, "layers"):
            convert_all_kernels_in_model(layer)
        elif isinstance(layer, (Convolution1D, Convolution2D, Convolution3D)):
            # the kernels of locally connected layers are no convolutions' and were the same everywhere
            if not isinstance(layer, (LocallyConnected1D, LocallyConnected2D)):
                K.set_value(layer.W, convert_kernel(K.get_value(layer.W), layer.dim_ordering))
