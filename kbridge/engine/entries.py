"""The entries that configs hold of a layer inside a model or wrapper besides its class and its own config.

Keras 1 ignores the keys that are added here: a number for each layer that several models or wrappers hold, so that it is
one layer again when they are made from their configs; and beside a whole model's config which models in it are frozen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from .freezing import freeze_names, frozen_names
from .writer import WRITER, writer_of

#: The key of an entry whose layer stands at several places, with the same number at each, or has the name of another one.
NUMBER = "kbridge_number"

#: The key beside the config of a whole model that tells what is frozen in it.
FROZEN = "kbridge_frozen"

#: id of a layer that needs a number -> the number, while a config is made
_numbers: ContextVar[dict[int, int] | None] = ContextVar("numbers", default=None)

#: number -> the layer, and how many calls it had when it was made, while layers are made from a config
_made: ContextVar[dict[int, tuple[Any, int]] | None] = ContextVar("made", default=None)


# ---------------------------------------------------------------------- to configs


def layer_entry(layer: Any) -> dict[str, Any]:
    """``{'class_name', 'config'}`` of a layer, with what else must be known to make it again at this place."""
    return {"class_name": type(layer).__name__, "config": layer.get_config(), **added_keys(layer)}


def added_keys(layer: Any) -> dict[str, Any]:
    """The keys that are added to the entry of ``layer``: most have none."""
    number, version = (_numbers.get() or {}).get(id(layer)), writer_of(layer)
    return {**({} if number is None else {NUMBER: number}), **({} if version is None else {WRITER: version})}


def frozen_key(root: Any) -> dict[str, Any]:
    """Return the entry of the config of the whole model ``root`` about frozen models in it; empty if there are none.

    For each model inside: whether it is trained, and the layers that frozen models in its graph hold.
    """
    found = [[model.trainable, _frozen_names(model)] for model in _models(root)]
    return {} if all(trainable and not names for trainable, names in found) else {FROZEN: found}


def freeze_again(root: Any, config: Any) -> None:
    """Freeze in ``root``, just made from ``config``, what ``frozen_key`` says."""
    found, models = config.get(FROZEN), _models(root)
    if found is None:
        return
    if not isinstance(found, list) or len(found) != len(models) or not all(map(_is_state, found)):
        raise ValueError(f"{FROZEN} should say for each of {len(models)} models whether it is trained, got {repr(found)[:100]}.")
    for model, (trainable, _) in zip(models, found, strict=True):
        model.trainable = trainable
    for model, (_, names) in zip(models, found, strict=True):
        if names:
            freeze_names(model, names)


def _is_state(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], bool) or not isinstance(value[1], list):
        return False
    return all(isinstance(part, list) and all(isinstance(name, str) for name in part) for part in value[1])


def _frozen_names(model: Any) -> list[list[str]]:
    # a Sequential model holds the models that it was made of
    return [] if hasattr(model, "flattened_layers") else frozen_names(model)


def _models(root: Any) -> list:
    """``root`` and the models inside, each once, in the order of their configs."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    pending = [root]
    while pending:
        layer = pending.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if _is_model(layer):
            found[id(layer)] = layer
        pending.extend(reversed(held(layer)))
    return list(found.values())


@contextlib.contextmanager
def numbering(root: Any) -> Iterator[None]:
    """Number the layers that stand at several places inside ``root`` while its config is made; inner models use these numbers."""
    if _numbers.get() is not None:
        yield
        return
    places: dict[int, int] = {}
    names: dict[str, set[int]] = {}
    pending = [root]
    while pending:
        holder = pending.pop()
        for layer in held(holder):
            places[id(layer)] = places.get(id(layer), 0) + 1
            if places[id(layer)] == 1:
                pending.append(layer)
            if hasattr(holder, "flattened_layers"):
                names.setdefault(layer.name, set()).add(id(layer))
    # without numbers, layers of one name in Sequential models are one layer, as in Keras 1
    ambiguous = {key for found in names.values() if len(found) > 1 for key in found}
    numbered = [key for key, count in places.items() if count > 1 or key in ambiguous]
    token = _numbers.set({key: number for number, key in enumerate(numbered)})
    try:
        yield
    finally:
        _numbers.reset(token)


def held(holder: Any) -> list:
    """The layers whose entries stand in the config of ``holder``."""
    inner = getattr(holder, "_inner", None)
    if inner is not None:
        # a wrapper that works with copies of its layer shares nothing
        return [layer for layer in inner if layer is getattr(holder, "layer", None)]
    if not _is_model(holder):
        return []
    layers = list(holder.layers)
    if hasattr(holder, "flattened_layers") and layers and not _is_model(layers[0]):
        layers += getattr(layers[0], "layers", None) or ()  # the branches of a Merge
    return layers


def _is_model(layer: Any) -> bool:
    return hasattr(layer, "container_nodes") or hasattr(layer, "flattened_layers")


# ---------------------------------------------------------------------- from configs


@contextlib.contextmanager
def making() -> Iterator[None]:
    """Remember the layers that have numbers while a model is made from its config, those of inner models included."""
    token = None if _made.get() is not None else _made.set({})
    try:
        yield
    finally:
        if token is not None:
            _made.reset(token)


def made_before(entry: Any) -> tuple[Any, int] | None:
    """The layer of ``entry`` if another place has made it, and how many calls it had when it was new."""
    number = entry.get(NUMBER)
    found = (_made.get() or {}).get(number) if type(number) is int else None
    if found is not None and type(found[0]).__name__ != entry.get("class_name"):
        raise ValueError(
            f"The config has the shared layer {number} twice: as a {entry.get('class_name')} and as a {type(found[0]).__name__}."
        )
    return found


def remember_layer(layer: Any, entry: Any) -> Any:
    """``layer``, just made from ``entry``, which is remembered by its number."""
    made, number = _made.get(), entry.get(NUMBER)
    if made is not None and type(number) is int:
        made.setdefault(number, (layer, len(layer.inbound_nodes)))
    return layer
