"""CIFAR-10: 50000 colour images of 10 classes to train on and 10000 to test on, 32 by 32 pixels."""

from __future__ import annotations

import os

import numpy as np

from .. import backend as K  # noqa: F401 (a name of Keras 1's module)
from ..utils.data_utils import get_file  # noqa: F401 (a name of Keras 1's module)
from .cifar import arranged, load_batch
from .files import unpacked


def load_data():
    """((X_train, y_train), (X_test, y_test)), uint8: images (samples, 32, 32, 3), or (samples, 3, 32, 32) in the
    dim ordering 'th'; labels (samples, 1)."""
    folder = unpacked("cifar-10-batches-py")
    images, labels = zip(*[load_batch(os.path.join(folder, f"data_batch_{number}")) for number in range(1, 6)])
    x_test, y_test = load_batch(os.path.join(folder, "test_batch"))
    return arranged(np.concatenate(images), np.concatenate(labels), x_test, y_test)
