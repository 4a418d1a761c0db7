"""Names that Keras 1 kept private in its backend modules and that programs read, set or import all the same.

``K._LEARNING_PHASE = 1`` and the like reach the running settings; helpers that contributed layers import
(``_preprocess_conv2d_input`` ...) are the backend's.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from ..backends import settings
from ..backends.composites.session import Session
from ..config import config_path


class Setting(NamedTuple):
    """How a private name is read and set; ``backend``: whether a running backend is needed for it."""

    read: Callable[[], Any]
    write: Callable[[Any], None] | None = None
    backend: bool = True


def _active():
    from . import active

    return active()


def _set_learning_phase(value: Any) -> None:
    backend = _active()
    if value is None or value is backend.phase_placeholder():
        backend._free_learning_phase()
    elif backend.is_tensor(value):
        raise ValueError(
            f"The learning phase must be 0, 1 or K's own placeholder, got the tensor {value!r} [differences: learning-phase-of-its-own]"
        )
    else:
        backend.set_learning_phase(value)


def _session() -> Any:
    backend = _active()
    return backend.get_session() if type(backend).get_session is not Session.get_session else None


def _set_session(value: Any) -> None:
    if value is None:
        # programs that closed it want to begin anew
        _active().clear_session()
    else:
        _active().set_session(value)


def _config() -> dict[str, Any]:
    return {
        "floatx": settings.floatx(),
        "epsilon": settings.epsilon(),
        "backend": _active().name,
        "image_dim_ordering": settings.image_dim_ordering(),
    }


def _folder() -> str:
    return str(config_path().parent)


SETTINGS = {
    "_EPSILON": Setting(settings.epsilon, settings.set_epsilon, False),
    "_FLOATX": Setting(settings.floatx, settings.set_floatx, False),
    "_IMAGE_DIM_ORDERING": Setting(settings.image_dim_ordering, settings.set_image_dim_ordering, False),
    "_LEARNING_PHASE": Setting(lambda: _active().learning_phase(), _set_learning_phase),
    "_SESSION": Setting(_session, _set_session),
    "_backend": Setting(lambda: _active().name),
    "_config": Setting(_config),
    "_config_path": Setting(lambda: str(config_path()), backend=False),
    "_epsilon": Setting(settings.epsilon, backend=False),
    "_floatx": Setting(settings.floatx, backend=False),
    "_image_dim_ordering": Setting(settings.image_dim_ordering, backend=False),
    "_keras_base_dir": Setting(lambda: str(config_path().parent.parent), backend=False),
    "_keras_dir": Setting(_folder, backend=False),
    "_MANUAL_VAR_INIT": Setting(lambda: False, lambda value: _active().manual_variable_initialization(value)),
}

#: modules of Keras 1's backends, which are K itself here
MODULES = ("tensorflow_backend", "theano_backend")


class PrivateNames(ModuleType):
    """A module of ``K`` in which setting a private name of Keras 1 sets what it stood for."""

    def __setattr__(self, name: str, value: Any) -> None:
        write = SETTINGS[name].write if name in SETTINGS else None
        if write is None:
            super().__setattr__(name, value)
        else:
            write(value)


def lookup(name: str, module: str, backend: bool = True) -> Any:
    """Return the object that Keras 1 kept under the private ``name``. AttributeError of ``module`` for any other name."""
    if name in SETTINGS and (backend or not SETTINGS[name].backend):
        return SETTINGS[name].read()
    if backend:
        helpers = _active().keras1_helpers
        if name in helpers:
            return helpers[name]
    raise AttributeError(f"module {module!r} has no attribute {name!r}")
