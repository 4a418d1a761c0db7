"""The layer graph. ``Model`` can be had here too, as in Keras 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .topology import Input, InputLayer, InputSpec, Layer, Merge, get_source_inputs, merge

if TYPE_CHECKING:
    from ..training.model import Model

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Merge", "Model", "get_source_inputs", "merge"]


def __getattr__(name: str):
    if name == "Model":
        from ..training.model import Model

        return Model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
