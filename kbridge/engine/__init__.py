"""The layer graph. Names of Keras 1's ``keras.engine`` are loaded when they are asked for, so that its modules without tensors
(the registry of classes, conventions of files) can be had without a backend.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..training.model import Model
    from .topology import Input, InputLayer, InputSpec, Layer, Merge, get_source_inputs, merge

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Merge", "Model", "get_source_inputs", "merge"]


def __getattr__(name: str):
    if name in ("Model", "training"):
        training = importlib.import_module(".training", __package__)
        return training.Model if name == "Model" else training
    if name in __all__:
        return getattr(importlib.import_module(".topology", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
