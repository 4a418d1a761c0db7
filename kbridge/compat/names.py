"""The modules that programs get for ``import numpy``, ``theano`` and ``tensorflow``: NumPy with the names of its version 1, frameworks as kbridge's
backends have made them; in ``additions`` and ``removed_modules`` what other modules had."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys


class Completed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Has the first import of a package load the module that repairs and completes it: that of kbridge's backend for a framework."""

    def __init__(self, name: str, package: str | None = None):
        self.name = name
        self.package = package or f"kbridge.backends.{name}"

    def install(self) -> None:
        """From now on; for a package that has been imported before at once."""
        if self.name in sys.modules:
            importlib.import_module(self.package)
        elif not any(isinstance(finder, Completed) and finder.name == self.name for finder in sys.meta_path):
            sys.meta_path.insert(0, self)

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name or importlib.machinery.PathFinder.find_spec(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module):
        sys.meta_path.remove(self)
        # the package itself comes under the same name
        del sys.modules[self.name]
        # the module that completes it may be what imports it
        importlib.import_module(self.name if self.package in sys.modules else self.package)


def settle_tf_keras() -> None:
    """Have a TensorFlow that brought its Keras along find it now: later it would ask the stand-in for keras what to load."""
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        with contextlib.suppress(ImportError, AttributeError):
            sys.modules["tensorflow"].keras.layers  # noqa: B018  # loaded when it is asked for


def programs() -> None:
    """Have NumPy's names of version 1, and all else that modules no longer have and that programs of those years use."""
    from . import additions, removed_modules

    Completed("numpy", f"{__package__}.numpy_v1").install()
    removed_modules.install()
    additions.install()


def theano() -> None:
    """Repair theano at its first import."""
    Completed("theano").install()


def tensorflow(version1: bool = False) -> None:
    """Complete TensorFlow at its first import, with ``version1`` by all names of its versions 0 and 1."""
    if version1:
        from ..backends import registry
        from . import tensorflow_v1

        registry.when_loaded("tensorflow", tensorflow_v1.complete)
    Completed("tensorflow").install()
