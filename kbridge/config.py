"""Start-up settings: ``keras.json``, the environment, and where each value came from.

The file is ``$KERAS_HOME/keras.json`` or ``~/.keras/keras.json``. It may be shared with other Keras
versions: it is never written here at import, and keys that kbridge doesn't know are left alone.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FLOATX = ("float16", "float32", "float64")
DIM_ORDERINGS = ("th", "tf")
DEFAULTS: dict[str, Any] = {"backend": "numpy", "floatx": "float32", "epsilon": 1e-7, "image_dim_ordering": "tf"}
BACKEND_VARIABLES = ("KBRIDGE_BACKEND", "KERAS_BACKEND")

#: engines of other Keras versions, which may stand in a shared file
FOREIGN_BACKENDS = ("jax", "torch", "openvino", "cntk", "mxnet")
DATA_FORMATS = {"channels_first": "th", "channels_last": "tf"}


class ConfigError(ValueError):
    """A setting that can't be used; the message names the file or variable, the key and what is allowed."""


class Setting(NamedTuple):
    """A value and where it came from: 'default', a file's path or an environment variable."""

    value: Any
    origin: str


class Startup:
    """The settings that this process starts with."""

    def __init__(self, settings: dict[str, Setting]):
        self._settings = settings

    def value(self, key: str) -> Any:
        """The value of 'backend', 'floatx', 'epsilon' or 'image_dim_ordering'."""
        return self._settings[key].value

    def origin(self, key: str) -> str:
        """Where the value came from."""
        return self._settings[key].origin


def config_path() -> Path:
    """Where keras.json is looked for."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path(os.path.expanduser("~")) / ".keras") / "keras.json"


@cache
def startup() -> Startup:
    """The settings, read once. Raises ConfigError."""
    return read(config_path(), os.environ)


def read(path: Path, environment: Any) -> Startup:
    """Settings from a file (which need not exist) and an environment."""
    settings = {key: Setting(value, "default") for key, value in DEFAULTS.items()}
    found = read_file(path)
    if "image_data_format" in found and "image_dim_ordering" not in found:
        value = found["image_data_format"]
        if value not in DATA_FORMATS:
            raise _bad(path, "image_data_format", value, "'channels_first' or 'channels_last'")
        settings["image_dim_ordering"] = Setting(DATA_FORMATS[value], str(path))
    for key in DEFAULTS:
        if key in found:
            settings[key] = Setting(checked(key, found[key], path), str(path))
    for variable in reversed(BACKEND_VARIABLES):
        if environment.get(variable):
            settings["backend"] = Setting(checked("backend", environment[variable], variable), variable)
    backend, origin = settings["backend"]
    if backend in FOREIGN_BACKENDS:
        warnings.warn(
            f"{origin} asks for the backend {backend!r} of another Keras, which kbridge doesn't have; using 'numpy'.",
            stacklevel=2,
        )
        settings["backend"] = Setting("numpy", f"default (not {backend!r} of {origin})")
    return Startup(settings)


def read_file(path: Path) -> dict[str, Any]:
    """The object in a keras.json; empty if there is no readable file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}. Repair or remove it.") from None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not valid JSON ({error}). Repair it, or remove it to use the defaults.") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path} must hold a JSON object, it holds {type(found).__name__}. Repair or remove it.")
    return found


def checked(key: str, value: Any, where: Any) -> Any:
    """``value`` if it is allowed for ``key``; else ConfigError naming ``where`` it came from."""
    if key == "epsilon":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise _bad(where, key, value, "a number above 0")
        return float(value)
    allowed = {"floatx": FLOATX, "image_dim_ordering": DIM_ORDERINGS, "backend": ("numpy", "tensorflow", "theano")}[key]
    if not isinstance(value, str):
        raise _bad(where, key, value, _listed(allowed))
    if value not in allowed and not (key == "backend" and (value in FOREIGN_BACKENDS or _is_extension(value))):
        raise _bad(where, key, value, _listed(allowed))
    return value


def _is_extension(name: str) -> bool:
    from importlib.metadata import entry_points

    return any(entry.name == name for entry in entry_points(group="kbridge.backends"))


def _listed(allowed: tuple) -> str:
    return "one of " + ", ".join(map(repr, allowed))


def _bad(where: Any, key: str, value: Any, allowed: str) -> ConfigError:
    return ConfigError(f"{where}: {key} is {value!r}, but must be {allowed}. Correct it or remove it to use the default.")
