"""``K``: the functions of the backend that keras.json or the environment chose, as a module."""

import sys as _sys

# a star import brings it in Keras 1, too
import numpy as np  # noqa: F401

from .. import config as _settings_of_start
from ..backends import registry as _registry
from ..config import startup as _startup
from . import common
from . import private as _private
from .common import *  # noqa: F403

_active = _registry.load(_startup().value("backend"))
_BACKEND = _active.name


def backend() -> str:
    """The name of the backend in use: 'numpy', 'tensorflow', 'theano' ..."""
    return _BACKEND


def active():
    """The ``kbridge.backends.interface.Backend`` object whose methods are the functions of ``K``."""
    return _active


class _FunctionType(type):
    def __call__(cls, *args, **kwargs):
        return _active.function(*args, **kwargs)

    def __instancecheck__(cls, x) -> bool:
        return isinstance(x, getattr(_active, "Function", ()))


class Function(metaclass=_FunctionType):
    """Keras 1's name for what ``function`` makes: a class, so that programs can ask ``isinstance(f, K.Function)``."""


def clear_session() -> None:
    """Forget the backend's graph and start naming layers from 1 again. Models made before are lost."""
    _active.clear_session()
    common.reset_uids()


def __getattr__(name: str):
    if name in _private.MODULES:
        return _sys.modules[__name__]
    return _private.lookup(name, __name__)


_sys.modules[__name__].__class__ = _private.PrivateNames


globals().update(
    {
        name: getattr(_active, name)
        for name in dir(_active)
        if not name.startswith("_") and name not in globals() and callable(getattr(_active, name))
    }
)

globals().update(_active.libraries)
# programs of Keras 1 ask for getattr(K, K.backend() + "_backend")
globals()[f"{_BACKEND}_backend"] = _sys.modules[__name__]

if _settings_of_start.announce:
    print(f"Using {getattr(_active, 'title', _BACKEND)} backend.", file=_sys.stderr)
