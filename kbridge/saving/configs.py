"""Layers and models from configs: a closed table of classes plus ``custom_objects``; nothing is imported because a
config names it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ..engine.entries import freeze_again, frozen_key, layer_entry, made_before, making, remember_layer
from .budget import work_budget
from .errors import ModelFileError
from .functions import check_functions
from .keras2 import speaks_keras2, to_keras1
from .texts import check_size, dump_json, dump_yaml, parse_json, parse_yaml

#: The version whose format kbridge writes.
KERAS_VERSION = "1.2.2"

#: Class names of earlier Keras 1 versions and theirs in 1.2.2.
_OLD_REGULARIZERS = {"WeightRegularizer": "L1L2Regularizer", "ActivityRegularizer": "L1L2Regularizer"}


def layer_classes() -> dict[str, type]:
    """Every class that a config may name without ``custom_objects``."""
    from .. import layers, models
    from ..engine.topology import Container, Layer

    table = {name: value for name, value in vars(layers).items() if isinstance(value, type) and issubclass(value, Layer)}
    table.update(Model=models.Model, Sequential=models.Sequential, Container=Container)
    return table


def layer_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None):
    """The layer or model of ``{'class_name': ..., 'config': ...}``.

    ``custom_objects`` maps names to the classes and functions that aren't Keras' own; they hold for
    everything inside too. ModelFileError for an unknown class or a malformed config.
    """
    from ..utils.generic_utils import CustomObjectScope, get_custom_objects, remember

    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str) or "config" not in config:
        raise ModelFileError(f"A layer's config is a dict with 'class_name' and 'config', got {_short(config)}.")
    with CustomObjectScope(dict(custom_objects or {})):
        cls = _class_named(config["class_name"], get_custom_objects())
        build = cls.from_config
        keywords = {"custom_objects": custom_objects} if "custom_objects" in inspect.signature(build).parameters else {}
        with making():
            shared = made_before(config)
            if shared is not None:
                return shared[0]
            layer = build(config["config"], **keywords)
            if isinstance(config["config"], list) and isinstance(config.get("name"), str):
                layer.name = config["name"]
            remember_layer(layer, config)
    remember(custom_objects)
    return layer


def _class_named(name: str, custom: Mapping[str, Any]):
    from ..utils.generic_utils import remembered

    if name in custom:
        return custom[name]
    table = layer_classes()
    if name in table:
        return table[name]
    if remembered(name) is not None:
        return remembered(name)
    near = get_close_matches(name, [*table, *custom], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise ModelFileError(
        f"Unknown layer: {name!r}{hint}. If it is a class of your own, pass custom_objects={{{name!r}: {name}}} to load it."
    )


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None):
    """The model of ``{'class_name': ..., 'config': ...}``, not compiled, with new random weights."""
    if isinstance(config, list):
        raise TypeError(
            "model_from_config takes {'class_name', 'config'}, got a list. Maybe you meant Sequential.from_config(config)?"
        )
    check_size(config, "model config")
    return _build(config, custom_objects)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None):
    """The model of a JSON text that ``to_json`` made, in this or an earlier Keras 1, or in Keras 2."""
    return _build(parse_json(json_string), custom_objects)


def model_from_yaml(yaml_string: str, custom_objects: Mapping[str, Any] | None = None):
    """The model of a YAML text that ``to_yaml`` made. Python objects in it are refused. Needs PyYAML."""
    return _build(parse_yaml(yaml_string), custom_objects)


def _build(config: Any, custom_objects: Mapping[str, Any] | None):
    from ..utils.generic_utils import CustomObjectScope, get_custom_objects, remember

    with CustomObjectScope(dict(custom_objects or {})), work_budget():
        if speaks_keras2(config):
            config = to_keras1(config)
        check_functions(config, get_custom_objects())
        config = upgrade(config)
        model = layer_from_config(config)
        freeze_again(model, config)
    remember(custom_objects)
    return model


def upgrade(config: Any) -> Any:
    """A copy of ``config`` with what earlier Keras 1 versions called otherwise under its 1.2.2 name."""
    if isinstance(config, list):
        return [upgrade(item) for item in config]
    if not isinstance(config, dict):
        return config
    new = {key: upgrade(value) for key, value in config.items()}
    for key, value in new.items():
        if str(key).endswith("_regularizer") and isinstance(value, dict) and str(value.get("name")) in _OLD_REGULARIZERS:
            new[key] = {**value, "name": _OLD_REGULARIZERS[value["name"]]}
    return new


def with_group_names(config: Any, group_names: list[str]) -> Any:
    """``config`` with names for the Sequential models inside a Sequential one, which Keras 1 didn't put into configs: those
    of their groups of weights."""
    entries = config.get("config") if isinstance(config, dict) else None
    if not isinstance(entries, list) or len(entries) != len(group_names):
        return config
    named = [
        {**entry, "name": name} if isinstance(entry, dict) and isinstance(entry.get("config"), list) else entry
        for entry, name in zip(entries, group_names, strict=True)
    ]
    return {**config, "config": named}


def model_config(model) -> dict[str, Any]:
    """``{'class_name', 'config'}`` of a model, as ``to_json`` and a model file hold it."""
    return {**layer_entry(model), **frozen_key(model)}


def model_to_json(model, **kwargs) -> str:
    """The model's architecture as JSON; ``kwargs`` go to ``json.dumps``."""
    return dump_json({**model_config(model), "keras_version": KERAS_VERSION}, **kwargs)


def model_to_yaml(model, **kwargs) -> str:
    """The model's architecture as YAML; ``kwargs`` go to ``yaml.dump``. Needs PyYAML."""
    return dump_yaml({**model_config(model), "keras_version": KERAS_VERSION}, **kwargs)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
