"""NumPy's backend with one mistake, which KBRIDGE_PLANTED names.

'padding' (of convolutions with three filters), 'epsilon' and 'training epsilon' (of batch normalization), or
'gradient FUNCTION' (twice the right one) and 'value FUNCTION' (1% too large) of a function of K;
'rounding' (of K.dot, as large as float32's) or 'none', which are no mistakes.
"""

import os

import numpy as np

from kbridge.backends.numpy import NumpyBackend


class PlantedBackend(NumpyBackend):
    """Wrong on purpose."""

    name = "planted"
    title = "planted NumPy"

    def __init__(self):
        super().__init__()
        kind, _, function = os.environ["KBRIDGE_PLANTED"].partition(" ")
        if kind in ("gradient", "value"):
            right = getattr(self, function)
            setattr(self, function, self._wrong_gradient(right) if kind == "gradient" else self._wrong_value(right))
        elif kind == "padding":
            right_conv = self.conv2d

            def conv2d(x, kernel, *args, **kwargs):
                y = right_conv(x, kernel, *args, **kwargs)
                # one convolution only, that with three filters
                return y if self.int_shape(kernel)[-1] != 3 else self.concatenate([y[:, 1:], y[:, :1] * 0], axis=1)

            self.conv2d = conv2d
        elif kind == "epsilon":
            right_norm = self.batch_normalization
            self.batch_normalization = lambda x, mean, var, beta, gamma, epsilon=1e-3: right_norm(x, mean, var, beta, gamma, 0.1)
        elif kind == "training":
            right_training = self.normalize_batch_in_training
            self.normalize_batch_in_training = lambda x, gamma, beta, axes, epsilon=1e-3: right_training(x, gamma, beta, axes, 0.1)
        elif kind == "rounding":
            right_dot = self.dot
            self.dot = lambda x, y: right_dot(x, y) + np.float32(1e-7)
        elif kind != "none":
            raise ValueError(f"no such mistake: {kind}")

    def _wrong_gradient(self, right):
        # the same values, twice the gradient: 2 x - x, with the second x a constant
        return lambda *args, **kwargs: 2 * right(*args, **kwargs) - self.stop_gradient(right(*args, **kwargs))

    @staticmethod
    def _wrong_value(right):
        return lambda *args, **kwargs: right(*args, **kwargs) * np.float32(1.01)
