"""Configs as JSON and YAML texts, read with bounds and without running anything that a text names."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from .errors import ModelFileError
from .limits import MAX_BITS, MAX_DEPTH, MAX_LAYERS, MAX_TEXT, MAX_VALUES
from .yaml_tags import add_tags

#: Values of YAML that are always allowed, however short it is.
_FEW_VALUES = 100_000

#: Characters of a number in YAML.
_MAX_DIGITS = 100

_EXTRA_YAML = "pip install '.[yaml]', in the clone of kbridge"


# ---------------------------------------------------------------------- texts to configs


def parse_json(text: str | bytes, what: str = "JSON") -> Any:
    """The config in a JSON text; a text that was encoded twice (``json.dump(model.to_json())``) is understood."""
    value: Any = text
    for _ in range(3):
        if not isinstance(value, (str, bytes)):
            break
        if len(value) > MAX_TEXT:
            raise ModelFileError(f"{what}: it has {len(value)} characters; the limit is {MAX_TEXT}.")
        # a comma or bracket stands before each value, and an empty list of three characters takes a hundred bytes of memory
        counts = [value.count(c) for c in ",[{"] if isinstance(value, str) else [value.count(c) for c in (b",", b"[", b"{")]
        if sum(counts) > MAX_VALUES:
            raise ModelFileError(f"{what}: it has more than {MAX_VALUES} values.")
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ModelFileError(f"{what}: not valid JSON ({error or 'nested too deeply'}).") from error
    check_size(value, what)
    return value


def parse_yaml(text: str | bytes, what: str = "YAML") -> Any:
    """The config in a YAML text as Keras 1 wrote it (tags ``!!python/tuple``, ``!!python/unicode`` ...)."""
    yaml = _yaml()
    if len(text) > MAX_TEXT:
        raise ModelFileError(f"{what}: it has {len(text)} characters; the limit is {MAX_TEXT}.")
    try:
        value = yaml.load(text, Loader=_yaml_loader())  # a SafeLoader
    except (yaml.YAMLError, ValueError, LookupError, RecursionError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{what}: not valid, or with a tag that models don't use ({error}).") from error
    # a few aliases of aliases are millions of values, which everything that reads the config goes through
    check_size(value, what, min(MAX_VALUES, _FEW_VALUES + len(text)))
    return value


def check_size(value: Any, what: str, most: int = MAX_VALUES) -> None:
    """ModelFileError if ``value`` is nested too deeply, or has too many values or layers (aliases followed) or too long a number."""
    values = layers = 0
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        values += 1
        if depth > MAX_DEPTH:
            raise ModelFileError(f"{what}: it is nested more than {MAX_DEPTH} levels deep.")
        if values > most:
            raise ModelFileError(f"{what}: it has more than {most} values.")
        if type(item) is int and item.bit_length() > MAX_BITS:
            raise ModelFileError(f"{what}: it has a whole number of more than {MAX_BITS} bits.")
        if isinstance(item, dict):
            layers += "class_name" in item
            if layers > MAX_LAYERS:
                raise ModelFileError(f"{what}: it has more than {MAX_LAYERS} layers.")
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend((child, depth + 1) for child in item)


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise ImportError(f"YAML needs the package PyYAML: {_EXTRA_YAML}.") from None
    return yaml


def _short_number(node: Any) -> Any:
    """``node``, if it is a number as programs write one: not a long one, nor one in parts of sixty, which are multiplied out."""
    if not isinstance(node.value, str) or len(node.value) > _MAX_DIGITS or ":" in node.value:
        raise ValueError(f"{str(node.value):.40} as a number")
    return node


@cache
def _yaml_loader():
    base: Any = _yaml().SafeLoader

    class Loader(base):
        """Plain values and the harmless tags that PyYAML's dumper writes for Python ones."""

        def construct_mapping(self, node, deep=False):
            # a tuple that holds another one twice, and so on, takes ages to become a key; a merge copies other dicts
            if any(not hasattr(key, "value") or not isinstance(key.value, str) or key.value == "<<" for key, _ in node.value):
                raise ValueError("the keys of a dict should be texts or numbers")
            return super().construct_mapping(node, deep=deep)

        def construct_yaml_int(self, node):
            return super().construct_yaml_int(_short_number(node))

        def construct_yaml_float(self, node):
            return super().construct_yaml_float(_short_number(node))

    for kind in ("int", "float"):
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", getattr(Loader, f"construct_yaml_{kind}"))
    prefix = "tag:yaml.org,2002:python/"
    Loader.add_constructor(prefix + "tuple", lambda loader, node: tuple(loader.construct_sequence(node, deep=True)))
    for tag in ("unicode", "str"):
        Loader.add_constructor(prefix + tag, lambda loader, node: loader.construct_scalar(node))
    for tag in ("int", "long"):
        Loader.add_constructor(prefix + tag, lambda loader, node: loader.construct_yaml_int(node))
    Loader.add_constructor(prefix + "float", lambda loader, node: loader.construct_yaml_float(node))
    Loader.add_constructor(prefix + "bool", lambda loader, node: loader.construct_yaml_bool(node))
    Loader.add_constructor(prefix + "none", lambda loader, node: loader.construct_yaml_null(node))
    add_tags(Loader)
    return Loader


@cache
def _yaml_dumper():
    base: Any = _yaml().SafeDumper

    class Dumper(base):
        """Block style with tuples tagged, as Keras 1 wrote."""

        def ignore_aliases(self, data):
            return True

    def represent_text(dumper, value):
        return dumper.represent_str(str(value))

    Dumper.add_representer(tuple, lambda d, value: d.represent_sequence("tag:yaml.org,2002:python/tuple", value))
    Dumper.add_multi_representer(str, represent_text)
    return Dumper


# ---------------------------------------------------------------------- configs to texts


def plain(value: Any) -> Any:
    """``value`` with NumPy scalars, arrays and dtypes as Python's own values. TypeError for what no text can hold."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, type):
        return value.__name__
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    raise TypeError(f"A config can hold only numbers, texts, lists, tuples and dicts, got {value!r} (a {type(value).__name__}).")


def dump_json(config: Any, **kwargs) -> str:
    """``config`` as JSON; ``kwargs`` go to ``json.dumps``."""
    return json.dumps(plain(config), **kwargs)


def dump_yaml(config: Any, **kwargs) -> str:
    """``config`` as YAML; ``kwargs`` go to ``yaml.dump``."""
    options = {"default_flow_style": False, "Dumper": _yaml_dumper(), **kwargs}
    return _yaml().dump(plain(config), **options)
