"""Layers of the branches of residual networks: CustomScaleLayer, LayerScale and StochasticDepth."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .configured import Configured

__all__ = ["CustomScaleLayer", "LayerScale", "StochasticDepth"]


class CustomScaleLayer(Configured):
    """The first input plus ``scale`` times the second one, as at the ends of the blocks of InceptionResNetV2 (Szegedy et al., 2016, arXiv 1602.07261).

    Args:
        scale: the number.

    Input shape:
        A list of two, of equal shapes.

    Output shape:
        That of one.

    Raises:
        ValueError: another number of inputs.
    """

    scale: float

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.take(scale=float(scale))

    def build(self, input_shape):
        if not isinstance(input_shape, list) or len(input_shape) != 2:
            raise ValueError(f"CustomScaleLayer {self.name} takes a list of two inputs, got the shape {input_shape}.")
        self.built = True

    def call(self, inputs, mask=None):
        """Return the first input plus ``scale`` times the second one."""
        return inputs[0] + inputs[1] * self.scale

    def get_output_shape_for(self, input_shape):
        return tuple(input_shape[0])


class LayerScale(Configured):
    """x * gamma, with a gamma for each of the last axis that starts near 0 (Touvron et al., 2021, arXiv 2103.17239).

    Args:
        init_values: where each gamma starts.
        projection_dim: the length of the last axis.

    Input shape:
        (samples, ..., projection_dim).

    Output shape:
        The input's.

    Raises:
        ValueError: where the last axis isn't of that length.
    """

    supports_masking = True
    init_values: float
    projection_dim: int

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.take(init_values=init_values, projection_dim=projection_dim)

    def build(self, input_shape):
        last = len(input_shape) - 1
        if input_shape[last] not in (None, self.projection_dim):
            raise ValueError(
                f"LayerScale {self.name} has projection_dim={self.projection_dim}, but its input has the shape {tuple(input_shape)}."
            )
        self.expects(last + 1, {last: self.projection_dim})
        self.gamma_initializer = lambda shape, name=None: K.variable(np.full(shape, self.init_values), name=name)
        self.gamma = self.weight("gamma", (self.projection_dim,))
        self.built = True

    def call(self, x, mask=None):
        """Return the input times gamma."""
        return x * self.gamma


class StochasticDepth(Configured):
    """In training sets a fraction of the samples to 0 and scales the others up (Huang et al., 2016, arXiv 1603.09382).

    Args:
        drop_path_rate: the fraction of samples, at least 0 and below 1.

    Input shape:
        (samples, ...).

    Output shape:
        The input's.

    Raises:
        ValueError: for another fraction.
    """

    supports_masking = True
    uses_learning_phase = True
    drop_path_rate: float

    def __init__(self, drop_path_rate, **kwargs):
        if not 0 <= drop_path_rate < 1:
            raise ValueError(f"StochasticDepth: drop_path_rate must be at least 0 and below 1, got {drop_path_rate!r}.")
        super().__init__(**kwargs)
        self.take(drop_path_rate=drop_path_rate)

    def call(self, x, mask=None):
        """Return the input, with a fraction of its samples dropped in the training phase."""
        if not self.drop_path_rate:
            return x
        shape = [K.shape(x)[0], *[1] * (K.ndim(x) - 1)]
        return K.in_train_phase(lambda: K.dropout(x, self.drop_path_rate, shape), x)
