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
    """A ``with`` block in which names are known to loading and to ``get`` functions.

    Args:
        args: dicts from names to classes and functions.

    Example:
        >>> from kbridge import activations
        >>> from kbridge.utils.generic_utils import CustomObjectScope
        >>> with CustomObjectScope({"double": lambda x: 2 * x}):
        ...     activations.get("double")(4)
        8
    """

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
    """Return ``CustomObjectScope(*args)``."""
    return CustomObjectScope(*args)


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of names that are known everywhere; change it to make a class or function known for good."""
    return _custom_objects


def register_keras_serializable(package: str = "Custom", name: str | None = None):
    """Return a decorator of later Keras: it makes a class or function known to loading as ``package>name``, which files of Keras 2 and 3 call it.

    Args:
        package: the first part of the name.
        name: the second part; the class's own name if left out.
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
    """Know the classes and functions of ``custom_objects`` from now on, behind kbridge's own names.

    Functions of Lambda layers are never taken from here: another file may mean another function by the name.
    """
    _remembered.update((name, value) for name, value in (custom_objects or {}).items() if callable(value))


def remembered(name: str) -> Any:
    """Return the object that an earlier call's ``custom_objects`` had under ``name``, or None."""
    return _remembered.get(name)


def get_from_module(identifier, module_params: Mapping[str, Any], module_name: str, instantiate=False, kwargs=None):
    """Return what a name means, among the custom objects and the members of a module.

    Args:
        identifier: a name, which is looked up; a dict, which holds the name under 'name' and arguments for it; anything else is returned as it is.
        module_params: the members of the module, a dict.
        module_name: what is looked for, as the error calls it.
        instantiate: whether an object of that name is called.
        kwargs: the arguments for it, a dict.

    Raises:
        ValueError: an unknown name.
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
    own = str(module_params.get("__name__", ""))
    homes: tuple[str, ...] = ()
    if own.partition(".")[0] == __name__.partition(".")[0]:
        homes = (own, f"{own.rpartition('.')[0]}.objectives")

    def counts(key: str, value: Any) -> bool:
        if not homes:
            return True
        return callable(value) and getattr(value, "__module__", None) in homes and key != "get" and not key.startswith("_")

    found = None
    if isinstance(name, str):
        member = module_params.get(name)
        if name in _custom_objects:
            found = _custom_objects[name]
        elif name in module_params and counts(name, member):
            found = member
        else:
            found = _remembered.get(name)
    if found is None:
        known = [n for n, v in module_params.items() if counts(n, v) and callable(v) and not n.startswith("_")]
        raise ValueError(f"Invalid {module_name}: {name!r}.{nearest(str(name), [*_custom_objects, *known])}")
    return found


def make_tuple(*args) -> tuple:
    """Return the arguments as a tuple."""
    return args


def func_dump(func):
    """Return (name, default arguments, closure values) of the function ``func``; its code is not stored."""
    closure = tuple(cell.cell_contents for cell in func.__closure__) if func.__closure__ else None
    return func.__name__, func.__defaults__, closure


def func_load(code, defaults=None, closure=None, globs=None):
    """Return the function of a name. Code stored as bytecode is never run.

    Args:
        code: the name, or a tuple that begins with it, as ``func_dump`` gives it.
        defaults: accepted for programs of Keras 1, and not used.
        closure: accepted for programs of Keras 1, and not used.
        globs: functions by name, besides the custom objects.

    Raises:
        ValueError: no function has this name; the message says how to make it known.
    """
    if isinstance(code, (tuple, list)):
        code = code[0]
    found = _custom_objects.get(code, (globs or {}).get(code)) if isinstance(code, str) else None
    if not callable(found):
        raise ValueError(
            "kbridge looks a stored function up by name, and never runs its bytecode. Pass the function in custom_objects or "
            "CustomObjectScope, under the name that it had."
        )
    return found
