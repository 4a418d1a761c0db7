"""Is a file safe, and will it load here? Answered from its texts and the tables of names that loading uses."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from .. import optimizers
from ..engine.layer_arguments import arguments_of
from ..saving.configs import check_age, layer_classes
from ..saving.errors import ModelFileError
from ..saving.functions import functions_as_data, needed_functions
from ..saving.keras2 import major_version, speaks_keras2
from ..saving.keras2.training import Unrepresentable, compile_arguments
from ..saving.keras3 import keras1_config, speaks_keras3
from ..utils.generic_utils import CustomObjectScope, get_from_module

#: what holds a name of a function or object in a layer's config -> module of kbridge that knows the names
_NAMED = {
    "activation": "activations", "inner_activation": "activations",
    "init": "initializations", "inner_init": "initializations", "forget_bias_init": "initializations",
    "W_regularizer": "regularizers", "U_regularizer": "regularizers", "b_regularizer": "regularizers",
    "activity_regularizer": "regularizers", "gamma_regularizer": "regularizers", "beta_regularizer": "regularizers",
    "W_constraint": "constraints", "b_constraint": "constraints",
}  # fmt: skip


def safety(config: Any, others: list[str]) -> dict[str, Any]:
    """``safe``: whether the file is texts and numbers only; ``unsafe`` and ``notes`` say what else is in it.

    A file with code in it is not safe for every program; kbridge still never runs that code.
    """
    code = [needed for needed in needed_functions(config) if _has_code(config, needed.layer, needed.key)]
    places = dict.fromkeys([*((needed.layer, needed.key) for needed in code), *_lambdas(config)])
    unsafe = [f"layer {layer!r}: its {key} is stored as Python bytecode" for layer, key in places]
    for name, key in _foreign_modules(config):
        unsafe.append(f"{name!r} asks for the module {key!r} to be imported")
    notes = [f"{name!r} in the file doesn't belong to a model and is never read" for name in others]
    return {"safe": not unsafe, "unsafe": unsafe, "notes": notes}


def _has_code(config: Any, layer: str, key: str) -> bool:
    for value in _dicts(config):
        inner = value.get("config")
        if isinstance(inner, dict) and str(inner.get("name")) == layer:
            stored = inner.get(key)
            if isinstance(stored, (list, dict)) or isinstance(stored, str) and not stored.isprintable():
                return True
    return False


def _lambdas(config: Any) -> Iterator[tuple[str, str]]:
    """(layer, key) of the code that later versions of tf.keras store, as a class of its own."""
    for value in _dicts(config):
        inner = value.get("config")
        if not isinstance(inner, dict):
            continue
        for key, stored in inner.items():
            if isinstance(stored, dict) and stored.get("class_name") == "__lambda__":
                yield str(inner.get("name")), key


def _foreign_modules(config: Any) -> Iterator[tuple[str, str]]:
    """(class name, module) of what Keras 3 would import from elsewhere than Keras."""
    for value in _dicts(config):
        module = value.get("module")
        if isinstance(module, str) and "class_name" in value and module.partition(".")[0] not in ("keras", "tf_keras"):
            yield str(value["class_name"]), module


def loading(config: Any, compiled: Any, version: str | None, custom_objects: Iterable[str]) -> dict[str, Any]:
    """Whether and how ``load_model`` would load it.

    ``loads``: True, False, or None for weights alone; ``needs``: names for custom_objects; ``problems``: what is in the way;
    ``not_restored``: what of Keras 2's training settings would be left out; ``functions``: those of Lambda and Merge layers that the file
    holds as data or bytecode, as expressions, or what stopped the reader.
    """
    known = set(custom_objects)
    needs: dict[str, list] = {"functions": [], "classes": [], "names": [], "training": []}
    problems: list[str] = []
    not_restored: list[str] = []
    functions: list[dict[str, Any]] = []
    if config is None:
        return {"loads": None, "needs": needs, "problems": problems, "not_restored": not_restored, "functions": functions}
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        try:
            check_age(config)
            problems.append("its config isn't the config of a model")
        except ModelFileError as error:
            problems.append(str(error).rstrip("."))
    major = major_version(version) or 1
    if version is None and speaks_keras3(config):
        version, major = "3", 3
    keras2 = major in (2, 3) or version is None and speaks_keras2(config)
    if major > 3:
        problems.append(f"it was written by Keras {version}; kbridge reads files of Keras 1 to 3")
    elif not problems:
        with CustomObjectScope(dict.fromkeys(known)):
            if keras2:
                config = _translated(config, version, problems)
            functions = [found._asdict() for found in functions_as_data(config)]
            read = {(found["layer"], found["key"]) for found in functions if found["text"] is not None}
            for needed in needed_functions(config):
                if not known & set(needed.names) and (needed.layer, needed.key) not in read:
                    needs["functions"].append({"layer": needed.layer, "key": needed.key, "name": needed.name, "give": needed.names})
            _check_layers(config, known, needs, problems)
            if isinstance(compiled, dict) and not problems and keras2:
                not_restored = _not_restored(config, compiled)
    if isinstance(compiled, dict) and not problems and not keras2:
        needs["training"] = sorted(set(_unknown_training(compiled)) - known)
    loads = not problems and not any(needs.values())
    return {"loads": loads, "needs": needs, "problems": problems, "not_restored": not_restored, "functions": functions}


def _translated(config: dict, version: str | None, problems: list[str]) -> Any:
    """The ``config`` of Keras 2 or 3 as Keras 1's; None, and one more of the ``problems``, where that can't be."""
    try:
        return keras1_config(config, version or "2")
    except ModelFileError as error:
        problems.append(str(error))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        problems.append(f"its config can't be understood ({type(error).__name__}: {error})")
    return None


def _not_restored(config: dict, compiled: dict) -> list[str]:
    """Return the training settings in a Keras 2 file that have no like here, as ``load_model`` would warn of it."""
    inner = config.get("config")
    ends: list[Any] = inner.get("output_layers", []) if isinstance(inner, dict) else [[config.get("name")]]
    try:
        _, left_out = compile_arguments(compiled, [end[0] for end in ends])
    except Unrepresentable as error:
        return [f"optimizer and loss: {error}"]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return [f"optimizer and loss, which can't be understood ({type(error).__name__}: {error})"]
    return [f"the metric {name}, which kbridge doesn't have" for name in left_out]


def _check_layers(config: Any, known: set[str], needs: dict[str, list], problems: list[str]) -> None:
    classes = layer_classes()
    for value in _dicts(config):
        name, inner = value.get("class_name"), value.get("config")
        if "class_name" not in value:
            continue
        if not isinstance(name, str) or not isinstance(inner, (dict, list)):
            problems.append(f"a layer without a class or without settings: {str(value)[:80]}")
        elif name not in classes:
            if name not in known and name not in needs["classes"]:
                needs["classes"].append(name)
        elif isinstance(inner, dict) and name not in ("Model", "Container", "InputLayer"):
            problems += _bad_settings(classes[name], name, inner)
            needs["names"] += [n for n in _unknown_names(inner) if n not in known and n not in needs["names"]]


def _bad_settings(cls: type, name: str, config: dict) -> Iterator[str]:
    """Settings that the layer doesn't have, and those it can't do without."""
    known = arguments_of(cls)
    allowed = {*known, *getattr(cls, "common_arguments", ()), *(f"{key}_type" for key in known)}
    label = f"layer {config.get('name', '')!r} ({name})"
    yield from (f"{label} has no setting {key!r} here" for key in config if key not in allowed)
    for p in inspect.signature(cls).parameters.values():
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in config:
            yield f"{label} has no value for its setting {p.name!r}"


def _unknown_names(config: dict) -> Iterator[str]:
    """Names of functions and objects in a layer's config that kbridge doesn't know."""
    for key, module in _NAMED.items():
        value = config.get(key)
        name = value.get("name") if isinstance(value, dict) else value
        if isinstance(name, str) and not _is_known(name, module):
            yield name


def _unknown_training(compiled: dict) -> Iterator[str]:
    optimizer = compiled.get("optimizer_config")
    if isinstance(optimizer, dict) and not _is_known(str(optimizer.get("class_name")), "optimizers"):
        yield str(optimizer.get("class_name"))
    for key in ("loss", "metrics"):
        pending = [compiled.get(key)]
        while pending:
            value = pending.pop()
            if isinstance(value, (list, dict)):
                pending += value.values() if isinstance(value, dict) else value
            elif isinstance(value, str) and not _is_known(value, "objectives" if key == "loss" else "metrics"):
                yield value


def _is_known(name: str, module: str) -> bool:
    """Whether a module of kbridge knows ``name``, or a program has made it known everywhere."""
    if module == "metrics" and name in ("accuracy", "acc"):
        return True
    try:
        get_from_module(name, vars(importlib.import_module(f"kbridge.{module}")), module)
    except ValueError:
        return module == "optimizers" and name.lower() in optimizers.CLASSES
    return True


def _dicts(config: Any) -> Iterator[dict]:
    """Every dict in a config, outer ones first."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(reversed(list(value.values())))
        elif isinstance(value, (list, tuple)):
            pending.extend(reversed(value))
