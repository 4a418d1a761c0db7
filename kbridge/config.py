"""Start-up settings: ``keras.json``, the environment, and where each value came from.

The file is ``$KERAS_HOME/keras.json`` or ``~/.keras/keras.json``. It may be shared with other Keras
versions: it is never written here at import, and keys that kbridge doesn't know are left alone.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

FLOATX = ("float16", "float32", "float64")
DIM_ORDERINGS = ("th", "tf")
DEFAULTS: dict[str, Any] = {"backend": "numpy", "floatx": "float32", "epsilon": 1e-7, "image_dim_ordering": "tf"}
BACKENDS = ("numpy", "tensorflow", "theano")
#: in order of precedence; the second is shared with other Keras versions
BACKEND_VARIABLES = ("KBRIDGE_BACKEND", "KERAS_BACKEND")

#: more threads than any machine has cores: a plan is made for them all
MOST_THREADS = 1024

#: whether to say on standard error which backend is used
announce = True
#: how many workers train together (``kbridge.distributed``)
workers = 1

#: backends of other Keras versions, which may stand in a shared file
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
    from pathlib import Path  # with what it imports, a tenth of the time that importing kbridge takes

    return Path(_location())


def _location() -> str:
    return os.path.join(os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras"), "keras.json")


@cache
def startup() -> Startup:
    """The settings, read once. Raises ConfigError."""
    return read(_location(), os.environ)


def exact_convolutions() -> bool:
    """Whether ``KBRIDGE_EXACT_CONV`` is 1: convolutions are computed product by product, with no faster method that rounds otherwise.

    Raises ConfigError for anything but 0 and 1.
    """
    text = os.environ.get("KBRIDGE_EXACT_CONV", "").strip()
    if text not in ("", "0", "1"):
        raise ConfigError(f"The environment variable KBRIDGE_EXACT_CONV must be 0 or 1, got {text!r}.")
    return text == "1"


def num_threads() -> int | None:
    """Return the number of threads for a backend's arithmetic that ``KBRIDGE_NUM_THREADS`` says, else ``num_threads`` in keras.json.

    None where neither says one. Raises ConfigError unless it is from 1 to ``MOST_THREADS``.
    """
    text = os.environ.get("KBRIDGE_NUM_THREADS", "").strip()
    if not text:
        return _num_threads_of_file()
    # the length keeps what is not a number of threads from int
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MOST_THREADS:
        raise ConfigError(f"The environment variable KBRIDGE_NUM_THREADS must be a whole number from 1 to {MOST_THREADS}, got {text!r}.")
    return int(text)


@cache
def _num_threads_of_file() -> int | None:
    path = _location()
    return threads_in(_at_startup(path), path)


def threads_in(content: Mapping[str, Any], path: str | Path) -> int | None:
    """Return ``num_threads`` of a keras.json, None where there is none. Raises ConfigError."""
    number = content.get("num_threads")
    return None if number is None else checked_threads(number, path)


def checked_threads(number: Any, where: Any) -> int:
    """``number`` if it is a number of threads; else ConfigError naming ``where`` it came from."""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_THREADS:
        raise _bad(where, "num_threads", number, f"a whole number from 1 to {MOST_THREADS}")
    return number


def threads_setting() -> Setting:
    """Return the number of threads that the NumPy backend computes with at most, and where it comes from. Raises ConfigError."""
    number = num_threads()
    if number is None:
        return Setting(usable_cores(), "default: the cores that the process may use")
    return Setting(number, "KBRIDGE_NUM_THREADS" if os.environ.get("KBRIDGE_NUM_THREADS", "").strip() else _location())


def usable_cores() -> int:
    """Return the number of cores that the process may use: those that it may run on, ``OMP_NUM_THREADS`` where that is fewer, and its
    share where several workers train together."""
    from .cores import allowed_cores  # not needed to import kbridge

    cores = allowed_cores()
    bound = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if bound.isdecimal() and int(bound) > 0:
        cores = min(cores, int(bound))
    return max(1, cores // max(1, workers))


def read(path: str | Path, environment: Mapping[str, str]) -> Startup:
    """Settings from a file (which need not exist) and an environment. Raises ConfigError."""
    settings = {key: Setting(value, "default") for key, value in DEFAULTS.items()}
    found = _at_startup(path)
    if "image_data_format" in found and "image_dim_ordering" not in found:
        value = found["image_data_format"]
        if not isinstance(value, str) or value not in DATA_FORMATS:
            raise _bad(path, "image_data_format", value, _listed(tuple(DATA_FORMATS)))
        settings["image_dim_ordering"] = Setting(DATA_FORMATS[value], str(path))
    named = next((name for name in BACKEND_VARIABLES if environment.get(name)), None)
    for key in DEFAULTS:
        # a variable for the backend is also the way round a bad one in the file
        if key in found and not (key == "backend" and named):
            settings[key] = Setting(checked(key, found[key], path, of_any_keras=True), str(path))
    if named:
        settings["backend"] = Setting(checked("backend", environment[named], named, of_any_keras=named in BACKEND_VARIABLES[1:]), named)
    backend, origin = settings["backend"]
    if backend in FOREIGN_BACKENDS:
        warnings.warn(
            f"{origin} asks for the backend {backend!r} of another Keras, which kbridge doesn't have, so it uses 'numpy'. To "
            "choose a backend only for kbridge, set KBRIDGE_BACKEND.",
            stacklevel=3,
        )
        settings["backend"] = Setting("numpy", f"default (not {backend!r} of {origin})")
    return Startup(settings)


def _at_startup(path: str | Path) -> dict[str, Any]:
    """Return what ``read_file`` gives; a file or home that may not be read doesn't stop a program here."""
    try:
        return read_file(path)
    except PermissionError as error:
        # a home of somebody else (a container's, say) has no settings for us; a file that we see is worth a word
        if os.path.exists(path):
            warnings.warn(f"Can't read {path} ({error.strerror}), so the default settings hold.", stacklevel=4)
        return {}


def read_file(path: str | Path) -> dict[str, Any]:
    """The object in a keras.json; empty if there is none. Raises ConfigError, PermissionError."""
    try:
        # an editor on Windows may put a byte order mark in front
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Can't read {path}: {error}. Repair or remove it.") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid JSON ({error}). Repair it, or remove it to use the defaults.") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path} should hold a JSON object, got {type(found).__name__}. Repair or remove it.")
    return found


def checked(key: str, value: Any, where: Any, of_any_keras: bool = False) -> Any:
    """``value`` if it is allowed for ``key``; else ConfigError naming ``where`` it came from.

    ``of_any_keras``: whether other Keras read the value too, so that it may name a backend of theirs.
    """
    if key == "epsilon":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= sys.float_info.max:
            raise _bad(where, key, value, "a finite number above 0")
        return float(value)
    allowed = {"floatx": FLOATX, "image_dim_ordering": DIM_ORDERINGS, "backend": BACKENDS}[key]
    if isinstance(value, str):
        if value in allowed:
            return value
        if key == "backend":
            # KBRIDGE_BACKEND and --backend speak of nobody but kbridge
            if value in FOREIGN_BACKENDS and of_any_keras:
                return value
            allowed = (*BACKENDS, *(name for name in _extensions() if name not in BACKENDS))
            if value in allowed:
                return value
    raise _bad(where, key, value, _listed(allowed))


def _extensions() -> list[str]:
    """Backends of other packages. Only asked for a name that isn't built in: the look-up takes time."""
    from importlib.metadata import entry_points

    return sorted(entry.name for entry in entry_points(group="kbridge.backends"))


def _listed(allowed: tuple[str, ...]) -> str:
    return "one of " + ", ".join(map(repr, allowed))


def _bad(where: Any, key: str, value: Any, allowed: str) -> ConfigError:
    return ConfigError(f"{where}: {key} is {value!r}, but must be {allowed}. Correct it or remove it to use the default.")
