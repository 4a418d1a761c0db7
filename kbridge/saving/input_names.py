"""The names that files have for the inputs of models."""

from __future__ import annotations

from typing import Any

from ..engine.topology import InputLayer, Merge
from ..models import Sequential


def input_names(model: Any) -> list[str]:
    """The names of the model's inputs as its file has them: the same however many models the process made before.

    A Sequential model's input is called like its InputLayer in the file, or like its first layer with ``_input`` behind, as in tf.keras.
    """
    if not isinstance(model, Sequential):
        return list(model.input_names)
    if not model.built:
        model.build()
    running = list(model.model.input_names)
    found = _of_file(model)
    return found if len(found) == len(running) and len(set(found)) == len(found) else running


def _of_file(model: Any) -> list[str]:
    """One name for each input of a model or of what stands in front of a Sequential model, as far as they can be told."""
    if isinstance(model, Merge):
        return [name for branch in model.layers or [] for name in _of_file(branch)]
    if not isinstance(model, Sequential) or not model.layers:
        return list(getattr(model, "input_names", None) or [])
    if model._input_name is not None:
        return [model._input_name]
    first = model.layers[0]
    if isinstance(first, Merge):
        return _of_file(first)
    if isinstance(first, InputLayer):
        return [first.name]
    return [f"{first.name}_input"]
