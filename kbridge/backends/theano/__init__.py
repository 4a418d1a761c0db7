"""The Theano backend: theano-pymc 1.1.2, made to run on NumPy 2 and Python 3.11 to 3.13 by :mod:`.setup`."""

from __future__ import annotations

from importlib.util import find_spec
from sys import version_info as _python

from ..registry import BackendUnavailable

if find_spec("theano") is None:
    _install = "Install it with: pip install '.[theano]', in the clone of kbridge."
    if _python >= (3, 12):
        _install = (
            "Install it with: kbridge install theano (theano-pymc 1.1.2 is a source package that pip alone can't build on Python "
            f"{_python[0]}.{_python[1]})."
        )
    raise BackendUnavailable(
        f"The 'theano' backend can't be imported: theano isn't installed. {_install} Or choose another backend with "
        "KBRIDGE_BACKEND=numpy or: kbridge config --backend numpy."
    )

from .setup import ensure  # noqa: E402

ensure()

from .backend import TheanoBackend  # noqa: E402

__all__ = ["TheanoBackend"]
