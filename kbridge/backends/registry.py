"""Find and construct backends by name.

The three backends of kbridge are listed here; others come from the entry point group
``kbridge.backends`` (name = the backend's name, object = its ``Backend`` subclass). A backend's own
framework is imported only when that backend is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ..config import startup
from ..errors import BackendUnavailable
from .interface import Backend

GROUP = "kbridge.backends"

#: name -> (module, class, extra that installs what it needs)
BUILT_IN: dict[str, tuple[str, str, str | None]] = {
    "numpy": ("kbridge.backends.numpy", "NumpyBackend", None),
    "tensorflow": ("kbridge.backends.tensorflow", "TensorflowBackend", "tensorflow"),
    "theano": ("kbridge.backends.theano", "TheanoBackend", "theano"),
}

_loaded: dict[str, Backend] = {}
#: name -> functions to be called when the backend's framework has been loaded
_waiting: dict[str, list[Callable[..., None]]] = {}
#: functions to be called with each backend that is constructed
_at_making: list[Callable[[Backend], None]] = []


def when_loaded(name: str, function: Callable[..., None]) -> None:
    """Have ``function`` called with what the backend called ``name`` tells when it has loaded its framework."""
    if function not in _waiting.setdefault(name, []):
        _waiting[name].append(function)


def when_made(function: Callable[[Backend], None]) -> None:
    """Have ``function`` called with each backend that is constructed from now on, before anything uses it."""
    _at_making.append(function)


def tell_loaded(name: str, *what: Any) -> None:
    """Called by a backend's package when it has loaded its framework: calls who waits for it."""
    for function in _waiting.pop(name, []):
        function(*what)


#: its name of earlier releases
EngineUnavailable = BackendUnavailable


def _entry_points() -> Any:
    # imported when backends from outside are asked for: it takes as long as a third of kbridge
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def names() -> list[str]:
    """The names of all backends, installed or not, kbridge's own first."""
    return [*BUILT_IN, *sorted(e.name for e in _entry_points() if e.name not in BUILT_IN)]


def load(name: str) -> Backend:
    """The backend called ``name``, constructed once in a process.

    Raises ValueError for an unknown name and BackendUnavailable where its framework can't be imported.
    """
    if name not in _loaded:
        _loaded[name] = _backend_class(name)()
        for function in _at_making:
            function(_loaded[name])
    return _loaded[name]


def _asked(name: str) -> str:
    """Where the backend ``name`` was chosen, if a setting asks for it."""
    settings = startup()
    return f"; {settings.origin('backend')} asks for it" if settings.value("backend") == name else ""


def _backend_class(name: str) -> type[Backend]:
    if name not in BUILT_IN:
        for entry in _entry_points():
            if entry.name == name:
                return entry.load()
        raise ValueError(f"Unknown backend: {name!r}. The known backends are {', '.join(names())}.")
    module, cls, extra = BUILT_IN[name]
    try:
        return getattr(importlib.import_module(module), cls)
    except BackendUnavailable:
        raise
    except ImportError as error:
        raise BackendUnavailable(
            f"The {name!r} backend can't be imported ({error}){_asked(name)}. Install it with: pip install '.[{extra}]', in the clone of kbridge, or choose "
            "another backend with KBRIDGE_BACKEND=numpy or: kbridge config --backend numpy."
        ) from error
