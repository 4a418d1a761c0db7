"""Weights whose largest singular value is held at 1: the wrapper ``SpectralNormalization``."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..engine.topology import InputSpec
from .wrappers.wrapper import Wrapper

__all__ = ["SpectralNormalization"]

#: class of a layer -> the axis of its kernel with one place for each result, where that isn't the last one or depends on the ordering
_FEATURES = {"Convolution2D": (3, 0), "Convolution3D": (4, 0), "Deconvolution2D": (2, 1)}


class SpectralNormalization(Wrapper):
    """Divides the kernel of ``layer`` by its largest singular value before each step of training (Miyato et al., 2018, arXiv 1802.05957).

    The kernel counts as a matrix W with a column for each result. A vector u is kept, and before a step is taken ``power_iterations``
    times to v = u W^T / |u W^T| and u = v W / |v W|; then W becomes W / (v W u^T). In prediction W stays as it is. A program that makes its
    steps by itself, not by ``fit`` or ``train_on_batch``, calls ``normalize`` before each.

    Args:
        layer: a layer with a kernel: Dense, a convolution, EinsumDense, or one of your own with a weight ``kernel``, ``W`` or ``embeddings``.
        power_iterations: how often u is taken through W before each step.

    Input shape:
        The layer's.

    Output shape:
        The layer's.

    Raises:
        ValueError: for a layer without a kernel, or a number of iterations below 1.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        if not isinstance(power_iterations, int) or isinstance(power_iterations, bool) or power_iterations < 1:
            raise ValueError(f"SpectralNormalization: power_iterations must be a whole number of at least 1, got {power_iterations!r}.")
        super().__init__(layer, **kwargs)
        self.supports_masking = layer.supports_masking
        self.power_iterations = power_iterations

    @property
    def kernel(self):
        """The weight that is normalized. ValueError if the layer has none."""
        # what a separable convolution has are two kernels
        one = () if hasattr(self.layer, "pointwise_kernel") else ("depthwise_kernel",)
        for name in ("kernel", "W", "embeddings", *one):
            found = getattr(self.layer, name, None)
            if found is not None and K.is_tensor(found) and K.ndim(found) > 1:
                return found
        raise ValueError(
            f"SpectralNormalization {self.name} needs a layer with a kernel, but the {type(self.layer).__name__} "
            f"{self.layer.name!r} has none."
        )

    def build(self, input_shape=None):
        self.layer.build_once(input_shape)
        self.input_spec = [InputSpec(shape=tuple(input_shape))]
        super().build()
        size = K.int_shape(self.kernel)[self._axis()]
        start = np.random.normal(0.0, 0.02, (1, size))
        self.vector_u = self.add_weight(
            (1, size), lambda shape, name=None: K.variable(start, name=name), f"{self.name}_vector_u", trainable=False
        )
        self.built = True

    def _axis(self) -> int:
        for cls in type(self.layer).__mro__:
            if cls.__name__ in _FEATURES:
                return _FEATURES[cls.__name__][self.layer.dim_ordering == "th"]
        return K.ndim(self.kernel) - 1

    def updates_before_step(self) -> list:
        """Return the changes before each step of training, as pairs of a weight and its new value: those of the kernel and u."""
        kernel, axis = self.kernel, self._axis()
        order = [a for a in range(K.ndim(kernel)) if a != axis]
        W = K.reshape(K.permute_dimensions(kernel, [*order, axis]), (-1, K.int_shape(kernel)[axis]))
        u = self.vector_u
        for _ in range(self.power_iterations):
            v = K.l2_normalize(K.dot(u, K.transpose(W)), axis=-1)
            u = K.l2_normalize(K.dot(v, W), axis=-1)
        largest = K.sum(K.dot(v, W) * u)
        # a kernel of zeros has no direction, and stays
        there = K.cast(K.greater(K.max(K.abs(kernel)), 0.0), K.dtype(kernel))
        return [
            K.update(kernel, kernel / (largest * there + (1.0 - there))),
            K.update(self.vector_u, u * there + self.vector_u * (1.0 - there)),
        ]

    def normalize(self) -> None:
        """Divide the kernel by its largest singular value, as before a step of training."""
        K.function([], [], updates=self.updates_before_step())([])

    def get_output_shape_for(self, input_shape):
        return self.layer.get_output_shape_for(input_shape)

    def call(self, x, mask=None):
        """Return the output of the layer, whose kernel is normalized."""
        y = self.layer.call(x, mask=mask)
        regularizer = getattr(self.layer, "activity_regularizer", None)
        if regularizer is not None and not self.layer.get_losses_for(x):
            self.layer.add_loss(regularizer(y), x)
        self._take_over(self.layer, x, x)
        return y

    def compute_mask(self, input, input_mask=None):
        return self.layer.compute_mask(input, input_mask)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
