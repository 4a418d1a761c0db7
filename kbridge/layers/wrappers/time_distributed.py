"""A layer at each time step."""

from __future__ import annotations

from ... import backend as K
from ...engine.node import static_shape
from ...engine.topology import InputSpec
from .wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Apply a layer to each time step, with the same weights.

    Args:
        layer: a layer that takes (samples, ...).
        mask_inside: whether a mask of several axes (samples, time, ...) reaches the layer, step by step, and the layer's mask comes out, as in
            Keras 2. In Keras 1 the layer gets none. It is stored only where it is True.

    Input shape:
        (samples, time, ...), with at least 3 axes.

    Output shape:
        (samples, time, ...), the steps as the layer puts them out.

    Raises:
        TypeError: ``layer`` is no layer.
        ValueError: the input has fewer than 3 axes.

    Example:
        >>> from kbridge.layers import Convolution2D, TimeDistributed
        >>> from kbridge.models import Sequential
        >>> frames = TimeDistributed(Convolution2D(4, 3, 3, dim_ordering="tf"), input_shape=(10, 8, 8, 1))
        >>> Sequential([frames]).output_shape
        (None, 10, 6, 6, 4)
    """

    supports_masking = True

    def __init__(self, layer, mask_inside=False, **kwargs):
        super().__init__(layer, **kwargs)
        self.mask_inside = bool(mask_inside)

    def build(self, input_shape):  # type: ignore[override]  # that of a wrapper has no need of the shape
        if len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed {self.name} needs an input (samples, time, ...) with at least 3 axes, got shape {tuple(input_shape)}."
            )
        self.input_spec = [InputSpec(shape=tuple(input_shape))]
        self.layer.build_once(self._step_shape(input_shape))
        super().build()

    @staticmethod
    def _step_shape(input_shape) -> tuple:
        """The shape of what the inner layer gets: all steps of all samples as one batch."""
        batch, time, *features = input_shape
        return (None if batch is None or time is None else batch * time, *features)

    def get_output_shape_for(self, input_shape):
        step = self.layer.get_output_shape_for(self._step_shape(input_shape))
        return (*input_shape[:2], *step[1:])

    def _steps(self, inputs):
        """All steps of all samples as one batch."""
        shape = static_shape(inputs)
        steps = K.reshape(inputs, (-1, *_sizes(inputs, shape, 2)))
        steps._keras_shape = self._step_shape(shape)
        return steps

    def _mask_of_steps(self, mask):
        """The mask that the inner layer gets."""
        if not self.mask_inside or mask is None or K.ndim(mask) < 3:
            return None
        return K.reshape(mask, (-1, *_sizes(mask, K.int_shape(mask), 2)))

    def call(self, inputs, mask=None):
        """Return the layer's outputs for all steps, (samples, time, ...)."""
        shape = static_shape(inputs)
        steps = self._steps(inputs)
        self.layer.assert_input_compatibility(steps)
        outputs = self.layer.call(steps, mask=self._mask_of_steps(mask)) if self.mask_inside else self.layer.call(steps)
        regularizer = getattr(self.layer, "activity_regularizer", None)
        if regularizer is not None and not self.layer.get_losses_for(steps):
            self.layer.add_loss(regularizer(outputs), steps)
        self._take_over(self.layer, steps, inputs)
        step = self.layer.get_output_shape_for(self._step_shape(shape))
        return self._over_time(outputs, inputs, shape, step)

    @staticmethod
    def _over_time(x, inputs, shape, step):
        """Return the outputs of all steps as (samples, time, ...)."""
        time = K.shape(inputs)[1] if shape[1] is None else shape[1]
        return K.reshape(x, (-1, time, *_sizes(x, step, 1)))

    def compute_mask(self, input, input_mask=None):
        mask = input_mask
        if not self.mask_inside or mask is not None and K.ndim(mask) < 3:
            return mask
        inside = self._mask_of_steps(mask)
        passed = self.layer.compute_mask(self._steps(input), inside) if inside is None or self.layer.supports_masking else None
        if passed is not None:
            shape = static_shape(input)
            return self._over_time(passed, input, shape, K.int_shape(passed))
        while mask is not None and K.ndim(mask) > 2:
            mask = K.any(mask, axis=-1)
        return mask

    def get_config(self):
        config = super().get_config()
        return {**config, "mask_inside": True} if self.mask_inside else config


def _sizes(x, shape, first: int) -> list:
    """The lengths of the axes of ``x`` from ``first`` on, taken at run time where ``shape`` doesn't know them."""
    return [K.shape(x)[axis] if shape[axis] is None else shape[axis] for axis in range(first, len(shape))]
