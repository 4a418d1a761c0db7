"""Functions of Lambda and Merge layers in configs: stored by name, found again in ``custom_objects``.

A config holds a function's name and the type ``function``, which Keras 1.2.2 reads too. Bytecode, which
Keras 1 stored with the type ``lambda``, is never run: the caller gives the function, under the
layer's name or under the function's own. A nameless function goes by the layer's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import ModelFileError
from .bytecode import function_name

#: Config keys that may hold a function, by layer class: (key, key of its type).
FUNCTION_KEYS = {
    "Lambda": (("function", "function_type"), ("output_shape", "output_shape_type")),
    "Merge": (("mode", "mode_type"), ("output_shape", "output_shape_type"), ("output_mask", "output_mask_type")),
}

#: Keys of the layer's main function: it goes by the layer's name, others by that name + '_' + key.
_MAIN = ("function", "mode")


class StoredFunction(str):
    """A function's name for a config that is not yet a text: the function itself comes along, so that
    ``from_config(get_config())`` in one process needs no ``custom_objects``."""

    function: Any

    def __new__(cls, name: str, function=None):
        self = super().__new__(cls, name)
        self.function = function
        return self

    def __getnewargs__(self):
        return (str(self), self.function)


class NeededFunction(NamedTuple):
    """A function that a config refers to."""

    layer: str
    key: str
    #: Its own name where the file tells one.
    name: str | None

    @property
    def names(self) -> list[str]:
        """What it may be called in ``custom_objects``, in order."""
        first = custom_name(self.layer, self.key)
        return [first] if self.name in (None, first) else [first, self.name]


def custom_name(layer: str, key: str) -> str:
    """The name in ``custom_objects`` of the function that layer ``layer`` has under the config key ``key``."""
    return layer if key in _MAIN else f"{layer}_{key}"


def to_config(function, layer: str, key: str) -> StoredFunction:
    """The config value for ``function``: its name, or one made of the layer's where it has none."""
    name = getattr(function, "__name__", "<lambda>")
    return StoredFunction(custom_name(layer, key) if name == "<lambda>" else name, function)


def from_config(value, kind: str, layer: str, key: str, custom_objects: Mapping[str, Any]):
    """The function for a config value of type ``kind`` ('lambda', 'function'); other kinds give the value itself.

    Raises ModelFileError naming the layer and what to pass, if ``custom_objects`` has none.
    """
    if kind not in ("lambda", "function"):
        return value
    if isinstance(value, StoredFunction) and value.function is not None:
        return value.function
    if callable(value):
        return value
    needed = NeededFunction(layer, key, stored_name(value))
    found = _find(needed, custom_objects)
    if found is None:
        raise missing_functions([needed])
    return found


def stored_name(value) -> str | None:
    """The function's own name in a config value; None for a nameless or unreadable one."""
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        name = function_name(value[0])
    elif isinstance(value, str):
        # Keras 1.0 stored the bytecode as a text of its own; a name is an identifier.
        name = value if value.isprintable() else function_name(value)
    else:
        name = None
    return None if name == "<lambda>" else name


def _find(needed: NeededFunction, custom_objects: Mapping[str, Any]):
    for name in needed.names:
        if callable(custom_objects.get(name)):
            return custom_objects[name]
    return None


def needed_functions(config: Any) -> Iterator[NeededFunction]:
    """Every function that the layers in ``config`` (any part of a model's config) refer to by name or bytecode."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            inner = value.get("config")
            for key, type_key in FUNCTION_KEYS.get(str(value.get("class_name")), ()):
                if isinstance(inner, dict) and inner.get(type_key) in ("lambda", "function"):
                    stored = inner.get(key)
                    if not callable(getattr(stored, "function", stored)):
                        yield NeededFunction(str(inner.get("name")), key, stored_name(stored))
            pending.extend(reversed(value.values()))
        elif isinstance(value, (list, tuple)):
            pending.extend(reversed(value))


def check_functions(config: Any, custom_objects: Mapping[str, Any]) -> None:
    """Raise one ModelFileError for all functions that ``config`` needs and ``custom_objects`` lacks."""
    missing = [needed for needed in needed_functions(config) if _find(needed, custom_objects) is None]
    if missing:
        raise missing_functions(missing)


def missing_functions(missing: list[NeededFunction]) -> ModelFileError:
    """The error for functions that must be given."""
    lines = [
        f"  layer {needed.layer!r}: its {needed.key}"
        + (f", called {needed.name!r} when it was saved" if needed.name else "")
        for needed in missing
    ]
    example = ", ".join(f"{needed.names[-1]!r}: ..." for needed in missing[:3])
    return ModelFileError(
        "Functions of Lambda and Merge layers are never run from a file. Pass them in custom_objects, "
        "by the layer's name or the function's:\n" + "\n".join(lines) + f"\nfor example custom_objects={{{example}}} [differences: stored-code]"
    )
