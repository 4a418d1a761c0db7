"""``imp`` as it was up to Python 3.11, as far as programs use it."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from types import ModuleType

__all__ = ["acquire_lock", "find_module", "load_source", "new_module", "release_lock", "reload"]


def reload(module):
    """Load a module again; programs reload ``sys`` for its ``setdefaultencoding`` only."""
    return module if module is sys else importlib.reload(module)


def new_module(name):
    """An empty module."""
    return ModuleType(name)


def load_source(name, pathname, file=None):
    """The module ``name`` of a file."""
    spec = importlib.util.spec_from_file_location(name, pathname, loader=importlib.machinery.SourceFileLoader(name, pathname))
    assert spec is not None and spec.loader is not None  # a loader was given
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find_module(name, path=None):
    """(None, file, description) of a module. ImportError if there is none."""
    spec = importlib.machinery.PathFinder.find_spec(name, path) or importlib.machinery.BuiltinImporter.find_spec(name)
    if spec is None:
        raise ImportError(f"No module named {name!r}", name=name)
    return None, spec.origin, ("", "", 0)


def acquire_lock():
    """Nothing: imports lock for themselves."""


def release_lock():
    """Nothing: imports lock for themselves."""
