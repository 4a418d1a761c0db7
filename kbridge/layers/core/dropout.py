"""Dropout of values, and of whole features or channels."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec, Layer
from ..spatial import resolve_ordering


class Dropout(Layer):
    """Set a fraction ``p`` of the inputs to 0 in training, and scale the others by 1 / (1 - p); in prediction the input stays as it is.

    Args:
        p: the fraction to drop, at least 0 and below 1.
        noise_shape: a shape with the batch axis, where axes of length 1 share one decision; None for a decision for each value.
        seed: a whole number that makes the draws repeatable; None draws one from NumPy's global random state.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: ``p`` is below 0 or at least 1.

    References:
        Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Dropout
        >>> from kbridge.models import Sequential
        >>> Sequential([Dropout(0.5, input_shape=(3,))]).predict(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    supports_masking = True

    def __init__(self, p, noise_shape=None, seed=None, **kwargs):
        if not 0.0 <= p < 1.0:
            raise ValueError(
                f"{type(self).__name__}: p is the fraction to drop and must be at least 0 and below 1, got {p!r} [differences: dropout-of-all]"
            )
        self.p = p
        self.noise_shape = noise_shape
        self.seed = seed
        self.uses_learning_phase = p > 0.0
        super().__init__(**kwargs)

    def _noise_shape(self, x):
        return self.noise_shape

    def call(self, x, mask=None):
        """Return the input, with a fraction of it dropped in the training phase."""
        if self.p == 0.0:
            return x
        return K.in_train_phase(lambda: K.dropout(x, self.p, self._noise_shape(x), seed=self.seed), x)

    def get_config(self):
        config = {**super().get_config(), "p": self.p}
        # Keras 1.2.2 lost these two when saving and can't read them back, so only values that matter are written
        if self.noise_shape is not None:
            config["noise_shape"] = self.noise_shape
        if self.seed is not None:
            config["seed"] = self.seed
        return config


class SpatialDropout1D(Dropout):
    """Drop whole features in training: all time steps of a feature together.

    Args:
        p: the fraction of features to drop, at least 0 and below 1.

    Input shape:
        (samples, time, features).

    Output shape:
        The input's.

    References:
        Tompson et al. (2015), Efficient Object Localization Using Convolutional Networks, arXiv 1411.4280.
    """

    def __init__(self, p, **kwargs):
        super().__init__(p, **kwargs)
        self.input_spec = [InputSpec(ndim=3)]

    def _noise_shape(self, x):
        return (None, 1, None)


class _SpatialDropout(Dropout):
    """Drop whole channels of images or volumes; ``spatial`` is the number of their axes."""

    spatial = 2

    def __init__(self, p, dim_ordering="default", **kwargs):
        super().__init__(p, **kwargs)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    def _noise_shape(self, x):
        ones = (1,) * self.spatial
        return (None, None, *ones) if self.dim_ordering == "th" else (None, *ones, None)

    def get_config(self):
        config = super().get_config()
        if self.dim_ordering != K.image_dim_ordering():
            config["dim_ordering"] = self.dim_ordering
        return config


class SpatialDropout2D(_SpatialDropout):
    """Drop whole channels of images in training.

    Args:
        p: the fraction of channels to drop, at least 0 and below 1.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The input's.

    References:
        Tompson et al. (2015), Efficient Object Localization Using Convolutional Networks, arXiv 1411.4280.
    """

    spatial = 2


class SpatialDropout3D(_SpatialDropout):
    """Drop whole channels of volumes in training.

    The other arguments are those of ``SpatialDropout2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The input's.
    """

    spatial = 3
