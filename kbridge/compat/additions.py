"""Names that modules once had and have no more, or that they have with another meaning, for programs under ``kbridge run``.

``ADDITIONS`` is the table: the module, its names, how they are made, and what a reader is told of them. A module is completed when
it is first imported, or at once if that has happened. What a module itself has is left alone unless the table says otherwise.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from . import old_packages, old_stdlib


class Addition(NamedTuple):
    """Names of one module."""

    module: str
    names: tuple[str, ...]
    #: gives the values by name, for the loaded module
    make: Callable[[ModuleType], dict[str, Any]]
    #: what they are now, for the table in the documentation
    told: str
    #: whether they take the place of what the module has by these names
    replace: bool = False

    def complete(self, module: ModuleType) -> None:
        """Give ``module`` the names."""
        missing = [name for name in self.names if self.replace or name not in vars(module)]
        if missing:
            made = self.make(module)
            for name in missing:
                # members of classes have been set where they were made
                if "." not in name:
                    setattr(module, name, made[name])


ADDITIONS = (
    Addition("builtins", ("reload",), old_stdlib.reload, "`importlib.reload`; `sys` stays as it is"),
    Addition("sys", ("setdefaultencoding",), old_stdlib.encoding, "does nothing: text is Unicode"),
    Addition("collections", old_stdlib.ABSTRACT, old_stdlib.abstract_classes, "the classes of `collections.abc`"),
    Addition("inspect", ("getargspec",), old_stdlib.getargspec, "the first four results of `getfullargspec`"),
    Addition("time", ("clock",), old_stdlib.clock, "`process_time`"),
    Addition("fractions", ("gcd",), old_stdlib.gcd, "`math.gcd`"),
    Addition("base64", ("encodestring", "decodestring"), old_stdlib.base64_strings, "`encodebytes`, `decodebytes`"),
    Addition(
        "string",
        ("letters", "lowercase", "uppercase", "maketrans", "join"),
        old_stdlib.strings,
        "ASCII letters, `str.maketrans` and `str.join`",
    ),
    Addition(
        "pickle",
        ("load", "loads", "dump", "Unpickler"),
        old_stdlib.pickles,
        "read texts and arrays of Python 2 (bytes as Latin-1), also from files opened in text mode",
        replace=True,
    ),
    Addition("scipy.ndimage", ("imread",), old_packages.imread, "`imread` of `scipy.misc`"),
    Addition("scipy.signal", old_packages.WINDOWS, old_packages.windows, "the functions of `scipy.signal.windows`"),
    Addition("sklearn.metrics", ("jaccard_similarity_score",), old_packages.jaccard, "accuracy, or the mean Jaccard index of label sets"),
    Addition(
        "h5py",
        ("File",),
        old_packages.h5py_file,
        "with one argument, opens the file for reading and writing, and makes it if it is missing",
        replace=True,
    ),
    Addition("h5py", ("Dataset.value",), old_packages.h5py_value, "`dataset[()]`"),
    Addition(
        "h5py", ("AttributeManager.__getitem__",), old_packages.h5py_attributes, "the texts it returns have a method `decode`", replace=True
    ),
    Addition("theano.sandbox.rng_mrg", ("MRG_RandomStreams",), old_packages.mrg_streams, "`MRG_RandomStream`"),
    Addition(
        "theano.tensor", ("shared_randomstreams",), old_packages.shared_randomstreams, "`theano.tensor.shared_randomstreams`, see below"
    ),
    Addition("yaml", ("load", "load_all"), old_packages.yaml_load, "without a Loader, use the safe loader", replace=True),
)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of the table as the other finders do, and has them completed when they have been loaded."""

    def __init__(self) -> None:
        self._looking: set[str] = set()

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in _BY_MODULE or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            found = (finder.find_spec(fullname, path, target) for finder in list(sys.meta_path) if hasattr(finder, "find_spec"))
            spec = next((spec for spec in found if spec is not None), None)
        finally:
            self._looking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """A module's own loader; afterwards it is in its place again."""

    def __init__(self, own: Any):
        self.own = own

    def create_module(self, spec):
        return self.own.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.own
        self.own.exec_module(module)
        # a module may put another object in its place
        _complete(sys.modules.get(module.__name__, module))

    def __getattr__(self, name: str):
        return getattr(self.own, name)


_BY_MODULE: dict[str, list[Addition]] = {}
for _addition in ADDITIONS:
    _BY_MODULE.setdefault(_addition.module, []).append(_addition)


def _complete(module: ModuleType) -> None:
    for addition in _BY_MODULE[module.__name__]:
        addition.complete(module)


def install() -> None:
    """From now on, and at once for modules that have been imported."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, Finder())
    for name in _BY_MODULE:
        module = sys.modules.get(name)
        if module is not None:
            _complete(module)
