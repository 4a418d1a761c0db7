"""Names that the standard library had in the years of Keras 1, made from what it has today; see ``additions``."""

from __future__ import annotations

import collections.abc
import importlib
import math
import sys
from types import ModuleType
from typing import Any

#: classes that ``collections`` had up to Python 3.9
ABSTRACT = tuple(name for name in collections.abc.__all__ if name not in ("Buffer", "ByteString"))


def reload(builtins: ModuleType) -> dict[str, Any]:
    def reload(module):
        """Load a module again; programs reload ``sys`` for its ``setdefaultencoding`` only."""
        return module if module is sys else importlib.reload(module)

    return {"reload": reload}


def encoding(sys: ModuleType) -> dict[str, Any]:
    def setdefaultencoding(name):
        """Nothing: Python 3's texts are Unicode, and files say their encoding."""

    return {"setdefaultencoding": setdefaultencoding}


def abstract_classes(collections_: ModuleType) -> dict[str, Any]:
    return {name: getattr(collections.abc, name) for name in ABSTRACT}


def getargspec(inspect: ModuleType) -> dict[str, Any]:
    ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")

    def getargspec(func):
        """The arguments of a function. ValueError for one with keyword-only arguments, which Python 2 didn't know."""
        spec = inspect.getfullargspec(func)
        if spec.kwonlyargs:
            raise ValueError(f"getargspec can't describe keyword-only arguments ({', '.join(spec.kwonlyargs)}). Use inspect.signature.")
        return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)

    return {"getargspec": getargspec, "ArgSpec": ArgSpec}


def clock(time: ModuleType) -> dict[str, Any]:
    return {"clock": time.process_time}


def gcd(fractions: ModuleType) -> dict[str, Any]:
    return {"gcd": math.gcd}


def base64_strings(base64: ModuleType) -> dict[str, Any]:
    return {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes}


def strings(string: ModuleType) -> dict[str, Any]:
    return {
        "letters": string.ascii_letters,
        "lowercase": string.ascii_lowercase,
        "uppercase": string.ascii_uppercase,
        "maketrans": str.maketrans,
        "join": lambda words, sep=" ": sep.join(words),
    }


def pickles(pickle: ModuleType) -> dict[str, Any]:
    class Unpickler(pickle.Unpickler):  # type: ignore[name-defined]
        """Reads pickles of Python 2 too: their bytes as Latin-1 texts, which arrays need."""

        def __init__(self, file, *, encoding="latin-1", **options):
            super().__init__(_binary(file), encoding=encoding, **options)

    def load(file, *, encoding="latin-1", **options):
        """An object from a file."""
        return own["load"](_binary(file), encoding=encoding, **options)

    def loads(data, /, *, encoding="latin-1", **options):
        """An object from bytes."""
        return own["loads"](data, encoding=encoding, **options)

    def dump(obj, file, *args, **options):
        """Write an object to a file."""
        own["dump"](obj, _binary(file), *args, **options)

    own = {name: getattr(pickle, name) for name in ("load", "loads", "dump")}
    return {"load": load, "loads": loads, "dump": dump, "Unpickler": Unpickler}


def _binary(file: Any) -> Any:
    """Return the binary file below a file that was opened for text, as Python 2 let programs do with pickles."""
    return file if hasattr(file, "readinto") else getattr(file, "buffer", file)
