"""Layers that are called one after the other, as one: ``Pipeline``."""

from __future__ import annotations

from ..engine.entries import layer_entry, numbering
from ..engine.node import object_list_uid, to_list
from ..engine.registry import layer_from_config
from ..engine.topology import Layer
from .wrappers.wrapper import Wrapper

__all__ = ["Pipeline"]


class Pipeline(Wrapper):
    """Several layers, each of which takes what the one before puts out. Unlike a Sequential it is no model, and needs no shape of its input.

    Args:
        layers: a list of layers.

    Input shape:
        That of the first layer.

    Output shape:
        That of the last layer.

    Raises:
        ValueError: no layers.
        TypeError: something else than a layer.

    Example:
        >>> from kbridge.layers import Input, Pipeline, RandomFlip, Rescaling
        >>> Pipeline([RandomFlip(), Rescaling(1 / 255)])(Input((8, 8, 3)))._keras_shape
        (None, 8, 8, 3)
    """

    def __init__(self, layers, **kwargs):
        if not isinstance(layers, (list, tuple)) or not layers:
            raise ValueError(f"Pipeline takes a list of layers, got {layers!r}.")
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"Pipeline takes layers, got {layer!r} of type {type(layer).__name__}.")
        self.layers = list(layers)
        self.uses_learning_phase = any(layer.uses_learning_phase for layer in layers)
        self.supports_masking = all(layer.supports_masking for layer in layers)
        #: tensors that came in -> the mask behind the last layer, which only the call knows
        self._masks_behind = {}
        Layer.__init__(self, **kwargs)

    @property
    def _inner(self):
        return self.layers

    def build(self, input_shape=None):
        for layer in self.layers:
            layer.build_once(input_shape)
            input_shape = layer.get_output_shape_for(input_shape)
        super().build()

    def call(self, x, mask=None):
        """Return the output of the last layer."""
        own = x
        for layer in self.layers:
            y = layer.call(x, mask=mask)
            mask = layer.compute_mask(x, mask)
            regularizer = getattr(layer, "activity_regularizer", None)
            if regularizer is not None and not layer.get_losses_for(x):
                layer.add_loss([regularizer(output) for output in to_list(y)], x)
            self._take_over(layer, x, own)
            x = y
        self._masks_behind[object_list_uid(own)] = mask
        return x

    def compute_mask(self, input, input_mask=None):
        key = object_list_uid(input)
        return self._masks_behind[key] if key in self._masks_behind else super().compute_mask(input, input_mask)

    def get_output_shape_for(self, input_shape):
        for layer in self.layers:
            input_shape = layer.get_output_shape_for(input_shape)
        return input_shape

    def get_config(self):
        with numbering(self):
            return {**Layer.get_config(self), "layers": [layer_entry(layer) for layer in self.layers]}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: classes of layers by name, for those of a program's own.
        """
        config = dict(config)
        return cls([layer_from_config(layer, custom_objects) for layer in config.pop("layers")], **config)
