"""Classes of layers and models by the names that configs give them.

Nothing is imported of them here: what defines layers registers them. The table is closed; classes of users come from
``custom_objects``.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from ..errors import ModelFileError
from ..utils.generic_utils import CustomObjectScope, get_custom_objects, remember, remembered
from .writer import WRITER, written_by

#: The key beside a layer's ``class_name`` that holds the graphs of its functions, by their keys in its config.
GRAPHS = "kbridge_functions"

#: The modules that register classes when they are imported.
_REGISTERING = ("..layers", "..models")

_classes: dict[str, type] = {}


def register(classes: Mapping[str, type]) -> None:
    """Make classes known to configs under these names."""
    _classes.update(classes)


def layer_classes() -> dict[str, type]:
    """Every class that a config may name without ``custom_objects``."""
    _load()
    return dict(_classes)


def layer_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None):
    """The layer or model of ``{'class_name': ..., 'config': ...}``.

    ``custom_objects`` maps names to the classes and functions that aren't Keras' own; they hold for
    everything inside too. ModelFileError for an unknown class or a malformed config.
    """
    # here, so that the names of classes can be had without a backend
    from .entries import made_before, making, remember_layer

    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str) or "config" not in config:
        raise ModelFileError(f"A layer's config should be a dict with 'class_name' and 'config', got {_short(config)}.")
    with CustomObjectScope(dict(custom_objects or {})):
        if GRAPHS in config:
            from ..saving.functions import resolved

            config = resolved(config, get_custom_objects())
        cls = _class_named(config["class_name"], get_custom_objects())
        build = cls.from_config
        keywords = {"custom_objects": custom_objects} if "custom_objects" in inspect.signature(build).parameters else {}
        with making():
            shared = made_before(config)
            if shared is not None:
                return shared[0]
            version = config.get(WRITER)
            with written_by(version if isinstance(version, str) else None):
                layer = build(config["config"], **keywords)
            if isinstance(config["config"], list) and isinstance(config.get("name"), str):
                layer.name = config["name"]
            if isinstance(config["config"], list) and isinstance(config.get("input_name"), str):
                layer._input_name = config["input_name"]
            remember_layer(layer, config)
    remember(custom_objects)
    return layer


def _class_named(name: str, custom: Mapping[str, Any]) -> Any:
    if name in custom:
        return custom[name]
    table = layer_classes()
    if name in table:
        return table[name]
    if remembered(name) is not None:
        return remembered(name)
    from difflib import get_close_matches  # takes long to import, for what only errors need

    near = get_close_matches(name, [*table, *custom], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise ModelFileError(
        f"Unknown layer: {name!r}{hint}. If it is a class of your own, pass custom_objects={{{name!r}: {name}}} to load it."
    )


def _load() -> None:
    """Have everything registered, in a program that has imported only parts."""
    for module in _REGISTERING:
        importlib.import_module(module, __package__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
