"""Programs tell lists from tensors by ``hasattr(x, '__len__')``."""

import numpy as np

from kbridge.backends.numpy.backend import NumpyBackend


def test_tensors_have_no_length():
    backend = NumpyBackend()
    assert not hasattr(backend.placeholder((2, 3)), "__len__")
    assert not hasattr(backend.variable(np.ones((2, 3))), "__len__")
