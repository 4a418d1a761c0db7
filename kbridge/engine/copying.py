"""Copies of layers and models from their configs and weights, for ``clone``, ``copy.deepcopy`` and ``pickle``.

A config names custom classes and functions only. A copy takes them from the original, so that it needs
no ``custom_objects``; a pickle refers to them by their modules, as pickles do.
"""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..utils.generic_utils import CustomObjectScope
from .compiled import compiled_positions, train_positions
from .freezing import freeze_names, frozen_names
from .input_layer import Input
from .inside import inner_layers, unlisted_weights
from .later import held_layers
from .layer import Layer
from .node import single
from .writer import writer_of, written_by

#: options of layers from files of later Keras: a mask that comes is dropped or used, shapes are broadcast
_RARELY_STORED = ("drop_mask", "use_mask", "broadcast")


def clone(layer: Layer, **changes) -> Layer:
    """A layer of the same config but for ``changes``, with weights of its own that are not made yet."""
    config = {**layer.get_config(), **changes}
    with CustomObjectScope(references(layer)), written_by(writer_of(layer)):
        copied = type(layer).from_config(config)
    _set_options(copied, _options(layer))
    return copied


def references(layer: Layer) -> dict[str, Any]:
    """The classes and functions that are not kbridge's own but named in the config of ``layer``, by name."""
    found: dict[str, Any] = {}
    named = _names_in(layer.get_config())
    for inner in inner_layers(layer):
        objects = [_reference(value) for value in vars(inner).values()]
        if inner is not layer:
            objects.append(type(inner))
        for item in objects:
            name = getattr(item, "__name__", None)
            if name not in named or str(getattr(item, "__module__", "")).partition(".")[0] == "kbridge":
                continue
            if found.setdefault(name, item) is not item:
                raise ValueError(f"{layer.name} can't be copied: it uses two different objects called {name!r}. Give them different names.")
    return found


def _names_in(config) -> set[str]:
    """All texts in a config, but for functions that come along with their names."""
    names: set[str] = set()
    stack = [config]
    while stack:
        value = stack.pop()
        if type(value) is str:
            names.add(value)
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
    return names


def _reference(value):
    """The function itself, or the class of a regularizer, constraint or other callable object."""
    if not callable(value) or K.is_tensor(value) or isinstance(value, Layer):
        return None
    return value if hasattr(value, "__name__") else type(value)


def reduced(layer: Layer) -> tuple:
    """Return what ``__reduce__`` returns for a layer or model."""
    return rebuild, (type(layer), layer.get_config(), references(layer), _state(layer))


def rebuild(cls: type[Layer], config, names: dict[str, Any], state: dict[str, Any]) -> Layer:
    """The layer or model that ``reduced`` described."""
    with CustomObjectScope(names), written_by(state["writer"]):
        layer = cls.from_config(config)
    layer.name = state["name"]
    _set_options(layer, state["options"])
    if state["build_shape"] is not None:
        layer.build_once(state["build_shape"])
    if state["call"] is not None:
        # layers that it holds make their weights in its call
        layer(single([Input(batch_shape=shape, dtype=dtype) for shape, dtype in state["call"]]))
        layer.__dict__["inbound_nodes"] = []
    for inner, trainable in zip(_models(layer), state["trainable"], strict=True):
        inner.trainable = trainable
    for inner, frozen in zip(_models(layer), state["frozen"], strict=True):
        if frozen:
            freeze_names(inner, frozen)
    if state["weights"]:
        layer.set_weights(state["weights"])
    K.batch_set_value(list(zip(_unlisted(layer), state["unlisted"], strict=True)))
    if state["compiled"] is not None:
        _compile(layer, state["compiled"])
    return layer


def _state(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "writer": writer_of(layer),
        "call": _call_of(layer),
        "options": _options(layer),
        "build_shape": vars(layer).get("_build_shape"),
        "trainable": [inner.trainable for inner in _models(layer)],
        "frozen": [_frozen_names(inner) for inner in _models(layer)],
        "weights": layer.get_weights(),
        "unlisted": K.batch_get_value(_unlisted(layer)),
        "compiled": _compiled_state(layer),
    }


def _options(layer: Layer) -> list[dict[str, Any]]:
    """For each layer inside the options that configs have only where they have made a difference: other inputs may come to a copy."""
    return [{key: value for key, value in vars(inner).items() if key in _RARELY_STORED} for inner in inner_layers(layer)]


def _set_options(layer: Layer, options: list[dict[str, Any]]) -> None:
    found = inner_layers(layer)
    if len(found) == len(options):
        for inner, own in zip(found, options, strict=True):
            vars(inner).update(own)


def _call_of(layer: Layer) -> list[tuple] | None:
    """The (shape, dtype) of each input of the first call of a program's layer that holds others; None if it needs none for its weights."""
    if not layer.of_later_keras or not layer.inbound_nodes or not held_layers(layer):
        return None
    node = layer.inbound_nodes[0]
    return [(tuple(shape), K.dtype(x)) for shape, x in zip(node.input_shapes, node.input_tensors, strict=True)]


def _unlisted(layer: Layer) -> list:
    """Weights inside wrappers that ``get_weights`` doesn't give."""
    return unlisted_weights([layer])[0]


def _models(layer: Layer) -> list[Layer]:
    """The models in ``layer``, itself included; its own ``trainable`` is in no config."""
    from .container import Container

    return [inner for inner in inner_layers(layer) if isinstance(inner, Container)]


def _frozen_names(model: Layer) -> list[list[str]]:
    # a Sequential model's copy holds the models that it was made of
    return [] if hasattr(model, "flattened_layers") else frozen_names(model)


def _compiled_state(model: Layer) -> dict[str, Any] | None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    return {
        "optimizer": (type(optimizer), optimizer.get_config()),
        "trained": compiled_positions(model),
        "state": optimizer.get_weights(),
        "scalars": {name: K.get_value(value) for name, value in _scalars(optimizer).items()},
        "arguments": {key: getattr(model, key) for key in ("loss", "metrics", "weighted_metrics", "loss_weights", "sample_weight_mode")},
    }


def _compile(model: Any, compiled: dict[str, Any]) -> None:
    cls, config = compiled["optimizer"]
    model.compile(cls.from_config(config) if hasattr(cls, "from_config") else cls(**config), **compiled["arguments"])
    if compiled["trained"] is not None:
        train_positions(model, compiled["trained"])
    if compiled["state"]:
        # the optimizer makes its weights together with the training function
        (getattr(model, "model", None) or model)._make_train_function()
        model.optimizer.set_weights(compiled["state"])
    for name, variable in _scalars(model.optimizer).items():
        if name in compiled["scalars"]:
            K.set_value(variable, compiled["scalars"][name])


def _scalars(optimizer) -> dict[str, Any]:
    """Learning rate, count of updates and the like: not all of them are in the optimizer's config or weights."""
    return {name: value for name, value in vars(optimizer).items() if K.is_variable(value) and K.int_shape(value) == ()}
