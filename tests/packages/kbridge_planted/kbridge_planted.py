"""NumPy's engine with one mistake, which KBRIDGE_PLANTED names: 'gradient', 'padding' or 'epsilon'."""

import os

import numpy as np

from kbridge.backends.numpy import NumpyBackend


class PlantedBackend(NumpyBackend):
    """Wrong on purpose."""

    name = "planted"
    title = "planted NumPy"

    def __init__(self):
        super().__init__()
        planted = os.environ["KBRIDGE_PLANTED"]
        if planted == "gradient":
            right_tanh = self.tanh
            # the same values, twice the gradient: 2 x - x, with the second x a constant
            self.tanh = lambda x: 2 * right_tanh(x) - self.stop_gradient(right_tanh(x))
        elif planted == "padding":
            right_conv = self.conv2d

            def conv2d(x, kernel, *args, **kwargs):
                y = right_conv(x, kernel, *args, **kwargs)
                # one convolution only, that with three filters
                return y * np.float32(1.0) if self.int_shape(kernel)[-1] != 3 else self.concatenate([y[:, 1:], y[:, :1] * 0], axis=1)

            self.conv2d = conv2d
        elif planted == "epsilon":
            right_norm = self.batch_normalization
            self.batch_normalization = lambda x, mean, var, beta, gamma, epsilon=1e-3: right_norm(x, mean, var, beta, gamma, 0.1)
