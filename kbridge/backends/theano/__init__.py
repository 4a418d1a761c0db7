"""The Theano engine: theano-pymc 1.1.2, made to run on NumPy 2 and Python 3.11 by :mod:`.setup`."""

from __future__ import annotations

from importlib.util import find_spec
from sys import version_info as _python

from ..registry import EngineUnavailable

if find_spec("theano") is None:
    _install = "Install it with: pip install 'kbridge[theano]'."
    if _python >= (3, 12):
        _install = (
            f"theano-pymc 1.1.2 is published as a source package that builds on Python 3.11 only, and this is Python "
            f"{_python[0]}.{_python[1]}. Use Python 3.11 with pip install 'kbridge[theano]', or install a wheel of it that was "
            f"built under 3.11."
        )
    raise EngineUnavailable(
        f"The 'theano' backend can't be imported: theano isn't installed. {_install} Or choose another backend with "
        f"KBRIDGE_BACKEND or in keras.json."
    )

from .setup import ensure  # noqa: E402

ensure()

from .backend import TheanoBackend  # noqa: E402

__all__ = ["TheanoBackend"]
