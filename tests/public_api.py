"""The public classes and functions of kbridge, what their docstrings say of parameters, and counts of what is missing.

``PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy python -m public_api`` prints the counts.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

MODULES = """
layers models losses objectives metrics optimizers optimizers.schedules callbacks initializers initializations regularizers constraints
activations preprocessing.image preprocessing.sequence preprocessing.text utils utils.data_utils utils.generic_utils utils.io_utils
utils.layer_utils utils.np_utils utils.progbar utils.test_utils utils.visualize_util applications applications.audio_conv_utils
applications.imagenet_utils wrappers.scikit_learn distributed serving prediction.run testing comparison convert inspection saving datasets.cifar10 datasets.cifar100 datasets.digits datasets.imdb datasets.mnist
datasets.reuters engine.topology operations
""".split()

#: methods that say nothing of their own where a class overrides them in the sense of its base; ``call`` isn't among them
SHARED = re.compile(r"arguments are those of ((?:``[\w.]+``(?:, | and )?)+)")
#: parameters of the methods that Keras calls for a layer, told in ``Layer``
PROTOCOL = ("x", "inputs", "input", "mask")


def public() -> dict[str, Any]:
    """Public classes, functions and methods by their names, each once; those of ``K`` begin with 'K.'."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for module_name in MODULES:
        module = importlib.import_module(f"kbridge.{module_name}")
        listed = getattr(module, "__all__", None)
        own = "kbridge" if listed else module.__name__  # what is merely imported is public in its own module
        for name in listed or [n for n in vars(module) if not n.startswith("_")]:
            value = getattr(module, name)
            if not str(getattr(value, "__module__", "")).startswith(own) or id(value) in seen:
                continue
            if inspect.isclass(value) or inspect.isfunction(value):
                seen.add(id(value))
                found[f"{module_name}.{name}"] = value
    for name, cls in [item for item in found.items() if inspect.isclass(item[1])]:
        for base in cls.__mro__:
            if base is not cls and (base in found.values() or not base.__module__.startswith("kbridge")):
                continue
            for member, value in vars(base).items():
                if not member.startswith("_") and id(value) not in seen and function_of(value) is not None:
                    seen.add(id(value))
                    found[f"{name.rpartition('.')[0]}.{base.__name__}.{member}"] = (base, value)
    return {**found, **{f"K.{name}": function for name, function in backend_functions().items()}}


def backend_functions() -> dict[str, Callable]:
    """The functions of ``K`` by their names."""
    from kbridge.backend import common
    from kbridge.backends.interface import Backend

    functions = {name: getattr(common, name) for name in common.__all__}
    return functions | {n: f for n, f in inspect.getmembers(Backend, inspect.isfunction) if not n.startswith("_")}


def function_of(value) -> Any:
    """The function of a method, or the property; None for what is neither."""
    if isinstance(value, (classmethod, staticmethod)):
        value = value.__func__
    return value if inspect.isfunction(value) or isinstance(value, property) else None


def parameters(value) -> list[inspect.Parameter]:
    """The parameters that a caller names."""
    if isinstance(value, property):
        return []
    if inspect.isclass(value):
        value = value if "__signature__" in vars(value) else value.__init__
    given = inspect.signature(value).parameters.values() if value is not object.__init__ else []
    return [p for p in given if p.name not in ("self", "cls") and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def own_doc(value) -> str:
    """The docstring that stands in the source of ``value``."""
    doc = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    return inspect.cleandoc(doc or "")


def args_of(doc: str) -> list[str]:
    """The names in the section Args, or Attributes of a dataclass."""
    section = re.search(r"^(?:Args|Attributes):\n((?:    .*\n?|\n)*)", doc, re.M)
    lines = section[1].splitlines() if section else []
    entries = [found[1] for line in lines if (found := re.match(r"    (\*{0,2}\w+(?:, \*{0,2}\w+)*):", line))]
    return [name.strip().lstrip("*") for entry in entries for name in entry.split(",")]


def documented(value, seen: tuple = ()) -> set[str]:
    """The names that a docstring tells of, in Args or by naming what it shares them with."""
    doc = own_doc(value)
    names = set(args_of(doc))
    for found in SHARED.findall(" ".join(doc.split())):
        for name in re.findall(r"``([\w.]+)``", found):
            other = named(name, value)
            if other not in seen:
                names |= documented(other, (*seen, value))
    return names


def named(name: str, near) -> Any:
    """The class or method that a docstring names, first among what ``near`` has beside it."""
    first, *rest = name.split(".")
    home = near.__module__.split(".")
    places = [".".join(home[:n]) for n in range(len(home), 1, -1)] + [f"kbridge.{m}" for m in MODULES]
    for place in places:
        value = getattr(importlib.import_module(place), first, None)
        if value is not None:
            for part in rest:
                value = getattr(value, part)
            return value
    raise LookupError(f"{near}: its docstring names {name!r}, which isn't there.")


def inherited(base: type, member: str) -> Any:
    """The method of the nearest class above ``base`` that has a docstring for ``member``."""
    for cls in base.__mro__[1:]:
        value = function_of(vars(cls).get(member))
        if value is not None and value.__doc__:
            return value
    return None


def without_docstring() -> Iterator[str]:
    """Public objects that have no docstring of their own, and don't override a method that has one with as many parameters."""
    for name, value in public().items():
        base, value = value if isinstance(value, tuple) else (None, value)
        function = function_of(value) if base else value
        if own_doc(function):
            continue
        own_call = name.endswith(".call") and hasattr(base, "get_output_shape_for")
        above = None if base is None or own_call else inherited(base, name.rpartition(".")[2])
        if above is None or len(parameters(above)) != len(parameters(function)):
            yield name


def unnamed() -> Iterator[str]:
    """Parameters without a word: a class, and a function of more than three, names them in Args; a shorter one anywhere."""
    for name, value in public().items():
        base, value = value if isinstance(value, tuple) else (None, value)
        function = function_of(value) if base else value
        doc = own_doc(function)
        if not doc or (base and base.__name__.startswith("_")):
            continue  # inherited, told by without_docstring, or a helper of a private base
        wanted = [p.name for p in parameters(function)]
        told = documented(function)
        if not inspect.isclass(function) and len(wanted) <= 3:
            told |= {n for n in wanted if re.search(rf"\b{n}\b", doc)}
        if name.endswith(".call"):
            told |= set(PROTOCOL)
        for parameter in wanted:
            if parameter not in told:
                yield f"{name}({parameter})"


def unknown() -> Iterator[str]:
    """Names in Args that aren't those of parameters."""
    for name, value in public().items():
        base, value = value if isinstance(value, tuple) else (None, value)
        function = function_of(value) if base else value
        if isinstance(function, property):
            continue
        target = function.__init__ if inspect.isclass(function) and "__signature__" not in vars(function) else function
        given = inspect.signature(target).parameters.values() if target is not object.__init__ else []
        known = {p.name for p in given}
        if not inspect.isclass(function) and any(p.kind is p.VAR_KEYWORD for p in given):
            continue  # its keyword arguments have no other place
        if inspect.isclass(function) and any(p.kind is p.VAR_KEYWORD for p in given):
            for cls in function.__mro__:
                known |= {p.name for p in parameters(cls)} if "__init__" in vars(cls) and cls is not object else set()
            known |= set(getattr(function, "common_arguments", ()))
            if hasattr(function, "get_updates"):
                from kbridge.optimizers.base import _OPTIONS

                known |= set(_OPTIONS)
        for argument in args_of(own_doc(function)):
            if argument not in known:
                yield f"{name}({argument})"


if __name__ == "__main__":
    print(len(public()), "public objects")
    for told, count in (("without a docstring", without_docstring), ("parameters without a word", unnamed), ("unknown names", unknown)):
        listed = list(count())
        print(f"{len(listed)} {told}", *listed, sep="\n  ")
