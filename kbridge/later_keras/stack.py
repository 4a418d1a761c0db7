"""A stack of layers that is built by its first call, as a Sequential model of later Keras without a shape is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import models
from ..engine import later
from ..engine.layer import Layer


def sequential(layers: Iterable[Any] | None = None, name: str | None = None, trainable: bool = True) -> Any:
    """A Sequential model if its first layer knows the shape of its input; else a ``Stack``, which the layer that holds it calls.

    Args:
        layers: the layers, in order; more can be added.
        name: the name.
        trainable: whether training changes its weights.
    """
    given = list(layers or [])
    first = given[0] if given else None
    if first is not None and (hasattr(first, "batch_input_shape") or getattr(first, "inbound_nodes", None)):
        model = models.Sequential(given, name)
        model.trainable = trainable
        return model
    return Stack(given, name=name, trainable=trainable)


class Stack(Layer):
    """Each layer is called on what the one before it gave.

    Args:
        layers: the layers, in order.

    Input shape:
        That of the first layer.

    Output shape:
        That of the last layer.
    """

    supports_masking = True

    def __init__(self, layers=(), **kwargs):
        super().__init__(**kwargs)
        self.layers = list(layers)

    def add(self, layer) -> None:
        """Put ``layer`` on top."""
        self.layers.append(layer)

    def call(self, inputs, training=None, mask=None):  # type: ignore[override]  # that of later Keras
        """Return what the last layer gives.

        Args:
            inputs: the input of the first layer.
            training: whether this is a call in training; None follows the learning phase.
            mask: the mask of the input, which layers hand on as far as they do so.
        """
        x = inputs
        for layer in self.layers:
            takes = {} if mask is None or not getattr(layer, "supports_masking", False) else {"mask": mask}
            result = layer(x, training=training, **takes)
            mask = layer.compute_mask(x, mask) if takes else None
            x = result
        return x

    def compute_output_shape(self, input_shape):
        shape = input_shape
        for layer in self.layers:
            shape = layer.get_output_shape_for(shape)
            if shape is None:
                return None
        return shape

    def compute_mask(self, input, input_mask=None):
        return None


later.adapt(Stack)

__all__ = ["Stack", "sequential"]
