"""``import kbridge.as_keras``: from here on ``import keras`` means kbridge, in this process and in those it starts.

Every import path under ``keras`` gives the module of the same path under ``kbridge`` itself, never a second copy, also
where another Keras is installed. That one is set aside until :func:`disable`; ``tf.keras`` is out of reach meanwhile.
``keras.__version__``, which programs look at, is that of the API: 1.2.2.

Only the standard library is used here: the modules of kbridge load when the program imports them.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType

import kbridge

from .compat import names as packages

#: the version whose API this is
API_VERSION = "1.2.2"
NAME = "keras"
#: where later programs find Keras
IN_TENSORFLOW = "tensorflow.keras"
#: tells processes that are started from here what to switch on: "keras" and the names of more packages
VARIABLE = "KBRIDGE_AS_KERAS"
#: put in front of PYTHONPATH: it has the sitecustomize that reads the variable
BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat", "bootstrap")

#: the packages in which a later Keras keeps its code and TensorFlow finds it; nothing of Keras 1 is called so
_OTHERS = (f"{NAME}.src", f"{NAME}.api", f"{NAME}._tf_keras")
#: modules of another Keras that were imported before
_aside: dict[str, ModuleType] = {}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``keras.x.y`` where ``kbridge.x.y`` is."""

    def find_spec(self, fullname, path=None, target=None):
        if _of_another(fullname):
            if any(name in sys.modules for name in _OTHERS):
                # its own code, loaded before, goes on loading itself
                return None
            raise ModuleNotFoundError(
                f"No module named {fullname!r}. keras is kbridge here, which has the API of Keras 1; this module comes from a "
                "later Keras, such as tf.keras. A program that needs both must import tensorflow before kbridge.as_keras.",
                name=fullname,
            )
        if not _below(fullname) and not _in_tensorflow(fullname):
            return None
        ours = _ours(fullname)
        found = sys.modules.get(ours) or importlib.util.find_spec(ours)
        if found is None:
            # the finders after this one would look in kbridge's own folder, or load the other Keras
            raise ModuleNotFoundError(f"No module named {fullname!r} (keras is kbridge here, which has the API of Keras 1)", name=fullname)
        package = hasattr(found, "__path__") or getattr(found, "submodule_search_locations", None) is not None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=package)

    def exec_module(self, module):
        # the import system takes what stands in sys.modules when this is done
        sys.modules[module.__name__] = importlib.import_module(_ours(module.__name__))


_finder = _Finder()


def enable() -> None:
    """Let ``keras`` be kbridge, here and in processes started from now on. Does nothing if it is already."""
    if enabled():
        return
    packages.settle_tf_keras()
    _aside.update(_take_modules())
    sys.meta_path.insert(0, _finder)
    kbridge.__version__ = API_VERSION
    packages.tensorflow()
    announce(NAME)


def disable() -> None:
    """Let ``keras`` be what it was; programs keep the objects that they have."""
    if not enabled():
        return
    sys.meta_path.remove(_finder)
    _take_modules()
    for name in [name for name in sys.modules if name == IN_TENSORFLOW or name.startswith(f"{IN_TENSORFLOW}.")]:
        if getattr(sys.modules[name], "__name__", "").partition(".")[0] == "kbridge":
            del sys.modules[name]
    sys.modules.update(_aside)
    _aside.clear()
    kbridge.__version__ = importlib.import_module("kbridge._version").__version__
    withdraw(NAME)


def enabled() -> bool:
    """Whether ``import keras`` gives kbridge."""
    return _finder in sys.meta_path


def announce(name: str) -> None:
    """Have child processes switch on what :mod:`kbridge.compat.bootstrap` knows by ``name``."""
    names = _announced()
    if name not in names:
        os.environ[VARIABLE] = ",".join([*names, name])
    path = os.environ.get("PYTHONPATH")
    if BOOTSTRAP not in (path or "").split(os.pathsep):
        os.environ["PYTHONPATH"] = BOOTSTRAP + (os.pathsep + path if path else "")


def withdraw(name: str) -> None:
    """Take an announcement back."""
    names = [n for n in _announced() if n != name]
    if names:
        os.environ[VARIABLE] = ",".join(names)
        return
    os.environ.pop(VARIABLE, None)
    rest = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != BOOTSTRAP]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def _announced() -> list[str]:
    return [name for name in os.environ.get(VARIABLE, "").split(",") if name]


def _below(name: str) -> bool:
    """Whether the module is kbridge's to be."""
    return name == NAME or (name.startswith(NAME + ".") and not _of_another(name))


def _in_tensorflow(name: str) -> bool:
    """Whether the module is TensorFlow's Keras, and that of TensorFlow hasn't been loaded."""
    return (name == IN_TENSORFLOW or name.startswith(f"{IN_TENSORFLOW}.")) and not any(other in sys.modules for other in _OTHERS)


def _of_another(name: str) -> bool:
    return ".".join(name.split(".")[:2]) in _OTHERS


def _ours(name: str) -> str:
    return "kbridge" + name.removeprefix(IN_TENSORFLOW if name.startswith(IN_TENSORFLOW) else NAME)


def _take_modules() -> dict[str, ModuleType]:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if _below(name)}


enable()
