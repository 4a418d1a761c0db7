"""kbridge: the Keras 1 model API on NumPy, TensorFlow 2 and Theano.

As after ``import keras``, all parts are there as ``kbridge.layers`` and so on; each is loaded when it is first used.
"""

import importlib as _importlib
import os as _os

from ._version import __version__ as __version__

__all__ = [
    "activations",
    "applications",
    "backend",
    "callbacks",
    "compare",
    "constraints",
    "datasets",
    "distributed",
    "engine",
    "initializations",
    "layers",
    "metrics",
    "models",
    "objectives",
    "optimizers",
    "preprocessing",
    "regularizers",
    "testing",
    "utils",
    "wrappers",
]


if _os.environ.get("KBRIDGE_DISTRIBUTED"):
    # before the program makes anything, as one of the workers that mpiexec started
    _importlib.import_module(f"{__name__}.distributed.joining").join_as_told()


def __getattr__(name: str):
    if name == "compare":
        return _importlib.import_module(f"{__name__}.comparison").compare
    if name in __all__:
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
