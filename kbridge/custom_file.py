"""A program's own layers and functions from a Python file: what ``--custom FILE.py`` of the commands reads."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from .errors import UsageError

_TENSORFLOW = "tensorflow"


def objects_in(path: str | None) -> dict[str, Any]:
    """The public names of a Python file, which is run; nothing without one.

    In it ``keras`` means kbridge, and so does ``tensorflow.keras``, also where there is no TensorFlow. What its classes register
    (``register_keras_serializable``) is known under the registered names too.

    Args:
        path: the file.

    Raises:
        UsageError: there is no such file, or it fails; the message says with what.
    """
    if not path:
        return {}
    from . import as_keras

    as_keras.enable()
    try:
        with _without_tensorflow():
            found = runpy.run_path(path)
    except OSError as error:
        raise UsageError(f"--custom: {error}") from error
    except Exception as error:
        raise UsageError(f"{path} fails with {type(error).__name__}: {error}") from error
    return {name: value for name, value in found.items() if not name.startswith("_")}


class _OnlyKeras(ModuleType):
    """A module that stands for a TensorFlow that isn't installed, while a file imports ``tensorflow.keras``."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"tensorflow.{name}: TensorFlow isn't installed here, only tensorflow.keras is there, as kbridge.")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if fullname == _TENSORFLOW else None

    def create_module(self, spec):
        return _OnlyKeras(spec.name)

    def exec_module(self, module):
        pass


@contextmanager
def _without_tensorflow() -> Iterator[None]:
    """Within the context ``import tensorflow.keras`` works without TensorFlow; nothing is left that others could take for it."""
    if _TENSORFLOW in sys.modules or importlib.util.find_spec(_TENSORFLOW) is not None:
        yield
        return
    finder = _Finder()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == _TENSORFLOW]:
            del sys.modules[name]
