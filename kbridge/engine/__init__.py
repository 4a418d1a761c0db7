"""The layer graph. ``Model`` and ``training`` can be had here too, as in Keras 1."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .topology import Input, InputLayer, InputSpec, Layer, Merge, get_source_inputs, merge

if TYPE_CHECKING:
    from ..training.model import Model

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Merge", "Model", "get_source_inputs", "merge"]


def __getattr__(name: str):
    if name in ("Model", "training"):
        training = importlib.import_module(".training", __package__)
        return training.Model if name == "Model" else training
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
