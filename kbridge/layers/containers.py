"""Where Keras 0.x had ``Sequential``; its ``Graph`` is gone since Keras 1.1."""

from ..models import Sequential

__all__ = ["Sequential"]


def __getattr__(name: str):
    if name == "Graph":
        # an ImportError, so that `from keras.layers.containers import Graph` says so too
        raise ImportError("Keras removed Graph in version 1.1. Build a functional Model of Input and layers instead.")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
