"""Names of custom objects, looking things up by name, and stored functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import nearest
from .progbar import Progbar  # noqa: F401 (a name of Keras 1's module)

_custom_objects: dict[str, Any] = {}
#: what ``custom_objects`` of earlier calls named, for programs that give them once
_remembered: dict[str, Any] = {}


class CustomObjectScope:
    """A ``with`` block in which the names of the given dicts are known to loading and to ``get`` functions."""

    def __init__(self, *args: Mapping[str, Any]):
        self.custom_objects = args

    def __enter__(self) -> CustomObjectScope:
        self._before = _custom_objects.copy()
        for objects in self.custom_objects:
            _custom_objects.update(objects)
        return self

    def __exit__(self, *exc) -> None:
        _custom_objects.clear()
        _custom_objects.update(self._before)


def custom_object_scope(*args: Mapping[str, Any]) -> CustomObjectScope:
    """``CustomObjectScope(*args)``."""
    return CustomObjectScope(*args)


def get_custom_objects() -> dict[str, Any]:
    """The names known everywhere; change it to make a class or function known for good."""
    return _custom_objects


def register_keras_serializable(package: str = "Custom", name: str | None = None):
    """A decorator of later Keras: make a class or function known to loading as ``package>name``, which files of Keras 2 and 3 call it.

    Args:
        package: the first part of the name.
        name: the second; by default the class's own.
    """

    def register(item: Any) -> Any:
        _custom_objects[f"{package}>{name or item.__name__}"] = item
        return item

    return register


def known_name(name: Any) -> str | None:
    """The name under which ``custom_objects`` knows what a file calls ``package>name`` or ``name``; None if they don't."""
    if not isinstance(name, str):
        return None
    return next((known for known in (name, name.rpartition(">")[2]) if known in _custom_objects), None)


def remember(custom_objects: Mapping[str, Any] | None) -> None:
    """Know these classes and functions from now on, behind kbridge's own names.

    Functions of Lambda layers are never taken from here: another file may mean another function by the name.
    """
    _remembered.update((name, value) for name, value in (custom_objects or {}).items() if callable(value))


def remembered(name: str) -> Any:
    """What an earlier call's ``custom_objects`` had under ``name``, or None."""
    return _remembered.get(name)


def get_from_module(identifier, module_params: Mapping[str, Any], module_name: str, instantiate=False, kwargs=None):
    """What ``identifier`` names among the custom objects and ``module_params``.

    A string is looked up (and called with ``kwargs``, if ``instantiate``); a dict holds the name under
    'name' and arguments; anything else is returned as it is. ValueError for an unknown name, with
    ``module_name`` as what it should have been.
    """
    if isinstance(identifier, str):
        found = _named(identifier, module_params, module_name)
        return found(**(kwargs or {})) if instantiate else found
    if isinstance(identifier, dict):
        arguments = dict(identifier)
        return _named(arguments.pop("name", None), module_params, module_name)(**arguments)
    if identifier is not None and not callable(identifier):
        raise ValueError(f"Invalid {module_name}: {identifier!r} of type {type(identifier).__name__}.")
    return identifier


def _named(name, module_params: Mapping[str, Any], module_name: str):
    """The custom object or member of a module called ``name``; what a module of kbridge merely imports doesn't count."""
    table = module_params
    own = str(module_params.get("__name__", ""))
    if own.partition(".")[0] == __name__.partition(".")[0]:
        homes = (own, f"{own.rpartition('.')[0]}.objectives")
        table = {
            key: value
            for key, value in module_params.items()
            if callable(value) and getattr(value, "__module__", None) in homes and key != "get" and not key.startswith("_")
        }
    found = None
    if isinstance(name, str):
        found = _custom_objects.get(name, table.get(name, _remembered.get(name)))
    if found is None:
        known = [n for n, v in table.items() if callable(v) and not n.startswith("_")]
        raise ValueError(f"Invalid {module_name}: {name!r}.{nearest(str(name), [*_custom_objects, *known])}")
    return found


def make_tuple(*args) -> tuple:
    """The arguments as a tuple."""
    return args


def func_dump(func):
    """(name, default arguments, closure values) of a function: its code is not stored."""
    closure = tuple(cell.cell_contents for cell in func.__closure__) if func.__closure__ else None
    return func.__name__, func.__defaults__, closure


def func_load(code, defaults=None, closure=None, globs=None):
    """The function called ``code`` among the custom objects or ``globs``.

    Code stored as bytecode is never run: ValueError says what to pass instead.
    """
    if isinstance(code, (tuple, list)):
        code = code[0]
    found = _custom_objects.get(code, (globs or {}).get(code)) if isinstance(code, str) else None
    if not callable(found):
        raise ValueError(
            "A stored function is looked up by name and never run from its bytecode. "
            "Make it known with custom_objects or CustomObjectScope under the name it had."
        )
    return found
