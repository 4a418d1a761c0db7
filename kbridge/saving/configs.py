"""Layers and models from configs: a closed table of classes plus ``custom_objects``; nothing is imported because a
config names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..budget import work_budget
from ..engine.registry import layer_classes, layer_from_config  # noqa: F401
from ..engine.writer import written_by
from .errors import ModelFileError
from .functions import resolved, with_graphs
from .keras2 import speaks_keras2, to_keras1
from .keras3 import check_masks, speaks_keras3, to_keras2
from .texts import check_size, dump_json, dump_yaml, parse_json, parse_yaml

#: The version whose format kbridge writes.
KERAS_VERSION = "1.2.2"

#: Class names of earlier Keras 1 versions and theirs in 1.2.2.
_OLD_REGULARIZERS = {"WeightRegularizer": "L1L2Regularizer", "ActivityRegularizer": "L1L2Regularizer"}


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None):
    """Return a new model, not compiled, with random weights.

    Args:
        config: ``{'class_name': ..., 'config': ...}``.
        custom_objects: classes and functions by name, for those that aren't Keras' own.

    Raises:
        TypeError: a list, which ``Sequential.from_config`` takes.
    """
    if isinstance(config, list):
        raise TypeError("model_from_config takes {'class_name', 'config'}, got a list. Did you mean Sequential.from_config(config)?")
    check_size(config, "model config")
    return _build(config, custom_objects)


def whole_model(config: Mapping[str, Any], version: str | None = None):
    """The model that a file's ``config`` describes; ``version`` is that of the Keras that wrote it. ModelFileError where it describes a layer."""
    with written_by(version):
        model = model_from_config(config)
    if not hasattr(model, "layers"):
        raise ModelFileError(f"it is the config of a layer ({type(model).__name__}), not of a model")
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None):
    """Return a new model with random weights from a text that ``to_json`` of any Keras made.

    Args:
        json_string: the text.
        custom_objects: classes and functions by name, for those that aren't Keras' own.

    Raises:
        ModelFileError: the text is no model; the message says what is wrong.

    Example:
        >>> from kbridge.layers import Dense
        >>> from kbridge.models import Sequential, model_from_json
        >>> model_from_json(Sequential([Dense(2, input_dim=3)]).to_json()).output_shape
        (None, 2)
    """
    return _built_from(parse_json(json_string), custom_objects, "JSON")


def model_from_yaml(yaml_string: str, custom_objects: Mapping[str, Any] | None = None):
    """Return a new model with random weights from a text that ``to_yaml`` made. Python objects in it are refused. It needs the extra ``yaml``.

    Args:
        yaml_string: the text.
        custom_objects: classes and functions by name, for those that aren't Keras' own.

    Raises:
        ModelFileError: the text is no model; the message says what is wrong.
    """
    return _built_from(parse_yaml(yaml_string), custom_objects, "YAML")


def _built_from(config: Any, custom_objects: Mapping[str, Any] | None, what: str):
    """The model of a text's ``config``; whatever is wrong with it is a ModelFileError."""
    try:
        return _build(config, custom_objects)
    except (ModelFileError, ImportError):
        raise
    except (MemoryError, RecursionError) as error:
        raise ModelFileError(f"{what}: building the model needs too much memory.") from error
    except Exception as error:
        raise ModelFileError(f"{what}: kbridge can't build the model from it ({type(error).__name__}: {error}).") from error


def _build(config: Any, custom_objects: Mapping[str, Any] | None):
    # here, so that what only looks at files loads no backend
    from ..engine.entries import freeze_again
    from ..utils.generic_utils import CustomObjectScope, get_custom_objects, remember

    check_age(config)
    with CustomObjectScope(dict(custom_objects or {})), work_budget():
        stored = config if speaks_keras3(config) else None
        version = "3" if stored is not None else _version_in(config)
        if stored is not None:
            config = to_keras1(to_keras2(config), version="3")
        elif speaks_keras2(config):
            config = to_keras1(config)
        config = upgrade(resolved(config, get_custom_objects()))
        with written_by(version):
            model = layer_from_config(config)
        freeze_again(model, config)
        if stored is not None:
            check_masks(model, stored)
    remember(custom_objects)
    return model


def _version_in(config: Any) -> str | None:
    """The version of Keras in a whole model's config."""
    found = config.get("keras_version") if isinstance(config, Mapping) else None
    return found if isinstance(found, str) else None


def check_age(config: Any) -> None:
    """Refuse what ``to_json`` and ``get_config`` gave that is no whole model's: of Keras before 1.0, and lists of layers."""
    if isinstance(config, list):
        raise ModelFileError(
            "it is a list of layers, as get_config of a Sequential model returns it. Sequential.from_config(LIST) builds the model"
        )
    if isinstance(config, dict) and "class_name" not in config and not {"layers", "node_config", "config"} & config.keys():
        keys = ", ".join(repr(key) for key in list(config)[:4]) or "none"
        raise ModelFileError(
            f"It has no 'class_name' and no 'config', so it is no model; its keys are {keys}. A server may have sent an error in place of the file"
        )
    if isinstance(config, dict) and "class_name" not in config and (isinstance(config.get("layers"), list) or "node_config" in config):
        kind = "Graph" if "node_config" in config else "Sequential"
        raise ModelFileError(
            f"It is a {kind} model of Keras before 1.0 (0.1 to 0.3), whose layers had other settings. Build the model in a "
            "program, with today's layers. model.load_weights can then load its old weights (layer_0, param_0 ...)."
        )


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
    from ..engine.entries import frozen_key, layer_entry

    return {**layer_entry(model), **frozen_key(model)}


def model_to_json(model, **kwargs) -> str:
    """The model's architecture as JSON; ``kwargs`` go to ``json.dumps``."""
    return dump_json({**with_graphs(model_config(model)), "keras_version": KERAS_VERSION}, **kwargs)


def model_to_yaml(model, **kwargs) -> str:
    """The model's architecture as YAML; ``kwargs`` go to ``yaml.dump``. Needs PyYAML."""
    return dump_yaml({**with_graphs(model_config(model)), "keras_version": KERAS_VERSION}, **kwargs)
