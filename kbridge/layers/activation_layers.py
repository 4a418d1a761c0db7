"""Activations with arguments as layers: ReLU, Softmax, Identity."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from .configured import Configured

__all__ = ["Identity", "ReLU", "Softmax"]


class ReLU(Configured):
    """Rectified linear units with a cap, a slope and a threshold.

    x above ``threshold``, at most ``max_value``; below it negative_slope * (x - threshold).

    Args:
        max_value: the cap, a number >= 0; None for none.
        negative_slope: the slope below the threshold, a number >= 0.
        threshold: where the two parts meet, a number >= 0.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: a negative argument.
    """

    negative_slope: float
    threshold: float
    max_value: float | None

    supports_masking = True

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        negative_slope, threshold = negative_slope or 0.0, threshold or 0.0
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if value is not None and value < 0:
                raise ValueError(f"ReLU {self.name}: {name} must not be negative, got {value!r}.")
        self.take(max_value=max_value, negative_slope=negative_slope, threshold=threshold)

    def call(self, x, mask=None):
        """Return the rectified input."""
        if not self.threshold:
            return K.relu(x, alpha=self.negative_slope, max_value=self.max_value)
        top = x if self.max_value is None else K.minimum(x, self.max_value)
        # with the comparison where Keras 2 has it: the threshold itself counts as above
        above = K.cast(K.greater_equal(x, self.threshold), K.dtype(x))
        below = self.negative_slope * (x - self.threshold) * (1.0 - above)
        return top * above + below if self.negative_slope else top * above


class Softmax(Configured):
    """exp(x) / sum(exp(x)) over ``axis``.

    Called with a mask (bool, True where an element counts) as a second input, it gives the other elements 0.

    Args:
        axis: the axis whose values have the sum 1, or a list of axes.

    Input shape:
        Any, or a list of the tensor and a mask of its shape.

    Output shape:
        That of the tensor.

    Raises:
        ValueError: an axis that the input lacks.
    """

    axis: Any

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.take(axis=axis)

    def call(self, x, mask=None):
        """Return the softmax of ``x``, a tensor or a list of it and a mask."""
        chosen = None
        if isinstance(x, (list, tuple)):
            x, chosen = x
        if chosen is not None:
            x = K.where(K.cast(chosen, "bool"), x, K.zeros_like(x) - (6e4 if K.dtype(x) == "float16" else 1e9))
        if not isinstance(self.axis, (list, tuple)):
            return K.softmax(x, axis=self.axis)
        return K.exp(x - K.logsumexp(x, axis=list(self.axis), keepdims=True))

    def compute_mask(self, input, input_mask=None):
        return input_mask[0] if isinstance(input_mask, list) else input_mask

    def get_output_shape_for(self, input_shape):
        return input_shape[0] if isinstance(input_shape, list) else input_shape


class Identity(Configured):
    """Pass the input on as it is.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True

    def call(self, x, mask=None):
        """Return the input."""
        return K.identity(x)
