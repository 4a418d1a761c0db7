"""The arguments of layers' constructors and calls, the shapes among them, and the names of layers that are given none."""

from __future__ import annotations

import inspect
from typing import Any

from .. import backend as K
from ..errors import one_length, unknown_argument


def is_kbridges(cls: type) -> bool:
    """Whether a class is of kbridge itself, not of a program."""
    return cls.__module__.partition(".")[0] == __name__.partition(".")[0]


class MadeName:
    """A name made when it is first asked for: layers and models whose class doesn't call ``__init__`` have one too."""

    def __get__(self, layer, cls):
        return layer and layer.__dict__.setdefault("name", new_name(cls))


def new_name(cls: type) -> str:
    """dense_1, dense_2 ..."""
    prefix = cls.__name__.lower()
    return f"{prefix}_{K.get_uid(prefix)}"


def shape_of(shape, owner: str, argument: str) -> tuple:
    """``shape`` as a tuple of ints and None; ValueError naming ``owner`` and ``argument`` for anything else."""
    if not isinstance(shape, (tuple, list)):
        raise ValueError(f"{owner}: {argument} must be a tuple such as ({shape},), got {shape!r}.")
    return tuple(one_length(n, owner, argument) for n in shape)


def check_call(cls: type, args: tuple, kwargs: dict, common: tuple[str, ...]) -> None:
    """TypeError for arguments that the constructor of ``cls`` can't take because one of them has another name here. ``common``: those of every layer."""
    # that they have names of the class or of every layer is told fast
    code = getattr(cls.__init__, "__code__", None)  # type: ignore[misc]  # the class's own is meant
    if kwargs.keys() <= {*common, *(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount] if code else ())}:
        return
    try:
        constructor: Any = cls.__init__  # type: ignore[misc]  # the class's own is meant
        inspect.signature(constructor).bind(None, *args, **kwargs)
    except TypeError:
        known = [*arguments_of(cls), *common]
        for name in kwargs:
            if name not in known:
                raise unknown_argument(cls.__name__, name, known) from None


def arguments_of(cls: type) -> list[str]:
    """The names that the constructors of a class and its bases take."""
    names: list[str] = []
    for base in cls.__mro__:
        code = getattr(base.__dict__.get("__init__"), "__code__", None)
        if code is not None:
            names.extend(n for n in code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
    return names


def parameters_of(function: Any) -> list[str]:
    """The names of a function's arguments; none where they can't be told."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
